import type { Db } from "./rows.ts";

/** Jobs that are written one after the other, in one transaction. */
export function inTurn<Job, Result>(write: (db: Db, job: Job) => Promise<Result>) {
  return async (db: Db, jobs: readonly Job[]): Promise<Result[]> => {
    const results: Result[] = [];
    for (const job of jobs) results.push(await write(db, job));
    return results;
  };
}
