import { sql } from "kysely";
import type { Steps } from "../../../nodes/lib/ledger/migrate.ts";

/** A step such as a later version may take: it changes a table, and rewrites what is in it, in several statements. */
export const laterStep: Steps = {
  "999 a later step": {
    async up(db) {
      await sql`alter table task add column half text`.execute(db);
      await sql`update task set half = 'first' where id % 2 = 0`.execute(db);
      await sql`update task set half = 'second' where id % 2 = 1`.execute(db);
      await sql`create index task_by_half on task (half)`.execute(db);
    },
  },
};
