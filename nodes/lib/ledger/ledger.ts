import type { Kysely } from "kysely";
import { systemClock } from "../base/clock.ts";
import type { Counted } from "../base/exposition.ts";
import { ApprovalStore } from "./approvals.ts";
import { auditOf, noteEntries } from "./audit.ts";
import type { EntryRow } from "./chain/entry.ts";
import type { AuditHead } from "./chain/head.ts";
import { auditHead, entriesAfter } from "./chain/read.ts";
import { type Masked, type Masking, maskEntries } from "./chain/retention.ts";
import { Committer } from "./committer.ts";
import { endedCounts, type OpenCounts, type OpenQuery, openCounts } from "./counts.ts";
import { type DecideJob, decideTasks, forgetSubmissions, reportDeliveries, selectDecisions } from "./decisions.ts";
import { type Finding, type Found, settleElsewhere } from "./elsewhere.ts";
import { inTurn } from "./in-turn.ts";
import { tasksIn } from "./kept.ts";
import { acquireLease, type Instance, isMine, leave, onlyInstance, type Presence, releaseLease, stayPresent } from "./leases.ts";
import { type OpenTask, openTasksOf, tasksAt, tasksReceivedBy } from "./lists.ts";
import { NotificationStore } from "./notification-store.ts";
import { type OpenWork, openWork } from "./open-work.ts";
import { allPages, type Cursor, type ListedTask, type PageOf, type StageQuery } from "./pages.ts";
import { Platforms } from "./platforms.ts";
import { probeDisk } from "./probe.ts";
import {
  type AuditEntry,
  type DecisionRecord,
  type DeliveryNews,
  keyText,
  type NewTask,
  type Proposal,
  type SubmissionRecord,
  type TaskKey,
  type TaskRecord,
  type Verdict,
  type WholeTaskRecord,
} from "./records.ts";
import { prune, type Retention } from "./retention.ts";
import { chunks, isOfGroup, isOpenTask, onPlatform, type Placed, taskOf, taskRows } from "./rows.ts";
import type { LedgerSchema, Stage } from "./schema.ts";
import { SettingStore } from "./settings.ts";
import { type KnownTask, knownIds, moveTasks, receiveTasks, type StageChange, selectTasks } from "./tasks.ts";
import { NO_UPKEEP, type Upkeep } from "./upkeep.ts";

/**
 * What must survive: tasks, their one decision, its delivery, the messages that wait for it, and the audit.
 * Every write resolves after it is on disk; writes asked for together share one commit. Takes and gives plain
 * data only, so that it can work in a thread of its own.
 */
export class SqlLedger {
  readonly approvals: ApprovalStore;
  readonly notifications: NotificationStore;
  readonly settings: SettingStore;
  readonly #db: Kysely<LedgerSchema>;
  readonly #committer: Committer;
  readonly #platforms: Platforms;
  readonly #instance: Instance;
  readonly #receive: (tasks: readonly Placed<NewTask>[]) => Promise<boolean[]>;
  readonly #decide: (job: { proposals: readonly Placed<Proposal>[]; submission?: SubmissionRecord | undefined }) => Promise<Verdict[]>;
  readonly #report: (news: Placed<DeliveryNews>) => Promise<undefined>;
  readonly #move: (change: Placed<StageChange>) => Promise<undefined>;
  readonly #forget: (submissionIds: readonly string[]) => Promise<undefined>;
  readonly #settleElsewhere: (findings: readonly Placed<Finding>[]) => Promise<(Found | undefined)[]>;
  readonly #note: (entry: Placed<AuditEntry>) => Promise<undefined>;
  readonly #probe: (moment: number) => Promise<undefined>;
  readonly #upkeep: Upkeep;
  readonly #prune: (retention: Retention) => Promise<number>;
  readonly #mask: (masking: Masking) => Promise<Masked>;

  /**
   * @param instance who works on it by this object
   * @param upkeep what the engine does in a way of its own
   */
  constructor(db: Kysely<LedgerSchema>, instance = onlyInstance, upkeep: Upkeep = NO_UPKEEP) {
    this.#db = db;
    this.#instance = instance;
    this.#upkeep = upkeep;
    this.#committer = new Committer(db);
    this.#platforms = new Platforms(db);
    this.#receive = this.#committer.kind("receive", receiveTasks);
    this.#decide = this.#committer.kind("decide", (trx, jobs: readonly DecideJob[], log) => decideTasks(trx, jobs, log, instance.id));
    this.#report = this.#committer.kind("report", reportDeliveries);
    this.#move = this.#committer.kind("move", moveTasks);
    this.#settleElsewhere = this.#committer.kind("settle elsewhere", settleElsewhere);
    this.#forget = this.#committer.kind("forget", forgetSubmissions);
    this.#note = this.#committer.kind("note", noteEntries);
    this.approvals = new ApprovalStore(db, this.#committer, this.#platforms, instance);
    this.notifications = new NotificationStore(db, this.#committer, instance);
    this.settings = new SettingStore(db);
    this.#probe = this.#committer.kind("probe", probeDisk);
    this.#prune = this.#committer.kind("prune", inTurn(prune));
    this.#mask = this.#committer.kind("mask", inTurn(maskEntries));
  }

  /** Writes tasks that the ledger does not know yet. Answers for each whether it was new. */
  async receive(tasks: readonly NewTask[]): Promise<boolean[]> {
    return this.#receive(await this.#placed(tasks));
  }

  /**
   * Makes each proposal its task's decision unless the task has one, and keeps the message that waits for it.
   *
   * @throws Fault why a task that a proposal brings is not fit to be kept; nothing of the job is written then
   */
  async decide(job: { proposals: readonly Proposal[]; submission?: SubmissionRecord }): Promise<Verdict[]> {
    return this.#decide({ proposals: await this.#placed(job.proposals), submission: job.submission });
  }

  /** Writes how an attempt to deliver went. A settled delivery never changes again. */
  async report(news: DeliveryNews): Promise<void> {
    for (const placed of await this.#known([news])) await this.#report(placed);
  }

  /** Moves a task to another stage if it still rests at one of `from`. */
  async move(change: StageChange): Promise<void> {
    for (const placed of await this.#known([change])) await this.#move(placed);
  }

  /**
   * Settles tasks that Abiquo no longer holds, unless they have a decision of ours that is being delivered.
   *
   * @returns for each how it was settled; undefined where it was not, since it is unknown, being delivered, or settled
   */
  async settleElsewhere(findings: readonly Finding[]): Promise<(Found | undefined)[]> {
    const placed = await this.#known(findings);
    if (placed.length === 0) return findings.map(() => undefined);
    const settled = await this.#settleElsewhere(placed);
    const found = new Map(placed.map((finding, index) => [keyText(finding), settled[index]]));
    return findings.map((finding) => found.get(keyText(finding)));
  }

  /** Forgets submissions whose message has left its node. */
  async forget(submissionIds: readonly string[]): Promise<void> {
    await this.#forget(submissionIds);
  }

  /** Adds to the audit of a task. */
  async note(entry: AuditEntry): Promise<void> {
    for (const placed of await this.#known([entry])) await this.#note(placed);
  }

  /** Deletes some of what is no longer to be kept. Answers how many rows, so that 0 says that all is done. */
  prune(retention: Retention): Promise<number> {
    return this.#prune(retention);
  }

  /**
   * Gives room that is not needed any more back to the disk, up to so many pages of it.
   *
   * @returns how many pages are left; 0 where the file cannot shrink
   */
  async shrink(pages: number): Promise<number> {
    return this.#upkeep.shrink(this.#db, pages);
  }

  /** What waits, by number. */
  openCounts(query: OpenQuery): Promise<OpenCounts> {
    return openCounts(this.#db, query);
  }

  /** Tasks that have come to an end, by stage; takes a second for a million of them. */
  endedCounts(): Promise<{ readonly stage: Stage; readonly count: number }[]> {
    return endedCounts(this.#db);
  }

  /** What the ledger takes, in bytes. */
  bytes(): Promise<number> {
    return this.#upkeep.bytes(this.#db);
  }

  /** How long the commits since it was opened took, in seconds. */
  async commitTimes(): Promise<Counted> {
    return this.#committer.times;
  }

  /** Writes next to nothing: resolves when that is on disk. */
  async probe(): Promise<void> {
    await this.#probe(systemClock.now());
  }

  /** Tasks that this node received, emitted, and whose flow came to no checkpoint; oldest first. */
  receivedBy(source: string): Promise<WholeTaskRecord[]> {
    return allPages((after) => this.receivedByPage(source, after));
  }

  /** One page of `receivedBy`. */
  async receivedByPage(source: string, after?: Cursor): Promise<PageOf<WholeTaskRecord>> {
    const page = await tasksReceivedBy(this.#db, this.#instance, source, after);
    return { ...page, rows: page.rows.map(({ task }) => task) };
  }

  /** The known ones among the tasks with these ids, and the tasks of the groups with these ids. */
  async find(api: string, ids: readonly string[]): Promise<TaskRecord[]> {
    const platform = await this.#platforms.known(api);
    if (platform === undefined) return [];
    const found = new Map<number, TaskRecord>();
    for (const some of chunks(ids)) {
      // Apart, since no index serves both at once.
      const byId = taskRows(this.#db).where("task.platform", "=", platform).where("task_id", "in", some);
      const byGroup = taskRows(this.#db).where(isOfGroup).where("group_id", "in", some).where(onPlatform(platform));
      for (const row of [...(await byId.execute()), ...(await byGroup.execute())]) found.set(row.id, taskOf(row));
    }
    return [...found.values()].sort((one, other) => one.group.index - other.group.index);
  }

  /** The known ones of these tasks by `keyText`. */
  async tasks(keys: readonly TaskKey[]): Promise<Map<string, TaskRecord>> {
    const tasks = await this.#select(keys);
    return new Map([...tasks].map(([key, { task }]) => [key, task]));
  }

  /** Those of these ids by which the ledger knows no task of the platform. */
  async strangers(api: string, ids: readonly string[]): Promise<string[]> {
    const platform = await this.#platforms.known(api);
    const known = platform === undefined ? new Set<string>() : await knownIds(this.#db, platform, ids);
    return ids.filter((id) => !known.has(id));
  }

  /** One page of the tasks of a platform that wait for Abiquo, but for those whose answer is being delivered. */
  async openTasks(api: string, after?: Cursor): Promise<PageOf<OpenTask>> {
    const platform = await this.#platforms.known(api);
    return platform === undefined ? { rows: [] } : openTasksOf(this.#db, platform, after);
  }

  /** Tasks at these stages with their decision, oldest first unless told. */
  list(query: StageQuery): Promise<ListedTask[]> {
    return allPages((after) => this.listPage(query, after));
  }

  /** One page of `list`. */
  async listPage(query: StageQuery, after?: Cursor): Promise<PageOf<ListedTask>> {
    const platform = query.api === undefined ? undefined : await this.#platforms.known(query.api);
    const page = await tasksAt(this.#db, query, platform, after);
    const decisions = await selectDecisions(this.#db, page.rows);
    const rows = page.rows.map(({ task }): ListedTask => {
      const decision = decisions.get(keyText(task));
      return decision === undefined ? { task } : { task, decision };
    });
    return { ...page, rows };
  }

  /** What every connection still has to do, those that are no more included. */
  openWork(): Promise<OpenWork[]> {
    return openWork(this.#db);
  }

  /** The decisions of these tasks by `keyText`. */
  async decisions(keys: readonly TaskKey[]): Promise<Map<string, DecisionRecord>> {
    return selectDecisions(this.#db, [...(await this.#select(keys)).values()]);
  }

  /** Those of these tasks whose decision another instance delivers. */
  async deliveredByOthers(keys: readonly TaskKey[]): Promise<TaskKey[]> {
    if (this.#instance.id === "") return [];
    const others = [...(await this.decisions(keys)).values()].filter((decision) => !this.#isMine(decision));
    return others.map(({ api, taskId }) => ({ api, taskId }));
  }

  /** Decisions whose delivery is not settled, with their tasks, in the order they were made. */
  async undelivered(api: string): Promise<{ task: TaskRecord; decision: DecisionRecord }[]> {
    const platform = await this.#platforms.known(api);
    if (platform === undefined) return [];
    const rows = await taskRows(this.#db).where(isOpenTask).where("stage", "=", "decided").where(onPlatform(platform)).execute();
    const tasks = rows.map((row) => ({ row: row.id, task: taskOf(row) }));
    const decisions = await selectDecisions(this.#db, tasks);
    return tasks
      .flatMap(({ task }) => {
        const decision = decisions.get(keyText(task));
        if (decision?.delivery !== "sending" && decision?.delivery !== "waiting") return [];
        return this.#isMine(decision) ? [{ task, decision }] : [];
      })
      .sort((one, other) => one.decision.at - other.decision.at);
  }

  /** Messages of this node that have not left it yet, oldest first; those that cannot be read say so. */
  async submissionsOf(node: string): Promise<SubmissionRecord[]> {
    const rows = await this.#db
      .selectFrom("request")
      .selectAll()
      .where("node", "=", node)
      .where(isMine(this.#instance, "request"))
      .orderBy("created_at")
      .execute();
    return rows.map((row) => ({
      id: row.id,
      node: row.node,
      action: row.action,
      message: row.message,
      ...tasksIn(row.tasks),
      createdAt: row.created_at,
    }));
  }

  /** What happened to a task, in order. */
  async audit(key: TaskKey): Promise<AuditEntry[]> {
    const known = (await this.#select([key])).get(keyText(key));
    return known === undefined ? [] : auditOf(this.#db, known);
  }

  /** The two ends of the audit's chain. */
  auditHead(): Promise<AuditHead> {
    return auditHead(this.#db);
  }

  /** The next entries of the audit behind this one, in order, some at once; none after the last. */
  auditRows(after: number): Promise<EntryRow[]> {
    return entriesAfter(this.#db, after);
  }

  /** Erases what some entries of the audit say of a person; to be called again with `after` until there are no more. */
  mask(masking: Masking): Promise<Masked> {
    return this.#mask(masking);
  }

  /**
   * Takes what only one of several instances may do at a time, or keeps it for longer. A ledger that belongs to one
   * process has it always.
   *
   * @param ms how long from now on, by the clock of the database
   * @returns whether this instance has it; false while it is another's
   */
  acquireLease(name: string, ms: number): Promise<boolean> {
    return acquireLease(this.#db, this.#instance, name, ms);
  }

  /** Gives back what this instance has by `acquireLease`; what another has meanwhile stays so. */
  releaseLease(name: string): Promise<void> {
    return releaseLease(this.#db, this.#instance, name);
  }

  /**
   * Says that this instance is there for so long, and takes over the work of those that did not say so in time. Nothing
   * to do for a ledger that belongs to one process.
   *
   * @param ms from now on, by the clock of the database
   * @param isThorough whether to look as well for work whose instance has left nothing else
   */
  stayPresent(ms: number, isThorough: boolean): Promise<Presence> {
    return stayPresent(this.#db, this.#instance, ms, isThorough);
  }

  /** Waits for the writes under way, then closes the file. */
  async close(): Promise<void> {
    await this.#committer.idle();
    // Where that fails it is gone all the same, when its time is over.
    await leave(this.#db, this.#instance).catch(() => undefined);
    await this.#db.destroy();
  }

  #isMine({ holder = "" }: DecisionRecord): boolean {
    return holder === this.#instance.id;
  }

  async #select(keys: readonly TaskKey[]): Promise<Map<string, KnownTask>> {
    return selectTasks(this.#db, await this.#known(keys));
  }

  async #placed<Job extends TaskKey>(jobs: readonly Job[]): Promise<Placed<Job>[]> {
    const numbers = new Map<string, number>();
    for (const { api } of jobs) if (!numbers.has(api)) numbers.set(api, await this.#platforms.numberOf(api));
    return jobs.map((job) => ({ ...job, platform: numbers.get(job.api) as number }));
  }

  /** Those on platforms that the ledger knows. */
  async #known<Job extends TaskKey>(jobs: readonly Job[]): Promise<Placed<Job>[]> {
    const numbers = new Map<string, number | undefined>();
    for (const { api } of jobs) if (!numbers.has(api)) numbers.set(api, await this.#platforms.known(api));
    return jobs.flatMap((job) => {
      const platform = numbers.get(job.api);
      return platform === undefined ? [] : [{ ...job, platform }];
    });
  }
}
