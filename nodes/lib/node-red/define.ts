import type { Node, NodeAPI, NodeCredentials, NodeDef, NodeMessageInFlow, NodeStatus } from "node-red";
import { systemClock } from "../base/clock.ts";
import { migrated } from "../base/definitions.ts";
import { Fault, valueOrFault } from "../base/fault.ts";
import { isObject, textOf } from "../base/json.ts";
import type { Filling } from "../base/texts.ts";
import { type AbiquoMessage, entriesWithoutTask } from "../engine/index.ts";
import { Configuration } from "./config.ts";
import { type ConnectionNode, isConnectionNode } from "./connection.ts";
import { onFlowsStarted } from "./deploys.ts";
import { inFlightSettled, trackInFlight } from "./in-flight.ts";
import { sharedStatus, tell, translated } from "./text.ts";
import type { NamesIn, NodeWords, StatusList } from "./words.ts";

export type Message = NodeMessageInFlow & { abiquo?: AbiquoMessage; [property: string]: unknown };
export type Send = (message: unknown) => void;
export type Done = (error?: Error) => void;

/** Calls `done` once the message is done with, or throws for Catch. */
export type InputHandler = (message: Message, send: Send, done: Done) => Promise<void> | void;

/** Nodes that cannot work as they are configured, with the reason. */
const faultyNodes = new WeakMap<object, Fault>();

/** Why this node cannot work as it is configured. */
export function faultOf(node: unknown): Fault | undefined {
  return isObject(node) ? faultyNodes.get(node) : undefined;
}

type Closer = (removed: boolean) => Promise<void> | void;

/** How long a node waits for its own closing steps, in ms; Node-RED gives up after 15 s. */
const CLOSE_BUDGET = 10_000;

/** How often a node's status changes at the most, in ms. */
const STATUS_INTERVAL = 200;

/** For whoever serves nodes of any type. */
type NoWords = { readonly status: Readonly<Record<never, never>>; readonly texts: Readonly<Record<never, never>> };

/** What a node file works with: its configuration, its texts, its status, and its life. */
export class NodeKit<Words extends NodeWords = NoWords> {
  readonly RED: NodeAPI;
  readonly node: Node;
  readonly config: Configuration;
  readonly credentials: Configuration;
  readonly #type: string;
  readonly #looks: StatusList;
  readonly #connectionId: string;
  readonly #closing = new AbortController();
  readonly #closers: Closer[] = [];
  #nextStatus: (() => NodeStatus) | undefined;
  /** the last one of the node's own, which is not shown while something keeps it from working */
  #own: (() => NodeStatus) | undefined;
  #meanwhile: (() => NodeStatus) | undefined;
  #cancelStatus: (() => void) | undefined;

  constructor(RED: NodeAPI, type: string, node: Node, definition: object, looks: StatusList) {
    this.RED = RED;
    this.node = node;
    this.#type = type;
    this.#looks = looks;
    this.config = new Configuration(definition);
    this.credentials = new Configuration((node.credentials as object | undefined) ?? {});
    this.#connectionId = "connection" in definition ? textOf(definition.connection) : "";
    node.on("close", (removed: boolean, done: () => void) => {
      void this.#close(removed).then(done, done);
    });
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** A text of this node's own catalogue. */
  text<Key extends keyof Words["texts"] & string>(key: Key, ...[values]: Filling<Words["texts"][Key][number]>): string {
    return translated(this.RED, `${this.#type}.${key}`, values);
  }

  show<Key extends keyof Words["status"] & string>(key: Key, ...[values]: Filling<NamesIn<Words["status"][Key]>>): void {
    const [fill, shape] = this.#looks[key] ?? [];
    this.#showSoon(() => ({ fill, shape, text: translated(this.RED, `${this.#type}.status.${key}`, values) }));
  }

  /** Shows what keeps the node from working, in place of its own status; undefined once that is over. */
  showMeanwhile(status: (() => NodeStatus) | undefined): void {
    if (this.signal.aborted || (status === undefined && this.#meanwhile === undefined)) return;
    this.#meanwhile = status;
    this.node.status((status ?? this.#own)?.() ?? {});
  }

  /** Under load the editor gets the newest status a few times a second, and not each one. */
  #showSoon(status: () => NodeStatus): void {
    if (this.signal.aborted) return;
    this.#own = status;
    const isDue = this.#nextStatus === undefined;
    this.#nextStatus = status;
    if (!isDue) return;
    this.#showNow();
    this.#cancelStatus = systemClock.after(STATUS_INTERVAL, () => {
      if (this.#nextStatus !== status && !this.signal.aborted) this.#showNow();
      this.#nextStatus = undefined;
    });
  }

  #showNow(): void {
    const status = (this.#meanwhile ?? this.#nextStatus)?.();
    if (status !== undefined) this.node.status(status);
  }

  /** Tells a fault that belongs to no message in hand, or to one that is done with already. */
  report(error: unknown, message?: unknown): void {
    if (!this.signal.aborted) this.node.error(tell(this.RED, error), (message ?? {}) as NodeMessageInFlow);
  }

  /** Tells of entries of a message that name no task, and are passed over. @param named what the tasks are read from */
  reportUnnamed(named: unknown, message: Message): void {
    const entries = entriesWithoutTask(named);
    if (entries.length > 0) this.report(new Fault("ENTRIES_WITHOUT_TASK", { entries: listed(entries) }), message);
  }

  /** @param closer is told whether the node was deleted or disabled, rather than restarted */
  onClose(closer: Closer): void {
    this.#closers.push(closer);
  }

  /** Runs once all nodes of the deploy stand, so that what is sent finds its receivers. */
  onStart(start: () => Promise<void> | void): void {
    const end = this.onFlowsStarted(() => {
      end();
      return start();
    });
  }

  /** Runs whenever flows have started, in deploys that leave this node alone too. Answers how to end that. */
  onFlowsStarted(run: () => Promise<void> | void): () => void {
    const end = onFlowsStarted(this.RED, () => {
      if (this.signal.aborted) return;
      void Promise.resolve()
        .then(run)
        .catch((error: unknown) => this.report(error));
    });
    this.onClose(end);
    return end;
  }

  /** Work that must not be cut short: a close waits for it, and who comes after this node finds it with `inFlightSettled`. */
  finish<Result>(work: Promise<Result>): Promise<Result> {
    return trackInFlight(this.RED, this.node.id, work);
  }

  /** Resolves when all that this node, or one before it with its id, has under way is done or has failed. */
  inFlightSettled(): Promise<void> {
    return inFlightSettled(this.RED, this.node.id);
  }

  onInput(handle: InputHandler): void {
    this.node.on("input", (message, send, done) => {
      void this.#run(() => handle(message as Message, send as Send, done as Done)).then((error) => {
        if (error === undefined || this.signal.aborted) return;
        this.showFailure();
        done(error);
      });
    });
  }

  /**
   * The connection of the node, or of the message where the node names none.
   *
   * @throws Fault ABIQUO_NO_CONNECTION; ABIQUO_OTHER_CONNECTION when the message belongs to another one
   */
  connection(message?: Message): ConnectionNode {
    const abiquo: unknown = message?.abiquo;
    const theirs = isObject(abiquo) && typeof abiquo["connection"] === "string" ? abiquo["connection"] : "";
    if (theirs !== "" && this.#connectionId !== "" && theirs !== this.#connectionId) {
      throw new Fault("ABIQUO_OTHER_CONNECTION");
    }
    const id = this.#connectionId || theirs;
    const found: unknown = id === "" ? undefined : this.RED.nodes.getNode(id);
    if (isConnectionNode(found)) return found.abiquo;
    throw faultOf(found) ?? new Fault("ABIQUO_NO_CONNECTION");
  }

  /** Shows the fault that a message met, without its words: these go to Catch. */
  showFailure(): void {
    this.#showSoon(() => sharedStatus(this.RED, "failed"));
  }

  /** The node cannot work as it is configured, or not for now. */
  showFault(fault: Fault): void {
    faultyNodes.set(this.node, fault);
    const status = fault.code === "ABIQUO_NO_CONNECTION" ? "noConnection" : "invalid";
    this.node.status(sharedStatus(this.RED, status));
    this.node.error(tell(this.RED, fault));
  }

  /** What kept the node from working is over. */
  clearFault(): void {
    faultyNodes.delete(this.node);
  }

  async #run(work: () => Promise<void> | void): Promise<Error | undefined> {
    try {
      await work();
      return undefined;
    } catch (error) {
      return tell(this.RED, error);
    }
  }

  async #close(removed: boolean): Promise<void> {
    this.#closing.abort();
    this.#cancelStatus?.();
    const closed = Promise.allSettled([this.inFlightSettled(), ...this.#closers.map((close) => Promise.resolve(removed).then(close))]);
    const budget = Promise.withResolvers<void>();
    const cancel = systemClock.after(CLOSE_BUDGET, budget.resolve, true);
    await Promise.race([closed, budget.promise]);
    cancel();
  }
}

/** How many positions a text names. */
const LISTED = 20;

function listed(positions: readonly number[]): string {
  return `${positions.slice(0, LISTED).join(", ")}${positions.length > LISTED ? ", …" : ""}`;
}

export interface NodeOptions<Words> {
  readonly words?: Words;
  /** all of them secrets, never sent to the browser */
  readonly credentials?: readonly string[];
  readonly settings?: Record<string, { value: unknown; exportable: boolean }>;
}

/**
 * Registers a node type. A fault in the configuration does not keep the node from being made: it shows red,
 * and tells the fault to each message.
 */
export function defineNode<Words extends NodeWords = NoWords>(
  RED: NodeAPI,
  type: string,
  options: NodeOptions<Words>,
  setUp: (kit: NodeKit<Words>) => void,
): void {
  const credentials: NodeCredentials<Record<string, unknown>> = Object.fromEntries(
    (options.credentials ?? []).map((name) => [name, { type: "password" as const }]),
  );
  function create(this: Node, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    const current = valueOrFault(() => migrated(type, definition));
    const kit = new NodeKit<Words>(RED, type, this, current instanceof Fault ? definition : current, options.words?.status ?? {});
    try {
      if (current instanceof Fault) throw current;
      setUp(kit);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      kit.showFault(error);
      kit.onInput(() => {
        throw error;
      });
    }
  }
  RED.nodes.registerType(type, create, { credentials, settings: (options.settings ?? {}) as never });
}
