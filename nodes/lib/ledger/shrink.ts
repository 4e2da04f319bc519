import { type Kysely, sql } from "kysely";
import type { LedgerSchema } from "./schema.ts";

/** What `pragma auto_vacuum` says of a file that can give pages back in steps. */
const INCREMENTAL = 2;

/** Gives pages that hold nothing back to the disk. Answers how many are left; 0 where it cannot. */
export type Shrink = (db: Kysely<LedgerSchema>, pages: number) => Promise<number>;

/** As in https://sqlite.org/pragma.html#pragma_incremental_vacuum. A file of 0.1.0 cannot; a restored backup of it can. */
export const shrinkSqlite: Shrink = async (db, pages) => {
  const { rows: modes } = await sql<{ auto_vacuum: number }>`pragma auto_vacuum`.execute(db);
  if (modes[0]?.auto_vacuum !== INCREMENTAL) return 0;
  await sql`pragma incremental_vacuum(${sql.lit(pages)})`.execute(db);
  const { rows } = await sql<{ freelist_count: number }>`pragma freelist_count`.execute(db);
  return rows[0]?.freelist_count ?? 0;
};
