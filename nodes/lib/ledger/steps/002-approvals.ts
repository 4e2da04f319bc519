import type { Kysely } from "kysely";
import type { LedgerSchema } from "../schema.ts";
import type { Step } from "./types.ts";

export const approvals: Step = (types) => ({
  async up(db: Kysely<LedgerSchema>) {
    await db.schema
      .createTable("approval")
      .ifNotExists()
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("key", "text", (c) => c.notNull())
      .addColumn("platform", types.long, (c) => c.notNull())
      .addColumn("connection", "text", (c) => c.notNull())
      .addColumn("status", "text", (c) => c.notNull())
      .addColumn("version", "integer", (c) => c.notNull())
      .addColumn("created_at", types.long, (c) => c.notNull())
      .addColumn("next_wake", types.long)
      .addColumn("type", "text", (c) => c.notNull())
      .addColumn("search", "text", (c) => c.notNull())
      .addColumn("request", "text", (c) => c.notNull())
      .addColumn("message", "text", (c) => c.notNull())
      .addColumn("state", "text", (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex("approval_due")
      .ifNotExists()
      .on("approval")
      .column("next_wake")
      .where("next_wake", "is not", null)
      .execute();
    await db.schema
      .createIndex("approval_open")
      .ifNotExists()
      .on("approval")
      .columns(["key", "status"])
      .where("status", "in", ["opening", "open"])
      .execute();

    await db.schema
      .createTable("approval_task")
      .ifNotExists()
      .addColumn("approval", "text", (c) => c.notNull())
      .addColumn("task", types.long, (c) => c.notNull())
      .addColumn("position", "integer", (c) => c.notNull())
      .addPrimaryKeyConstraint("approval_task_pk", ["approval", "task"])
      .execute();
    await db.schema.createIndex("approval_task_by_task").ifNotExists().on("approval_task").column("task").execute();

    await db.schema
      .createTable("approval_person")
      .ifNotExists()
      .addColumn("person", "text", (c) => c.notNull())
      .addColumn("created_at", types.long, (c) => c.notNull())
      .addColumn("approval", "text", (c) => c.notNull())
      .addColumn("type", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("approval_person_pk", ["person", "created_at", "approval"])
      .execute();
    await db.schema.createIndex("approval_person_by_type").ifNotExists().on("approval_person").columns(["person", "type"]).execute();
    await db.schema.createIndex("approval_person_by_approval").ifNotExists().on("approval_person").column("approval").execute();

    await db.schema
      .createTable("notification")
      .ifNotExists()
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("approval", "text", (c) => c.notNull())
      .addColumn("key", "text", (c) => c.notNull())
      .addColumn("person", "text", (c) => c.notNull())
      .addColumn("body", "text", (c) => c.notNull())
      .addColumn("created_at", types.long, (c) => c.notNull())
      .addColumn("position", "integer", (c) => c.notNull())
      .addColumn("state", "text", (c) => c.notNull())
      .addColumn("ref", "text")
      .execute();
    await db.schema
      .createIndex("notification_pending")
      .ifNotExists()
      .on("notification")
      .columns(["key", "state", "created_at", "position"])
      .where("state", "=", "pending")
      .execute();
    await db.schema.createIndex("notification_by_approval").ifNotExists().on("notification").column("approval").execute();

    await db.schema
      .createTable("setting")
      .ifNotExists()
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("value", "text", (c) => c.notNull())
      .execute();
  },
});
