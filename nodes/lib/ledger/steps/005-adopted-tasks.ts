import type { Kysely } from "kysely";
import type { LedgerSchema } from "../schema.ts";
import type { Step } from "./types.ts";

/** Whether a sweep found the task, whose webhook never came. */
export const adoptedTasks: Step = () => ({
  async up(db: Kysely<LedgerSchema>) {
    await db.schema
      .alterTable("task")
      .addColumn("adopted", "integer", (c) => c.notNull().defaultTo(0))
      .execute();
  },
});
