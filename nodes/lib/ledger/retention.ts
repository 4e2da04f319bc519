import { sql } from "kysely";
import { systemClock } from "../base/clock.ts";
import type { AuditLog } from "./chain/log.ts";
import { pruneEntries } from "./chain/retention.ts";
import { tasksIn } from "./kept.ts";
import { chunks, type Db } from "./rows.ts";
import { OPEN, OPEN_APPROVAL } from "./schema.ts";

export interface Retention {
  /** tasks settled before this lose the copies of what Abiquo sent; milliseconds since 1970 */
  readonly payloadsBefore: number;
  /** tasks settled before this are deleted, with their decision and audit; 0 = none */
  readonly tasksBefore: number;
  /** for the audit's record of it; milliseconds since 1970; now unless told */
  readonly now?: number;
}

/** Few enough that no other write waits long for them. */
const TASKS_AT_ONCE = 1_000;

/** Deletes some of what is no longer to be kept. Answers how many rows, so that 0 says that all is done. */
export async function prune(db: Db, { payloadsBefore, tasksBefore, now = systemClock.now() }: Retention, log: AuditLog): Promise<number> {
  const deleted = (await prunePayloads(db, payloadsBefore)) + (await pruneSubmissions(db, payloadsBefore));
  if (tasksBefore === 0) return deleted;
  const tasks = await pruneTasks(db, tasksBefore);
  return deleted + tasks + (await pruneEntries(db, { before: tasksBefore, now, limit: TASKS_AT_ONCE }, log));
}

async function prunePayloads(db: Db, before: number): Promise<number> {
  const rows = await db
    .selectFrom("payload")
    .innerJoin("task", "task.id", "payload.task")
    .leftJoin("decision", "decision.task", "task.id")
    .select("task.id")
    .where("stage", "not in", OPEN)
    .where(wasSettledBefore(before))
    .orderBy("payload.task")
    .limit(TASKS_AT_ONCE)
    .execute();
  for (const some of chunks(idsOf(rows))) {
    await emptyApprovals(db, some);
    await db.deleteFrom("payload").where("task", "in", some).execute();
  }
  return rows.length;
}

/** The message of an approval has a copy of what Abiquo sent too, and leaves no more once all its tasks are answered. */
async function emptyApprovals(db: Db, tasks: readonly number[]): Promise<void> {
  const rows = await db
    .selectFrom("approval_task")
    .innerJoin("approval", "approval.id", "approval_task.approval")
    .select("approval.id")
    .distinct()
    .where("approval_task.task", "in", tasks)
    .where("approval.status", "not in", OPEN_APPROVAL)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("approval_task as other")
            .innerJoin("task", "task.id", "other.task")
            .select("task.id")
            .whereRef("other.approval", "=", "approval.id")
            .where("task.stage", "in", OPEN),
        ),
      ),
    )
    .execute();
  if (rows.length > 0) await db.updateTable("approval").set({ message: "{}" }).where("id", "in", idsOf(rows)).execute();
}

/** Messages whose node is gone: their tasks have long been answered, and nobody waits for them. */
async function pruneSubmissions(db: Db, before: number): Promise<number> {
  const rows = await db
    .selectFrom("request")
    .select(["id", "tasks"])
    .where("created_at", "<", before)
    .orderBy("created_at")
    .limit(TASKS_AT_ONCE)
    .execute();
  const waiting = rows.map(({ id, tasks }) => ({ id, ...tasksIn(tasks) }));
  const open = new Set<string>();
  for (const some of chunks(waiting.flatMap(({ tasks }) => tasks.map(({ taskId }) => taskId)))) {
    const found = await db.selectFrom("task").select("task_id").where("task_id", "in", some).where("stage", "in", OPEN).execute();
    for (const { task_id } of found) open.add(task_id);
  }
  const isOrphan = ({ tasks, unread }: (typeof waiting)[number]): boolean =>
    unread === undefined && !tasks.some(({ taskId }) => open.has(taskId));
  const orphans = waiting.filter(isOrphan).map(({ id }) => id);
  for (const some of chunks(orphans)) await db.deleteFrom("request").where("id", "in", some).execute();
  return orphans.length;
}

async function pruneTasks(db: Db, before: number): Promise<number> {
  const rows = await db
    .selectFrom("task")
    .leftJoin("decision", "decision.task", "task.id")
    .select("task.id")
    .where("stage", "not in", OPEN)
    .where(wasSettledBefore(before))
    .orderBy("task.id")
    .limit(TASKS_AT_ONCE)
    .execute();
  for (const some of chunks(idsOf(rows))) {
    await pruneApprovals(db, some);
    for (const table of ["payload", "decision"] as const) await db.deleteFrom(table).where("task", "in", some).execute();
    await db.deleteFrom("task").where("id", "in", some).execute();
  }
  return rows.length;
}

/** Approvals go with the last of their tasks. */
async function pruneApprovals(db: Db, tasks: readonly number[]): Promise<void> {
  const rows = await db.selectFrom("approval_task").select("approval as id").distinct().where("task", "in", tasks).execute();
  await db.deleteFrom("approval_task").where("task", "in", tasks).execute();
  for (const some of chunks(idsOf(rows))) {
    const left = await db.selectFrom("approval_task").select("approval as id").distinct().where("approval", "in", some).execute();
    const kept = new Set(idsOf(left));
    const gone = some.filter((id) => !kept.has(id));
    if (gone.length === 0) continue;
    for (const table of ["approval_person", "notification"] as const) await db.deleteFrom(table).where("approval", "in", gone).execute();
    await db.deleteFrom("approval").where("id", "in", gone).execute();
  }
}

/** One that was never decided here is as old as its receipt. */
function wasSettledBefore(moment: number) {
  return sql<boolean>`task.received_at < ${moment} and coalesce(decision.settled_at, 0) < ${moment}`;
}

function idsOf<Id>(rows: readonly { readonly id: Id }[]): Id[] {
  return rows.map(({ id }) => id);
}
