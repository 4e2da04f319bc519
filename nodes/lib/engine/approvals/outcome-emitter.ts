import type { Clock } from "../../base/clock.ts";
import { readOrWhy } from "../../base/codec.ts";
import type { DecisionRecord, Ledger, TaskKey } from "../../ledger/index.ts";
import { keptMessage } from "../kept-message.ts";
import { Settling } from "../settling.ts";
import { type ApprovalOutcome, outcomesOf, withdrawn } from "./outcome.ts";
import { type OpenedApproval, openedApproval } from "./request.ts";

/** Who lets outcomes leave. */
export interface OutcomePort {
  /** Lets the outcome leave, by one port each. */
  leave(outcome: ApprovalOutcome): void;
  /** An outcome cannot be read, and waits for a release that can. */
  report(problem: unknown): void;
}

/** Lets outcomes leave, and knows which of them the flow has had for less than the settling time: those leave again after a stop. */
export class OutcomeEmitter {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #portOf: (key: string) => OutcomePort | undefined;
  readonly #settling: Settling;
  /** ids of those that are about to leave */
  readonly #leaving = new Set<string>();

  /** @param settle how long after it left an outcome counts as held by the flow, in ms of process life */
  constructor(ledger: Ledger, clock: Clock, settle: number, portOf: (key: string) => OutcomePort | undefined) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#portOf = portOf;
    this.#settling = new Settling(settle, clock, (ids) => ledger.approvals.settle(ids));
  }

  /**
   * Lets what the flow may have lost leave again.
   *
   * @param isRunning whether the flow goes on, and so has what this process gave it
   */
  async resume(key: string, isRunning: boolean): Promise<void> {
    const store = this.#ledger.approvals;
    for (const { id, taskIds } of await store.unsettled(key)) {
      if (isRunning && (this.#settling.has(id) || this.#leaving.has(id))) continue;
      const record = await store.get(id);
      if (record === undefined) continue;
      const reading = readOrWhy(() => openedApproval(record));
      if ("value" in reading) await this.emit(reading.value, new Set(taskIds));
      else this.#portOf(key)?.report(reading.unread);
    }
  }

  /** @param again the tasks that leave once more; absent = all, for the first time */
  async emit(opened: OpenedApproval, again?: ReadonlySet<string>): Promise<void> {
    const { id } = opened.record;
    this.#leaving.add(id);
    await this.#emit(opened, again).finally(() => this.#leaving.delete(id));
  }

  async #emit(opened: OpenedApproval, again?: ReadonlySet<string>): Promise<void> {
    const { record } = opened;
    const decisions = record.status === "withdrawn" ? await this.decisionsOn(record.tasks) : new Map<string, DecisionRecord>();
    const message = await this.#ledger.approvals.message(record.id);
    const port = this.#portOf(record.key);
    // Nobody is there to let it leave: it does with the next node that has this key.
    if (port === undefined) return;
    const reading = readOrWhy(() => {
      keptMessage.read(message);
      return outcomesOf(opened, message, decisions, again);
    });
    if ("unread" in reading) return port.report(reading.unread);
    this.#settling.begin(record.id);
    for (const outcome of reading.value) port.leave(outcome);
  }

  /** Lets tasks leave that were decided before anybody could be asked. */
  async emitDecided(key: string, connection: string, message: string, keys: readonly TaskKey[]): Promise<void> {
    const decisions = await this.decisionsOn(keys);
    const tasks = [...(await this.#ledger.tasks(keys)).values()];
    const entries = tasks.map((task) => withdrawn(task, decisions.get(task.taskId), this.#clock.now()));
    this.#portOf(key)?.leave({ port: "withdrawn", connection, message, entries, redelivered: false });
  }

  /** By task id. */
  async decisionsOn(keys: readonly TaskKey[]): Promise<Map<string, DecisionRecord>> {
    const decisions = await this.#ledger.decisions(keys);
    return new Map([...decisions.values()].map((decision) => [decision.taskId, decision]));
  }

  close(): void {
    this.#settling.close();
  }
}
