import { type Kysely, type RawBuilder, sql, type UpdateQueryBuilder, type UpdateResult } from "kysely";
import { systemClock } from "../base/clock.ts";
import { type Db, isOpenTask } from "./rows.ts";
import { type LedgerSchema, OPEN_APPROVAL } from "./schema.ts";

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

/** Of rows that are work: those of this instance. */
export function isMine({ id }: Instance, table: "task" | "request" | "approval" | "notification") {
  return sql<boolean>`${sql.ref(`${table}.holder`)} = ${id}`;
}

/** The lease of an instance on all that is its work. */
const OF_AN_INSTANCE = "instance ";

/** What an instance finds out when it says that it is still there. */
export interface Presence {
  /** whether its work may be another's since the last time */
  readonly wasAway: boolean;
  /** whether it has taken over what instances that are gone were at */
  readonly hasMore: boolean;
}

const UNCHANGED: Presence = { wasAway: false, hasMore: false };

/**
 * Says that an instance is there for so long, and takes over the work of those that did not say so in time.
 *
 * @param ms from now on
 * @param isThorough whether to look for work of instances too of which nothing but their work is left
 */
export async function stayPresent(db: Kysely<LedgerSchema>, instance: Instance, ms: number, isThorough: boolean): Promise<Presence> {
  const { id, now } = instance;
  if (id === "") return UNCHANGED;
  return db.transaction().execute(async (trx) => {
    const name = `${OF_AN_INSTANCE}${id}`;
    const until = sql<number>`${now()} + cast(${ms} as bigint)`;
    const { numUpdatedRows } = await trx.updateTable("lease").set({ until }).where("name", "=", name).executeTakeFirstOrThrow();
    const wasAway = Number(numUpdatedRows) === 0;
    if (wasAway) await acquireLease(trx, instance, name, ms);
    const isInstance = sql<boolean>`name like ${`${OF_AN_INSTANCE}%`}`;
    const isOver = trx.deleteFrom("lease").where(isInstance).where("name", "<>", name).where("until", "<=", now());
    const { numDeletedRows } = await isOver.executeTakeFirstOrThrow();
    if (!wasAway && !isThorough && Number(numDeletedRows) === 0) return UNCHANGED;
    return { wasAway, hasMore: await takeOver(trx, id) };
  });
}

/** Others take its work over as soon as they look. */
export async function leave(db: Db, { id }: Instance): Promise<void> {
  if (id !== "") await db.updateTable("lease").set({ until: 0 }).where("name", "=", `${OF_AN_INSTANCE}${id}`).execute();
}

/** Takes what no instance that is there has. */
async function takeOver(db: Db, id: string): Promise<boolean> {
  const present = db
    .selectFrom("lease")
    .select("holder")
    .where(sql<boolean>`name like ${`${OF_AN_INSTANCE}%`}`);
  const open = { task: db.selectFrom("task").select("id").where(isOpenTask).where("stage", "=", "decided") };
  const unsettled = db.selectFrom("approval_task").select("approval").where("settling", "=", 1);
  const taken = [
    db.updateTable("task").where(isOpenTask).where("stage", "=", "received"),
    db.updateTable("decision").where("task", "in", open.task),
    db.updateTable("request"),
    db.updateTable("approval").where((eb) => eb.or([eb("status", "in", OPEN_APPROVAL), eb("id", "in", unsettled)])),
    db.updateTable("notification").where("state", "=", "pending"),
  ] as const;
  let count = 0;
  for (const update of taken) {
    // Each has the same column, which the type of their union does not tell.
    const work = update as unknown as UpdateQueryBuilder<LedgerSchema, "request", "request", UpdateResult>;
    const { numUpdatedRows } = await work.set({ holder: id }).where("holder", "not in", present).executeTakeFirstOrThrow();
    count += Number(numUpdatedRows);
  }
  return count > 0;
}
