import { Fault } from "../base/fault.ts";
import type { EntryTask, NewEntry } from "./chain/entry.ts";
import type { AuditLog } from "./chain/log.ts";
import { ruleEntries } from "./chain/tell.ts";
import { waitFor } from "./inboxes.ts";
import { insertNotifications, type NewNotification } from "./notifications.ts";
import { goneOn } from "./outcomes.ts";
import { keyText, type NewTask, type Proposal, type TaskKey } from "./records.ts";
import { chunks, type Db, type Placed } from "./rows.ts";
import { type ApprovalStatus, OPEN_APPROVAL, UNDECIDED } from "./schema.ts";
import { entryTask, insertTasks, type KnownTask, selectTasks } from "./tasks.ts";

export interface NewApproval {
  readonly id: string;
  readonly key: string;
  readonly api: string;
  readonly connection: string;
  readonly createdAt: number;
  readonly request: string;
  /** JSON text of what leaves with the outcome */
  readonly message: string;
  /** for the inbox's filter */
  readonly type: string;
  /** what the inbox's search looks through */
  readonly search: string;
  readonly tasks: readonly (TaskKey & Pick<Proposal, "task"> & { readonly because?: RuleSpoke | undefined })[];
  /** the approval whose outcome brought these tasks: with this request, the flow has gone on with it */
  readonly after?: string | undefined;
}

/** The rule that had people asked, and the facts that it saw, as `Proposal` has them. */
export type RuleSpoke = Pick<Proposal, "rule" | "facts"> & { readonly action: string };

/** What became of the tasks of a new approval. */
export interface Opened {
  /** those it asks about; without any there is no new approval */
  readonly asked: readonly TaskKey[];
  /** those that an open approval of the same key asks about already */
  readonly asking: readonly TaskKey[];
  /** those with a decision, or that wait no longer */
  readonly decided: readonly TaskKey[];
}

export interface ApprovalChange {
  readonly id: string;
  readonly version: number;
  readonly status: ApprovalStatus;
  readonly state: string;
  /** when time alone moves it; absent = only people do */
  readonly nextWake?: number | undefined;
  /** compared e-mail addresses of those whose answer it waits for */
  readonly waiting: readonly string[];
  /** on which level they are asked; 0 unless told */
  readonly level?: number;
  readonly notifications: readonly NewNotification[];
  readonly at: number;
  /** who closed it and why, for the audit */
  readonly closedBy?: string | undefined;
  readonly reason?: string | undefined;
  /** what else the audit is told of this change: votes, controls, what time did */
  readonly told?: readonly Omit<NewEntry, "task" | "approval">[];
}

/** As `ApprovalStore.open`. */
export async function openApproval(db: Db, approval: NewApproval & { platform: number }, log: AuditLog): Promise<Opened> {
  const { platform } = approval;
  const keys = approval.tasks.map((task) => ({ ...task, platform }));
  let known = await selectTasks(db, keys);
  const missing = keys.flatMap((key) => (known.has(keyText(key)) ? [] : [fitTask(key)]));
  if (missing.length > 0) {
    await insertTasks(db, missing, log);
    known = await selectTasks(db, keys);
  }
  const tasks = [...known.values()];
  // Written before it is read who asks already: another instance that asks about the same tasks waits for this one.
  const undecided = await moveToAsked(db, tasks);
  const asking = new Set(await askedUnder(db, approval.key, tasks));
  const isFree = ({ row }: KnownTask): boolean => !asking.has(row) && undecided.has(row);
  const free = tasks.filter(isFree);
  const keyOf = ({ task: { api, taskId } }: KnownTask): TaskKey => ({ api, taskId });
  const opened: Opened = {
    asked: free.map(keyOf),
    asking: tasks.filter(({ row }) => asking.has(row)).map(keyOf),
    decided: tasks.filter(({ row }) => !asking.has(row) && !undecided.has(row)).map(keyOf),
  };
  if (approval.after !== undefined) await goneOn(db, approval.after, tasks);
  if (free.length === 0) return opened;
  const { id, key, connection, createdAt, request, message, type, search } = approval;
  await db
    .insertInto("approval")
    .values({
      id,
      key,
      platform,
      connection,
      status: "opening",
      version: 0,
      created_at: createdAt,
      next_wake: createdAt,
      type,
      search,
      request,
      message,
      state: "",
    })
    .execute();
  const placed = free.map(({ row }, position) => ({ row, position }));
  for (const some of chunks(placed)) {
    await db
      .insertInto("approval_task")
      .values(some.map(({ row, position }) => ({ approval: id, task: row, position })))
      .execute();
  }
  const because = new Map(approval.tasks.map((task) => [task.taskId, task.because]));
  for (const each of free) {
    const task = entryTask(each);
    const rule = because.get(task.taskId);
    if (rule !== undefined) log.add(...ruleEntries(task, createdAt, { ...rule, approval: id }));
    log.add({ at: createdAt, kind: "asked", task, approval: id, by: key });
  }
  return opened;
}

/** @throws Fault why the task is not fit to be kept, TASK_UNKNOWN when nothing but its id is known */
function fitTask({ task, taskId, platform }: Placed<TaskKey & Pick<Proposal, "task">>): Placed<NewTask> {
  if (task === undefined) throw new Fault("TASK_UNKNOWN", { taskId });
  if ("unfit" in task) throw new Fault(task.unfit.code, task.unfit.params);
  return { ...task, platform };
}

/** Those of these tasks that nobody has decided; they are held by whoever asks about them. */
async function moveToAsked(db: Db, tasks: readonly KnownTask[]): Promise<Set<number>> {
  const moved = new Set<number>();
  for (const some of chunks(tasks.map(({ row }) => row).toSorted((one, other) => one - other))) {
    const update = db.updateTable("task").set({ stage: "asked" }).where("id", "in", some).where("stage", "in", UNDECIDED);
    for (const { id } of await update.returning("id").execute()) moved.add(id);
  }
  return moved;
}

async function askedUnder(db: Db, key: string, tasks: readonly KnownTask[]): Promise<number[]> {
  const found: number[] = [];
  for (const some of chunks(tasks)) {
    const rows = await db
      .selectFrom("approval_task")
      .innerJoin("approval", "approval.id", "approval_task.approval")
      .select("approval_task.task")
      .where(
        "approval_task.task",
        "in",
        some.map(({ row }) => row),
      )
      .where("approval.key", "=", key)
      .where("approval.status", "in", OPEN_APPROVAL)
      .execute();
    found.push(...rows.map(({ task }) => task));
  }
  return found;
}

/** As `ApprovalStore.change`. */
export async function changeApproval(db: Db, change: ApprovalChange, log: AuditLog, holder = ""): Promise<boolean> {
  const { id, version, status, state, nextWake, waiting, level = 0, notifications, at } = change;
  const changed = await db
    .updateTable("approval")
    // Whoever changed it last carries it on: its timers, and the outcome that leaves.
    .set({ status, state, version: version + 1, next_wake: nextWake ?? null, holder })
    .where("id", "=", id)
    .where("version", "=", version)
    .returning(["key", "created_at", "type"])
    .executeTakeFirst();
  if (changed === undefined) return false;
  const { key, created_at, type } = changed;
  await waitFor(db, { approval: id, created_at, type, level }, new Set(waiting));
  await insertNotifications(db, { approval: id, key, at, notifications });
  const told = [...(change.told ?? []), ...notifications.map((notification) => notificationEntry(notification, at))];
  log.add(...told.map((entry) => ({ ...entry, approval: id })));
  if (OPEN_APPROVAL.includes(status)) return true;
  await db.updateTable("approval_task").set({ settling: 1 }).where("approval", "=", id).execute();
  const personal = { actor: change.closedBy, reason: change.reason };
  for (const task of await tasksOf(db, id)) log.add({ at, kind: status, task, approval: id, personal });
  return true;
}

async function tasksOf(db: Db, approval: string): Promise<EntryTask[]> {
  return db
    .selectFrom("approval_task")
    .innerJoin("task", "task.id", "approval_task.task")
    .innerJoin("platform", "platform.id", "task.platform")
    .select(["platform.api", "task.task_id as taskId", "task.id as row", "task.tenant"])
    .where("approval", "=", approval)
    .orderBy("approval_task.position")
    .execute();
}

function notificationEntry({ id, person, kind }: NewNotification, at: number): NewEntry {
  return { at, kind: "notification", detail: { notification: id, kind }, personal: { person } };
}
