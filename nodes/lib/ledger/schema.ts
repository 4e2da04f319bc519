import type { Generated, Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * Where a task rests. `received`: committed, emitted to the flow, may be emitted again after a stop;
 * `held`: the flow has had it longer than the settling time; `asked`: an approval holds it; `decided`: a
 * decision is committed and its answer is being delivered; `undeliverable`: Abiquo refused the answer;
 * `delivered`: Abiquo has our answer; `elsewhere`: decided in Abiquo by somebody else; `gone`: Abiquo does
 * not know it any more.
 */
export type Stage = "received" | "held" | "asked" | "decided" | "undeliverable" | "delivered" | "elsewhere" | "gone";

/** `sending`: an attempt is, or may be, under way; `waiting`: the next attempt is due at `next_at`. */
export type DeliveryState = "sending" | "waiting" | "undeliverable" | "delivered" | "elsewhere" | "gone";

/**
 * All times are milliseconds since 1970 (UTC); columns named after JSON values hold JSON text. A row that many
 * others point to has a number for its key: random texts in several indexes are most of what a write costs.
 */
export interface LedgerSchema {
  /** the Abiquo platforms, by the normalised base URL of their API */
  platform: {
    id: Generated<number>;
    api: string;
  };
  task: {
    id: Generated<number>;
    platform: number;
    task_id: string;
    connection: string;
    /** id of the node that received it; empty when a message made it known */
    source: string;
    /** the task's own id when it came alone */
    group_id: string;
    group_index: number;
    group_count: number;
    stage: Stage;
    summary: string;
    links: string;
    received_at: number;
  };
  /** The task as Abiquo sent it, apart from what is read and changed often. */
  payload: {
    task: number;
    body: string;
  };
  decision: {
    task: number;
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
    action: "continue" | "cancel";
    message: string;
    /** [api, taskId][] */
    tasks: string;
    created_at: number;
  };
  /** What the rows of a task and its decision do not themselves tell. */
  audit: {
    id: Generated<number>;
    at: number;
    task: number;
    event: string;
    actor: string;
    detail: string | null;
  };
  approval: {
    id: string;
    /** whose request it is: the nodes with this key carry it on */
    key: string;
    platform: number;
    connection: string;
    status: ApprovalStatus;
    version: number;
    created_at: number;
    /** when time alone moves it */
    next_wake: number | null;
    type: string;
    search: string;
    request: string;
    /** read once only, when the outcome leaves; that of a large group has megabytes */
    message: string;
    state: string;
  };
  approval_task: {
    approval: string;
    task: number;
    position: number;
    /** 1 from the end of the approval until the flow has had its outcome for the settling time, or went on with it */
    settling: Generated<number>;
  };
  /** Whose answer the open approvals wait for. */
  approval_person: {
    /** compared e-mail address */
    person: string;
    /** the approval's, so that an inbox is read in order */
    created_at: number;
    approval: string;
    /** the approval's, so that an inbox is filtered without it */
    type: string;
    /** on which level of the approval; -1 where an older release wrote the row */
    level: Generated<number>;
    /** grows with each row of all approvals: what an inbox has shown has a lower one than what came after */
    turn: Generated<number>;
  };
  notification: {
    id: string;
    approval: string;
    key: string;
    person: string;
    body: string;
    created_at: number;
    /** among those of one moment */
    position: number;
    state: NotificationState;
    /** a channel's own name of the message */
    ref: string | null;
    /** how often its channel has failed in a row */
    failures: Generated<number>;
    /** not to be told before */
    next_at: Generated<number>;
  };
  setting: {
    name: string;
    value: string;
  };
}

/** `opening`: committed, and the people to be asked are being found out. */
export type ApprovalStatus = "opening" | "open" | "approved" | "rejected" | "withdrawn";
/** `superseded`: never told, since something newer says all that it would have said. */
export type NotificationState = "pending" | "sent" | "superseded";

/** While people may still answer. */
export const OPEN_APPROVAL: readonly ApprovalStatus[] = ["opening", "open"];

/** Column types that differ between the engines. */
export interface EngineTypes {
  /** a 64-bit integer that counts itself up */
  readonly serial: "integer" | "bigserial";
  /** a 64-bit integer: a row's number, or milliseconds since 1970 */
  readonly long: "integer" | "bigint";
}

/** Where a task rests until Abiquo's answer is settled. */
export const OPEN: readonly Stage[] = ["received", "held", "asked", "decided", "undeliverable"];

/** While nobody has decided. */
export const UNDECIDED: readonly Stage[] = ["received", "held", "asked"];

/** Every step ever released stays, so that a ledger written by an older release opens. */
export function migrations(types: EngineTypes): Record<string, Migration> {
  return {
    "001 tasks, decisions, requests, audit": {
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
    },
    "002 approvals": {
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
    },
    "003 each approval settles by itself": {
      async up(db: Kysely<LedgerSchema>) {
        await db.schema
          .alterTable("approval_task")
          .addColumn("settling", "integer", (c) => c.notNull().defaultTo(0))
          .execute();
        await db.schema
          .alterTable("approval_person")
          .addColumn("level", "integer", (c) => c.notNull().defaultTo(-1))
          .execute();
        await db.schema
          .alterTable("approval_person")
          .addColumn("turn", types.long, (c) => c.notNull().defaultTo(0))
          .execute();
        await db.schema
          .alterTable("notification")
          .addColumn("failures", "integer", (c) => c.notNull().defaultTo(0))
          .execute();
        await db.schema
          .alterTable("notification")
          .addColumn("next_at", types.long, (c) => c.notNull().defaultTo(0))
          .execute();
        await db.schema.dropIndex("notification_pending").ifExists().execute();
        await db.schema
          .createIndex("notification_untold")
          .on("notification")
          .columns(["key", "state", "failures", "created_at", "position"])
          .where("state", "=", "pending")
          .execute();
        await repairStages(db);
      },
    },
  };
}

/**
 * Before, tasks settled and not approvals: the outcome of the newest approval about a task was the only one that was
 * told again, and a task could count as held while another approval was still asking about it.
 */
async function repairStages(db: Kysely<LedgerSchema>): Promise<void> {
  const askedAbout = db
    .selectFrom("approval_task")
    .innerJoin("approval", "approval.id", "approval_task.approval")
    .where("approval.status", "in", OPEN_APPROVAL)
    .select("approval_task.task");
  await db.updateTable("task").set({ stage: "asked" }).where("stage", "=", "held").where("id", "in", askedAbout).execute();
  await db
    .updateTable("approval_task")
    .set({ settling: 1 })
    .where("task", "in", db.selectFrom("task").select("id").where("stage", "=", "asked"))
    .where("approval", "not in", db.selectFrom("approval").select("id").where("status", "in", OPEN_APPROVAL))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("approval as own")
            .innerJoin("approval_task as other", (join) => join.onTrue())
            .innerJoin("approval as newer", "newer.id", "other.approval")
            .whereRef("own.id", "=", "approval_task.approval")
            .whereRef("other.task", "=", "approval_task.task")
            .whereRef("newer.created_at", ">", "own.created_at")
            .select("other.task"),
        ),
      ),
    )
    .execute();
}
