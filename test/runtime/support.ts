import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type NodeRedProcess, type SimulatedAbiquo, startNodeRed } from "../harness/index.ts";

export const ROOT = join(import.meta.dirname, "..", "..");

/** The two Node-RED releases that the palette serves, each a real one. */
export const VERSIONS = [
  { name: "Node-RED 5", nodeRed: join(ROOT, "node_modules", "node-red") },
  { name: "Node-RED 4.1", nodeRed: join(ROOT, "node_modules", "node-red-4") },
] as const;

export interface Report {
  readonly path: string;
  readonly body: Record<string, unknown> & { abiquo?: Abiquo; error?: { code?: string; message: string } };
}

interface Abiquo {
  task?: { taskId: string };
  tasks?: { task: { taskId: string }; answer?: { outcome: string } }[];
  answer?: { outcome: string; by?: string };
  decision?: { action: string; by: string; at: string };
  redelivered?: boolean;
}

/** Where flows under test report to: a little HTTP server. */
export class Sink {
  readonly reports: Report[] = [];
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  private constructor() {
    this.#server = createServer((request, response) => {
      let text = "";
      request.on("data", (part: Buffer) => (text += part.toString("utf8")));
      request.on("end", () => {
        this.reports.push({ path: (request.url ?? "/").slice(1), body: JSON.parse(text) as Report["body"] });
        response.end("{}");
        for (const look of this.#waiting) look();
      });
    });
  }

  static async start(): Promise<Sink> {
    const sink = new Sink();
    await new Promise<void>((resolve) => sink.#server.listen(0, "127.0.0.1", resolve));
    return sink;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The reports of this kind, once there are so many. */
  async have(path: string, count = 1, timeoutMs = 30_000): Promise<Report[]> {
    const found = (): Report[] => this.reports.filter((report) => report.path === path);
    if (found().length < count) {
      await new Promise<void>((resolve, reject) => {
        const look = (): void => {
          if (found().length >= count) end();
        };
        const end = (error?: Error): void => {
          clearTimeout(timer);
          this.#waiting.delete(look);
          if (error === undefined) resolve();
          else reject(error);
        };
        const timer = setTimeout(() => end(new Error(`${found().length} of ${count} reports of ${path}: ${JSON.stringify(this.reports.slice(-5))}`)), timeoutMs);
        this.#waiting.add(look);
      });
    }
    return found();
  }

  clear(): void {
    this.reports.length = 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export const SECRET = "webhook-secret-0123456789";

/**
 * Reports each arriving task, and answers when told so: POST /continue or /cancel with `{id}`. What leaves the
 * ports and what Catch gets is reported too.
 */
export function flows(sink: Sink, abiquo: SimulatedAbiquo, change: { config?: object; hook?: object } = {}): object[] {
  const report = (id: string, path: string): object[] => [
    {
      id: `${id}-body`,
      type: "function",
      z: "tab",
      func: `const { req, res, ...rest } = msg; return { url: ${JSON.stringify(`${sink.url}/${path}`)}, method: "POST", headers: { "Content-Type": "application/json" }, payload: rest };`,
      outputs: 1,
      wires: [[`${id}-send`]],
    },
    { id: `${id}-send`, type: "http request", z: "tab", method: "use", ret: "txt", wires: [[]] },
  ];
  const answer = (action: "continue" | "cancel"): object[] => [
    { id: `${action}-in`, type: "http in", z: "tab", url: `/${action}`, method: "post", wires: [[`${action}-reply`]] },
    {
      id: `${action}-reply`,
      type: "function",
      z: "tab",
      func: "return [{ req: msg.req, res: msg.res, payload: {} }, { payload: msg.payload, topic: 'asked' }];",
      outputs: 2,
      wires: [["response"], [action]],
    },
    {
      id: action,
      type: `abiquo-${action}`,
      z: "tab",
      connection: "config",
      task: "payload.id",
      taskType: "msg",
      wires: [["answered-body"], ["otherwise-body"]],
    },
  ];
  return [
    { id: "tab", type: "tab", label: "Under test" },
    { id: "config", type: "abiquo-config", name: "Abiquo", url: abiquo.url, auth: "oauth1", timeout: 5, ...change.config },
    {
      id: "hook",
      type: "abiquo-webhook-in",
      z: "tab",
      connection: "config",
      path: "/hook",
      auth: "secret",
      emit: "task",
      wires: [["arrived-body", "wait"]],
      ...change.hook,
    },
    { id: "wait", type: "delay", z: "tab", pauseType: "delay", timeout: "1", timeoutUnits: "hours", wires: [[]] },
    { id: "response", type: "http response", z: "tab", statusCode: "202", wires: [] },
    { id: "catch", type: "catch", z: "tab", scope: null, uncaught: false, wires: [["fault-body"]] },
    ...answer("continue"),
    ...answer("cancel"),
    ...["arrived", "answered", "otherwise", "fault"].flatMap((path) => report(path, path)),
  ].map(placed);
}

/** Node-RED takes a node without a place for a configuration node. */
export function placed(node: object): object {
  return "z" in node ? { x: 100, y: 100, ...node } : node;
}

export function credentials(abiquo: SimulatedAbiquo): Record<string, Record<string, string>> {
  return { config: { ...abiquo.credentials.oauth }, hook: { secret: SECRET } };
}

/** A real Node-RED with the palette, to which the simulated Abiquo posts. */
export async function startUnderTest(
  nodeRed: string,
  abiquo: SimulatedAbiquo,
  sink: Sink,
  change: { config?: object; hook?: object; settings?: Record<string, unknown>; flows?: object[]; credentials?: Record<string, Record<string, string>> } = {},
): Promise<NodeRedProcess> {
  const process = await startNodeRed({
    flows: change.flows ?? flows(sink, abiquo, change),
    credentials: change.credentials ?? credentials(abiquo),
    nodeRed,
    palette: ROOT,
    ...(change.settings === undefined ? {} : { settings: change.settings }),
  });
  abiquo.setEndpoint(`${process.nodeUrl}hook/${SECRET}`);
  return process;
}

export async function decide(nodeRed: NodeRedProcess, action: "continue" | "cancel", id: string | string[]): Promise<void> {
  await nodeRed.request(`/${action}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ id }),
  });
}

/** Waits for something that no event tells. */
export async function eventually(holds: () => boolean, timeoutMs = 20_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
