import type { AuditLog } from "./chain/log.ts";
import type { Db } from "./rows.ts";

/** Jobs that are written one after the other, in one transaction. */
export function inTurn<Job, Result>(write: (db: Db, job: Job, log: AuditLog) => Promise<Result>) {
  return async (db: Db, jobs: readonly Job[], log: AuditLog): Promise<Result[]> => {
    const results: Result[] = [];
    for (const job of jobs) results.push(await write(db, job, log));
    return results;
  };
}
