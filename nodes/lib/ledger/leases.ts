import { type RawBuilder, sql } from "kysely";
import { systemClock } from "../base/clock.ts";
import type { Db } from "./rows.ts";

/** Who works on a ledger, and by which clock the time of a lease runs. */
export interface Instance {
  /** no other process that works on the ledger has the same; empty where a ledger belongs to one process */
  readonly id: string;
  /** milliseconds since 1970, by the one clock of all instances */
  readonly now: () => RawBuilder<number>;
}

/** Of a ledger that belongs to one process. */
export const onlyInstance: Instance = { id: "", now: () => sql<number>`${systemClock.now()}` };

/** The clocks of several machines differ; that of their database is one. */
const databaseNow = sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`;

/** One of several that work on a database. */
export function oneInstance(id: string): Instance {
  return { id, now: () => databaseNow };
}

/**
 * Takes a lease, or keeps it for longer.
 *
 * @param ms from now on
 * @returns whether this instance has it; false while it is another's
 */
export async function acquireLease(db: Db, { id, now }: Instance, name: string, ms: number): Promise<boolean> {
  const until = sql<number>`${now()} + cast(${ms} as bigint)`;
  const held = await db
    .insertInto("lease")
    .values({ name, holder: id, until })
    .onConflict((conflict) =>
      conflict
        .column("name")
        .doUpdateSet({ holder: id, until })
        .where((eb) => eb.or([eb("lease.holder", "=", id), eb("lease.until", "<=", now())])),
    )
    .returning("name")
    .executeTakeFirst();
  return held !== undefined;
}

/** Gives a lease back. What is another's meanwhile stays so. */
export async function releaseLease(db: Db, { id }: Instance, name: string): Promise<void> {
  await db.deleteFrom("lease").where("name", "=", name).where("holder", "=", id).execute();
}
