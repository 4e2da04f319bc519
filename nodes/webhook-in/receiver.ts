import type { ServerResponse } from "node:http";
import type { AbiquoTask, WebhookBody } from "../lib/abiquo/index.ts";
import { closing } from "../lib/base/body.ts";
import { sleep, systemClock } from "../lib/base/clock.ts";
import { Fault, type FaultCode } from "../lib/base/fault.ts";
import type { Arrival, Engine, Receipt } from "../lib/engine/index.ts";
import type { ConnectionNode } from "../lib/node-red/connection.ts";
import type { WebhookRequest } from "../lib/node-red/routes.ts";
import { tell } from "../lib/node-red/text.ts";
import { parseBody, takeBody } from "./access.ts";
import { byGroup, groupMessage, taskMessages } from "./messages.ts";
import type { WebhookKit } from "./words.ts";

export interface ReceiverOptions {
  readonly emit: "task" | "group";
  /** in bytes */
  readonly limit: number;
  readonly verify: boolean;
}

const STATUS_OF: Partial<Readonly<Record<FaultCode, number>>> = {
  BODY_TOO_LARGE: 413,
  BODY_TOO_SLOW: 408,
  ABIQUO_BAD_BODY: 400,
  ABIQUO_NO_TASK: 422,
};
/** How many messages are sent before other work gets a turn. */
const MESSAGES_PER_TURN = 200;
/** How often the same fault of the store is told, in ms: it is that of every call, and Abiquo gets it each time. */
const STORE_FAULT_INTERVAL = 60_000;
/** How long until what the flow may have lost is looked for again where the store could not say it, in ms. */
const LOOK_AGAIN = 5_000;

/** Takes webhooks in for one node: commits, answers, and then emits. */
export class Receiver {
  readonly #kit: WebhookKit;
  readonly #connection: ConnectionNode;
  readonly #options: ReceiverOptions;
  /** ids of tasks that are on disk and that this node has yet to emit */
  readonly #ahead = new Set<string>();
  /** of each search for what the flow may have lost: ids of tasks that were emitted since it began */
  readonly #searches = new Set<Set<string>>();
  /** the fault of the store that was told last, and when, in ms of a clock that only goes on */
  #storeFault: { readonly code: FaultCode; readonly at: number } | undefined;

  constructor(kit: WebhookKit, connection: ConnectionNode, options: ReceiverOptions) {
    this.#kit = kit;
    this.#connection = connection;
    this.#options = options;
  }

  /**
   * Answers a request that was let in.
   *
   * @param handOver gives the request, its body read, to who comes after this node, since this one is closing
   */
  async take(request: WebhookRequest, response: ServerResponse, handOver: () => void): Promise<void> {
    const { base } = this.#connection;
    try {
      await takeBody(request, this.#options.limit);
      if (this.#isClosing) return handOver();
      const body = await parseBody(request, base);
      const engine = await this.#connection.engine;
      if (this.#isClosing) return handOver();
      const { arrivals, known } = await this.#kit.finish(this.#receive(engine, body));
      this.#storeFault = undefined;
      answer(response, 200, { accepted: arrivals.length, known, ...problemsOf(body) });
      this.#reportProblems(body);
      setImmediate(() => void this.#emit(engine, arrivals));
    } catch (error) {
      // Its store closed in the middle of this: with its body read, the request is still whole.
      if (this.#isClosing && request.body !== undefined && !response.headersSent) handOver();
      else this.#refuse(response, error);
    }
  }

  /** Takes in tasks whose webhook never came. Abiquo has just shown them: there is nothing to verify. */
  async adopt(engine: Engine, tasks: readonly AbiquoTask[]): Promise<void> {
    if (this.#isClosing) return;
    const arrivals = await this.#kit.finish(this.#adopt(engine, tasks));
    for (const [index, arrival] of arrivals.entries()) {
      if (index % MESSAGES_PER_TURN === MESSAGES_PER_TURN - 1) await new Promise((turn) => setImmediate(turn));
      // Each by itself, as if a webhook had brought it alone.
      await this.#send(engine, [arrival]);
      this.#ahead.delete(arrival.key.taskId);
    }
  }

  /**
   * Emits again what the flow may have lost in a stop or a deploy, and what a node before this one took in at last.
   *
   * @param isRunning whether the flow goes on, and so has what this process gave it
   */
  async resume(isRunning = false): Promise<void> {
    for (let isFirst = true; !this.#isClosing; isFirst = false) {
      try {
        const engine = await this.#connection.opened;
        const lost = await this.#lost(engine, isRunning);
        await Promise.all(byGroup(lost).map((group) => this.#emit(engine, group)));
        return;
      } catch (error) {
        if (this.#isClosing) return;
        if (isFirst) this.#kit.report(error);
        await sleep(systemClock, LOOK_AGAIN, { signal: this.#kit.signal }).catch(() => undefined);
      }
    }
  }

  get #isClosing(): boolean {
    return this.#kit.signal.aborted;
  }

  async #receive(engine: Engine, body: WebhookBody): Promise<Receipt> {
    const receipt = await engine.intake.receive(this.#kit.node.id, this.#connection, body);
    for (const { key } of receipt.arrivals) this.#ahead.add(key.taskId);
    return receipt;
  }

  async #adopt(engine: Engine, tasks: readonly AbiquoTask[]): Promise<readonly Arrival[]> {
    const arrivals = await engine.intake.adopt(this.#kit.node.id, this.#connection, tasks);
    for (const { key } of arrivals) this.#ahead.add(key.taskId);
    return arrivals;
  }

  async #lost(engine: Engine, isRunning: boolean): Promise<readonly Arrival[]> {
    const emitted = new Set<string>();
    this.#searches.add(emitted);
    try {
      await this.#kit.inFlightSettled();
      await engine.compared();
      const unread = new Map<string, Fault>();
      const unsettled = await engine.intake.unsettled(this.#kit.node.id, this.#connection.id, (fault) => unread.set(fault.message, fault));
      for (const fault of unread.values()) this.#kit.report(fault);
      // What came meanwhile goes its own way, and that begins once this node knows that it is on disk.
      await this.#kit.inFlightSettled();
      const isHeld = (key: Arrival["key"]): boolean => isRunning && engine.intake.knows(key);
      const lost = unsettled.filter(({ key }) => !this.#ahead.has(key.taskId) && !emitted.has(key.taskId) && !isHeld(key));
      for (const { key } of lost) this.#ahead.add(key.taskId);
      return lost;
    } finally {
      this.#searches.delete(emitted);
    }
  }

  async #emit(engine: Engine, arrivals: readonly Arrival[]): Promise<void> {
    try {
      if (!this.#options.verify) return await this.#send(engine, arrivals);
      // What could not be verified is not lost: it stays in the ledger, and is verified again after a restart.
      const report = (fault: Fault, { abiquo }: Arrival): void => this.#kit.report(fault, { abiquo });
      for await (const genuine of engine.intake.verified(arrivals, this.#connection, this.#kit.signal, report)) {
        await this.#send(engine, genuine);
      }
    } catch (error) {
      this.#kit.report(error);
    } finally {
      for (const { key } of arrivals) this.#ahead.delete(key.taskId);
    }
  }

  async #send(engine: Engine, arrivals: readonly Arrival[]): Promise<void> {
    const atOnce = this.#options.emit === "group" ? arrivals.length : MESSAGES_PER_TURN;
    const messages = this.#options.emit === "group" ? [] : taskMessages(arrivals);
    for (let start = 0; start < arrivals.length; start += atOnce) {
      if (start > 0) await new Promise((turn) => setImmediate(turn));
      if (this.#isClosing) return;
      const part = arrivals.slice(start, start + atOnce);
      for (const { key } of part) this.#note(engine, key);
      this.#kit.node.send((this.#options.emit === "group" ? groupMessage(part) : [messages.slice(start, start + atOnce)]) as never);
    }
    const last = arrivals.at(-1)?.abiquo.task;
    if (last !== undefined) this.#kit.show("received", { type: last.type, count: arrivals.length });
  }

  #note(engine: Engine, key: Arrival["key"]): void {
    engine.intake.emitted(key);
    this.#ahead.delete(key.taskId);
    for (const search of this.#searches) search.add(key.taskId);
  }

  #refuse(response: ServerResponse, error: unknown): void {
    const code = error instanceof Fault ? error.code : "LEDGER_UNAVAILABLE";
    const told = tell(this.#kit.RED, error);
    if (!response.headersSent) answer(response, STATUS_OF[code] ?? 503, { error: code, message: told.message });
    if (!code.startsWith("LEDGER_") || this.#isStoreFaultDue(code)) this.#kit.report(told);
  }

  #isStoreFaultDue(code: FaultCode): boolean {
    const now = systemClock.monotonic();
    if (this.#storeFault?.code === code && now - this.#storeFault.at < STORE_FAULT_INTERVAL) return false;
    this.#storeFault = { code, at: now };
    return true;
  }

  #reportProblems(body: WebhookBody): void {
    for (const { taskId, code, problem } of body.problems) {
      this.#kit.report(new Fault(code, { problem, taskId }));
    }
    if (body.moreProblems > 0) this.#kit.report(new Fault("ABIQUO_BAD_TASKS", { count: body.moreProblems }));
  }
}

function problemsOf(body: WebhookBody): object {
  if (body.problems.length === 0) return {};
  return { problems: body.problems, ...(body.moreProblems === 0 ? {} : { moreProblems: body.moreProblems }) };
}

function answer(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  const more = status === 408 ? closing(response.req) : {};
  response.writeHead(status, { ...more, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
  response.end(text);
}
