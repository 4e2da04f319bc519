import { chmodSync, existsSync } from "node:fs";
import type { SqliteDatabase, SqliteStatement } from "kysely";
import { BoundedMap } from "../base/bounded-map.ts";
import { sleep, systemClock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import type { EngineTypes } from "./steps/index.ts";
import { isEmpty, setAside } from "./store-file.ts";

export const sqliteTypes: EngineTypes = { serial: "integer", long: "integer" };

/** How many prepared statements are kept; multi-row statements come in many lengths. */
const STATEMENTS_KEPT = 400;

/** A page changed often is written to the file once a checkpoint; 16 MB of log at the most. */
const PAGES_PER_CHECKPOINT = 4_000;

/** How long another process, such as a backup, may hold the file before a write fails, in ms. */
const BUSY_TIMEOUT = 5_000;

/** How long the lock of another process is waited for in one attempt to open, in ms: a webhook waits as long. */
const LOCK_TIMEOUT = 5_000;
/** How often it is looked whether that lock is gone, in ms. */
const LOCK_INTERVAL = 50;

/** What answers with rows. `StatementSync.columns` would tell, but came with Node 22.16. */
const READS = /^\s*(?:select|with|pragma|values)\b|\breturning\b/i;

/** The first Node that has `node:sqlite` without a flag. */
const NODE_WITH_SQLITE = "22.13.0";

/** @throws Fault LEDGER_NEEDS_NODE when this Node has no `node:sqlite` */
export function requireSqlite(): void {
  const { node: version } = process.versions;
  if (olderThan(version, NODE_WITH_SQLITE)) throw new Fault("LEDGER_NEEDS_NODE", { version, needed: NODE_WITH_SQLITE });
}

/**
 * Opens an SQLite file for Kysely, durable against power loss: write-ahead log, and every commit synced.
 *
 * @param readOnly whether it is only read
 * @param beside whether another process may have the file for its own
 * @throws Fault LEDGER_UNAVAILABLE when the file cannot be opened, LEDGER_DAMAGED when it is not an SQLite file,
 * LEDGER_IN_USE when it is another process's own
 */
export async function openSqliteFile(file: string, { readOnly = false, beside = false } = {}): Promise<SqliteFile> {
  const { DatabaseSync } = await withoutExperimentalWarning(() => import("node:sqlite"));
  const lock = readOnly || beside || file === ":memory:" ? undefined : await lockOf(file, DatabaseSync);
  let database: Database | undefined;
  try {
    const isNew = file === ":memory:" || isEmpty(file);
    if (isNew && lock !== undefined && isExpected(lock)) refuseToBegin(file);
    const isMade = !existsSync(file);
    database = new DatabaseSync(file, { readOnly });
    if (isMade && file !== ":memory:") chmodSync(file, 0o600);
    // The option of the same meaning came with Node 22.16.
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT};`);
    if (!readOnly) {
      // Counts in a new file only, before its first table.
      if (isNew) database.exec("PRAGMA auto_vacuum = INCREMENTAL;");
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
      database.exec(`PRAGMA wal_autocheckpoint = ${PAGES_PER_CHECKPOINT};`);
    }
    return new SqliteFile(file, isNew, database, lock);
  } catch (error) {
    database?.close();
    const fault = error instanceof Fault ? error : faultOfSqlite(error, file);
    const told = fault === undefined ? undefined : afterDamage(fault, file, lock);
    lock?.close();
    throw told ?? new Fault("LEDGER_UNAVAILABLE", { file, reason: reasonOf(error) }, error);
  }
}

/** @throws Fault LEDGER_MISSING where nothing is in the place of a store that was there; LEDGER_DAMAGED where it was emptied */
function refuseToBegin(file: string): never {
  if (existsSync(file)) throw new Fault("LEDGER_DAMAGED", { file, reason: "0 bytes" });
  throw new Fault("LEDGER_MISSING", { file, lock: lockFileOf(file) });
}

/**
 * A damaged store is moved out of the way, so that a backup can be put in its place. A file that was never opened as a
 * store is left alone: its name may have been typed wrongly, and the file be somebody's.
 */
function afterDamage(fault: Fault, file: string, lock: Database | undefined): Fault {
  if (fault.code !== "LEDGER_DAMAGED" || lock === undefined || !isExpected(lock)) return fault;
  return new Fault("LEDGER_SET_ASIDE", { file, kept: setAside(file), reason: String(fault.params["reason"]) }, fault);
}

const lockFileOf = (file: string): string => `${file}.lock`;

/** The lock outlives the store; its version says whether there was a store that worked. */
function isExpected(lock: Database): boolean {
  return lock.prepare("PRAGMA user_version;").get()?.["user_version"] === 1;
}

/**
 * Keeps every process from working with a store of this name, until the result is called.
 *
 * @throws Fault LEDGER_IN_USE when one works with it; LEDGER_UNAVAILABLE
 */
export async function lockStore(file: string): Promise<() => void> {
  const { DatabaseSync } = await withoutExperimentalWarning(() => import("node:sqlite"));
  const lock = await lockOf(file, DatabaseSync);
  return () => lock.close();
}

/**
 * A file beside the ledger, held for as long as this process works with it. It is an SQLite file too, since its lock
 * ends with the process, however that ends. Waits for a process that is about to stop, without blocking this thread:
 * it may have to end meanwhile.
 */
async function lockOf(file: string, DatabaseSync: new (file: string) => Database): Promise<Database> {
  const deadline = systemClock.monotonic() + LOCK_TIMEOUT;
  for (;;) {
    let lock: Database | undefined;
    try {
      lock = new DatabaseSync(lockFileOf(file));
      // Kept beyond the end of a transaction: only closing it lets others in.
      lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
      return lock;
    } catch (error) {
      lock?.close();
      const isBusy = (error as { readonly errcode?: unknown }).errcode === SQLITE_BUSY;
      if (!isBusy) throw new Fault("LEDGER_UNAVAILABLE", { file, reason: reasonOf(error) }, error);
      if (systemClock.monotonic() >= deadline) throw new Fault("LEDGER_IN_USE", { file }, error);
    }
    await sleep(systemClock, LOCK_INTERVAL, { isAwaited: true });
  }
}

const SQLITE_BUSY = 5;

/** What an error of SQLite means to who runs this; undefined when not file and disk are to blame, but a statement of ours. */
export function faultOfSqlite(error: unknown, file: string): Fault | undefined {
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  if (code !== "ERR_SQLITE_ERROR" || typeof errcode !== "number") return undefined;
  // The low byte is the primary code, the rest says more (https://sqlite.org/rescode.html).
  const primary = errcode & 0xff;
  if (DAMAGED.has(primary)) return new Fault("LEDGER_DAMAGED", { file, reason: reasonOf(error) }, error);
  return OURS.has(primary) ? undefined : new Fault("LEDGER_UNAVAILABLE", { file, reason: reasonOf(error) }, error);
}

/** SQLITE_CORRUPT, SQLITE_NOTADB */
const DAMAGED = new Set([11, 26]);
/** SQLITE_ERROR, SQLITE_INTERNAL, SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_MISUSE, SQLITE_RANGE */
const OURS = new Set([1, 2, 18, 19, 20, 21, 25]);

type Database = import("node:sqlite").DatabaseSync;
type Value = null | number | bigint | string | Uint8Array;

/** An open file, for Kysely. */
export class SqliteFile implements SqliteDatabase {
  /** whether there was none before */
  readonly isNew: boolean;
  readonly #file: string;
  readonly #database: Database;
  readonly #lock: Database | undefined;
  readonly #statements = new BoundedMap<string, SqliteStatement>(STATEMENTS_KEPT);
  #isClosed = false;

  constructor(file: string, isNew: boolean, database: Database, lock: Database | undefined) {
    this.#file = file;
    this.isNew = isNew;
    this.#database = database;
    this.#lock = lock;
  }

  /** From now on nobody begins a new store in the place of this one. */
  expect(): void {
    if (this.#lock === undefined || isExpected(this.#lock)) return;
    try {
      this.#lock.exec("PRAGMA user_version = 1; COMMIT;");
    } catch {
      // A full disk; the next start does it.
    }
  }

  /** Closes it for this reason. Answers what is to be told. */
  abandon(fault: Fault): Fault {
    if (this.#isClosed) return fault;
    this.#isClosed = true;
    this.#database.close();
    const told = afterDamage(fault, this.#file, this.#lock);
    this.#lock?.close();
    return told;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#database.close();
    this.#lock?.close();
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const database = this.#database;
    // Another process may write as well: what this one has read in a transaction must still be so when it writes.
    const statement = database.prepare(sql === "begin" ? "begin immediate" : sql);
    const adapted: SqliteStatement = {
      reader: READS.test(sql),
      all: (parameters) => statement.all(...(parameters as readonly Value[])),
      run: (parameters) => (sql === "rollback" ? rollBack(database) : statement.run(...(parameters as readonly Value[]))),
      iterate: (parameters) => statement.iterate(...(parameters as readonly Value[])) as IterableIterator<unknown>,
    };
    this.#statements.set(sql, adapted);
    return adapted;
  }
}

/**
 * After some errors, such as a full disk, SQLite has rolled back by itself (https://sqlite.org/lang_transaction.html,
 * section 3). That then nothing is left to roll back must not hide the error.
 */
function rollBack(database: Database): ReturnType<SqliteStatement["run"]> {
  try {
    database.exec("rollback");
  } catch (error) {
    if (!reasonOf(error).includes("no transaction is active")) throw error;
  }
  return { changes: 0, lastInsertRowid: 0 };
}

function olderThan(version: string, needed: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [neededMajor = 0, neededMinor = 0] = needed.split(".").map(Number);
  return major < neededMajor || (major === neededMajor && minor < neededMinor);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Node 22 warns once that node:sqlite is experimental; an operator can do nothing with that line. */
async function withoutExperimentalWarning<T>(load: () => Promise<T>): Promise<T> {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (String(warning).includes("SQLite is an experimental feature")) return;
    (emitWarning as (...args: unknown[]) => void).call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return await load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
