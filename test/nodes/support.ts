import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Node, NodeAPI, NodeDef, NodeStatus } from "node-red";
import helper from "node-red-node-test-helper";
import type { AbiquoMessage } from "../../nodes/lib/engine/index.ts";
import type { SimulatedAbiquo } from "../harness/index.ts";

const require = createRequire(import.meta.url);
/** As Node-RED itself loads its parts. */
const runtime = createRequire(require.resolve("node-red"));

const TYPES = [
  "abiquo-config",
  "abiquo-store",
  "abiquo-webhook-in",
  "abiquo-task-details",
  "abiquo-task-decision",
  "abiquo-approval",
  "abiquo-continue",
  "abiquo-cancel",
  "abiquo-list-pending",
  "abiquo-configure-workflow",
  "abiquo-events",
];

export interface Fault {
  readonly message: string;
  readonly code?: string;
  readonly source: { readonly id: string };
}

export interface Sent {
  readonly _msgid: string;
  topic?: string;
  payload?: unknown;
  abiquo?: AbiquoMessage;
  parts?: { id: string; type: string; index: number; count: number; len: number };
  error?: Fault;
  status?: NodeStatus & { source?: { id: string } };
  [property: string]: unknown;
}

/** What has come so far, and what is still to come. */
class Inbox<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();

  push(item: T): void {
    this.all.push(item);
    for (const look of [...this.#waiting]) look();
  }

  /** All that came, once there are so many of the kind. @param from how many came before that count for nothing */
  async have(count: number, accepts: (item: T) => boolean = () => true, timeoutMs = 10_000, from = 0): Promise<T[]> {
    const found = (): T[] => this.all.slice(from).filter(accepts);
    if (found().length < count) {
      await new Promise<void>((resolve, reject) => {
        const end = (error?: Error): void => {
          clearTimeout(timer);
          this.#waiting.delete(look);
          if (error === undefined) resolve();
          else reject(error);
        };
        const look = (): void => {
          if (found().length >= count) end();
        };
        const timer = setTimeout(() => {
          const seen = JSON.stringify(this.all, (key, value: unknown) => (key === "req" || key === "res" ? undefined : value));
          end(new Error(`${found().length} of ${count} came: ${seen.slice(0, 2_000)}`));
        }, timeoutMs);
        this.#waiting.add(look);
      });
    }
    return found();
  }

  async first(accepts?: (item: T) => boolean): Promise<T> {
    return (await this.have(1, accepts))[0] as T;
  }

  /** The first of the kind that comes from now on; there is time for what makes it come, too. */
  async next(accepts?: (item: T) => boolean): Promise<T> {
    return (await this.have(1, accepts, 20_000, this.all.length))[0] as T;
  }
}

interface Status {
  readonly id: string;
  readonly status: NodeStatus;
}

export interface FlowOptions {
  readonly credentials?: Record<string, Record<string, string>>;
  readonly settings?: Record<string, unknown>;
  /** further node files */
  readonly modules?: readonly ((RED: NodeAPI) => void)[];
}

let current: Flow | undefined;

/** Nodes of a flow under test, as the test helper runs them. Nodes of type `sink` keep what comes to them. */
export class Flow {
  readonly folder: string;
  readonly statuses = new Inbox<Status>();
  /** permissions that admin endpoints ask for, by path */
  readonly permissions: string[] = [];
  RED!: NodeAPI;
  readonly #inboxes = new Map<string, Inbox<Sent>>();
  #server: Server | undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async load(nodes: readonly object[], options: FlowOptions = {}): Promise<Flow> {
    const flow = new Flow(mkdtempSync(join(tmpdir(), "abiquo-nodes-")));
    current = flow;
    helper.settings({ userDir: flow.folder, ...options.settings });
    const modules = TYPES.map((type) => (require(`../../dist/${type}.js`) as { default: (RED: NodeAPI) => void }).default);
    await helper.load(
      [(RED: NodeAPI) => flow.#prepare(RED), ...modules, ...(options.modules ?? [])],
      withTab(nodes) as never,
      options.credentials ?? {},
    );
    return flow;
  }

  #prepare(RED: NodeAPI): void {
    this.RED = RED;
    const flow = this;
    // The helper's own drops the parameters of texts. Faults keep to its way: they stand as code and parameters then.
    const text = (key: string, params: object = {}): string =>
      key.includes(".faults.") || Object.keys(params).length === 0 ? key : `${key} ${JSON.stringify(params)}`;
    // The helper leaves out the hooks, which the approval node follows its messages by.
    Object.assign(RED, { _: text, hooks: (runtime("@node-red/util") as Pick<NodeAPI, "hooks">).hooks });
    const auth = RED.auth as { needsPermission(permission: string): unknown };
    const needsPermission = auth.needsPermission.bind(auth);
    auth.needsPermission = (permission) => {
      this.permissions.push(permission);
      return needsPermission(permission);
    };
    RED.events.on("node-status", (status: Status) => this.statuses.push(status));
    RED.nodes.registerType("sink", function (this: Node, definition: NodeDef) {
      RED.nodes.createNode(this, definition);
      this.on("input", (message, _send, done) => {
        flow.inbox(definition.id).push(message as Sent);
        done();
      });
    });
  }

  inbox(id: string): Inbox<Sent> {
    let inbox = this.#inboxes.get(id);
    if (inbox === undefined) this.#inboxes.set(id, (inbox = new Inbox()));
    return inbox;
  }

  send(id: string, message: object): void {
    helper.getNode(id).receive(message as never);
  }

  /** What Catch gets next. */
  async fault(accepts: (fault: Fault) => boolean = () => true): Promise<Fault> {
    const message = await this.inbox("faults").first(({ error }) => error !== undefined && accepts(error));
    return message.error as Fault;
  }

  async status(id: string, text: string): Promise<NodeStatus> {
    const found = await this.statuses.first((s) => s.id === id && typeof s.status === "object" && String(s.status.text).includes(text));
    return found.status;
  }

  /** What was logged at this level, as text. */
  logged(level: "error" | "warn" | "info"): string[] {
    const wanted = { error: 20, warn: 30, info: 40 }[level];
    const calls = helper.log().args as unknown[][];
    const entries = calls.map(([entry]) => entry as { level: number; msg: unknown });
    return entries.filter(({ level: given }) => given === wanted).map(({ msg }) => String(msg));
  }

  async deploy(nodes: readonly object[], type: "full" | "flows" | "nodes", credentials: FlowOptions["credentials"] = {}): Promise<void> {
    await helper.setFlows(withTab(nodes) as never, type, credentials);
  }

  /** Serves the HTTP nodes; answers with the root URL, without a slash at the end. */
  async serve(): Promise<string> {
    if (this.#server === undefined) {
      this.#server = createServer(this.RED.httpNode as never);
      this.#server.listen(0, "127.0.0.1");
      await once(this.#server, "listening");
    }
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves once the HTTP nodes have got another request. */
  async nextRequest(): Promise<void> {
    if (this.#server !== undefined) await once(this.#server, "request");
  }

  async close(): Promise<void> {
    await helper.unload();
    this.RED.events.removeAllListeners("node-status");
    this.#server?.closeAllConnections();
    await new Promise((resolve) => (this.#server === undefined ? resolve(undefined) : this.#server.close(resolve)));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** For `afterEach`: ends the flow under test, if there is one. */
export async function closeFlow(): Promise<void> {
  const flow = current;
  current = undefined;
  await flow?.close();
}

function withTab(nodes: readonly object[]): object[] {
  return [{ id: "tab", type: "tab", label: "Under test" }, ...nodes];
}

export const SECRET = "webhook-secret-0123456789";

export function sink(id: string): object {
  return { id, type: "sink", z: "tab", x: 1, y: 1, wires: [] };
}

export function node(id: string, type: string, ports: readonly string[], properties: object = {}): object {
  // What a spec is not about must not make requests of its own.
  const own = type === "abiquo-webhook-in" ? { catchUp: 0 } : {};
  return {
    id,
    type,
    z: "tab",
    x: 1,
    y: 1,
    connection: "config",
    ...own,
    ...properties,
    wires: ports.map((port) => (port === "" ? [] : [port])),
  };
}

/** A connection, and nodes that tell what Catch, Complete and Status hear of `watched`. */
export function around(abiquo: SimulatedAbiquo, watched: string, config: object = {}): object[] {
  return [
    {
      id: "config",
      type: "abiquo-config",
      name: "Abiquo",
      url: abiquo.url,
      auth: "oauth1",
      timeout: 5,
      publicUrl: "https://flows.example.com/red",
      ...config,
    },
    { id: "catch", type: "catch", z: "tab", x: 1, y: 1, scope: null, uncaught: false, wires: [["faults"]] },
    { id: "complete", type: "complete", z: "tab", x: 1, y: 1, scope: [watched], wires: [["completed"]] },
    sink("faults"),
    sink("completed"),
  ];
}

export function credentials(
  abiquo: SimulatedAbiquo,
  more: Record<string, Record<string, string>> = {},
): Record<string, Record<string, string>> {
  return { config: { ...abiquo.credentials.oauth }, ...more };
}
