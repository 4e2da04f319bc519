import { Fault } from "../fault.ts";
import { Ledger } from "./ledger.ts";
import { migrations, type LedgerSchema } from "./schema.ts";
import { openSqliteFile, sqliteTypes } from "./sqlite.ts";

export { keyText, type Ledger, type StageQuery } from "./ledger.ts";
export type * from "./records.ts";
export type { DeliveryState, Stage } from "./schema.ts";

/** Where a ledger is kept. */
export interface LedgerPlace {
  readonly engine: "sqlite";
  /** absolute path of the file, or `:memory:` */
  readonly file: string;
}

/**
 * Opens a ledger, and makes or upgrades its tables.
 *
 * @throws Fault LEDGER_NEEDS_NODE when this Node cannot open the embedded engine
 * @throws Fault LEDGER_UNAVAILABLE when it cannot be opened, read or written
 */
export async function openLedger(place: LedgerPlace): Promise<Ledger> {
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
  return new Ledger(db);
}
