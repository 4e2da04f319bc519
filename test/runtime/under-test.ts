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

type Credentials = Record<string, Record<string, string>>;

/** A message that a flow under test reports. */
export interface Report {
  /** where in the flow it was: `arrived`, `answered`, `otherwise`, `fault` or the spec's own */
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

/** Ids of the task or tasks that a report is about. */
export function idsOf({ body: { abiquo } }: Report): string[] {
  if (abiquo?.tasks !== undefined) return abiquo.tasks.map(({ task }) => task.taskId);
  return abiquo?.task === undefined ? [] : [abiquo.task.taskId];
}

export const about =
  (taskId: string) =>
  (report: Report): boolean =>
    idsOf(report).includes(taskId);

/** Where flows under test report to. It outlives the Node-RED under test, so it can tell what a killed one did. */
export class Sink {
  readonly reports: Report[] = [];
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const body = JSON.parse(Buffer.concat(parts).toString("utf8")) as Report["body"];
        this.reports.push({ path: (request.url ?? "/").slice(1), body });
        response.end("{}");
        for (const look of [...this.#waiting]) look();
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

  of(path: string): Report[] {
    return this.reports.filter((report) => report.path === path);
  }

  /** The reports of this path that the predicate accepts, once there are so many. */
  have(path: string, count = 1, accepts: (report: Report) => boolean = () => true, timeoutMs = 30_000): Promise<Report[]> {
    return new Promise((resolve, reject) => {
      const found = (): Report[] => this.of(path).filter(accepts);
      const look = (): void => {
        const all = found();
        if (all.length < count) return;
        end();
        resolve(all);
      };
      const end = (): void => {
        this.#waiting.delete(look);
        clearTimeout(timer);
      };
      const timer = setTimeout(() => {
        end();
        const last = this.reports.slice(-5).map((report) => JSON.stringify(report).slice(0, 300));
        reject(new Error(`${found().length} of ${count} reports of ${path}; the last ones:\n${last.join("\n")}`));
      }, timeoutMs);
      this.#waiting.add(look);
      look();
    });
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

/** Nodes that report what is wired to the node `path`, and leave out the HTTP request it may come from. */
export function reporter(sink: Sink, path: string): object[] {
  const func = `const { req, res, ...payload } = msg;
    return { url: ${JSON.stringify(`${sink.url}/${path}`)}, method: "POST", headers: { "Content-Type": "application/json" }, payload };`;
  return [
    { id: `${path}-body`, type: "function", z: "tab", func, outputs: 1, wires: [[`${path}-send`]] },
    { id: `${path}-send`, type: "http request", z: "tab", method: "use", ret: "txt", persist: true, wires: [[]] },
  ];
}

/** Nodes that report every fault of the flow. */
export function catcher(sink: Sink): object[] {
  return [{ id: "catch", type: "catch", z: "tab", scope: null, uncaught: false, wires: [["fault-body"]] }, ...reporter(sink, "fault")];
}

/** A webhook that no sweep stands in for. */
export function webhook(id: string, properties: object): object {
  return { id, type: "abiquo-webhook-in", z: "tab", connection: "config", catchUp: 0, ...properties };
}

/**
 * Nodes that give the node `to` a message of what is posted to a path.
 *
 * @param message in JavaScript; what was posted is `msg.payload`
 */
export function posted(path: string, to: string, message = "{ abiquo: msg.payload }"): object[] {
  const func = `return [{ req: msg.req, res: msg.res, payload: {} }, ${message}];`;
  return [
    { id: `${path}-in`, type: "http in", z: "tab", url: `/${path}`, method: "post", wires: [[`${path}-reply`]] },
    { id: `${path}-reply`, type: "function", z: "tab", func, outputs: 2, wires: [[`${path}-response`], [to]] },
    { id: `${path}-response`, type: "http response", z: "tab", statusCode: "202", wires: [] },
  ];
}

/** Nodes that answer tasks as a ticket system calls back (see `decide`), and report what leaves by each port. */
export function answering(sink: Sink): object[] {
  const answer = (action: "continue" | "cancel"): object[] => [
    ...posted(action, action, "{ payload: msg.payload, topic: 'asked' }"),
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
  return [...answer("continue"), ...answer("cancel"), ...reporter(sink, "answered"), ...reporter(sink, "otherwise")];
}

/** Reports each arriving task, and answers when told so. What leaves the ports and what Catch gets is reported too. */
export function flows(sink: Sink, abiquo: SimulatedAbiquo, change: { config?: object; hook?: object } = {}): object[] {
  return [
    { id: "tab", type: "tab", label: "Under test" },
    { id: "config", type: "abiquo-config", name: "Abiquo", url: abiquo.url, auth: "oauth1", timeout: 5, ...change.config },
    webhook("hook", { path: "/hook", auth: "secret", emit: "task", wires: [["arrived-body", "wait"]], ...change.hook }),
    { id: "wait", type: "delay", z: "tab", pauseType: "delay", timeout: "1", timeoutUnits: "hours", wires: [[]] },
    ...reporter(sink, "arrived"),
    ...answering(sink),
    ...catcher(sink),
  ].map(placed);
}

/** Node-RED takes a node without a place for a configuration node. */
export function placed(node: object): object {
  return "z" in node ? { x: 100, y: 100, ...node } : node;
}

export function credentials(abiquo: SimulatedAbiquo): Credentials {
  return { config: { ...abiquo.credentials.oauth }, hook: { secret: SECRET } };
}

interface Change {
  readonly config?: object;
  readonly hook?: object;
  readonly settings?: Record<string, unknown>;
  /** instead of those above */
  readonly flows?: readonly object[];
  readonly credentials?: Credentials;
}

/** A real Node-RED with the palette, to which the simulated Abiquo posts. */
export async function startUnderTest(nodeRed: string, abiquo: SimulatedAbiquo, sink: Sink, change: Change = {}): Promise<NodeRedProcess> {
  const process = await startNodeRed({
    flows: change.flows?.map(placed) ?? flows(sink, abiquo, change),
    credentials: change.credentials ?? credentials(abiquo),
    nodeRed,
    palette: ROOT,
    ...(change.settings === undefined ? {} : { settings: change.settings }),
  });
  abiquo.setEndpoint(`${process.nodeUrl}hook/${SECRET}`);
  return process;
}

/** Webhooks of one task each over some connections, without a pause between them, each of which must be taken. */
export function webhooksAllTheTime(abiquo: SimulatedAbiquo, connections = 6): { readonly taken: string[]; end(): Promise<void> } {
  const taken: string[] = [];
  let isOver = false;
  const send = async (): Promise<void> => {
    while (!isOver) {
      const { tasks, webhook } = await abiquo.submit({ type: "RECONFIGURE" });
      if (!("status" in webhook) || webhook.status !== 200) throw new Error(`A webhook was refused: ${JSON.stringify(webhook)}`);
      taken.push(...tasks.map(({ taskId }) => taskId));
    }
  };
  const senders = Promise.all(Array.from({ length: connections }, send));
  senders.catch(() => undefined);
  return {
    taken,
    async end() {
      isOver = true;
      await senders;
    },
  };
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
