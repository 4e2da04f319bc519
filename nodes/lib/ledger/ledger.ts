import type { Kysely, Selectable, Transaction } from "kysely";
import { Committer } from "./committer.ts";
import type {
  AuditEntry,
  DecisionRecord,
  DeliveryNews,
  NewTask,
  Proposal,
  RequestRecord,
  TaskKey,
  TaskRecord,
  Verdict,
  WholeTaskRecord,
} from "./records.ts";
import type { LedgerSchema, Stage } from "./schema.ts";

type Db = Kysely<LedgerSchema> | Transaction<LedgerSchema>;

/** Rows in one statement: the widest has 18 columns, and SQLite takes 32,766 parameters. */
const ROWS_PER_STATEMENT = 500;

/** A task without its payload, which is most of it and seldom needed. */
const TASK_COLUMNS = [
  "api",
  "task_id",
  "connection",
  "source",
  "group_id",
  "group_index",
  "group_count",
  "stage",
  "summary",
  "links",
  "received_at",
] as const;

const FINAL = ["delivered", "elsewhere", "gone"] as const;

export interface StageQuery {
  /** empty = every platform */
  readonly api?: string | undefined;
  readonly stages: readonly Stage[];
  /** text that the task's summary must contain, without regard to case; empty = any */
  readonly filter?: string | undefined;
  /** 0 = all */
  readonly limit?: number | undefined;
}

/**
 * What must survive: tasks, their one decision, its delivery, the messages that wait for it, and the audit.
 * Every write resolves after it is on disk; writes asked for together share one commit.
 */
export class Ledger {
  readonly #db: Kysely<LedgerSchema>;
  readonly #committer: Committer;

  /** Writes tasks that the ledger does not know yet. Answers for each whether it was new. */
  readonly receive: (tasks: readonly NewTask[]) => Promise<boolean[]>;
  /** Makes each proposal its task's decision unless the task has one, and keeps the message that waits for it. */
  readonly decide: (job: { proposals: readonly Proposal[]; request?: RequestRecord }) => Promise<Verdict[]>;
  /** Writes how an attempt to deliver went. A settled delivery never changes again. */
  readonly report: (news: DeliveryNews) => Promise<void>;
  /** Moves a task to another stage if it still rests at one of `from`. */
  readonly move: (change: TaskKey & { from: readonly Stage[]; to: Stage }) => Promise<void>;
  /** Forgets a request whose message has left its node. */
  readonly forget: (requestId: string) => Promise<void>;
  readonly note: (entry: AuditEntry) => Promise<void>;

  constructor(db: Kysely<LedgerSchema>) {
    this.#db = db;
    this.#committer = new Committer(db);
    this.receive = this.#committer.kind("receive", receiveTasks);
    this.decide = this.#committer.kind("decide", decideTasks);
    this.report = this.#committer.kind("report", reportDeliveries);
    this.move = this.#committer.kind("move", moveTasks);
    this.forget = this.#committer.kind("forget", forgetRequests);
    this.note = this.#committer.kind("note", async (trx, entries: readonly AuditEntry[]) => {
      await writeAudit(trx, entries);
      return entries.map(() => undefined);
    });
  }

  /** Tasks that this node received, emitted, and whose flow came to no checkpoint; oldest first. */
  async receivedBy(source: string): Promise<WholeTaskRecord[]> {
    const rows = await this.#db
      .selectFrom("task")
      .selectAll()
      .where("stage", "=", "received")
      .where("source", "=", source)
      .orderBy("received_at")
      .orderBy("group_id")
      .orderBy("group_index")
      .execute();
    return rows.map(wholeTaskOf);
  }

  /** The known ones among the tasks with these ids, and the tasks of the groups with these ids. */
  async find(api: string, ids: readonly string[]): Promise<TaskRecord[]> {
    const found: TaskRecord[] = [];
    for (const some of chunks(ids)) {
      const rows = await this.#db
        .selectFrom("task")
        .select(TASK_COLUMNS)
        .where("api", "=", api)
        .where((eb) => eb.or([eb("task_id", "in", some), eb("group_id", "in", some)]))
        .orderBy("group_index")
        .execute();
      found.push(...rows.map(taskOf));
    }
    return found;
  }

  /** The known ones of these tasks by `keyText`. */
  tasks(keys: readonly TaskKey[]): Promise<Map<string, TaskRecord>> {
    return selectTasks(this.#db, keys);
  }

  /** Tasks at these stages with their decision, oldest first. */
  async list(query: StageQuery): Promise<{ task: WholeTaskRecord; decision?: DecisionRecord }[]> {
    let select = this.#db.selectFrom("task").selectAll().where("stage", "in", query.stages);
    if (query.api !== undefined) select = select.where("api", "=", query.api);
    if (query.filter) {
      const text = query.filter.toLowerCase();
      // Contains, said in functions that both engines have and without the wildcards of LIKE.
      select = select.where((eb) => {
        const summary = eb.fn<string>("lower", ["summary"]);
        return eb(eb.fn<string>("replace", [summary, eb.val(text), eb.val("")]), "<>", summary);
      });
    }
    select = select.orderBy("received_at").orderBy("group_index");
    if (query.limit) select = select.limit(query.limit);
    const tasks = (await select.execute()).map(wholeTaskOf);
    const decisions = await this.decisions(tasks);
    return tasks.map((task) => {
      const decision = decisions.get(keyText(task));
      return decision === undefined ? { task } : { task, decision };
    });
  }

  /** The decisions of these tasks by `keyText`. */
  decisions(keys: readonly TaskKey[]): Promise<Map<string, DecisionRecord>> {
    return selectDecisions(this.#db, keys);
  }

  /** Decisions whose delivery is not settled, with their tasks, in the order they were made. */
  async undelivered(api: string): Promise<{ task: TaskRecord; decision: DecisionRecord }[]> {
    const rows = await this.#db
      .selectFrom("decision")
      .selectAll()
      .where("api", "=", api)
      .where("delivery", "in", ["sending", "waiting"])
      .orderBy("decided_at")
      .execute();
    const decisions = rows.map(decisionOf);
    const tasks = await selectTasks(this.#db, decisions);
    return decisions.flatMap((decision) => {
      const task = tasks.get(keyText(decision));
      return task === undefined ? [] : [{ task, decision }];
    });
  }

  /** Messages of this node that have not left it yet, oldest first. */
  async requestsOf(node: string): Promise<RequestRecord[]> {
    const rows = await this.#db.selectFrom("request").selectAll().where("node", "=", node).orderBy("created_at").execute();
    return rows.map((row) => ({
      id: row.id,
      node: row.node,
      message: row.message,
      tasks: (JSON.parse(row.tasks) as [string, string][]).map(([api, taskId]) => ({ api, taskId })),
      createdAt: row.created_at,
    }));
  }

  /** What happened to a task, in order. */
  async audit(key: TaskKey): Promise<AuditEntry[]> {
    const task = (await this.tasks([key])).get(keyText(key));
    const rows = await this.#db
      .selectFrom("audit")
      .selectAll()
      .where("at", ">=", task?.receivedAt ?? 0)
      .where("api", "=", key.api)
      .where("task_id", "=", key.taskId)
      .orderBy("id")
      .execute();
    return rows.map((row) => ({
      api: row.api,
      taskId: row.task_id,
      at: row.at,
      event: row.event,
      actor: row.actor,
      detail: row.detail ?? undefined,
    }));
  }

  /** Waits for the writes under way, then closes the file. */
  async close(): Promise<void> {
    await this.#committer.idle();
    await this.#db.destroy();
  }
}

/** One string for a key, for maps; a line break stands in neither part. */
export function keyText(key: TaskKey): string {
  return `${key.api}\n${key.taskId}`;
}

async function receiveTasks(db: Db, jobs: readonly (readonly NewTask[])[]): Promise<boolean[][]> {
  const isNew = await insertTasks(db, jobs.flat());
  // The same task twice in one commit: only the first is new.
  return jobs.map((tasks) => tasks.map((task) => isNew.delete(keyText(task))));
}

async function insertTasks(db: Db, tasks: readonly NewTask[]): Promise<Set<string>> {
  const isNew = new Set<string>();
  const audit: AuditEntry[] = [];
  for (const some of chunks(tasks)) {
    const inserted = await db
      .insertInto("task")
      .values(
        some.map((task) => ({
          api: task.api,
          task_id: task.taskId,
          connection: task.connection,
          source: task.source,
          group_id: task.group.id,
          group_index: task.group.index,
          group_count: task.group.count,
          stage: task.source === "" ? "held" : "received",
          summary: task.summary,
          links: task.links,
          payload: task.payload,
          received_at: task.receivedAt,
        })),
      )
      .onConflict((conflict) => conflict.columns(["api", "task_id"]).doNothing())
      .returning(["api", "task_id as taskId"])
      .execute();
    for (const key of inserted) isNew.add(keyText(key));
    for (const task of some) {
      if (!isNew.has(keyText(task))) continue;
      audit.push({ ...keyOf(task), at: task.receivedAt, event: "received", actor: task.source || task.connection });
    }
  }
  await writeAudit(db, audit);
  return isNew;
}

async function decideTasks(
  db: Db,
  jobs: readonly { proposals: readonly Proposal[]; request?: RequestRecord }[],
): Promise<Verdict[][]> {
  const proposals = jobs.flatMap((job) => job.proposals);
  let tasks = await selectTasks(db, proposals);
  const missing = proposals.flatMap((p) => (p.task !== undefined && !tasks.has(keyText(p)) ? [p.task()] : []));
  if (missing.length > 0) {
    await insertTasks(db, missing);
    tasks = await selectTasks(db, proposals);
  }

  const known = proposals.filter((proposal) => tasks.has(keyText(proposal)));
  const won = await insertDecisions(db, known);
  const standing = await selectDecisions(db, known.filter((p) => !won.has(keyText(p))));
  const retried: DecisionRecord[] = [];

  const verdictOn = (proposal: Proposal): Verdict => {
    const key = keyText(proposal);
    const task = tasks.get(key);
    if (task === undefined) return { verdict: "unknown" };
    const mine = won.get(key);
    if (mine?.proposal === proposal) return { verdict: "won", task, decision: mine.decision, deliver: true };
    const decision = mine?.decision ?? (standing.get(key) as DecisionRecord);
    if (decision.action !== proposal.action) return { verdict: "other", task, decision, deliver: false };
    const deliver = decision.delivery === "undeliverable";
    if (!deliver) return { verdict: "same", task, decision, deliver };
    const again: DecisionRecord = { ...decision, delivery: "sending", nextAt: proposal.at };
    standing.set(key, again);
    retried.push(again);
    return { verdict: "same", task, decision: again, deliver };
  };
  const verdicts = jobs.map((job) => job.proposals.map(verdictOn));

  await updateDelivery(db, retried);
  await setStage(db, [...[...won.values()].map((w) => w.decision), ...retried], "decided");
  await insertRequests(db, jobs, verdicts);
  await writeAudit(db, [
    ...[...won.values()].map(({ decision }) => ({
      ...keyOf(decision),
      at: decision.at,
      event: "decided",
      actor: decision.by,
      detail: decisionDetail(decision),
    })),
    ...retried.map((decision) => ({ ...keyOf(decision), at: decision.nextAt, event: "retried", actor: decision.by })),
  ]);
  return verdicts;
}

function decisionDetail(decision: DecisionRecord): string {
  const { action, cause, rule, reason } = decision;
  return JSON.stringify({ action, cause, rule, reason });
}

async function insertDecisions(
  db: Db,
  proposals: readonly Proposal[],
): Promise<Map<string, { proposal: Proposal; decision: DecisionRecord }>> {
  const won = new Map<string, { proposal: Proposal; decision: DecisionRecord }>();
  for (const some of chunks(proposals)) {
    const inserted = await db
      .insertInto("decision")
      .values(
        some.map((proposal) => ({
          api: proposal.api,
          task_id: proposal.taskId,
          connection: proposal.connection,
          action: proposal.action,
          decided_by: proposal.by,
          cause: proposal.cause,
          rule: proposal.rule ?? null,
          reason: proposal.reason ?? null,
          facts: proposal.facts ?? null,
          decided_at: proposal.at,
          text: proposal.text,
          // The first attempt follows at once; after a kill nobody knows whether it was made.
          delivery: "sending" as const,
          outcome: null,
          attempts: 0,
          uncertain: 0,
          next_at: proposal.at,
          fault: null,
          settled_at: null,
        })),
      )
      .onConflict((conflict) => conflict.columns(["api", "task_id"]).doNothing())
      .returning(["api", "task_id as taskId"])
      .execute();
    const insertedKeys = new Set(inserted.map(keyText));
    for (const proposal of some) {
      const key = keyText(proposal);
      if (!insertedKeys.delete(key)) continue;
      const { task: _task, ...decided } = proposal;
      const decision: DecisionRecord = {
        ...decided,
        delivery: "sending",
        attempts: 0,
        uncertain: false,
        nextAt: proposal.at,
      };
      won.set(key, { proposal, decision });
    }
  }
  return won;
}

async function insertRequests(
  db: Db,
  jobs: readonly { request?: RequestRecord }[],
  verdicts: readonly (readonly Verdict[])[],
): Promise<void> {
  const rows = jobs.flatMap(({ request }, index) => {
    const waits = verdicts[index]?.some((v) => v.verdict !== "unknown" && !isFinal(v.decision));
    if (request === undefined || !waits) return [];
    return [
      {
        id: request.id,
        node: request.node,
        message: request.message,
        tasks: JSON.stringify(request.tasks.map((key) => [key.api, key.taskId])),
        created_at: request.createdAt,
      },
    ];
  });
  for (const some of chunks(rows)) await db.insertInto("request").values(some).execute();
}

function isFinal(decision: DecisionRecord): boolean {
  return (FINAL as readonly string[]).includes(decision.delivery);
}

async function reportDeliveries(db: Db, news: readonly DeliveryNews[]): Promise<undefined[]> {
  await updateDelivery(db, news);
  const audit: AuditEntry[] = [];
  const at = Date.now();
  for (const stage of ["delivered", "elsewhere", "gone", "undeliverable"] as const) {
    const some = news.filter((item) => item.delivery === stage);
    await setStage(db, some, stage);
    for (const item of some) {
      const detail = JSON.stringify({ outcome: item.outcome, attempts: item.attempts, fault: item.fault });
      audit.push({ ...keyOf(item), at, event: stage, actor: "outbox", detail });
    }
  }
  await writeAudit(db, audit);
  return news.map(() => undefined);
}

/** One statement for all that changed alike, as nearly all do. */
async function updateDelivery(db: Db, news: readonly DeliveryNews[]): Promise<void> {
  const alike = new Map<string, DeliveryNews[]>();
  for (const item of news) {
    const { delivery, outcome, attempts, uncertain, fault } = item;
    const due = isSettled(item) ? 0 : item.nextAt;
    const text = JSON.stringify([item.api, delivery, outcome, attempts, uncertain, fault, due]);
    const others = alike.get(text);
    if (others === undefined) alike.set(text, [item]);
    else others.push(item);
  }
  for (const items of alike.values()) {
    const first = items[0] as DeliveryNews;
    for (const some of chunks(items)) {
      await db
        .updateTable("decision")
        .set({
          delivery: first.delivery,
          outcome: first.outcome ?? null,
          attempts: first.attempts,
          uncertain: first.uncertain ? 1 : 0,
          next_at: first.nextAt,
          fault: first.fault ?? null,
          settled_at: isSettled(first) ? Date.now() : null,
        })
        .where("api", "=", first.api)
        .where("task_id", "in", some.map((item) => item.taskId))
        .where("delivery", "not in", FINAL)
        .execute();
    }
  }
}

function isSettled(news: DeliveryNews): boolean {
  return news.delivery !== "sending" && news.delivery !== "waiting";
}

async function moveTasks(
  db: Db,
  changes: readonly (TaskKey & { from: readonly Stage[]; to: Stage })[],
): Promise<undefined[]> {
  const alike = Map.groupBy(changes, ({ from, to }) => `${from.join()} ${to}`);
  for (const some of alike.values()) {
    const { from, to } = some[0] as (typeof changes)[number];
    await setStage(db, some, to, from);
  }
  return changes.map(() => undefined);
}

async function forgetRequests(db: Db, ids: readonly string[]): Promise<undefined[]> {
  for (const some of chunks(ids)) await db.deleteFrom("request").where("id", "in", some).execute();
  return ids.map(() => undefined);
}

async function setStage(db: Db, keys: readonly TaskKey[], to: Stage, from?: readonly Stage[]): Promise<void> {
  for (const [api, ids] of byApi(keys)) {
    for (const some of chunks(ids)) {
      let update = db.updateTable("task").set({ stage: to }).where("api", "=", api).where("task_id", "in", some);
      if (from !== undefined) update = update.where("stage", "in", from);
      await update.execute();
    }
  }
}

async function writeAudit(db: Db, entries: readonly AuditEntry[]): Promise<void> {
  for (const some of chunks(entries)) {
    await db
      .insertInto("audit")
      .values(
        some.map((entry) => ({
          at: entry.at,
          api: entry.api,
          task_id: entry.taskId,
          event: entry.event,
          actor: entry.actor,
          detail: entry.detail ?? null,
        })),
      )
      .execute();
  }
}

async function selectTasks(db: Db, keys: readonly TaskKey[]): Promise<Map<string, TaskRecord>> {
  const found = new Map<string, TaskRecord>();
  for (const [api, ids] of byApi(keys)) {
    for (const some of chunks(ids)) {
      const rows = await db
        .selectFrom("task")
        .select(TASK_COLUMNS)
        .where("api", "=", api)
        .where("task_id", "in", some)
        .execute();
      for (const row of rows) {
        const task = taskOf(row);
        found.set(keyText(task), task);
      }
    }
  }
  return found;
}

async function selectDecisions(db: Db, keys: readonly TaskKey[]): Promise<Map<string, DecisionRecord>> {
  const found = new Map<string, DecisionRecord>();
  for (const [api, ids] of byApi(keys)) {
    for (const some of chunks(ids)) {
      const rows = await db.selectFrom("decision").selectAll().where("api", "=", api).where("task_id", "in", some).execute();
      for (const row of rows) {
        const decision = decisionOf(row);
        found.set(keyText(decision), decision);
      }
    }
  }
  return found;
}

function byApi(keys: readonly TaskKey[]): Map<string, string[]> {
  const grouped = new Map<string, string[]>();
  for (const { api, taskId } of keys) {
    const ids = grouped.get(api);
    if (ids === undefined) grouped.set(api, [taskId]);
    else ids.push(taskId);
  }
  return grouped;
}

function* chunks<T>(items: readonly T[]): Generator<T[]> {
  for (let start = 0; start < items.length; start += ROWS_PER_STATEMENT) {
    yield items.slice(start, start + ROWS_PER_STATEMENT);
  }
}

function keyOf({ api, taskId }: TaskKey): TaskKey {
  return { api, taskId };
}

function wholeTaskOf(row: Selectable<LedgerSchema["task"]>): WholeTaskRecord {
  return { ...taskOf(row), payload: row.payload };
}

function taskOf(row: Omit<Selectable<LedgerSchema["task"]>, "payload">): TaskRecord {
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
  };
}

function decisionOf(row: Selectable<LedgerSchema["decision"]>): DecisionRecord {
  return {
    api: row.api,
    taskId: row.task_id,
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
  };
}
