import { BoundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";
import { getOrCreate } from "../../base/get-or-create.ts";
import type { Semaphore } from "../../base/semaphore.ts";
import { type ApprovalRecord, type Finding, keyText, type TaskRecord, UNDECIDED } from "../../ledger/index.ts";
import { type Elsewhere, type Looker, newReads } from "../elsewhere.ts";

/** How long whoever opens a page or votes waits for Abiquo at the most, in ms. */
const LONGEST_LOOK = 2_000;
/** How long what was seen of a task holds, in ms; and how long nobody waits for an Abiquo that does not answer. */
const LOOKED_FOR = 5_000;
/** How many tasks are read for one visit: those of a large group come in turn. */
const TASKS_AT_ONCE = 24;
/** How many tasks are remembered, against many visits in a short time. */
const REMEMBERED = 10_000;

/**
 * Looks whether tasks still wait in Abiquo when somebody opens a page about them or votes: between two sweeps they may
 * have been decided there. An Abiquo that is slow or away keeps nobody waiting for long, and not for each request.
 */
export class Looks {
  readonly #clock: Clock;
  readonly #elsewhere: Pick<Elsewhere, "findAll" | "settle">;
  readonly #lookerOf: (record: ApprovalRecord) => Promise<Looker | undefined>;
  /** until when what was seen of a task holds, in the clock's monotonic time */
  readonly #fresh = new BoundedMap<string, number>(REMEMBERED);
  /** until when nobody waits for this client's Abiquo */
  readonly #paused = new WeakMap<Looker["client"], number>();
  /** for all who visit, how many tasks are read at the same time by one connection */
  readonly #reads = new WeakMap<Looker["client"], Semaphore>();

  /** @param lookerOf the connection that a request came by, while there is one */
  constructor(
    clock: Clock,
    elsewhere: Pick<Elsewhere, "findAll" | "settle">,
    lookerOf: (record: ApprovalRecord) => Promise<Looker | undefined>,
  ) {
    this.#clock = clock;
    this.#elsewhere = elsewhere;
    this.#lookerOf = lookerOf;
  }

  /** What was found of tasks of a request that waits; nothing where Abiquo did not say in time, and where it just did. */
  async look(record: ApprovalRecord): Promise<readonly Finding[]> {
    const now = this.#clock.monotonic();
    if (record.status !== "open") return [];
    const isDue = (task: TaskRecord): boolean => UNDECIDED.includes(task.stage) && (this.#fresh.get(keyText(task)) ?? -Infinity) <= now;
    const due = record.tasks.filter(isDue).slice(0, TASKS_AT_ONCE);
    if (due.length === 0) return [];
    // Before anything is read: whoever comes meanwhile need not read it too.
    for (const task of due) this.#fresh.set(keyText(task), now + LOOKED_FOR);
    const looker = await this.#lookerOf(record);
    if (looker === undefined || (this.#paused.get(looker.client) ?? -Infinity) > now) return [];
    return this.#find(looker, due);
  }

  /** Writes what was found, and does what follows from it. */
  async settle(findings: readonly Finding[]): Promise<void> {
    await this.#elsewhere.settle(findings);
  }

  async #find(looker: Looker, tasks: readonly TaskRecord[]): Promise<readonly Finding[]> {
    const reads = getOrCreate(this.#reads, looker.client, newReads);
    const abort = new AbortController();
    const cancel = this.#clock.after(LONGEST_LOOK, () => abort.abort(), true);
    const { findings, failure } = await this.#elsewhere.findAll(looker, tasks, abort.signal, reads);
    cancel();
    if (failure !== undefined) {
      abort.abort();
      // The connection tells of an outage; a sweep finds what could not be seen now.
      this.#paused.set(looker.client, this.#clock.monotonic() + LOOKED_FOR);
    }
    return findings;
  }
}
