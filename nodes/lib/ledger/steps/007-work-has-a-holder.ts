import { type Kysely, sql } from "kysely";
import type { LedgerSchema } from "../schema.ts";
import type { Step } from "./types.ts";

/** Rows that are work for somebody. */
const WORK = ["task", "decision", "request", "approval", "notification"] as const;

/** Where several instances work on one ledger, work is its maker's until another takes it over. */
export const workHasAHolder: Step = (types) => ({
  async up(db: Kysely<LedgerSchema>) {
    for (const table of WORK) {
      await db.schema
        .alterTable(table)
        .addColumn("holder", "text", (c) => c.notNull().defaultTo(""))
        .execute();
      // Not with the column, which would give what is there already to whoever takes this step.
      if (types.serial === "bigserial") {
        const born = sql`coalesce(current_setting('abiquo.instance', true), '')`;
        await sql`alter table ${sql.table(table)} alter column holder set default ${born}`.execute(db);
      }
    }
  },
});
