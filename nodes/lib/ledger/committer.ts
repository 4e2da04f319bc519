import type { Kysely, Transaction } from "kysely";
import { equalJitter, exponential } from "../base/backoff.ts";
import { sleep, systemClock } from "../base/clock.ts";
import { type Counted, Histogram } from "../base/exposition.ts";
import { Fault } from "../base/fault.ts";
import { AuditLog, Chain } from "./chain/log.ts";
import { isClash } from "./clash.ts";
import type { LedgerSchema } from "./schema.ts";

/** How often in a row a transaction may be rolled back for others, and how long until it is repeated. */
const MOST_CLASHES = 8;
const CLASH_PAUSES = { first: 10, longest: 1_000 };

/** Upper bounds, in seconds. */
const COMMIT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

/** Does all jobs of one kind inside a transaction, and tells the audit of them; answers in the order of the jobs. */
export type Batch<Job, Result> = (db: Transaction<LedgerSchema>, jobs: readonly Job[], log: AuditLog) => Promise<Result[]>;

interface Waiting {
  readonly job: unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit: what asks to be written within one turn of the event loop, or while a commit is under way,
 * shares the next transaction and so one sync to disk. A promise resolves once its write is on disk.
 */
export class Committer {
  readonly #db: Kysely<LedgerSchema>;
  readonly #chain = new Chain();
  readonly #batches = new Map<string, Batch<never, unknown>>();
  #waiting = new Map<string, Waiting[]>();
  #running: Promise<void> | undefined;
  readonly #times = new Histogram(COMMIT_SECONDS);

  constructor(db: Kysely<LedgerSchema>) {
    this.#db = db;
  }

  /** Declares a kind of write; within a transaction the kinds run in the order of their declaration. */
  kind<Job, Result>(name: string, batch: Batch<Job, Result>): (job: Job) => Promise<Result> {
    this.#batches.set(name, batch as Batch<never, unknown>);
    return (job) =>
      new Promise<Result>((resolve, reject) => {
        const queue = this.#waiting.get(name);
        const waiting: Waiting = { job, resolve: resolve as Waiting["resolve"], reject };
        if (queue === undefined) this.#waiting.set(name, [waiting]);
        else queue.push(waiting);
        this.#running ??= this.#run();
      });
  }

  /** How long the transactions took, in seconds. */
  get times(): Counted {
    return this.#times.counted;
  }

  /** Resolves when everything asked for so far is on disk, or has failed. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    do {
      await new Promise<void>((turn) => void setImmediate(turn));
      const taken = this.#waiting;
      this.#waiting = new Map();
      await this.#commit(taken);
    } while (this.#waiting.size > 0);
    this.#running = undefined;
  }

  async #commit(taken: Map<string, Waiting[]>): Promise<void> {
    try {
      const results = await this.#repeated(taken);
      for (const [name, queue] of taken) {
        queue.forEach((waiting, index) => waiting.resolve(results.get(name)?.[index] as never));
      }
    } catch (error) {
      // Without the database none can be written; and what may be on disk must not be written once more.
      if (error instanceof Fault && error.code.startsWith("LEDGER_")) {
        for (const queue of taken.values()) for (const waiting of queue) waiting.reject(error);
        return;
      }
      if (countOf(taken) === 1) {
        for (const queue of taken.values()) queue[0]?.reject(error);
        return;
      }
      // One bad write must not fail its neighbours: each is tried on its own.
      for (const name of this.#batches.keys()) {
        for (const waiting of taken.get(name) ?? []) await this.#commit(new Map([[name, [waiting]]]));
      }
    }
  }

  /** What transactions of another process were in the way of is repeated: it was rolled back whole. */
  async #repeated(taken: Map<string, Waiting[]>): Promise<Map<string, unknown[]>> {
    for (let clashes = 0; ; clashes++) {
      try {
        return await this.#transact(taken);
      } catch (error) {
        if (clashes >= MOST_CLASHES || !isClash(error)) throw error;
        await sleep(systemClock, equalJitter(exponential(CLASH_PAUSES, clashes)), { isAwaited: true });
      }
    }
  }

  async #transact(taken: Map<string, Waiting[]>): Promise<Map<string, unknown[]>> {
    const began = systemClock.monotonic();
    const results = await this.#db.transaction().execute(async (transaction) => {
      const results = new Map<string, unknown[]>();
      const log = new AuditLog();
      for (const [name, batch] of this.#batches) {
        const queue = taken.get(name);
        if (queue !== undefined) results.set(name, await batch(transaction, queue.map((w) => w.job) as never[], log));
      }
      await this.#chain.append(transaction, log.entries);
      return results;
    });
    this.#times.observe((systemClock.monotonic() - began) / 1_000);
    return results;
  }
}

function countOf(taken: ReadonlyMap<string, readonly Waiting[]>): number {
  let count = 0;
  for (const queue of taken.values()) count += queue.length;
  return count;
}
