import { Fault } from "../fault.ts";
import { SqlLedger } from "./ledger.ts";
import { type LedgerSchema, migrations } from "./schema.ts";
import { openSqliteFile, sqliteTypes } from "./sqlite.ts";

/** Where a ledger is kept. */
export interface LedgerPlace {
  readonly engine: "sqlite";
  /** absolute path of the file, or `:memory:` */
  readonly file: string;
}

/**
 * Opens a ledger in this thread, and makes or upgrades its tables.
 *
 * @throws Fault LEDGER_NEEDS_NODE when this Node cannot open the embedded engine
 * @throws Fault LEDGER_UNAVAILABLE when it cannot be opened, read or written
 */
export async function openSqlLedger(place: LedgerPlace): Promise<SqlLedger> {
  const database = await openSqliteFile(place.file);
  // Kysely is an ES module only, which CommonJS can import everywhere but require only on newer Nodes.
  const { Kysely, SqliteDialect } = await import("kysely");
  const { Migrator } = await import("kysely/migration");
  const db = new Kysely<LedgerSchema>({ dialect: new SqliteDialect({ database }) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations(sqliteTypes) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault("LEDGER_UNAVAILABLE", { file: place.file, reason }, error);
  }
  return new SqlLedger(db);
}
