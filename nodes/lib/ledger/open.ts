import type { Kysely, SqliteDatabase } from "kysely";
import { Fault } from "../base/fault.ts";
import { FileGuard } from "./file-guard.ts";
import { SqlLedger } from "./ledger.ts";
import { requireUpToDate, upgrade } from "./migrate.ts";
import type { LedgerSchema } from "./schema.ts";
import { faultOfSqlite, openSqliteFile, sqliteTypes } from "./sqlite.ts";
import { migrations } from "./steps/index.ts";
import { sqliteUpkeep } from "./upkeep.ts";

/** Where a ledger is kept. */
export type LedgerPlace = SqlitePlace | PostgresPlace;

export interface SqlitePlace {
  readonly engine: "sqlite";
  /** absolute path of the file, or `:memory:` */
  readonly file: string;
}

export interface PostgresPlace {
  readonly engine: "postgres";
  /** with a password, maybe: for no log, status or fault */
  readonly url: string;
}

export interface OpenOptions {
  /**
   * Reads only, also beside the process whose ledger it is: nothing is made, upgraded or locked, and every write
   * fails. The ledger must be there and have this version's form.
   */
  readonly readOnly?: boolean;
  /**
   * Works beside the process whose ledger it is, for a write now and then: nothing is made, upgraded or locked. As for
   * `readOnly`, the ledger must be there and have this version's form.
   */
  readonly beside?: boolean;
}

/** A ledger that this thread has opened. */
export interface OpenedLedger {
  readonly ledger: SqlLedger;
  /** whether there was nothing before */
  readonly isNew: boolean;
  /** absent where another process sees to the file, and for a ledger in memory */
  readonly guard?: FileGuard;
}

/** As `openLedgerHere`, for the ledger alone. */
export async function openSqlLedger(place: SqlitePlace, options: OpenOptions = {}): Promise<SqlLedger> {
  return (await openLedgerHere(place, options)).ledger;
}

/**
 * Opens a ledger in this thread, and makes or upgrades its tables unless that is another process's to do.
 *
 * @throws Fault LEDGER_NEEDS_NODE when this Node cannot open the embedded engine
 * @throws Fault LEDGER_UNAVAILABLE when it cannot be opened, read or written, LEDGER_DAMAGED when it is no sound file
 * @throws Fault LEDGER_SET_ASIDE when it was a sound store before, and was moved away; LEDGER_MISSING when one was there
 * before, and is there no more: none is begun in its place
 * @throws Fault LEDGER_IN_USE when another process works with it
 * @throws Fault LEDGER_NEWER when a newer version of this package has written it; LEDGER_OLDER when it is another
 * process's to upgrade, and an older version has written it, or its first start was cut short
 */
export async function openLedgerHere(
  { file }: SqlitePlace,
  { readOnly = false, beside = readOnly }: OpenOptions = {},
): Promise<OpenedLedger> {
  const database = await openSqliteFile(file, { readOnly, beside });
  const { isNew } = database;
  const db = await kyselyOn(database);
  try {
    const steps = migrations(sqliteTypes);
    await (beside ? requireUpToDate(db, steps, file) : upgrade(db, steps, file));
    const ledger = new SqlLedger(db, undefined, sqliteUpkeep);
    if (beside || file === ":memory:") return { ledger, isNew };
    database.expect();
    return { ledger, isNew, guard: new FileGuard(file, db) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const fault = error instanceof Fault ? error : (faultOfSqlite(error, file) ?? new Fault("LEDGER_UNAVAILABLE", { file, reason }, error));
    const told = database.abandon(fault);
    await db.destroy();
    throw told;
  }
}

/** What this thread asks the database with. */
export async function kyselyOn(database: SqliteDatabase): Promise<Kysely<LedgerSchema>> {
  // Kysely is an ES module only, which CommonJS can import everywhere but require only on newer Nodes.
  const { Kysely, SqliteAdapter, SqliteDialect } = await import("kysely");
  // SQLite takes back the tables and indexes that a transaction made (https://sqlite.org/lang_transaction.html);
  // Kysely says otherwise, and would commit each by itself.
  class TransactionalAdapter extends SqliteAdapter {
    override get supportsTransactionalDdl(): boolean {
      return true;
    }
  }
  const dialect = new SqliteDialect({ database });
  dialect.createAdapter = () => new TransactionalAdapter();
  return new Kysely<LedgerSchema>({ dialect });
}
