import type { Generated, Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * Where a task rests. `received`: committed, emitted to the flow, may be emitted again after a stop;
 * `held`: the flow has had it longer than the settling time; `asked`: an approval holds it; `decided`: a
 * decision is committed and its answer is being delivered; `undeliverable`: Abiquo refused the answer;
 * `delivered`: Abiquo has our answer; `elsewhere`: decided in Abiquo by somebody else; `gone`: Abiquo does
 * not know it any more.
 */
export type Stage =
  | "received"
  | "held"
  | "asked"
  | "decided"
  | "undeliverable"
  | "delivered"
  | "elsewhere"
  | "gone";

/** `sending`: an attempt is, or may be, under way; `waiting`: the next attempt is due at `next_at`. */
export type DeliveryState = "sending" | "waiting" | "undeliverable" | "delivered" | "elsewhere" | "gone";

/** All times are milliseconds since 1970 (UTC); columns named after JSON values hold JSON text. */
export interface LedgerSchema {
  task: {
    api: string;
    task_id: string;
    connection: string;
    /** id of the node that received it; empty when a message made it known */
    source: string;
    group_id: string;
    group_index: number;
    group_count: number;
    stage: Stage;
    summary: string;
    links: string;
    payload: string;
    received_at: number;
  };
  decision: {
    api: string;
    task_id: string;
    connection: string;
    action: "continue" | "cancel";
    decided_by: string;
    cause: string;
    rule: string | null;
    reason: string | null;
    facts: string | null;
    decided_at: number;
    /** the text that Abiquo keeps with the task; empty for none */
    text: string;
    delivery: DeliveryState;
    outcome: string | null;
    attempts: number;
    /** 1 when an attempt got no answer, so that Abiquo may have acted on it */
    uncertain: number;
    next_at: number;
    fault: string | null;
    settled_at: number | null;
  };
  /** A message that waits for its tasks to be answered, and then leaves the node that took it. */
  request: {
    id: string;
    node: string;
    message: string;
    /** [api, taskId][] */
    tasks: string;
    created_at: number;
  };
  audit: {
    id: Generated<number>;
    at: number;
    api: string;
    task_id: string;
    event: string;
    actor: string;
    detail: string | null;
  };
}

/** Column types that differ between the engines. */
export interface EngineTypes {
  /** a 64-bit integer that counts itself up */
  readonly serial: "integer" | "bigserial";
  /** milliseconds since 1970 */
  readonly time: "integer" | "bigint";
}

/** Every step ever released stays, so that a ledger written by an older release opens. */
export function migrations(types: EngineTypes): Record<string, Migration> {
  return {
    "001 tasks, decisions, requests, audit": {
      async up(db: Kysely<LedgerSchema>) {
        await db.schema
          .createTable("task")
          .addColumn("api", "text", (c) => c.notNull())
          .addColumn("task_id", "text", (c) => c.notNull())
          .addColumn("connection", "text", (c) => c.notNull())
          .addColumn("source", "text", (c) => c.notNull())
          .addColumn("group_id", "text", (c) => c.notNull())
          .addColumn("group_index", "integer", (c) => c.notNull())
          .addColumn("group_count", "integer", (c) => c.notNull())
          .addColumn("stage", "text", (c) => c.notNull())
          .addColumn("summary", "text", (c) => c.notNull())
          .addColumn("links", "text", (c) => c.notNull())
          .addColumn("payload", "text", (c) => c.notNull())
          .addColumn("received_at", types.time, (c) => c.notNull())
          .addPrimaryKeyConstraint("task_pk", ["api", "task_id"])
          .execute();
        // Only what is open is looked for by stage; a settled task costs no index entry.
        await db.schema
          .createIndex("task_open")
          .on("task")
          .columns(["stage", "received_at"])
          .where("stage", "in", ["received", "held", "asked", "decided", "undeliverable"])
          .execute();
        await db.schema.createIndex("task_by_group").on("task").column("group_id").execute();

        await db.schema
          .createTable("decision")
          .addColumn("api", "text", (c) => c.notNull())
          .addColumn("task_id", "text", (c) => c.notNull())
          .addColumn("connection", "text", (c) => c.notNull())
          .addColumn("action", "text", (c) => c.notNull())
          .addColumn("decided_by", "text", (c) => c.notNull())
          .addColumn("cause", "text", (c) => c.notNull())
          .addColumn("rule", "text")
          .addColumn("reason", "text")
          .addColumn("facts", "text")
          .addColumn("decided_at", types.time, (c) => c.notNull())
          .addColumn("text", "text", (c) => c.notNull())
          .addColumn("delivery", "text", (c) => c.notNull())
          .addColumn("outcome", "text")
          .addColumn("attempts", "integer", (c) => c.notNull())
          .addColumn("uncertain", "integer", (c) => c.notNull())
          .addColumn("next_at", types.time, (c) => c.notNull())
          .addColumn("fault", "text")
          .addColumn("settled_at", types.time)
          .addPrimaryKeyConstraint("decision_pk", ["api", "task_id"])
          .execute();

        await db.schema
          .createTable("request")
          .addColumn("id", "text", (c) => c.primaryKey())
          .addColumn("node", "text", (c) => c.notNull())
          .addColumn("message", "text", (c) => c.notNull())
          .addColumn("tasks", "text", (c) => c.notNull())
          .addColumn("created_at", types.time, (c) => c.notNull())
          .execute();
        await db.schema.createIndex("request_by_node").on("request").column("node").execute();

        await db.schema
          .createTable("audit")
          .addColumn("id", types.serial, (c) => c.primaryKey())
          .addColumn("at", types.time, (c) => c.notNull())
          .addColumn("api", "text", (c) => c.notNull())
          .addColumn("task_id", "text", (c) => c.notNull())
          .addColumn("event", "text", (c) => c.notNull())
          .addColumn("actor", "text", (c) => c.notNull())
          .addColumn("detail", "text")
          .execute();
        // By time and not by task: entries then go to the end of the index, where one page takes many of them.
        await db.schema.createIndex("audit_by_time").on("audit").column("at").execute();
      },
    },
  };
}
