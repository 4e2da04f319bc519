import type { TaskRecord } from "./records.ts";
import { chunks, type Db, taskOf, taskRows } from "./rows.ts";
import type { ApprovalStatus } from "./schema.ts";

/** `request` and `state` are JSON text: the ledger keeps them and does not read them. */
export interface ApprovalRecord {
  readonly id: string;
  /** whose request it is: the nodes with this key carry it on */
  readonly key: string;
  readonly api: string;
  readonly connection: string;
  readonly status: ApprovalStatus;
  /** counts the changes: a change names the version it was made from */
  readonly version: number;
  /** milliseconds since 1970, as all times */
  readonly createdAt: number;
  /** what never changes after the request was made */
  readonly request: string;
  /** empty until the people to be asked are known */
  readonly state: string;
  readonly tasks: readonly TaskRecord[];
}

const RECORD_COLUMNS = [
  "approval.id",
  "approval.key",
  "approval.connection",
  "approval.status",
  "approval.version",
  "approval.created_at",
  "approval.request",
  "approval.state",
  "platform.api",
] as const;

/** In the order of the ids. */
export async function readApprovals(db: Db, ids: readonly string[]): Promise<ApprovalRecord[]> {
  const found = new Map<string, ApprovalRecord & { tasks: TaskRecord[] }>();
  for (const some of chunks(ids)) {
    const rows = await db
      .selectFrom("approval")
      .innerJoin("platform", "platform.id", "approval.platform")
      .select(RECORD_COLUMNS)
      .where("approval.id", "in", some)
      .execute();
    for (const { id, key, api, connection, status, version, created_at, request, state } of rows) {
      found.set(id, { id, key, api, connection, status, version, createdAt: created_at, request, state, tasks: [] });
    }
    const tasks = await taskRows(db)
      .innerJoin("approval_task", "approval_task.task", "task.id")
      .select("approval_task.approval")
      .where("approval_task.approval", "in", some)
      .orderBy("approval_task.position")
      .execute();
    for (const row of tasks) found.get(row.approval)?.tasks.push(taskOf(row));
  }
  return ids.flatMap((id) => found.get(id) ?? []);
}
