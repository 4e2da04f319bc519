import { systemClock } from "../base/clock.ts";
import type { EntryTask, NewEntry } from "./chain/entry.ts";
import type { AuditLog } from "./chain/log.ts";
import { keyText, type NewTask, type TaskKey, type TaskRecord } from "./records.ts";
import { chunks, type Db, idsByPlatform, type Placed, taskOf, taskRows } from "./rows.ts";
import { isFinal, type Stage } from "./schema.ts";

/** A task with the number of its row. */
export interface KnownTask {
  readonly row: number;
  readonly task: TaskRecord;
  readonly tenant?: string;
}

export function entryTask({ row, task: { api, taskId }, tenant = "" }: KnownTask): EntryTask {
  return { api, taskId, row, tenant };
}

export interface StageChange extends TaskKey {
  readonly from: readonly Stage[];
  readonly to: Stage;
  /** milliseconds since 1970; now unless told */
  readonly at?: number;
}

/** Answers for each job's tasks which are new. */
export async function receiveTasks(db: Db, jobs: readonly (readonly Placed<NewTask>[])[], log: AuditLog): Promise<boolean[][]> {
  const isNew = await insertTasks(db, jobs.flat(), log);
  // The same task twice in one commit: only the first is new.
  return jobs.map((tasks) => tasks.map((task) => isNew.delete(keyText(task))));
}

/** Writes those that are not known yet, and names them by `keyText`. */
export async function insertTasks(db: Db, tasks: readonly Placed<NewTask>[], log: AuditLog): Promise<Set<string>> {
  const isNew = new Set<string>();
  for (const some of chunks(tasks)) {
    const inserted = await db
      .insertInto("task")
      .values(
        some.map((task) => ({
          platform: task.platform,
          task_id: task.taskId,
          connection: task.connection,
          source: task.source,
          group_id: task.group.id,
          group_index: task.group.index,
          group_count: task.group.count,
          stage: task.source === "" ? "held" : "received",
          summary: task.summary,
          links: task.links,
          received_at: task.receivedAt,
          adopted: task.adopted === true ? 1 : 0,
          tenant: task.about?.tenant ?? "",
        })),
      )
      .onConflict((conflict) => conflict.columns(["platform", "task_id"]).doNothing())
      .returning(["id", "platform", "task_id"])
      .execute();
    if (inserted.length === 0) continue;
    const byId = new Map(inserted.map((row) => [`${row.platform} ${row.task_id}`, row.id]));
    const payloads: { task: number; body: string }[] = [];
    for (const task of some) {
      const place = `${task.platform} ${task.taskId}`;
      const row = byId.get(place);
      if (row === undefined) continue;
      byId.delete(place);
      isNew.add(keyText(task));
      payloads.push({ task: row, body: task.payload });
      log.add(receivedEntry(row, task));
    }
    await db.insertInto("payload").values(payloads).execute();
  }
  return isNew;
}

/** The known ones of these tasks by `keyText`. */
export async function selectTasks(db: Db, keys: readonly Placed<TaskKey>[]): Promise<Map<string, KnownTask>> {
  const found = new Map<string, KnownTask>();
  for (const [platform, ids] of idsByPlatform(keys)) {
    for (const some of chunks(ids)) {
      const rows = await taskRows(db).where("task.platform", "=", platform).where("task.task_id", "in", some).execute();
      for (const row of rows) {
        const task = taskOf(row);
        found.set(keyText(task), { row: row.id, task, tenant: row.tenant });
      }
    }
  }
  return found;
}

/** Those of these ids that are known on the platform. */
export async function knownIds(db: Db, platform: number, ids: readonly string[]): Promise<Set<string>> {
  const known = new Set<string>();
  for (const some of chunks(ids)) {
    const select = db.selectFrom("task").select("task_id").where("platform", "=", platform);
    for (const row of await select.where("task_id", "in", some).execute()) known.add(row.task_id);
  }
  return known;
}

function receivedEntry(row: number, task: NewTask): NewEntry {
  const { api, taskId, source, connection, receivedAt, about, adopted } = task;
  return {
    at: receivedAt,
    kind: adopted === true ? "adopted" : "received",
    task: { api, taskId, row, tenant: about?.tenant ?? "" },
    by: source || connection,
    detail: { connection, group: task.group.id, type: about?.type },
    personal: { requester: about?.requester },
  };
}

/** Moves each task that still rests at one of `from`. */
export async function moveTasks(db: Db, changes: readonly Placed<StageChange>[], log: AuditLog): Promise<undefined[]> {
  const alike = Map.groupBy(changes, ({ from, to }) => `${from.join()} ${to}`);
  for (const some of alike.values()) {
    const { from, to } = some[0] as (typeof changes)[number];
    for (const [platform, ids] of idsByPlatform(some)) {
      for (const few of chunks(ids)) {
        const update = db.updateTable("task").set({ stage: to }).where("platform", "=", platform).where("task_id", "in", few);
        const moved = update.where("stage", "in", from);
        if (!isFinal(to)) await moved.execute();
        else for (const row of await moved.returning(["id", "task_id", "tenant"]).execute()) log.add(endedEntry(row, to, some));
      }
    }
  }
  return changes.map(() => undefined);
}

/** A task that came to its end without an answer of ours. */
function endedEntry(
  { id, task_id, tenant }: { readonly id: number; readonly task_id: string; readonly tenant: string },
  kind: Stage,
  changes: readonly Placed<StageChange>[],
): NewEntry {
  const { api = "", at = systemClock.now() } = changes.find(({ taskId }) => taskId === task_id) ?? {};
  return { at, kind, task: { api, taskId: task_id, row: id, tenant }, by: "Abiquo" };
}
