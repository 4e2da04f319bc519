import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { Fault } from "../base/fault.ts";
import type { LedgerSchema } from "./schema.ts";

/** Steps by name, in the order in which they are taken. */
export type Steps = Readonly<Record<string, Migration>>;

/**
 * Makes or upgrades the tables. All that is to be done, and the mark that it was done, are one transaction: whatever
 * ends the process in between leaves the ledger as it was.
 *
 * @param db on an engine whose tables can be made in a transaction, and whose adapter says so (`supportsTransactionalDdl`)
 * @throws Fault LEDGER_NEWER when a step was taken that is not among these
 */
export async function upgrade(db: Kysely<LedgerSchema>, steps: Steps, file: string): Promise<void> {
  const { Migrator } = await import("kysely/migration");
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => ({ ...steps }) } }).migrateToLatest();
  if (error === undefined) return;
  const taken = await stepsTaken(db).catch(() => []);
  throw isNewer(taken, steps) ? new Fault("LEDGER_NEWER", { file }, error) : error;
}

/**
 * Refuses a ledger that does not have exactly the form that these steps make; changes nothing.
 *
 * @throws Fault LEDGER_NEWER, LEDGER_OLDER
 */
export async function requireUpToDate(db: Kysely<LedgerSchema>, steps: Steps, file: string): Promise<void> {
  const taken = await stepsTaken(db);
  if (isNewer(taken, steps)) throw new Fault("LEDGER_NEWER", { file });
  if (Object.keys(steps).some((step) => !taken.includes(step))) throw new Fault("LEDGER_OLDER", { file });
}

function isNewer(taken: readonly string[], steps: Steps): boolean {
  return taken.some((step) => !Object.hasOwn(steps, step));
}

/** The steps that brought the ledger to its present form; none where nothing was made yet. */
async function stepsTaken(db: Kysely<LedgerSchema>): Promise<string[]> {
  const { DEFAULT_MIGRATION_TABLE } = await import("kysely/migration");
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return [];
  const marks = db.withTables<{ [DEFAULT_MIGRATION_TABLE]: { name: string } }>().selectFrom(DEFAULT_MIGRATION_TABLE).select("name");
  return (await marks.execute()).map(({ name }) => name);
}
