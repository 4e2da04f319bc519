import { type Entry, readEntry } from "./chain/entry.ts";
import type { AuditLog } from "./chain/log.ts";
import { keptFacts } from "./kept.ts";
import type { AuditEntry } from "./records.ts";
import type { Db, Placed } from "./rows.ts";
import { entryTask, type KnownTask, selectTasks } from "./tasks.ts";

/** Entries on tasks that the ledger does not know are passed over. */
export async function noteEntries(db: Db, entries: readonly Placed<AuditEntry>[], log: AuditLog): Promise<undefined[]> {
  const tasks = await selectTasks(db, entries);
  for (const { api, taskId, at, event, actor, detail } of entries) {
    const known = tasks.get(`${api}\n${taskId}`);
    if (known !== undefined) log.add({ at, kind: event, task: entryTask(known), detail, personal: { actor } });
  }
  return entries.map(() => undefined);
}

/** What happened to a task, and to the approvals that asked about it, in order. */
export async function auditOf(db: Db, { row, task }: KnownTask): Promise<AuditEntry[]> {
  const own = await db.selectFrom("audit_entry").selectAll().where("task", "=", row).execute();
  const shared = await db
    .selectFrom("audit_entry")
    .selectAll()
    .where("task", "is", null)
    .where("approval", "in", db.selectFrom("approval_task").select("approval").where("task", "=", row))
    .execute();
  const entries = [...own, ...shared].flatMap((each) => readEntry(each) ?? []);
  return (
    entries
      // Where the newest task was deleted, its number may have been given to another one.
      .filter(({ task: { taskId, api } }) => taskId === "" || (taskId === task.taskId && api === task.api))
      .sort((one, other) => one.at - other.at || one.seq - other.seq)
      .map((entry) => told(entry, task))
  );
}

function told({ at, kind, by, approval, detail, personal }: Entry, { api, taskId }: KnownTask["task"]): AuditEntry {
  const { actor = by, facts, ...rest } = personal;
  const all = {
    ...detail,
    ...rest,
    ...(approval === "" ? {} : { approval }),
    ...(facts === undefined ? {} : { facts: keptFacts.read(facts) }),
  };
  return { api, taskId, at, event: kind, actor, detail: Object.keys(all).length === 0 ? undefined : all };
}
