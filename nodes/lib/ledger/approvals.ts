import { type Kysely, sql } from "kysely";
import { Fault } from "../base/fault.ts";
import { insertAudit } from "./audit.ts";
import type { Committer } from "./committer.ts";
import { lastTurn, waitFor } from "./inboxes.ts";
import {
  type Delay,
  delayNotifications,
  dueNotifications,
  insertNotifications,
  type Mark,
  markNotification,
  type NewNotification,
  type NotificationRecord,
  nextNotification,
  notificationOf,
  notificationsAbout,
  retryNotifications,
} from "./notifications.ts";
import { goneOn, settleApprovals } from "./outcomes.ts";
import type { Platforms } from "./platforms.ts";
import { keyText, type NewTask, type Proposal, type TaskKey, type TaskRecord } from "./records.ts";
import { chunks, type Db, isOpenTask, type Placed, taskOf, taskRows } from "./rows.ts";
import { type ApprovalStatus, type LedgerSchema, OPEN_APPROVAL, UNDECIDED } from "./schema.ts";
import { searchWords } from "./search.ts";
import { insertTasks, type KnownTask, selectTasks } from "./tasks.ts";

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
  readonly tasks: readonly (TaskKey & Pick<Proposal, "task">)[];
  /** the approval whose outcome brought these tasks: with this request, the flow has gone on with it */
  readonly after?: string | undefined;
}

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
  /** who closed it, for the audit */
  readonly closedBy?: string | undefined;
}

export interface InboxQuery {
  /** compared e-mail address */
  readonly person: string;
  /** words that the request must contain, those that `searchWords` takes; empty = any */
  readonly text: string;
  /** empty = every type */
  readonly type: string;
  /** only what waited for the person when an inbox said that it was its turn; absent = all that waits now */
  readonly upTo?: number;
  readonly offset: number;
  readonly limit: number;
}

export interface Inbox {
  /** goes back as `upTo`, to mean no more than what this inbox knew */
  readonly turn: number;
  readonly rows: readonly ApprovalRecord[];
  readonly matching: number;
  readonly total: number;
  readonly types: readonly string[];
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

// SQLite takes a partial index only where the statement itself holds the index's condition, word for word.
const isOpen = sql<boolean>`approval.status in (${sql.join(OPEN_APPROVAL.map((status) => sql.lit(status)))})`;

/** The part of the ledger that keeps approvals, with whom they wait for and what people are to be told. */
export class ApprovalStore {
  readonly #db: Kysely<LedgerSchema>;
  readonly #platforms: Platforms;
  readonly #open: (approval: NewApproval & { platform: number }) => Promise<Opened>;
  readonly #change: (change: ApprovalChange) => Promise<boolean>;
  readonly #mark: (mark: Mark) => Promise<undefined>;
  readonly #delay: (delay: Delay) => Promise<undefined>;
  readonly #retry: (key: string) => Promise<undefined>;
  readonly #settle: (ids: readonly string[]) => Promise<undefined>;

  constructor(db: Kysely<LedgerSchema>, committer: Committer, platforms: Platforms) {
    this.#db = db;
    this.#platforms = platforms;
    this.#open = committer.kind("open approval", each(openApproval));
    this.#change = committer.kind("change approval", each(changeApproval));
    this.#mark = committer.kind("mark notification", each(markNotification));
    // After the marks: a channel says that it failed when the message has left.
    this.#delay = committer.kind("delay notifications", each(delayNotifications));
    this.#retry = committer.kind("retry notifications", each(retryNotifications));
    this.#settle = committer.kind("settle approvals", settleApprovals);
  }

  /**
   * Keeps a request whose people are not known yet. The same tasks asked about again under the same key make no
   * second request.
   *
   * @throws Fault why a task that the request brings is not fit to be kept; nothing is written then
   */
  async open(approval: NewApproval): Promise<Opened> {
    return this.#open({ ...approval, platform: await this.#platforms.numberOf(approval.api) });
  }

  /** Writes a new state, with what people are to be told of it. False when somebody else changed it meanwhile. */
  change(change: ApprovalChange): Promise<boolean> {
    return this.#change(change);
  }

  async get(id: string): Promise<ApprovalRecord | undefined> {
    return (await this.#records([id]))[0];
  }

  /** Those of these ids that there are. */
  async several(ids: readonly string[]): Promise<ApprovalRecord[]> {
    return this.#records([...new Set(ids)]);
  }

  /** JSON text of what leaves with the outcome. */
  async message(id: string): Promise<string> {
    const row = await this.#db.selectFrom("approval").select("message").where("id", "=", id).executeTakeFirst();
    return row?.message ?? "{}";
  }

  /** Ids of the open approvals of these keys that time moves by `now`, the longest due first. */
  async due(keys: readonly string[], now: number, limit: number): Promise<string[]> {
    const rows = await this.#db
      .selectFrom("approval")
      .select("id")
      .where("next_wake", "<=", now)
      .where("key", "in", keys)
      .orderBy("next_wake")
      .limit(limit)
      .execute();
    return rows.map(({ id }) => id);
  }

  /** Ids of the requests of these keys whose people are still being found out, oldest first. */
  async opening(keys: readonly string[]): Promise<string[]> {
    const select = this.#db.selectFrom("approval").select("id").where("key", "in", keys).where(isOpen).where("status", "=", "opening");
    const rows = await select.orderBy("created_at").execute();
    return rows.map(({ id }) => id);
  }

  /** When time moves the next approval of these keys after a moment. */
  async nextWake(keys: readonly string[], after: number): Promise<number | undefined> {
    const select = this.#db.selectFrom("approval").select("next_wake").where("next_wake", ">", after);
    const row = await select.where("key", "in", keys).orderBy("next_wake").limit(1).executeTakeFirst();
    return row?.next_wake ?? undefined;
  }

  /** How many requests of this key are open. */
  async count(key: string): Promise<number> {
    const row = await this.#db
      .selectFrom("approval")
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .where("key", "=", key)
      .where(isOpen)
      .executeTakeFirstOrThrow();
    return Number(row.count);
  }

  /** Ids of the open approvals of this key whose tasks were all decided past them. */
  async overtaken(key: string): Promise<string[]> {
    const rows = await this.#db
      .selectFrom("approval")
      .select("approval.id")
      .where("key", "=", key)
      .where(isOpen)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom("approval_task")
              .innerJoin("task", "task.id", "approval_task.task")
              .select("task.id")
              .whereRef("approval_task.approval", "=", "approval.id")
              .where("stage", "in", UNDECIDED),
          ),
        ),
      )
      .execute();
    return rows.map(({ id }) => id);
  }

  /** The open approvals that ask about any of these tasks, with the task, oldest first. */
  async about(keys: readonly TaskKey[]): Promise<{ readonly id: string; readonly key: TaskKey }[]> {
    const found: { id: string; key: TaskKey }[] = [];
    for (const [api, some] of Map.groupBy(keys, (key) => key.api)) {
      const platform = await this.#platforms.known(api);
      if (platform === undefined) continue;
      for (const few of chunks(some)) {
        const rows = await this.#db
          .selectFrom("task")
          .innerJoin("approval_task", "approval_task.task", "task.id")
          .innerJoin("approval", "approval.id", "approval_task.approval")
          .select(["approval.id", "task.task_id"])
          .where("task.platform", "=", platform)
          .where(
            "task.task_id",
            "in",
            few.map(({ taskId }) => taskId),
          )
          .where("status", "in", OPEN_APPROVAL)
          .orderBy("approval.created_at")
          .execute();
        found.push(...rows.map(({ id, task_id }) => ({ id, key: { api, taskId: task_id } })));
      }
    }
    return found;
  }

  /** The closed approvals of this key whose outcome the flow may have lost, oldest first, with the tasks of theirs that went on nowhere since. */
  async unsettled(key: string): Promise<{ readonly id: string; readonly taskIds: readonly string[] }[]> {
    const rows = await this.#db
      .selectFrom("task")
      .innerJoin("approval_task", "approval_task.task", "task.id")
      .innerJoin("approval", "approval.id", "approval_task.approval")
      .select(["approval.id", "task.task_id"])
      .where(isOpenTask)
      .where("task.stage", "=", "asked")
      .where("approval_task.settling", "=", 1)
      .where("approval.key", "=", key)
      .orderBy("approval.created_at")
      .orderBy("approval_task.position")
      .execute();
    return [...Map.groupBy(rows, ({ id }) => id)].map(([id, own]) => ({ id, taskIds: own.map(({ task_id }) => task_id) }));
  }

  /** The flow has had the outcome of these approvals for long: their tasks are held by it, unless others still ask about them. */
  async settle(ids: readonly string[]): Promise<void> {
    await this.#settle(ids);
  }

  /** What may be told now in the name of this key, oldest first. */
  async untold(key: string, now: number, limit: number): Promise<NotificationRecord[]> {
    return dueNotifications(this.#db, key, now, limit);
  }

  /** When something may be told next in the name of this key; undefined when nothing waits. */
  async nextTelling(key: string): Promise<number | undefined> {
    return nextNotification(this.#db, key);
  }

  /** All that these people were told, or are to be told, of these approvals, oldest first. */
  async notificationsAbout(approvals: readonly string[], people: readonly string[]): Promise<NotificationRecord[]> {
    return notificationsAbout(this.#db, approvals, people);
  }

  async notification(id: string): Promise<NotificationRecord | undefined> {
    return notificationOf(this.#db, id);
  }

  /** The message has left the node. */
  async told(id: string): Promise<void> {
    await this.#mark({ id, state: "sent" });
  }

  /** Something newer says all that these would have said. */
  async supersede(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#mark({ id, state: "superseded" })));
  }

  /** A channel keeps its own name of a message, to be told with later messages to the same person. */
  async reference(id: string, ref: string): Promise<void> {
    await this.#mark({ id, state: "sent", ref });
  }

  /** What could not be told is told again, but not before its moment. */
  async delay(delay: Delay): Promise<void> {
    await this.#delay(delay);
  }

  /** What failed in the name of this key may be told at once. */
  async retryNow(key: string): Promise<void> {
    await this.#retry(key);
  }

  /** What waits for a person, oldest first. */
  async inbox({ person, text, type, upTo, offset, limit }: InboxQuery): Promise<Inbox> {
    // Read before the rows: what comes in between is shown at the most, and never meant without having been shown.
    const turn = await lastTurn(this.#db);
    const mine = this.#db.selectFrom("approval_person").where("person", "=", person);
    let matching = mine;
    if (type !== "") matching = matching.where("type", "=", type);
    if (upTo !== undefined) matching = matching.where("turn", "<=", upTo);
    const words = searchWords(text);
    if (words.length > 0) {
      matching = matching.where(({ exists, selectFrom }) => {
        let found = selectFrom("approval").select("approval.id").whereRef("approval.id", "=", "approval_person.approval");
        for (const word of words) {
          // Contains, said in a function that both engines have and without the wildcards of LIKE.
          found = found.where((eb) =>
            eb(eb.fn<string>("replace", ["approval.search", eb.val(word), eb.val("")]), "<>", eb.ref("approval.search")),
          );
        }
        return exists(found);
      });
    }
    const counted = async (query: typeof mine): Promise<number> => {
      const row = await query.select((eb) => eb.fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
      return Number(row.count);
    };
    const ids = await matching.select("approval as id").orderBy("created_at").orderBy("approval").offset(offset).limit(limit).execute();
    const types = await mine.select("type").distinct().orderBy("type").execute();
    const total = await counted(mine);
    return {
      turn,
      rows: await this.#records(ids.map(({ id }) => id)),
      matching: matching === mine ? total : await counted(matching),
      total,
      types: types.map((row) => row.type),
    };
  }

  /** A setting that lasts, such as the keys that sign links; the first value given for it stays. */
  async setting(name: string, first: string): Promise<string> {
    const read = this.#db.selectFrom("setting").select("value").where("name", "=", name);
    const known = await read.executeTakeFirst();
    if (known !== undefined) return known.value;
    const insert = this.#db.insertInto("setting").values({ name, value: first });
    await insert.onConflict((conflict) => conflict.column("name").doNothing()).execute();
    return (await read.executeTakeFirstOrThrow()).value;
  }

  /** Replaces a setting if it still is what it was. */
  async replaceSetting(name: string, before: string, after: string): Promise<void> {
    await this.#db.updateTable("setting").set({ value: after }).where("name", "=", name).where("value", "=", before).execute();
  }

  /** In the order of the ids. */
  async #records(ids: readonly string[]): Promise<ApprovalRecord[]> {
    const found = new Map<string, ApprovalRecord & { tasks: TaskRecord[] }>();
    for (const some of chunks(ids)) {
      const rows = await this.#db
        .selectFrom("approval")
        .innerJoin("platform", "platform.id", "approval.platform")
        .select(RECORD_COLUMNS)
        .where("approval.id", "in", some)
        .execute();
      for (const { id, key, api, connection, status, version, created_at, request, state } of rows) {
        found.set(id, { id, key, api, connection, status, version, createdAt: created_at, request, state, tasks: [] });
      }
      const tasks = await taskRows(this.#db)
        .innerJoin("approval_task", "approval_task.task", "task.id")
        .select("approval_task.approval")
        .where("approval_task.approval", "in", some)
        .orderBy("approval_task.position")
        .execute();
      for (const row of tasks) found.get(row.approval)?.tasks.push(taskOf(row));
    }
    return ids.flatMap((id) => found.get(id) ?? []);
  }
}

/** Jobs that are written one after the other, in one transaction. */
function each<Job, Result>(write: (db: Db, job: Job) => Promise<Result>) {
  return async (db: Db, jobs: readonly Job[]): Promise<Result[]> => {
    const results: Result[] = [];
    for (const job of jobs) results.push(await write(db, job));
    return results;
  };
}

async function openApproval(db: Db, approval: NewApproval & { platform: number }): Promise<Opened> {
  const { platform } = approval;
  const keys = approval.tasks.map((task) => ({ ...task, platform }));
  let known = await selectTasks(db, keys);
  const missing = keys.flatMap((key) => (known.has(keyText(key)) ? [] : [fitTask(key)]));
  if (missing.length > 0) {
    await insertTasks(db, missing);
    known = await selectTasks(db, keys);
  }
  const tasks = [...known.values()];
  const asking = new Set(await askedUnder(db, approval.key, tasks));
  const isFree = ({ row, task }: KnownTask): boolean => !asking.has(row) && UNDECIDED.includes(task.stage);
  const free = tasks.filter(isFree);
  const keyOf = ({ task: { api, taskId } }: KnownTask): TaskKey => ({ api, taskId });
  const opened: Opened = {
    asked: free.map(keyOf),
    asking: tasks.filter(({ row }) => asking.has(row)).map(keyOf),
    decided: tasks.filter(({ row, task }) => !asking.has(row) && !UNDECIDED.includes(task.stage)).map(keyOf),
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
    await db
      .updateTable("task")
      .set({ stage: "asked" })
      .where(
        "id",
        "in",
        some.map(({ row }) => row),
      )
      .execute();
  }
  await insertAudit(
    db,
    free.map(({ row }) => ({ row, at: createdAt, event: "asked", actor: key, detail: { approval: id } })),
  );
  return opened;
}

/** @throws Fault why the task is not fit to be kept, TASK_UNKNOWN when nothing but its id is known */
function fitTask({ task, taskId, platform }: Placed<TaskKey & Pick<Proposal, "task">>): Placed<NewTask> {
  if (task === undefined) throw new Fault("TASK_UNKNOWN", { taskId });
  if ("unfit" in task) throw new Fault(task.unfit.code, task.unfit.params);
  return { ...task, platform };
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

async function changeApproval(db: Db, change: ApprovalChange): Promise<boolean> {
  const { id, version, status, state, nextWake, waiting, level = 0, notifications, at } = change;
  const { numUpdatedRows } = await db
    .updateTable("approval")
    .set({ status, state, version: version + 1, next_wake: nextWake ?? null })
    .where("id", "=", id)
    .where("version", "=", version)
    .executeTakeFirstOrThrow();
  if (Number(numUpdatedRows) === 0) return false;
  const { key, created_at, type } = await db
    .selectFrom("approval")
    .select(["key", "created_at", "type"])
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  await waitFor(db, { approval: id, created_at, type, level }, new Set(waiting));
  await insertNotifications(db, { approval: id, key, at, notifications });
  if (!OPEN_APPROVAL.includes(status)) {
    const tasks = await db.selectFrom("approval_task").select("task").where("approval", "=", id).execute();
    const detail = { approval: id };
    await db.updateTable("approval_task").set({ settling: 1 }).where("approval", "=", id).execute();
    await insertAudit(
      db,
      tasks.map(({ task }) => ({ row: task, at, event: status, actor: change.closedBy ?? "", detail })),
    );
  }
  return true;
}
