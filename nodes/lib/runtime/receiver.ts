import type { ServerResponse } from "node:http";
import type { WebhookBody } from "../abiquo/index.ts";
import type { Arrival, Engine } from "../engine/index.ts";
import { Fault } from "../fault.ts";
import { byGroup, groupMessage, taskMessages } from "./arrivals.ts";
import { closing } from "./body.ts";
import type { ConnectionNode } from "./connection.ts";
import type { NodeKit } from "./define.ts";
import type { WebhookRequest } from "./routes.ts";
import { tell } from "./text.ts";
import { readWebhook } from "./webhook.ts";

export interface ReceiverOptions {
  readonly emit: "task" | "group";
  /** in bytes */
  readonly limit: number;
  readonly verify: boolean;
}

const STATUS_OF: Readonly<Record<string, number>> = {
  BODY_TOO_LARGE: 413,
  BODY_TOO_SLOW: 408,
  ABIQUO_BAD_BODY: 400,
  ABIQUO_NO_TASK: 422,
};
/** How many messages are sent before other work gets a turn. */
const MESSAGES_PER_TURN = 200;
/** How often the same fault of the store is told, in ms: it is that of every call, and Abiquo gets it each time. */
const STORE_FAULT_INTERVAL = 60_000;
/** How many tasks are re-read from Abiquo at once. */
const READERS = 8;

/** Takes webhooks in for one node: commits, answers, and then emits. */
export class Receiver {
  readonly #kit: NodeKit;
  readonly #connection: ConnectionNode;
  readonly #options: ReceiverOptions;
  /** the fault of the store that was told last, and when */
  #storeFault = { code: "", at: 0 };

  constructor(kit: NodeKit, connection: ConnectionNode, options: ReceiverOptions) {
    this.#kit = kit;
    this.#connection = connection;
    this.#options = options;
  }

  /** Answers a request that was let in. */
  async take(request: WebhookRequest, response: ServerResponse): Promise<void> {
    let engine: Engine;
    let arrivals: readonly Arrival[];
    try {
      const body = await readWebhook(request, this.#connection.base, this.#options.limit);
      engine = await this.#connection.engine;
      const receipt = await engine.intake.receive(this.#kit.node.id, this.#connection, body);
      arrivals = receipt.arrivals;
      this.#storeFault.code = "";
      answer(response, 200, { accepted: arrivals.length, known: receipt.known, ...problemsOf(body) });
      this.#reportProblems(body);
    } catch (error) {
      this.#refuse(response, error);
      return;
    }
    setImmediate(() => void this.#emit(engine, arrivals));
  }

  /** Emits again what the flow may have lost in a stop or a deploy. */
  async resume(): Promise<void> {
    const engine = await this.#connection.engine;
    const arrivals = await engine.intake.unsettled(this.#kit.node.id, this.#connection.id);
    for (const group of byGroup(arrivals)) await this.#emit(engine, group);
  }

  async #emit(engine: Engine, arrivals: readonly Arrival[]): Promise<void> {
    if (this.#kit.signal.aborted || arrivals.length === 0) return;
    const genuine = this.#options.verify ? await this.#verified(engine, arrivals) : arrivals;
    if (genuine.length === 0) return;
    const messages = this.#options.emit === "group" ? [groupMessage(genuine)] : taskMessages(genuine);
    for (const { key } of genuine) engine.intake.emitted(key);
    for (let start = 0; start < messages.length; start += MESSAGES_PER_TURN) {
      if (this.#kit.signal.aborted) return;
      if (start > 0) await new Promise((turn) => setImmediate(turn));
      this.#kit.node.send([messages.slice(start, start + MESSAGES_PER_TURN)] as never);
    }
    const last = genuine[genuine.length - 1]?.abiquo.task;
    this.#kit.show("green", "dot", "received", { type: last?.type ?? "", count: genuine.length });
  }

  /** What Abiquo itself says of these tasks, without those that it does not know or that no longer wait. */
  async #verified(engine: Engine, arrivals: readonly Arrival[]): Promise<Arrival[]> {
    const waiting = arrivals.map((arrival, position) => ({ arrival, position }));
    const verified: (Arrival | undefined)[] = [];
    const read = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { arrival, position } = next;
        try {
          const genuine = await engine.intake.verify(arrival, this.#connection, this.#kit.signal);
          if (genuine === undefined) continue;
          const { task, links, payload } = genuine;
          verified[position] = { ...arrival, payload, abiquo: { ...arrival.abiquo, task, links } };
        } catch (error) {
          // Not verified is not lost: the task stays in the ledger, and is verified again after a restart.
          this.#kit.report(error, { abiquo: arrival.abiquo });
        }
      }
    };
    await Promise.all(Array.from({ length: READERS }, read));
    return verified.filter((arrival) => arrival !== undefined);
  }

  #refuse(response: ServerResponse, error: unknown): void {
    const code = error instanceof Fault ? error.code : "LEDGER_UNAVAILABLE";
    const told = tell(this.#kit.RED, error);
    if (!response.headersSent) answer(response, STATUS_OF[code] ?? 503, { error: code, message: told.message });
    if (!code.startsWith("LEDGER_") || this.#isStoreFaultDue(code)) this.#kit.report(told);
  }

  #isStoreFaultDue(code: string): boolean {
    const now = Date.now();
    if (this.#storeFault.code === code && now - this.#storeFault.at < STORE_FAULT_INTERVAL) return false;
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
