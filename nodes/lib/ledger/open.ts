import type { Kysely } from "kysely";
import { Fault } from "../fault.ts";
import { SqlLedger } from "./ledger.ts";
import { type LedgerSchema, migrations } from "./schema.ts";
import { faultOfSqlite, openSqliteFile, sqliteTypes } from "./sqlite.ts";

/** Where a ledger is kept. */
export interface LedgerPlace {
  readonly engine: "sqlite";
  /** absolute path of the file, or `:memory:` */
  readonly file: string;
  /** whether it is opened to read beside the process whose ledger it is */
  readonly isGuest?: boolean;
}

/**
 * Opens a ledger in this thread, and makes or upgrades its tables.
 *
 * @throws Fault LEDGER_NEEDS_NODE when this Node cannot open the embedded engine
 * @throws Fault LEDGER_UNAVAILABLE when it cannot be opened, read or written, LEDGER_DAMAGED when it is no sound file
 * @throws Fault LEDGER_IN_USE when another process works with it
 * @throws Fault LEDGER_NEWER when a newer version of this package has written it
 */
export async function openSqlLedger(place: LedgerPlace): Promise<SqlLedger> {
  const database = await openSqliteFile(place.file, place.isGuest === true);
  // Kysely is an ES module only, which CommonJS can import everywhere but require only on newer Nodes.
  const { Kysely, SqliteDialect } = await import("kysely");
  const { Migrator } = await import("kysely/migration");
  const db = new Kysely<LedgerSchema>({ dialect: new SqliteDialect({ database }) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations(sqliteTypes) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const isNewer = (await stepsDone(db)).some((step) => !Object.hasOwn(migrations(sqliteTypes), step));
    await db.destroy();
    if (isNewer) throw new Fault("LEDGER_NEWER", { file: place.file }, error);
    const reason = error instanceof Error ? error.message : String(error);
    throw faultOfSqlite(error, place.file) ?? new Fault("LEDGER_UNAVAILABLE", { file: place.file, reason }, error);
  }
  return new SqlLedger(db);
}

/** The steps that brought the ledger to its present form; none when it cannot even be asked. */
async function stepsDone(db: Kysely<LedgerSchema>): Promise<string[]> {
  const { DEFAULT_MIGRATION_TABLE } = await import("kysely/migration");
  const steps = db.withTables<{ [DEFAULT_MIGRATION_TABLE]: { name: string } }>().selectFrom(DEFAULT_MIGRATION_TABLE).select("name");
  return steps.execute().then(
    (rows) => rows.map(({ name }) => name),
    () => [],
  );
}
