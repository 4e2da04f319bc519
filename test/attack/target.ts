import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo, startNodeRed } from "../harness/index.ts";
import { catcher, placed, ROOT, reporter, Sink, VERSIONS } from "../runtime/under-test.ts";

/** Where the webhooks of these specs put their machines; the simulated Abiquo has the user. */
const MACHINE = "cloud/virtualdatacenters/7/virtualappliances/1/virtualmachines/1";

/** A task as Abiquo posts it; Abiquo itself does not know it. */
export function forged(taskId: string, change: object = {}): Record<string, unknown> {
  const self = `${MACHINE}/tasks/${taskId}`;
  const links = [
    { rel: "self", href: self },
    { rel: "continue", href: `${self}/action/continue` },
    { rel: "cancel", href: `${self}/action/cancel` },
    { rel: "target", href: MACHINE },
    { rel: "user", href: "admin/enterprises/2/users/2", title: "ana" },
  ];
  return {
    taskId,
    type: "DEPLOY",
    state: "QUEUEING",
    userId: "2",
    ownerId: "1",
    timestamp: 1_700_000_000,
    creationTimestamp: 1_700_000_000,
    links,
    ...change,
  };
}

/** This Node-RED's node root, as its people reach it. */
export const PUBLIC = "https://approvals.example.com/red";

interface Options {
  /** of the connection */
  readonly config?: object;
  /** of other nodes, by id */
  readonly credentials?: (abiquo: SimulatedAbiquo) => Record<string, Record<string, string>>;
  readonly settings?: Record<string, unknown>;
  readonly env?: Record<string, string>;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A real Node-RED with the built palette, a simulated Abiquo, and a sink for what the flow reports. */
export class Target {
  readonly abiquo: SimulatedAbiquo;
  readonly sink: Sink;
  readonly nodeRed: NodeRedProcess;
  readonly #sockets: Socket[] = [];
  #number = 0;

  private constructor(abiquo: SimulatedAbiquo, sink: Sink, nodeRed: NodeRedProcess) {
    this.abiquo = abiquo;
    this.sink = sink;
    this.nodeRed = nodeRed;
  }

  /** @param nodes besides the tab, the connection `config` and what reports faults; `tab` is where they stand */
  static async start(
    nodes: (sink: Sink, abiquo: SimulatedAbiquo) => readonly object[],
    { config = {}, credentials = () => ({}), settings = {}, env = {} }: Options = {},
  ): Promise<Target> {
    const abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/", webhookTimeoutMs: 30_000 });
    const sink = await Sink.start();
    const flows = [
      { id: "tab", type: "tab", label: "Attacked" },
      { id: "config", type: "abiquo-config", name: "Abiquo", url: abiquo.url, auth: "oauth1", timeout: 5, publicUrl: PUBLIC, ...config },
      ...nodes(sink, abiquo),
      ...catcher(sink),
    ];
    const nodeRed = await startNodeRed({
      flows: flows.map(placed),
      credentials: { config: { ...abiquo.credentials.oauth }, ...credentials(abiquo) },
      nodeRed: VERSIONS[0].nodeRed,
      palette: ROOT,
      settings,
      env,
    });
    return new Target(abiquo, sink, nodeRed);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.nodeRed.stop("SIGKILL");
    await this.abiquo.close();
    await this.sink.close();
  }

  /** A task id that nobody has used. */
  get newId(): string {
    return `task-${++this.#number}`;
  }

  /** Each by a connection of its own, as strangers call. */
  post(path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Reply> {
    return this.call("POST", path, body, { "Content-Type": "application/json", ...headers });
  }

  get(path: string): Promise<Reply> {
    return this.call("GET", path, "");
  }

  form(path: string, fields: URLSearchParams | Record<string, string>): Promise<Reply> {
    return this.post(path, new URLSearchParams(fields).toString(), { "Content-Type": "application/x-www-form-urlencoded" });
  }

  call(method: string, path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Reply> {
    const data = Buffer.from(body as string);
    return new Promise((resolve, reject) => {
      const url = new URL(path.replace(/^\//, ""), this.nodeRed.nodeUrl);
      const request = httpRequest(url, {
        method,
        agent: false,
        headers: { ...headers, ...(data.length > 0 || method === "POST" ? { "Content-Length": String(data.length) } : {}) },
      });
      request.on("error", reject);
      request.on("response", (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString("utf8"), headers: response.headers }),
        );
      });
      request.end(data);
    });
  }

  /** Begins a POST and never ends it; resolves with the first line of the answer, or empty when there is none. */
  unfinished(
    path: string,
    sent: Buffer,
    announced: number,
    type = "application/x-www-form-urlencoded",
  ): { readonly answer: Promise<string>; readonly closed: Promise<void> } {
    const socket = connect(this.nodeRed.port, "127.0.0.1");
    this.#sockets.push(socket);
    socket.on("error", () => undefined);
    let text = "";
    socket.on("data", (part: Buffer) => (text += part.toString("latin1")));
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    const answer = Promise.race([closed, new Promise<void>((resolve) => socket.once("data", () => resolve()))]).then(
      () => text.split("\r\n")[0] ?? "",
    );
    socket.write(`POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${type}\r\nContent-Length: ${announced}\r\n\r\n`);
    socket.write(sent);
    return { answer, closed };
  }
}

export { reporter };
