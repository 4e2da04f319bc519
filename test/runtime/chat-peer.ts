import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { eventually } from "./under-test.ts";

export interface ChatRequest {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly headers: IncomingHttpHeaders;
  /** the body as it came */
  readonly text: string;
}

/** Plays the HTTP side of Slack and of Telegram: takes what is sent to them, and answers as they do. */
export class ChatPeer {
  readonly requests: ChatRequest[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        const body = JSON.parse(text) as ChatRequest["body"];
        const { headers } = request;
        this.requests.push({ path: request.url ?? "", body, headers, text });
        const number = this.requests.length;
        response.writeHead(200, { "Content-Type": "application/json" });
        response.end(
          JSON.stringify({ ok: true, channel: body["channel"] ?? "", ts: `1700000000.${number}`, result: { message_id: number } }),
        );
      });
    });
  }

  static async start(): Promise<ChatPeer> {
    const peer = new ChatPeer();
    await new Promise<void>((resolve) => peer.#server.listen(0, "127.0.0.1", resolve));
    return peer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What was sent to this path, once there is so much. */
  async have(path: string, count = 1): Promise<ChatRequest[]> {
    const found = (): ChatRequest[] => this.requests.filter((request) => request.path === path);
    await eventually(() => found().length >= count);
    return found();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
