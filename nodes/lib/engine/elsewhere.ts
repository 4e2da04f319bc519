import { type AbiquoClient, AbiquoFault, type AbiquoTask, apiBase, keptLinks, linksOfTask } from "../abiquo/index.ts";
import type { Clock } from "../base/clock.ts";
import { forEachAtOnce } from "../base/concurrency.ts";
import { Fault } from "../base/fault.ts";
import { Semaphore } from "../base/semaphore.ts";
import type { Finding, Found, Ledger, OpenTask, TaskKey } from "../ledger/index.ts";
import { ALREADY } from "./message.ts";
import { youth } from "./not-yet-shown.ts";
import { isPassing } from "./passing.ts";

/** Who decided, where Abiquo tells nobody's name. */
export const NOBODY_KNOWN = "Abiquo";

/** How many tasks are read at once. */
const READS = 8;

/** Lets as many tasks be read at once as is good for one Abiquo. */
export function newReads(): Semaphore {
  return new Semaphore(READS);
}

const CONTINUED_STATES: ReadonlySet<string> = new Set([
  "PENDING",
  "STARTED",
  "FINISHED_SUCCESSFULLY",
  "FINISHED_UNSUCCESSFULLY",
  "ACK_ERROR",
]);

/** What must have been done to a task that is in this state; undefined while it waits, and where its state does not tell. */
export function doneTo(state: string): "continue" | "cancel" | undefined {
  return state === "CANCELLED" ? "cancel" : CONTINUED_STATES.has(state) ? "continue" : undefined;
}

export interface ElsewhereEvents {
  /** Tasks were settled: they are on disk. Those that people are asked about need nobody's vote any more. */
  settled(tasks: readonly SettledTask[]): Promise<void>;
}

export interface SettledTask extends TaskKey {
  /** id of the connection that found it */
  readonly connection: string;
  readonly found: Found;
}

/**
 * Finds out what became in Abiquo of tasks that the ledger has open, and settles those that were decided there, or that
 * Abiquo no longer knows. The only place that does, for sweeps, for events and for whoever is about to ask people.
 */
export class Elsewhere {
  readonly #ledger: Pick<Ledger, "settleElsewhere">;
  readonly #clock: Clock;
  readonly #events: ElsewhereEvents;
  readonly #isYoung: (receivedAt: number) => boolean;

  constructor(ledger: Pick<Ledger, "settleElsewhere">, clock: Clock, events: ElsewhereEvents) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#events = events;
    this.#isYoung = youth(clock);
  }

  /**
   * Reads these tasks in Abiquo, a few at once, and settles what no longer waits there.
   *
   * @throws AbiquoFault where Abiquo does not answer for now: what was read before is settled
   */
  async check(connection: Looker, tasks: readonly OpenTask[], signal?: AbortSignal): Promise<SettledTask[]> {
    const { findings, failure } = await this.findAll(connection, tasks, signal);
    const settled = await this.settle(findings);
    if (failure !== undefined) throw failure.error;
    return settled;
  }

  /**
   * Reads these tasks in Abiquo, a few at once, until Abiquo does not answer for one of them.
   *
   * @param reads lets them be read; those who share it share how many are read at once. Absent = the caller's own
   * @returns what was found until then, and why there was no more
   */
  async findAll(
    connection: Looker,
    tasks: readonly OpenTask[],
    signal?: AbortSignal,
    reads = newReads(),
  ): Promise<{ readonly findings: readonly Finding[]; readonly failure?: { readonly error: unknown } }> {
    const findings: Finding[] = [];
    const reading = forEachAtOnce(READS, tasks, async (task) => {
      const finding = await reads.run(() => this.find(connection, task, signal));
      if (finding !== undefined) findings.push(finding);
    });
    return reading.then(
      () => ({ findings }),
      (error: unknown) => ({ findings, failure: { error } }),
    );
  }

  /**
   * Reads one task in Abiquo.
   *
   * @returns what to settle it by; undefined while it waits there, and where Abiquo does not let it be read
   * @throws AbiquoFault where Abiquo does not answer for now
   */
  async find(connection: Looker, task: OpenTask, signal?: AbortSignal): Promise<Finding | undefined> {
    try {
      // Links that cannot be read, or lead elsewhere, say nothing of the task: it stays as it is.
      const links = linksOfTask(keptLinks.read(task.links), task.taskId, apiBase(task.api));
      return this.seen(connection, await connection.client.readTask(links.self, signal));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (!(error instanceof AbiquoFault)) return undefined;
      if (error.code === "ABIQUO_NOT_FOUND") return this.#isYoung(task.receivedAt) ? undefined : this.#finding(connection, task, undefined);
      if (isPassing(error) || error.code === "ABIQUO_CLOSED") throw error;
      return undefined;
    }
  }

  /** What to settle a task by that was just read; undefined while it waits. */
  seen(connection: Looker, { task }: AbiquoTask): Finding | undefined {
    if (task.state === "QUEUEING") return undefined;
    return this.#finding(connection, { api: connection.client.base, taskId: task.taskId }, doneTo(task.state));
  }

  /** Settles what was found, once for each task whoever finds it at the same time. */
  async settle(findings: readonly Finding[]): Promise<SettledTask[]> {
    if (findings.length === 0) return [];
    const found = await this.#ledger.settleElsewhere(findings);
    const settled = findings.flatMap(({ api, taskId, connection }, index): SettledTask[] => {
      const how = found[index];
      return how === undefined ? [] : [{ api, taskId, connection, found: how }];
    });
    if (settled.length > 0) await this.#events.settled(settled);
    return settled;
  }

  #finding({ id }: Looker, { api, taskId }: TaskKey, action: Finding["action"]): Finding {
    const outcome = action === undefined ? "gone" : ALREADY[action];
    return { api, taskId, connection: id, action, outcome, by: NOBODY_KNOWN, cause: "bypass", at: this.#clock.now() };
  }
}

/** A connection that looks into Abiquo. */
export interface Looker {
  readonly id: string;
  readonly client: Pick<AbiquoClient, "base" | "readTask">;
}
