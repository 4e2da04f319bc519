import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import { getOrCreate } from "../base/get-or-create.ts";
import type { DecisionRecord, TaskKey, TaskRecord } from "./records.ts";
import { type LedgerSchema, OPEN } from "./schema.ts";

export type Db = Kysely<LedgerSchema> | Transaction<LedgerSchema>;

/** Rows in one statement: the widest has 17 columns, and SQLite takes 32,766 parameters. */
const ROWS_PER_STATEMENT = 500;

export function* chunks<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += ROWS_PER_STATEMENT) {
    yield start === 0 && items.length <= ROWS_PER_STATEMENT ? items : items.slice(start, start + ROWS_PER_STATEMENT);
  }
}

/** A task on a platform that has a number here. */
export type Placed<Job extends TaskKey> = Job & { readonly platform: number };

/** The ids of each platform's tasks. */
export function idsByPlatform(keys: readonly Placed<TaskKey>[]): Map<number, string[]> {
  const grouped = new Map<number, string[]>();
  for (const { platform, taskId } of keys) getOrCreate(grouped, platform, () => []).push(taskId);
  return grouped;
}

/** In the words of the index on open tasks: SQLite takes a partial index only where its condition stands literally. */
export const isOpenTask = sql<boolean>`task.stage in (${sql.join(OPEN.map((stage) => sql.lit(stage)))})`;

/** Also a condition of an index, and so in its words. */
export const isOfGroup = sql<boolean>`task.group_count > 1`;

/** A platform has nearly all tasks: the plus keeps SQLite from looking for them by it. */
export function onPlatform(platform: number) {
  return sql<boolean>`+task.platform = ${platform}`;
}

/** The tasks without their payload, which is most of them and seldom needed. */
export function taskRows(db: Db) {
  return db.selectFrom("task").innerJoin("platform", "platform.id", "task.platform").selectAll("task").select("platform.api");
}

export type TaskRow = Selectable<LedgerSchema["task"]> & { api: string };
export type DecisionRow = Selectable<LedgerSchema["decision"]>;

export function taskOf(row: TaskRow): TaskRecord {
  return {
    api: row.api,
    taskId: row.task_id,
    connection: row.connection,
    source: row.source,
    group: { id: row.group_id, index: row.group_index, count: row.group_count },
    stage: row.stage,
    summary: row.summary,
    links: row.links,
    receivedAt: row.received_at,
    ...(row.adopted === 1 ? { adopted: true as const } : {}),
  };
}

export function decisionOf(row: DecisionRow, { api, taskId }: TaskKey): DecisionRecord {
  return {
    api,
    taskId,
    connection: row.connection,
    action: row.action,
    by: row.decided_by,
    cause: row.cause,
    rule: row.rule ?? undefined,
    reason: row.reason ?? undefined,
    facts: row.facts ?? undefined,
    at: row.decided_at,
    text: row.text,
    delivery: row.delivery,
    outcome: row.outcome ?? undefined,
    attempts: row.attempts,
    uncertain: row.uncertain === 1,
    nextAt: row.next_at,
    fault: row.fault ?? undefined,
    settledAt: row.settled_at ?? undefined,
    ...(row.holder === "" ? {} : { holder: row.holder }),
  };
}

/** What `decisionOf` reads, without its holder, which the database fills in. */
export function decisionRow(decision: DecisionRecord): Omit<DecisionRow, "task" | "holder"> {
  return {
    connection: decision.connection,
    action: decision.action,
    decided_by: decision.by,
    cause: decision.cause,
    rule: decision.rule ?? null,
    reason: decision.reason ?? null,
    facts: decision.facts ?? null,
    decided_at: decision.at,
    text: decision.text,
    delivery: decision.delivery,
    outcome: decision.outcome ?? null,
    attempts: decision.attempts,
    uncertain: decision.uncertain ? 1 : 0,
    next_at: decision.nextAt,
    fault: decision.fault ?? null,
    settled_at: decision.settledAt ?? null,
  };
}
