import { placed } from "./support.ts";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { type NodeRedProcess, startNodeRed } from "../harness/index.ts";

const requireHere = createRequire(join(process.cwd(), "index.js"));
const folderOf = (name: string): string => dirname(requireHere.resolve(`${name}/package.json`));

/** The Node-REDs that the palette must run in. */
export const VERSIONS = [
  { version: "5.0", folder: folderOf("node-red") },
  { version: "4.1", folder: folderOf("node-red-4") },
] as const;

/** What a flow told the sink. */
export interface Report {
  readonly label: string;
  readonly error?: { readonly code?: string; readonly message: string };
  readonly status?: { readonly fill?: string; readonly text?: string; readonly source?: { readonly id: string } };
  readonly abiquo?: {
    readonly task?: { readonly taskId: string };
    readonly tasks?: readonly { readonly task: { readonly taskId: string } }[];
    readonly redelivered?: boolean;
  };
}

/** A server that flows post to. It outlives the Node-RED under test, so it can tell what a killed one did. */
export class Sink {
  readonly reports: Report[] = [];
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        response.end("ok");
        this.reports.push(JSON.parse(Buffer.concat(parts).toString("utf8")) as Report);
        for (const look of [...this.#waiting]) look();
      });
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Resolves with the reports of this label that the predicate accepts, once there are `count`. */
  wait(label: string, accepts: (report: Report) => boolean = () => true, count = 1, timeoutMs = 15_000): Promise<Report[]> {
    return new Promise((resolve, reject) => {
      const found = (): Report[] => this.of(label).filter(accepts);
      const look = (): void => {
        const all = found();
        if (all.length < count) return;
        this.#waiting.delete(look);
        clearTimeout(timer);
        resolve(all);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        const last = this.reports.slice(-3).map((report) => JSON.stringify(report).slice(0, 300));
        reject(new Error(`${found().length} of ${count} reports of ${label}; the last ones:\n${last.join("\n")}`));
      }, timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  of(label: string): Report[] {
    return this.reports.filter((report) => report.label === label);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Nodes that post what reaches `id` to the sink, with the label. */
export function reporter(id: string, label: string, sink: Sink): object[] {
  const func = `
    const { payload, topic, abiquo, error, status } = msg;
    return { method: "POST", url: ${JSON.stringify(sink.url)}, headers: { "content-type": "application/json" },
      payload: { label: ${JSON.stringify(label)}, payload, topic, abiquo, error, status } };`;
  return [
    { id, type: "function", z: "tab", func, outputs: 1, wires: [[`${id}-post`]] },
    { id: `${id}-post`, type: "http request", z: "tab", method: "use", ret: "txt", url: "", persist: true, wires: [[]] },
  ];
}

/** Continue or cancel by the ids in a POST's body, as a ticket system calls back. */
export function callback(path: string, action: "continue" | "cancel", sink: Sink): object[] {
  const id = path.replaceAll("/", "");
  const func = "return [{ req: msg.req, res: msg.res, payload: 'ok' }, { task: msg.payload.ids }];";
  return [
    { id: `${id}-in`, type: "http in", z: "tab", url: path, method: "post", wires: [[`${id}-read`]] },
    { id: `${id}-read`, type: "function", z: "tab", func, outputs: 2, wires: [[`${id}-ok`], [`${id}-answer`]] },
    { id: `${id}-ok`, type: "http response", z: "tab", statusCode: "200", wires: [] },
    {
      id: `${id}-answer`,
      type: `abiquo-${action}`,
      z: "tab",
      connection: "config",
      task: "task",
      taskType: "msg",
      wires: [[`${id}-1`], [`${id}-2`]],
    },
    ...reporter(`${id}-1`, `${action}.1`, sink),
    ...reporter(`${id}-2`, `${action}.2`, sink),
  ];
}

export function catcher(sink: Sink): object[] {
  return [{ id: "catch-all", type: "catch", z: "tab", scope: null, uncaught: false, wires: [["caught"]] }, ...reporter("caught", "catch", sink)];
}

export function startPalette(
  folder: string,
  { flows, credentials }: { flows: readonly object[]; credentials: Record<string, Record<string, string>> },
  settings: Record<string, unknown> = {},
): Promise<NodeRedProcess> {
  return startNodeRed({ flows: flows.map(placed), credentials, nodeRed: folder, palette: process.cwd(), settings });
}

/** Ids of the task or tasks that a report is about. */
export function idsOf({ abiquo }: Report): string[] {
  if (abiquo?.tasks !== undefined) return abiquo.tasks.map(({ task }) => task.taskId);
  return abiquo?.task === undefined ? [] : [abiquo.task.taskId];
}

export const about =
  (taskId: string) =>
  (report: Report): boolean =>
    idsOf(report).includes(taskId);
