import type { Kysely } from "kysely";
import type { LedgerSchema, Stage } from "../schema.ts";
import type { Step } from "./types.ts";

/** As they were when this step was released. */
const OPEN: readonly Stage[] = ["received", "held", "asked", "decided", "undeliverable"];

export const tasksDecisionsRequestsAudit: Step = (types) => ({
  async up(db: Kysely<LedgerSchema>) {
    await db.schema
      .createTable("platform")
      .ifNotExists()
      .addColumn("id", types.serial, (c) => c.primaryKey())
      .addColumn("api", "text", (c) => c.notNull().unique())
      .execute();

    await db.schema
      .createTable("task")
      .ifNotExists()
      .addColumn("id", types.serial, (c) => c.primaryKey())
      .addColumn("platform", types.long, (c) => c.notNull())
      .addColumn("task_id", "text", (c) => c.notNull())
      .addColumn("connection", "text", (c) => c.notNull())
      .addColumn("source", "text", (c) => c.notNull())
      .addColumn("group_id", "text", (c) => c.notNull())
      .addColumn("group_index", "integer", (c) => c.notNull())
      .addColumn("group_count", "integer", (c) => c.notNull())
      .addColumn("stage", "text", (c) => c.notNull())
      .addColumn("summary", "text", (c) => c.notNull())
      .addColumn("links", "text", (c) => c.notNull())
      .addColumn("received_at", types.long, (c) => c.notNull())
      .addUniqueConstraint("task_known", ["platform", "task_id"])
      .execute();
    // Only what is open is looked for by stage; a settled task costs no index entry.
    await db.schema.createIndex("task_open").ifNotExists().on("task").column("stage").where("stage", "in", OPEN).execute();
    await db.schema
      .createIndex("task_by_group")
      .ifNotExists()
      .on("task")
      .columns(["group_id", "group_count"])
      .where("group_count", ">", 1)
      .execute();

    await db.schema
      .createTable("payload")
      .ifNotExists()
      .addColumn("task", types.long, (c) => c.primaryKey())
      .addColumn("body", "text", (c) => c.notNull())
      .execute();

    await db.schema
      .createTable("decision")
      .ifNotExists()
      .addColumn("task", types.long, (c) => c.primaryKey())
      .addColumn("connection", "text", (c) => c.notNull())
      .addColumn("action", "text", (c) => c.notNull())
      .addColumn("decided_by", "text", (c) => c.notNull())
      .addColumn("cause", "text", (c) => c.notNull())
      .addColumn("rule", "text")
      .addColumn("reason", "text")
      .addColumn("facts", "text")
      .addColumn("decided_at", types.long, (c) => c.notNull())
      .addColumn("text", "text", (c) => c.notNull())
      .addColumn("delivery", "text", (c) => c.notNull())
      .addColumn("outcome", "text")
      .addColumn("attempts", "integer", (c) => c.notNull())
      .addColumn("uncertain", "integer", (c) => c.notNull())
      .addColumn("next_at", types.long, (c) => c.notNull())
      .addColumn("fault", "text")
      .addColumn("settled_at", types.long)
      .execute();

    await db.schema
      .createTable("request")
      .ifNotExists()
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("node", "text", (c) => c.notNull())
      .addColumn("action", "text", (c) => c.notNull())
      .addColumn("message", "text", (c) => c.notNull())
      .addColumn("tasks", "text", (c) => c.notNull())
      .addColumn("created_at", types.long, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable("audit")
      .ifNotExists()
      .addColumn("id", types.serial, (c) => c.primaryKey())
      .addColumn("at", types.long, (c) => c.notNull())
      .addColumn("task", types.long, (c) => c.notNull())
      .addColumn("event", "text", (c) => c.notNull())
      .addColumn("actor", "text", (c) => c.notNull())
      .addColumn("detail", "text")
      .execute();
    await db.schema.createIndex("audit_by_task").ifNotExists().on("audit").column("task").execute();
  },
});
