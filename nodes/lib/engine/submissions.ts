import type { Clock } from "../base/clock.ts";
import { isNewer, readOrWhy } from "../base/codec.ts";
import { Fault } from "../base/fault.ts";
import { getOrCreate } from "../base/get-or-create.ts";
import {
  type DecisionRecord,
  isFinal,
  keyText,
  type Ledger,
  type Proposal,
  type SubmissionRecord,
  type TaskKey,
  type TaskRecord,
  type Verdict,
} from "../ledger/index.ts";
import { Forgetting } from "./forgetting.ts";
import { keptMessage } from "./kept-message.ts";
import { faultKept } from "./listed-delivery.ts";
import { ALREADY, ANSWERED, entryOf, type TaskEntry } from "./message.ts";
import type { SubmissionPort, TaskResult } from "./submission-port.ts";

/** How long until what the ledger could not do is tried again, in ms. */
const RETRY = 5_000;
/** How often it is looked how far another instance has got with an answer, in ms. */
const LOOK = 1_000;

export interface NewSubmission {
  /** of its own, in this ledger and all others */
  readonly id: string;
  /** id of the node that waits for it */
  readonly node: string;
  /** JSON text of what leaves the node again */
  readonly message: string;
  /** all for one action, one at least */
  readonly proposals: readonly Proposal[];
  /** tasks that nobody knows any more, by id, as they leave */
  readonly gone?: ReadonlyMap<string, TaskEntry>;
}

interface OpenSubmission {
  readonly record: SubmissionRecord;
  readonly results: Map<string, TaskResult | undefined>;
  readonly redelivered: boolean;
  /** true when the ledger keeps it too */
  kept: boolean;
}

/** Delivers decisions. */
export interface Delivery {
  /** True while this process sees to the delivery of this task's decision. */
  has(key: TaskKey): boolean;
  /** The refused sign-in that keeps this task's answer back; undefined while all is well. */
  haltedBy(key: TaskKey): Fault | undefined;
  add(task: TaskRecord, decision: DecisionRecord): void;
  /** As `add`, for a decision whose last attempt may have been cut short. */
  resume(task: TaskRecord, decision: DecisionRecord): void;
}

/** The messages that wait in continue and cancel until each of their tasks has an outcome. */
export class Submissions {
  readonly #ledger: Ledger;
  readonly #delivery: Delivery;
  readonly #ports = new Map<string, SubmissionPort>();
  readonly #open = new Map<string, OpenSubmission>();
  readonly #forgetting: Forgetting;
  readonly #waiting = new Map<string, Set<OpenSubmission>>();
  readonly #clock: Clock;
  #isClosed = false;

  constructor(ledger: Ledger, delivery: Delivery, clock: Clock) {
    this.#ledger = ledger;
    this.#delivery = delivery;
    this.#forgetting = new Forgetting(ledger);
    this.#clock = clock;
  }

  /** Hands a node its finished submissions, those an earlier run left included. */
  async attach(node: string, port: SubmissionPort): Promise<void> {
    this.#ports.set(node, port);
    for (const record of await this.#ledger.submissionsOf(node)) {
      if (this.#open.has(record.id) || this.#forgetting.has(record.id)) continue;
      const unread = unreadIn(record);
      if (unread === undefined) await this.#reopen(record);
      else port.unread(unread);
    }
    this.offerAgain(node);
  }

  /** Goes on with what this instance has taken over from another. */
  async takeUp(): Promise<void> {
    for (const [node, port] of [...this.#ports]) await this.attach(node, port);
  }

  /** Leaves to others what they have taken over. */
  async dropTaken(): Promise<void> {
    for (const [node, port] of [...this.#ports]) {
      const before = [...this.#open.values()].filter(({ record, kept }) => kept && record.node === node);
      const own = new Set((await this.#ledger.submissionsOf(node)).map(({ id }) => id));
      for (const submission of before) {
        const { id } = submission.record;
        if (own.has(id) || this.#open.get(id) !== submission) continue;
        this.#open.delete(id);
        for (const waiting of this.#waiting.values()) waiting.delete(submission);
        port.stop(id, new Fault("TAKEN_OVER"));
      }
    }
  }

  /** Hands a node the finished submissions that it could not take. */
  offerAgain(node: string): void {
    for (const submission of [...this.#open.values()]) {
      if (submission.record.node === node) this.#finishIfComplete(submission);
    }
  }

  /** The node is closing: its submissions stay open. Its successor may have attached by now. */
  detach(node: string, port: SubmissionPort): void {
    if (this.#ports.get(node) === port) this.#ports.delete(node);
  }

  /**
   * Commits the proposals with the message that waits for them. Once they are on disk nothing is thrown any more:
   * what the ledger cannot do for now is done later.
   *
   * @throws what the ledger throws when it could not commit them: nothing was decided
   */
  async open({ id, node, message, proposals, gone = new Map() }: NewSubmission): Promise<readonly Verdict[]> {
    const action = proposals[0]?.action ?? "continue";
    const tasks = proposals.map(({ api, taskId }) => ({ api, taskId }));
    const record: SubmissionRecord = { id, node, action, message, tasks, createdAt: this.#clock.now() };
    const submission: OpenSubmission = { record, results: new Map(), redelivered: false, kept: false };
    for (const key of record.tasks) submission.results.set(keyText(key), undefined);
    // Before it is on disk: a node that is deployed meanwhile must not take it for an earlier run's.
    this.#open.set(record.id, submission);
    const verdicts = await this.#ledger.decide({ proposals, submission: record }).catch((error: unknown) => {
      this.#open.delete(record.id);
      throw error;
    });
    // A refused answer may be asked for once more.
    submission.kept = verdicts.some((v) => v.verdict !== "unknown" && !isFinal(v.decision.delivery));
    verdicts.forEach((verdict, index) => {
      const key = record.tasks[index] as TaskKey;
      const entry = verdict.verdict === "unknown" ? gone.get(key.taskId) : undefined;
      submission.results.set(keyText(key), entry === undefined ? resultAtOnce(verdict, key, action) : { asAsked: false, entry });
    });
    this.#wait(submission);
    const inFlightElsewhere: TaskKey[] = [];
    for (const verdict of verdicts) {
      if (verdict.verdict === "unknown") continue;
      if (verdict.deliver) this.#delivery.add(verdict.task, verdict.decision);
      else if (submission.results.get(keyText(verdict.decision)) === undefined) inFlightElsewhere.push(verdict.decision);
    }
    await this.#join(inFlightElsewhere);
    this.#finishIfComplete(submission);
    for (const key of record.tasks) {
      const fault = submission.results.get(keyText(key)) === undefined ? this.#delivery.haltedBy(key) : undefined;
      if (fault !== undefined) this.halted(key, fault);
    }
    return verdicts;
  }

  /** A decision reached its end. */
  settled(task: TaskRecord, decision: DecisionRecord, fault?: Fault): void {
    this.#settle(decision, (action) => resultOf(task, decision, action, fault));
  }

  #settle(key: TaskKey, resultFor: (action: Proposal["action"]) => TaskResult): void {
    const submissions = this.#waiting.get(keyText(key));
    if (submissions === undefined) return;
    this.#waiting.delete(keyText(key));
    for (const submission of submissions) {
      submission.results.set(keyText(key), resultFor(submission.record.action));
      this.#finishIfComplete(submission);
    }
  }

  stopped(key: TaskKey, fault: Fault): void {
    for (const { id, port } of this.#waitingFor(key)) port.stop(id, fault);
  }

  /** They stay open, and their callers go on waiting: the connection tells, once for all. */
  halted(key: TaskKey, fault: Fault): void {
    for (const { port } of this.#waitingFor(key)) port.halted(fault);
  }

  #unread(key: TaskKey, fault: Fault): void {
    for (const { port } of this.#waitingFor(key)) port.unread(fault);
  }

  /** The submissions that wait for this task, with the nodes that are there. */
  *#waitingFor(key: TaskKey): Generator<{ readonly id: string; readonly port: SubmissionPort }> {
    for (const { record } of this.#waiting.get(keyText(key)) ?? []) {
      const port = this.#ports.get(record.node);
      if (port !== undefined) yield { id: record.id, port };
    }
  }

  async #reopen(record: SubmissionRecord): Promise<void> {
    const results = new Map<string, TaskResult | undefined>();
    const submission: OpenSubmission = { record, results, redelivered: true, kept: true };
    this.#open.set(record.id, submission);
    for (const key of record.tasks) results.set(keyText(key), undefined);
    this.#wait(submission);
    await this.#join(record.tasks);
  }

  /** Waits with others for decisions made earlier, and takes over those that nobody here delivers. */
  async #join(keys: readonly TaskKey[]): Promise<void> {
    const strangers = keys.filter((key) => this.#waiting.has(keyText(key)) && !this.#delivery.has(key));
    if (strangers.length === 0) return;
    try {
      const decisions = await this.#ledger.decisions(strangers);
      const held = strangers.filter((key) => decisions.get(keyText(key))?.holder !== undefined);
      const others = new Set((held.length === 0 ? [] : await this.#ledger.deliveredByOthers(held)).map(keyText));
      const isOthers = (key: TaskKey): boolean => {
        const decision = decisions.get(keyText(key));
        return others.has(keyText(key)) && decision !== undefined && isPending(decision);
      };
      this.#takeOver(
        strangers.filter((key) => !isOthers(key)),
        decisions,
        await this.#ledger.tasks(strangers),
      );
      const left = strangers.filter(isOthers);
      if (left.length > 0 && !this.#isClosed) this.#clock.after(LOOK, () => void this.#join(left));
    } catch {
      if (!this.#isClosed) this.#clock.after(RETRY, () => void this.#join(keys));
    }
  }

  #takeOver(strangers: readonly TaskKey[], decisions: ReadonlyMap<string, DecisionRecord>, tasks: ReadonlyMap<string, TaskRecord>): void {
    for (const key of strangers) {
      const task = tasks.get(keyText(key));
      const decision = decisions.get(keyText(key));
      if (task === undefined || decision === undefined) {
        this.#settle(key, () => unknownTask(key));
        continue;
      }
      const entry = readOrWhy(() => entryOf(task, decision));
      // It waits for the release that wrote it.
      if ("unread" in entry && isNewer(entry.unread)) this.#unread(key, entry.unread);
      else if (!isPending(decision)) this.settled(task, decision);
      else if (!this.#delivery.has(key)) this.#delivery.resume(task, decision);
    }
  }

  #wait(submission: OpenSubmission): void {
    for (const [key, result] of submission.results) {
      if (result === undefined) getOrCreate(this.#waiting, key, () => new Set()).add(submission);
    }
  }

  #finishIfComplete(submission: OpenSubmission): void {
    const results = [...submission.results.values()];
    if (!results.every((result) => result !== undefined)) return;
    const port = this.#ports.get(submission.record.node);
    if (port === undefined || !this.#open.has(submission.record.id)) return;
    const { id, message } = submission.record;
    if (!port.finish({ id, message, results, redelivered: submission.redelivered })) return;
    this.#open.delete(id);
    if (submission.kept) this.#forgetting.add(id);
  }

  /** Ends all work, and forgets what has left at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#forgetting.close();
  }
}

function isPending(decision: DecisionRecord): boolean {
  return decision.delivery === "sending" || decision.delivery === "waiting";
}

/** What is certain as soon as the proposal is on disk; undefined when Abiquo has yet to hear of it. */
function resultAtOnce(verdict: Verdict, key: TaskKey, action: Proposal["action"]): TaskResult | undefined {
  if (verdict.verdict === "unknown") return unknownTask(key);
  const { task, decision } = verdict;
  if (decision.delivery === "elsewhere" || decision.delivery === "gone") return resultOf(task, decision, action);
  if (isPending(decision) && verdict.verdict !== "other") return undefined;
  const entry = readOrWhy(() => entryOf(task, { ...decision, outcome: ALREADY[decision.action] }));
  return "unread" in entry ? { fault: entry.unread } : { asAsked: verdict.verdict !== "other", entry: entry.value };
}

function resultOf(task: TaskRecord, decision: DecisionRecord, action: Proposal["action"], fault?: Fault): TaskResult {
  const reading = readOrWhy(() => entryOf(task, decision));
  if ("unread" in reading) return { fault: reading.unread };
  const entry = reading.value;
  if (decision.delivery === "undeliverable") {
    const why = fault ?? faultKept(decision) ?? { code: "", params: {} };
    const { taskId } = decision;
    return { fault: new Fault("ABIQUO_UNDELIVERABLE", { ...why.params, taskId, reason: why.code }, fault), entry };
  }
  const { outcome } = decision;
  return { asAsked: outcome === ANSWERED[action] || outcome === ALREADY[action], entry };
}

/** Why a message that an earlier run left cannot leave. */
function unreadIn({ unread, message }: SubmissionRecord): Fault | undefined {
  if (unread !== undefined) return new Fault(unread.code, unread.params);
  const reading = readOrWhy(() => keptMessage.read(message));
  return "unread" in reading ? reading.unread : undefined;
}

function unknownTask({ taskId }: TaskKey): TaskResult {
  return { fault: new Fault("TASK_UNKNOWN", { taskId }) };
}
