import { randomUUID } from "node:crypto";
import type { Kysely } from "kysely";
import { isObject, parseJson, textOf } from "../../base/json.ts";
import { type EntryTask, genesis, linked, type NewEntry } from "../chain/entry.ts";
import type { LedgerSchema } from "../schema.ts";
import type { Step } from "./types.ts";

const FINAL = ["delivered", "elsewhere", "gone"];
/** Tasks that are taken over at once: a large store must not be held in memory. */
const TASKS_AT_ONCE = 200;
/** SQLite takes 32,766 parameters. */
const ROWS_AT_ONCE = 1_000;

/** The table of the audit as it was until here. */
type Before = {
  audit: { id: number; at: number; task: number; event: string; actor: string; detail: string | null };
};

export const auditChain: Step = (types) => ({
  async up(db: Kysely<LedgerSchema>) {
    await db.schema
      .alterTable("task")
      .addColumn("tenant", "text", (c) => c.notNull().defaultTo(""))
      .execute();
    await db.schema
      .createTable("audit_entry")
      .addColumn("seq", types.long, (c) => c.primaryKey())
      .addColumn("task", types.long)
      .addColumn("approval", "text")
      .addColumn("entry", "text", (c) => c.notNull())
      .addColumn("personal", "text")
      .addColumn("hash", "text", (c) => c.notNull())
      .execute();
    await db.schema.createIndex("audit_entry_by_task").on("audit_entry").column("task").where("task", "is not", null).execute();
    await db.schema.createIndex("audit_entry_by_approval").on("audit_entry").column("approval").where("approval", "is not", null).execute();
    await db.schema
      .createTable("audit_head")
      .addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("store", "text", (c) => c.notNull())
      .addColumn("seq", types.long, (c) => c.notNull())
      .addColumn("hash", "text", (c) => c.notNull())
      .addColumn("kept_after", types.long, (c) => c.notNull())
      .addColumn("kept_after_hash", "text", (c) => c.notNull())
      .execute();
    const store = randomUUID();
    const start = genesis(store);
    const end = await imported(db.withTables<Before>(), start);
    await db
      .insertInto("audit_head")
      .values({ id: 1, store, ...end, kept_after: 0, kept_after_hash: start })
      .execute();
    await db.schema.dropTable("audit").execute();
  },
});

/** Takes over what was known until here, task by task. Each entry says that it was not written when it happened. */
async function imported(db: Kysely<LedgerSchema & Before>, start: string): Promise<{ readonly seq: number; readonly hash: string }> {
  let [seq, hash, last] = [0, start, 0];
  for (;;) {
    const tasks = await db
      .selectFrom("task")
      .innerJoin("platform", "platform.id", "task.platform")
      .leftJoin("decision", "decision.task", "task.id")
      .selectAll("decision")
      .select(["task.id", "task_id", "api", "source", "group_id", "summary", "received_at", "task.connection as taker"])
      .where("task.id", ">", last)
      .orderBy("task.id")
      .limit(TASKS_AT_ONCE)
      .execute();
    if (tasks.length === 0) return { seq, hash };
    const ids = tasks.map(({ id }) => id);
    last = ids.at(-1) ?? last;
    const noted = Map.groupBy(
      await db.selectFrom("audit").selectAll().where("task", "in", ids).orderBy("id").execute(),
      ({ task }) => task,
    );
    const rows = tasks.flatMap((task) =>
      historyOf(task, noted.get(task.id) ?? []).map((entry) => {
        const row = linked(entry, ++seq, hash);
        hash = row.hash;
        return row;
      }),
    );
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      await db
        .insertInto("audit_entry")
        .values(rows.slice(from, from + ROWS_AT_ONCE))
        .execute();
    }
    for (const [tenant, some] of Map.groupBy(tasks, tenantOf)) {
      const own = some.map(({ id }) => id);
      if (tenant !== "") await db.updateTable("task").set({ tenant }).where("id", "in", own).execute();
    }
  }
}

interface OldTask {
  readonly id: number;
  readonly api: string;
  readonly task_id: string;
  readonly source: string;
  readonly taker: string;
  readonly group_id: string;
  readonly summary: string;
  readonly received_at: number;
  readonly action: string | null;
  readonly cause: string | null;
  readonly decided_by: string | null;
  readonly rule: string | null;
  readonly reason: string | null;
  readonly facts: string | null;
  readonly decided_at: number | null;
  readonly delivery: string | null;
  readonly outcome: string | null;
  readonly attempts: number | null;
  readonly settled_at: number | null;
}

function historyOf(old: OldTask, noted: readonly Before["audit"][]): NewEntry[] {
  const task: EntryTask = { api: old.api, taskId: old.task_id, row: old.id, tenant: tenantOf(old) };
  const summary = summaryIn(old);
  const received: NewEntry = {
    at: old.received_at,
    kind: "received",
    by: old.source || old.taker,
    detail: { connection: old.taker, group: old.group_id, type: textOf(summary["type"]) },
    personal: { requester: textOf(summary["requester"]) },
  };
  return [received, ...decisionIn(old), ...noted.map(notedEntry), ...endIn(old)]
    .sort((one, other) => one.at - other.at)
    .map((entry) => ({ ...entry, task, detail: { ...entry.detail, imported: true } }));
}

function decisionIn({ decided_at: at, decided_by: by, action, cause, rule, reason, facts }: OldTask): NewEntry[] {
  if (at === null) return [];
  const spoke: NewEntry = { at, kind: "rule", detail: { rule: rule ?? undefined, action }, personal: { facts: facts ?? undefined } };
  const personal = { actor: by ?? undefined, reason: reason ?? undefined };
  const decided: NewEntry = { at, kind: "decided", detail: { action, cause, rule: rule ?? undefined }, personal };
  return rule === null && facts === null ? [decided] : [spoke, decided];
}

function endIn({ settled_at: at, delivery, outcome, attempts }: OldTask): NewEntry[] {
  if (at === null || delivery === null || !FINAL.includes(delivery)) return [];
  return [{ at, kind: delivery, by: "outbox", detail: { outcome, attempts } }];
}

function notedEntry({ at, event, actor, detail }: Before["audit"]): NewEntry {
  const { approval, ...rest } = keptIn(detail);
  return { at, kind: event, approval: textOf(approval), detail: rest, personal: { actor } };
}

function tenantOf(task: Pick<OldTask, "summary">): string {
  return textOf(summaryIn(task)["enterpriseId"]);
}

function summaryIn({ summary }: Pick<OldTask, "summary">): Record<string, unknown> {
  return keptIn(summary);
}

/** What a codec has written, in its first version, with or without the version's number. */
function keptIn(text: string | null): Record<string, unknown> {
  const kept = parseJson(text ?? "{}");
  const value: unknown = Array.isArray(kept) ? kept[1] : kept;
  return isObject(value) ? value : {};
}
