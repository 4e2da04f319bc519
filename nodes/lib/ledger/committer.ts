import type { Kysely, Transaction } from "kysely";
import type { LedgerSchema } from "./schema.ts";

/** Does all jobs of one kind inside a transaction; answers in the order of the jobs. */
export type Batch<Job, Result> = (db: Transaction<LedgerSchema>, jobs: readonly Job[]) => Promise<Result[]>;

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
  readonly #batches = new Map<string, Batch<never, unknown>>();
  #waiting = new Map<string, Waiting[]>();
  #running: Promise<void> | undefined;

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
      const results = await this.#transact(taken);
      for (const [name, queue] of taken) {
        queue.forEach((waiting, index) => waiting.resolve(results.get(name)?.[index] as never));
      }
    } catch (error) {
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

  #transact(taken: Map<string, Waiting[]>): Promise<Map<string, unknown[]>> {
    return this.#db.transaction().execute(async (transaction) => {
      const results = new Map<string, unknown[]>();
      for (const [name, batch] of this.#batches) {
        const queue = taken.get(name);
        if (queue !== undefined) results.set(name, await batch(transaction, queue.map((w) => w.job) as never[]));
      }
      return results;
    });
  }
}

function countOf(taken: ReadonlyMap<string, readonly Waiting[]>): number {
  let count = 0;
  for (const queue of taken.values()) count += queue.length;
  return count;
}
