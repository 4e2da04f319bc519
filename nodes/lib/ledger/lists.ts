import { type Kysely, sql } from "kysely";
import { type Instance, isMine } from "./leases.ts";
import type { Cursor, PageOf, StageQuery } from "./pages.ts";
import type { TaskRecord, WholeTaskRecord } from "./records.ts";
import { isOpenTask, onPlatform, taskOf, taskRows } from "./rows.ts";
import { type LedgerSchema, OPEN, UNANSWERED } from "./schema.ts";
import { boundedFilter } from "./search.ts";

/** A page has no more: it is soon read, sent to another thread, and used. */
const ROWS_PER_PAGE = 500;

/** What a sweep must know of a task that the ledger has open. */
export type OpenTask = Pick<TaskRecord, "api" | "taskId" | "summary" | "links" | "receivedAt">;

/** A task with the number of its row. */
export interface NumberedTask {
  readonly row: number;
  readonly task: WholeTaskRecord;
}

/** One page of the tasks at these stages. */
export async function tasksAt(
  db: Kysely<LedgerSchema>,
  query: StageQuery,
  platform: number | undefined,
  after: Cursor | undefined,
): Promise<PageOf<NumberedTask>> {
  let select = wholeTasks(db).where("stage", "in", query.stages);
  if (query.stages.every((stage) => OPEN.includes(stage))) select = select.where(isOpenTask);
  const { api, connection } = query;
  if (api !== undefined) {
    const here = platform === undefined ? sql<boolean>`false` : onPlatform(platform);
    select = select.where(({ eb, or }) => (connection === undefined ? here : or([here, eb("task.connection", "=", connection)])));
  }
  const filter = boundedFilter(query.filter ?? "").toLowerCase();
  if (filter !== "") {
    // Contains, said in functions that both engines have and without the wildcards of LIKE.
    select = select.where((eb) => {
      const summary = eb.fn<string>("lower", ["summary"]);
      return eb(eb.fn<string>("replace", [summary, eb.val(filter), eb.val("")]), "<>", summary);
    });
  }
  return pageOf(select, query, after);
}

/** One page of the tasks that this node received, and whose flow came to no checkpoint. */
export function tasksReceivedBy(
  db: Kysely<LedgerSchema>,
  instance: Instance,
  source: string,
  after: Cursor | undefined,
): Promise<PageOf<NumberedTask>> {
  return pageOf(
    wholeTasks(db).where(isOpenTask).where("stage", "=", "received").where("source", "=", source).where(isMine(instance, "task")),
    {},
    after,
  );
}

/** One page of the tasks of a platform that wait, but for those whose answer is being delivered; in the order of their rows. */
export async function openTasksOf(db: Kysely<LedgerSchema>, platform: number, after?: Cursor): Promise<PageOf<OpenTask>> {
  const rows = await db
    .selectFrom("task")
    .innerJoin("platform", "platform.id", "task.platform")
    .select(["task.id", "platform.api", "task_id", "summary", "links", "received_at"])
    .where(isOpenTask)
    .where("stage", "in", UNANSWERED)
    .where(onPlatform(platform))
    .where("task.id", ">", after?.row ?? 0)
    .orderBy("task.id")
    .limit(ROWS_PER_PAGE)
    .execute();
  const tasks = rows.map(({ api, task_id, summary, links, received_at }) => ({
    api,
    taskId: task_id,
    summary,
    links,
    receivedAt: received_at,
  }));
  const last = rows.at(-1);
  if (last === undefined || rows.length < ROWS_PER_PAGE) return { rows: tasks };
  return { rows: tasks, next: { receivedAt: last.received_at, row: last.id, count: (after?.count ?? 0) + rows.length } };
}

function wholeTasks(db: Kysely<LedgerSchema>) {
  return taskRows(db).leftJoin("payload", "payload.task", "task.id").select("payload.body");
}

async function pageOf(
  tasks: ReturnType<typeof wholeTasks>,
  { limit = 0, newestFirst = false }: Pick<StageQuery, "limit" | "newestFirst">,
  after: Cursor | undefined,
): Promise<PageOf<NumberedTask>> {
  const count = after?.count ?? 0;
  const left = limit > 0 ? limit - count : Number.POSITIVE_INFINITY;
  const size = Math.min(ROWS_PER_PAGE, left);
  let select = tasks;
  if (after !== undefined) {
    const further = newestFirst ? "<" : ">";
    const { receivedAt, row } = after;
    select = select.where(({ eb, and, or }) =>
      or([eb("received_at", further, receivedAt), and([eb("received_at", "=", receivedAt), eb("task.id", further, row)])]),
    );
  }
  const order = newestFirst ? "desc" : "asc";
  const found = await select.orderBy("received_at", order).orderBy("task.id", order).limit(size).execute();
  const rows = found.map((row) => ({ row: row.id, task: { ...taskOf(row), payload: row.body ?? "{}" } }));
  const last = found.at(-1);
  const isLast = last === undefined || found.length < size || found.length >= left;
  return isLast ? { rows } : { rows, next: { receivedAt: last.received_at, row: last.id, count: count + found.length } };
}
