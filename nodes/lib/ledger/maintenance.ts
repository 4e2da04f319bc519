import { existsSync, statSync } from "node:fs";
import type { SqliteDatabase } from "kysely";
import { systemClock, timestamp } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { kyselyOn } from "./open.ts";
import { FINAL } from "./schema.ts";
import { RESTORED } from "./settings.ts";
import { faultOfSqlite, lockStore, openSqliteFile } from "./sqlite.ts";
import { BESIDE, writeWhole } from "./store-file.ts";

/** What a store holds, by number. */
export interface StoreContents {
  readonly tasks: number;
  /** of the tasks, those that are neither delivered nor decided elsewhere nor gone */
  readonly waiting: number;
  readonly approvals: number;
  /** size of the file */
  readonly bytes: number;
}

export interface StoreCheck {
  readonly contents: StoreContents;
  /** what SQLite finds wrong with the file, in its own words; empty for a sound one */
  readonly problems: readonly string[];
}

/** How many problems are listed: the file is to be put back from a backup whatever else there is. */
const PROBLEMS_LISTED = 20;

/**
 * Copies a store as it is at one moment, also while a process works with it. The copy is whole or not there at all: it
 * is made beside its place, checked, synced to disk, and only then gets its name. Only its owner can read it.
 *
 * @param file absolute path of the store
 * @param target absolute path of the copy
 * @throws Fault STORE_EXISTS when there is something at the target; LEDGER_DAMAGED when the store, or the copy of it, is
 * not sound; LEDGER_UNAVAILABLE when one of them cannot be read or written
 */
export function copyStore(file: string, target: string): Promise<StoreContents> {
  return copied(file, target, () => Promise.resolve());
}

/** @param mark changes the copy before it is checked */
async function copied(file: string, target: string, mark: (part: string) => Promise<void>): Promise<StoreContents> {
  try {
    return await writeWhole(target, async (part) => {
      await withStore(file, async (database) => {
        // The copy of a file that cannot shrink can. One that can must not be told so again: that writes.
        if (all(database, "pragma auto_vacuum")[0]?.["auto_vacuum"] === 0) run(database, "pragma auto_vacuum = incremental", []);
        run(database, "vacuum into ?", [part]);
      });
      await mark(part);
      const { contents, problems } = await checkStore(part);
      const [problem] = problems;
      if (problem !== undefined) throw new Fault("LEDGER_DAMAGED", { file, reason: problem });
      return contents;
    });
  } catch (error) {
    throw faultOf(error, file);
  }
}

/**
 * Puts a copy in the place of a store that is not there any more. It is marked: what was decided since the copy was made
 * is not in it, so that its tasks are compared with Abiquo before anything about them is sent.
 *
 * @param copy absolute path of what `copyStore` has made
 * @param file absolute path of the store
 * @throws Fault as `copyStore`; LEDGER_IN_USE while a process works with a store of that name
 */
export async function restoreStore(copy: string, file: string): Promise<StoreContents> {
  if (existsSync(file)) throw new Fault("STORE_EXISTS", { file });
  const unlock = await lockStore(file);
  try {
    // What a store that was moved away has left behind would be taken for part of this one.
    for (const end of BESIDE) if (existsSync(`${file}${end}`)) throw new Fault("STORE_EXISTS", { file: `${file}${end}` });
    return await copied(copy, file, markRestored);
  } finally {
    unlock();
  }
}

async function markRestored(part: string): Promise<void> {
  const database = await openSqliteFile(part, { beside: true });
  try {
    const upsert = "insert into setting (name, value) values (?, ?) on conflict (name) do update set value = excluded.value";
    run(database, upsert, [RESTORED, timestamp(systemClock)]);
  } finally {
    database.close();
  }
}

/**
 * Looks for damage in a store, also while a process works with it. Changes nothing.
 *
 * @param file absolute path
 * @throws Fault LEDGER_DAMAGED when it is no store at all, LEDGER_UNAVAILABLE when it cannot be read
 */
export async function checkStore(file: string): Promise<StoreCheck> {
  return withStore(file, async (database) => {
    const found = all(database, `pragma integrity_check(${PROBLEMS_LISTED})`).map((row) => String(Object.values(row)[0]));
    const loose = all(database, "pragma foreign_key_check").map((row) => `${row["table"]} ${row["rowid"]} -> ${row["parent"]}`);
    const problems = [...found.filter((line) => line !== "ok"), ...loose].slice(0, PROBLEMS_LISTED);
    return { problems, contents: { ...(await countsOf(database)), bytes: statSync(file).size } };
  });
}

async function countsOf(database: SqliteDatabase): Promise<Omit<StoreContents, "bytes">> {
  const db = await kyselyOn(database);
  const count = async (table: "task" | "approval"): Promise<number> => {
    const { number } = await db.selectFrom(table).select(db.fn.countAll<number>().as("number")).executeTakeFirstOrThrow();
    return Number(number);
  };
  const ended = await db
    .selectFrom("task")
    .select(db.fn.countAll<number>().as("number"))
    .where("stage", "in", FINAL)
    .executeTakeFirstOrThrow();
  const tasks = await count("task");
  return { tasks, waiting: tasks - Number(ended.number), approvals: await count("approval") };
}

async function withStore<Result>(file: string, work: (database: SqliteDatabase) => Promise<Result>): Promise<Result> {
  const database = await openSqliteFile(file, { readOnly: true });
  try {
    return await work(database);
  } catch (error) {
    throw faultOf(error, file);
  } finally {
    database.close();
  }
}

function all(database: SqliteDatabase, sql: string): readonly Readonly<Record<string, unknown>>[] {
  return database.prepare(sql).all([]) as readonly Readonly<Record<string, unknown>>[];
}

function run(database: SqliteDatabase, sql: string, parameters: readonly unknown[]): void {
  database.prepare(sql).run(parameters);
}

function faultOf(error: unknown, file: string): unknown {
  if (error instanceof Fault) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return faultOfSqlite(error, file) ?? new Fault("LEDGER_UNAVAILABLE", { file, reason }, error);
}
