import { keptDetail, keptFacts } from "./kept.ts";
import type { AuditEntry, DecisionRecord, TaskKey } from "./records.ts";
import { chunks, type Db, type Placed } from "./rows.ts";
import { type KnownTask, selectTasks } from "./tasks.ts";

/** An entry for the audit of a task that the ledger knows. */
export interface NumberedEntry extends Omit<AuditEntry, "api" | "taskId"> {
  readonly row: number;
}

export async function insertAudit(db: Db, entries: readonly NumberedEntry[]): Promise<void> {
  for (const some of chunks(entries)) {
    const rows = some.map(({ row, at, event, actor, detail }) => ({
      task: row,
      at,
      event,
      actor,
      detail: detail === undefined ? null : keptDetail.write(detail),
    }));
    await db.insertInto("audit").values(rows).execute();
  }
}

/** Entries on tasks that the ledger does not know are passed over. */
export async function noteEntries(db: Db, entries: readonly Placed<AuditEntry>[]): Promise<undefined[]> {
  const tasks = await selectTasks(db, entries);
  await insertAudit(
    db,
    entries.flatMap((entry) => {
      const known = tasks.get(`${entry.api}\n${entry.taskId}`);
      return known === undefined ? [] : [{ ...entry, row: known.row }];
    }),
  );
  return entries.map(() => undefined);
}

/**
 * What happened to a task, in order. Its receipt, its decision and the end of its delivery are read from their
 * own rows, which never change again; the table has the rest.
 *
 * @throws Fault KEPT_NEWER, KEPT_UNREADABLE
 */
export async function auditOf(db: Db, { row, task }: KnownTask, decision?: DecisionRecord): Promise<AuditEntry[]> {
  const key: TaskKey = { api: task.api, taskId: task.taskId };
  const noted = await db.selectFrom("audit").selectAll().where("task", "=", row).orderBy("id").execute();
  const entries: AuditEntry[] = [
    { ...key, at: task.receivedAt, event: "received", actor: task.source || task.connection },
    ...(decision === undefined ? [] : [decided(decision)]),
    ...noted.map(({ at, event, actor, detail }) => ({
      ...key,
      at,
      event,
      actor,
      detail: detail === null ? undefined : keptDetail.read(detail),
    })),
    ...(decision?.settledAt === undefined ? [] : [settled(decision, decision.settledAt)]),
  ];
  // Stable: entries of one millisecond keep the order above.
  return entries.sort((one, other) => one.at - other.at);
}

function decided({ api, taskId, at, by, action, cause, rule, reason, facts }: DecisionRecord): AuditEntry {
  const detail = { action, cause, rule, reason, facts: facts === undefined ? undefined : keptFacts.read(facts) };
  return { api, taskId, at, event: "decided", actor: by, detail };
}

function settled({ api, taskId, delivery, outcome, attempts }: DecisionRecord, at: number): AuditEntry {
  return { api, taskId, at, event: delivery, actor: "outbox", detail: { outcome, attempts } };
}
