import type { TaskSummary } from "../../abiquo/index.ts";
import type { Clock } from "../../base/clock.ts";

/** How long a webhook may be on its way, in ms: Abiquo gives up after ten seconds, and does not call again. */
const UNDER_WAY = 2 * 60_000;

/**
 * Which of the tasks that the ledger does not know have lost their webhook: those that waited in two sweeps in a row, and
 * are older than two minutes. So a sweep never overtakes a webhook, also where sweeps follow each other fast.
 *
 * Of their age two witnesses are heard. Abiquo says when it made a task, by its own clock; what time it is there, its
 * answer says (the header Date), so that no other clock matters. Where it does not say, or the two disagree, two minutes
 * have passed since the first sweep that saw the task, in time that this process has measured.
 */
export class Candidates {
  readonly #clock: Clock;
  /** when each was seen first, by task id; in the clock's monotonic time */
  #before = new Map<string, number>();
  #now = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Notes a task that waits and is not known; true when it is to be adopted.
   *
   * @param clockOffset by how much Abiquo's clock is ahead of this machine's, in ms; undefined when unknown
   */
  note({ taskId, createdAt }: Pick<TaskSummary, "taskId" | "createdAt">, clockOffset: number | undefined): boolean {
    const before = this.#before.get(taskId);
    const now = this.#clock.monotonic();
    const first = before ?? this.#now.get(taskId) ?? now;
    this.#now.set(taskId, first);
    if (before === undefined) return false;
    const age = clockOffset === undefined ? Number.NaN : this.#clock.now() + clockOffset - Date.parse(createdAt);
    return age >= UNDER_WAY || now - first >= UNDER_WAY;
  }

  /** The ledger knows it now. */
  forget(taskId: string): void {
    this.#before.delete(taskId);
    this.#now.delete(taskId);
  }

  /** A sweep has come to its end: what it did not see waits no longer. */
  endSweep(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}
