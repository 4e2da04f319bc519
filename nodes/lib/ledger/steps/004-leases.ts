import type { Kysely } from "kysely";
import type { LedgerSchema } from "../schema.ts";
import type { Step } from "./types.ts";

export const leases: Step = (types) => ({
  async up(db: Kysely<LedgerSchema>) {
    await db.schema
      .createTable("lease")
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("holder", "text", (c) => c.notNull())
      .addColumn("until", types.long, (c) => c.notNull())
      .execute();
  },
});
