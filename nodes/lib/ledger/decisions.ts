import { readOrWhy } from "../base/codec.ts";
import { Fault } from "../base/fault.ts";
import type { EntryTask } from "./chain/entry.ts";
import type { AuditLog } from "./chain/log.ts";
import { answerEntry, attemptEntry, decidedEntries, retriedEntry } from "./chain/tell.ts";
import { keptFault, tasksText } from "./kept.ts";
import {
  type DecisionRecord,
  type DeliveryNews,
  keyText,
  type Proposal,
  type SubmissionRecord,
  type TaskKey,
  type Verdict,
} from "./records.ts";
import { chunks, type Db, decisionOf, decisionRow, idsByPlatform, type Placed } from "./rows.ts";
import { FINAL, isFinal } from "./schema.ts";
import { entryTask, insertTasks, type KnownTask, selectTasks } from "./tasks.ts";

export interface DecideJob {
  readonly proposals: readonly Placed<Proposal>[];
  /** what waits for them, kept unless all is settled already */
  readonly submission?: SubmissionRecord | undefined;
}

/** Makes each proposal its task's decision unless the task has one. */
export async function decideTasks(db: Db, jobs: readonly DecideJob[], log: AuditLog, holder = ""): Promise<Verdict[][]> {
  const proposals = jobs.flatMap((job) => job.proposals);
  let tasks = await selectTasks(db, proposals);
  const missing = proposals.flatMap((proposal) => (tasks.has(keyText(proposal)) ? [] : broughtBy(proposal)));
  if (missing.length > 0) {
    await insertTasks(db, missing, log);
    tasks = await selectTasks(db, proposals);
  }

  const known = proposals.flatMap((proposal) => {
    const task = tasks.get(keyText(proposal));
    return task === undefined ? [] : [{ ...task, proposal, decision: firstOf(proposal) }];
  });
  const won = new Map((await insertDecisions(db, known)).map((each) => [keyText(each.proposal), each]));
  const lost = known.filter(({ proposal }) => won.get(keyText(proposal))?.proposal !== proposal);
  const standing = await selectDecisions(db, lost);
  const retried = new Map<string, KnownTask & { readonly decision: DecisionRecord }>();

  const verdictOn = (proposal: Placed<Proposal>): Verdict => {
    const key = keyText(proposal);
    const found = tasks.get(key);
    if (found === undefined) return { verdict: "unknown" };
    const { task } = found;
    const mine = won.get(key);
    if (mine?.proposal === proposal) return { verdict: "won", task, decision: mine.decision, deliver: true };
    const decision = retried.get(key)?.decision ?? mine?.decision ?? (standing.get(key) as DecisionRecord);
    if (decision.action !== proposal.action) return { verdict: "other", task, decision, deliver: false };
    const deliver = decision.delivery === "undeliverable";
    if (!deliver) return { verdict: "same", task, decision, deliver };
    const again: DecisionRecord = { ...decision, delivery: "sending", nextAt: proposal.at };
    retried.set(key, { ...found, decision: again });
    return { verdict: "same", task, decision: again, deliver };
  };
  const verdicts = jobs.map((job) => job.proposals.map(verdictOn));

  const again = [...retried.values()];
  await updateDelivery(
    db,
    again.map(({ row, decision }) => ({ row, news: { ...decision, reportedAt: decision.nextAt } })),
  );
  // Whoever asks for a refused answer again is the one that sends it.
  for (const some of chunks(again)) {
    const rows = some.map(({ row }) => row);
    if (holder !== "") await db.updateTable("decision").set({ holder }).where("task", "in", rows).execute();
  }
  const decided = [...[...won.values()].map(({ row }) => row), ...again.map(({ row }) => row)];
  for (const some of chunks(decided)) await db.updateTable("task").set({ stage: "decided" }).where("id", "in", some).execute();
  await insertSubmissions(db, jobs, verdicts);
  for (const task of won.values()) log.add(...decidedEntries(entryTask(task), task.proposal));
  for (const task of again) log.add(retriedEntry(entryTask(task), task.decision));
  return verdicts;
}

/** @throws Fault why the task that the proposal brings is not fit to be kept */
function broughtBy({ task, platform }: Placed<Proposal>): [] | [Placed<Exclude<typeof task, undefined | { unfit: unknown }>>] {
  if (task === undefined) return [];
  if ("unfit" in task) throw new Fault(task.unfit.code, task.unfit.params);
  return [{ ...task, platform }];
}

function firstOf({ task: _task, ...decided }: Proposal): DecisionRecord {
  // The first attempt follows at once; after a kill nobody knows whether it was made.
  return { ...decided, delivery: "sending", attempts: 0, uncertain: false, nextAt: decided.at };
}

/** Writes the decisions of tasks that have none. Answers which; of several of the same task, the first. */
export async function insertDecisions<New extends { readonly row: number; readonly decision: DecisionRecord }>(
  db: Db,
  decisions: readonly New[],
): Promise<New[]> {
  const won: New[] = [];
  for (const some of chunks(decisions)) {
    const inserted = await db
      .insertInto("decision")
      .values(some.map(({ row, decision }) => ({ task: row, ...decisionRow(decision) })))
      .onConflict((conflict) => conflict.column("task").doNothing())
      .returning("task")
      .execute();
    const rows = new Set(inserted.map(({ task }) => task));
    won.push(...some.filter(({ row }) => rows.delete(row)));
  }
  return won;
}

/** The decisions of these tasks by `keyText`. */
export async function selectDecisions(db: Db, tasks: readonly KnownTask[]): Promise<Map<string, DecisionRecord>> {
  const found = new Map<string, DecisionRecord>();
  const byRow = new Map(tasks.map(({ row, task }) => [row, task]));
  for (const some of chunks([...byRow.keys()])) {
    for (const row of await db.selectFrom("decision").selectAll().where("task", "in", some).execute()) {
      const decision = decisionOf(row, byRow.get(row.task) as TaskKey);
      found.set(keyText(decision), decision);
    }
  }
  return found;
}

/** Writes how attempts went. A settled delivery never changes again. */
export async function reportDeliveries(db: Db, news: readonly Placed<DeliveryNews>[], log: AuditLog): Promise<undefined[]> {
  const tasks = await entryTasksOf(db, news);
  const known = news.flatMap((item) => {
    const task = tasks.get(keyText(item));
    return task === undefined ? [] : [{ row: task.row, task, news: item }];
  });
  const waiting = known.filter((item) => item.news.delivery === "waiting");
  const faults = await faultsOf(
    db,
    waiting.map(({ row }) => row),
  );
  const changed = await updateDelivery(db, known);
  for (const stage of ["delivered", "elsewhere", "gone", "undeliverable"] as const) {
    for (const some of chunks(known.filter((item) => item.news.delivery === stage))) {
      const rows = some.map(({ row }) => row);
      await db.updateTable("task").set({ stage }).where("id", "in", rows).where("stage", "=", "decided").execute();
    }
  }
  for (const { task, news: item } of changed) {
    if (item.delivery === "waiting") log.add(...(isNews(item, faults.get(task.row)) ? [attemptEntry(task, item)] : []));
    else if (item.delivery !== "sending") log.add(answerEntry(task, item));
  }
  return news.map(() => undefined);
}

/** In an outage each attempt fails as the one before: only the first of those is told. */
function isNews({ fault }: DeliveryNews, before: string | null | undefined): boolean {
  return codeIn(fault ?? null) !== codeIn(before ?? null);
}

function codeIn(fault: string | null): string {
  if (fault === null) return "";
  const reading = readOrWhy(() => keptFault.read(fault));
  return "value" in reading ? reading.value.code : "";
}

async function faultsOf(db: Db, rows: readonly number[]): Promise<Map<number, string | null>> {
  const faults = new Map<number, string | null>();
  for (const some of chunks(rows)) {
    const found = await db.selectFrom("decision").select(["task", "fault"]).where("task", "in", some).execute();
    for (const { task, fault } of found) faults.set(task, fault);
  }
  return faults;
}

async function entryTasksOf(db: Db, keys: readonly Placed<TaskKey>[]): Promise<Map<string, EntryTask>> {
  const found = new Map<string, EntryTask>();
  const apis = new Map(keys.map(({ platform, api }) => [platform, api]));
  for (const [platform, ids] of idsByPlatform(keys)) {
    const api = apis.get(platform) as string;
    for (const some of chunks(ids)) {
      const select = db.selectFrom("task").select(["id as row", "task_id as taskId", "tenant"]).where("platform", "=", platform);
      for (const task of await select.where("task_id", "in", some).execute()) found.set(keyText({ api, ...task }), { api, ...task });
    }
  }
  return found;
}

/** One statement for all that changed alike, as nearly all do. Answers which did. */
async function updateDelivery<Change extends { readonly row: number; readonly news: Omit<DeliveryNews, keyof TaskKey> }>(
  db: Db,
  changes: readonly Change[],
): Promise<Change[]> {
  const changed: Change[] = [];
  const alike = Map.groupBy(changes, ({ news }) => {
    const { connection, delivery, outcome, attempts, uncertain, fault } = news;
    return JSON.stringify([connection, delivery, outcome, attempts, uncertain, fault, isSettled(news) ? 0 : news.nextAt]);
  });
  for (const items of alike.values()) {
    const { news } = items[0] as (typeof changes)[number];
    for (const some of chunks(items)) {
      const updated = await db
        .updateTable("decision")
        .set({
          ...(news.connection === undefined ? {} : { connection: news.connection }),
          delivery: news.delivery,
          outcome: news.outcome ?? null,
          attempts: news.attempts,
          uncertain: news.uncertain ? 1 : 0,
          next_at: news.nextAt,
          fault: news.fault ?? null,
          settled_at: isFinal(news.delivery) ? news.reportedAt : null,
        })
        .where(
          "task",
          "in",
          some.map(({ row }) => row),
        )
        .where("delivery", "not in", FINAL)
        .returning("task")
        .execute();
      const rows = new Set(updated.map(({ task }) => task));
      changed.push(...some.filter(({ row }) => rows.delete(row)));
    }
  }
  return changed;
}

function isSettled({ delivery }: Pick<DeliveryNews, "delivery">): boolean {
  return delivery !== "sending" && delivery !== "waiting";
}

async function insertSubmissions(db: Db, jobs: readonly DecideJob[], verdicts: readonly (readonly Verdict[])[]): Promise<void> {
  const rows = jobs.flatMap(({ submission }, index) => {
    const waits = verdicts[index]?.some((v) => v.verdict !== "unknown" && !isFinal(v.decision.delivery));
    if (submission === undefined || !waits) return [];
    const { id, node, action, message, tasks, createdAt } = submission;
    return [{ id, node, action, message, tasks: tasksText(tasks), created_at: createdAt }];
  });
  for (const some of chunks(rows)) await db.insertInto("request").values(some).execute();
}

export async function forgetSubmissions(db: Db, jobs: readonly (readonly string[])[]): Promise<undefined[]> {
  for (const some of chunks(jobs.flat())) await db.deleteFrom("request").where("id", "in", some).execute();
  return jobs.map(() => undefined);
}
