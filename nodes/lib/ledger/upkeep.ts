import { type Kysely, sql } from "kysely";
import type { LedgerSchema } from "./schema.ts";

/** What each engine does in a way of its own. */
export interface Upkeep {
  /** Gives pages that hold nothing back to the disk. Answers how many are left; 0 where it cannot, or need not. */
  shrink(db: Kysely<LedgerSchema>, pages: number): Promise<number>;
  /** What the ledger takes, in bytes. */
  bytes(db: Kysely<LedgerSchema>): Promise<number>;
}

/** What `pragma auto_vacuum` says of a file that can give pages back in steps. */
const INCREMENTAL = 2;

export const sqliteUpkeep: Upkeep = {
  /** As in https://sqlite.org/pragma.html#pragma_incremental_vacuum. A file of 0.1.0 cannot; a restored backup of it can. */
  async shrink(db, pages) {
    const { rows: modes } = await sql<{ auto_vacuum: number }>`pragma auto_vacuum`.execute(db);
    if (modes[0]?.auto_vacuum !== INCREMENTAL) return 0;
    await sql`pragma incremental_vacuum(${sql.lit(pages)})`.execute(db);
    const { rows } = await sql<{ freelist_count: number }>`pragma freelist_count`.execute(db);
    return rows[0]?.freelist_count ?? 0;
  },
  async bytes(db) {
    const { rows: counts } = await sql<{ page_count: number }>`pragma page_count`.execute(db);
    const { rows: sizes } = await sql<{ page_size: number }>`pragma page_size`.execute(db);
    return (counts[0]?.page_count ?? 0) * (sizes[0]?.page_size ?? 0);
  },
};

export const postgresUpkeep: Upkeep = {
  // The server's autovacuum sees to it.
  shrink: async () => 0,
  async bytes(db) {
    const { rows } = await sql<{ bytes: string | number }>`select pg_database_size(current_database()) as bytes`.execute(db);
    return Number(rows[0]?.bytes ?? 0);
  },
};

export const NO_UPKEEP: Upkeep = { shrink: async () => 0, bytes: async () => 0 };
