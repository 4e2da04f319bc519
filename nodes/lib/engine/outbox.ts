import { type AbiquoClient, apiBase, keptLinks, linksOfTask, type TaskLinks } from "../abiquo/index.ts";
import { equalJitter, exponential } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import { isNewer, readOrWhy } from "../base/codec.ts";
import { Fault } from "../base/fault.ts";
import { type DecisionRecord, keptFault, keyText, type Ledger, type TaskKey, type TaskRecord } from "../ledger/index.ts";
import { type Attempt, attemptAnswer } from "./attempt.ts";
import { entryOf } from "./message.ts";
import { Principals } from "./principals.ts";

export interface Connection {
  /** id of the abiquo-config node */
  readonly id: string;
  readonly client: AbiquoClient;
  /** answers a second; 0 = no limit */
  readonly pace: number;
}

export interface OutboxEvents {
  /** The decision reached its end: delivered, decided elsewhere, gone, or refused. It is on disk. */
  settled(task: TaskRecord, decision: DecisionRecord, fault?: Fault): void;
  /** An attempt failed for this reason; there will be another. */
  retried(decision: DecisionRecord, fault: Fault): void;
  /**
   * It needs somebody to act: the connection was refused, there is none, or this answer does not get through for long.
   * The decision is kept.
   */
  stopped(key: TaskKey, fault: Fault): void;
}

/** How many answers are on their way to one platform at once. */
const WIDTH = 32;
/** How long after receipt Abiquo may still not know a task that it sent, in ms. */
const NOT_YET_KNOWN = 60_000;
/** How long answers may be without a connection before that is told, in ms. */
const PATIENCE = 60_000;
/** After so many attempts, some ten minutes, it is told that an answer does not get through though others do. */
const LONG = 12;
/** How late a timer may ring, in ms. */
const TIMER_LAG = 20;
const DELAYS = { first: 1_000, longest: 60_000 };
/** As long as Abiquo may ask to wait, in ms: more was left only by a clock that has been set back since. */
const LONGEST_LEFT = 3_600_000;

interface Job {
  readonly key: string;
  readonly task: TaskRecord;
  /** or why it has none that lead to it */
  readonly links: TaskLinks | Fault;
  decision: DecisionRecord;
  /** true while an attempt is under way */
  busy: boolean;
  /** since when Abiquo has not shown the task, in the clock's monotonic time */
  missingSince?: number;
  /** cancels the next attempt */
  cancel?: (() => void) | undefined;
}

interface Attached {
  readonly connection: Connection;
  readonly abort: AbortController;
}

/**
 * Delivers the decisions on one platform's tasks, each until Abiquo has taken it, refused it, or shows that
 * it was decided elsewhere. A decision is on disk before it comes here, and how each attempt went is on disk
 * before anybody is told.
 */
export class Outbox {
  readonly #ledger: Ledger;
  readonly #principals: Principals;
  readonly #api: string;
  readonly #events: OutboxEvents;
  readonly #clock: Clock;
  readonly #jobs = new Map<string, Job>();
  readonly #attached = new Map<string, Attached>();
  #ready: Job[] = [];
  /** those that no attached connection can deliver for now */
  #stuck: Job[] = [];
  /** what the wall clock would say at 0 of the monotonic time, had nobody set it since */
  readonly #startedAt: number;
  #inFlight = 0;
  #width = WIDTH;
  /** in the clock's monotonic time */
  #nextSlot = -Infinity;
  /** cancels the wait for the next slot; undefined while nobody waits for it */
  #endPause: (() => void) | undefined;
  /** cancels telling of answers that no connection can deliver; undefined while there are none */
  #endPatience: (() => void) | undefined;

  constructor(ledger: Ledger, api: string, events: OutboxEvents, clock: Clock) {
    this.#ledger = ledger;
    this.#principals = new Principals(ledger, api);
    this.#api = api;
    this.#events = events;
    this.#clock = clock;
    this.#startedAt = clock.now() - clock.monotonic();
  }

  /** This connection's client, or that of another which signs in as the same user: others may see less. */
  async client(id: string): Promise<AbiquoClient | undefined> {
    await this.#principals.learn([id]);
    return this.#inNameOf(id)?.connection.client;
  }

  has(key: TaskKey): boolean {
    return this.#jobs.has(keyText(key));
  }

  /** The 401 that keeps this task's connection from delivering. */
  stoppedBy(key: TaskKey): Fault | undefined {
    const job = this.#jobs.get(keyText(key));
    return job === undefined ? undefined : this.#pick(job)?.connection.client.halted;
  }

  /** Delivers by this connection from now on, beginning with what an earlier run left. */
  async attach(connection: Connection): Promise<void> {
    this.#attached.set(connection.id, { connection, abort: new AbortController() });
    const noted = this.#principals.note(connection);
    this.restart();
    await noted;
    const left = await this.#ledger.undelivered(this.#api);
    await this.#principals.learn(left.map(({ decision }) => decision.connection));
    for (const { task, decision } of left) this.resume(task, decision);
    this.restart();
  }

  /** Ends the attempts under way on this connection; what they did is found out by the next one. */
  detach(id: string): void {
    this.#attached.get(id)?.abort.abort();
    this.#attached.delete(id);
    if (this.#attached.size > 0) return this.restart();
    this.#endPause?.();
    this.#endPause = undefined;
    this.#endPatience?.();
    this.#endPatience = undefined;
    for (const job of this.#jobs.values()) {
      job.cancel?.();
      if (!job.busy) this.#jobs.delete(job.key);
    }
    this.#ready = [];
    this.#stuck = [];
  }

  /** Somebody asks this connection to answer a task whose own connection is not there. */
  handOver(key: TaskKey, id: string): void {
    const job = this.#jobs.get(keyText(key));
    if (job === undefined || !this.#attached.has(id) || this.#attached.has(job.decision.connection)) return;
    job.decision = { ...job.decision, connection: id };
    this.restart();
  }

  /** Takes a decision that was just made. */
  add(task: TaskRecord, decision: DecisionRecord): void {
    const key = keyText(decision);
    if (this.#jobs.has(key)) return;
    const entry = readOrWhy(() => entryOf(task, decision));
    // Whoever wrote it may mean something else by it: it waits for that release, as it is.
    if ("unread" in entry && isNewer(entry.unread)) return this.#events.stopped(decision, entry.unread);
    const job: Job = { key, task, links: ownLinks(task), decision, busy: false };
    this.#jobs.set(key, job);
    const delay = decision.delivery === "waiting" ? Math.min(decision.nextAt - this.#clock.now(), LONGEST_LEFT) : 0;
    if (delay > 0) this.#later(job, delay);
    else this.#now(job);
  }

  /** Takes a decision that an earlier run left: an attempt that may have been under way got no answer. */
  resume(task: TaskRecord, decision: DecisionRecord): void {
    this.add(task, decision.delivery === "sending" ? { ...decision, uncertain: true } : decision);
  }

  /** Tries again what was stuck: after a stop by 401, once the connection has proved to work. */
  restart(): void {
    this.#ready = [...this.#stuck, ...this.#ready];
    this.#stuck = [];
    this.#pump();
  }

  #now(job: Job): void {
    this.#ready.push(job);
    this.#pump();
  }

  #later(job: Job, delay: number): void {
    job.cancel = this.#clock.after(delay, () => this.#now(job));
  }

  #pump(): void {
    while (this.#ready.length > 0 && this.#inFlight < this.#width) {
      const job = this.#ready[0] as Job;
      const attached = this.#pick(job);
      const halted = attached?.connection.client.halted;
      if (attached === undefined || halted !== undefined) {
        this.#ready.shift();
        this.#stuck.push(job);
        if (halted !== undefined) this.#events.stopped(job.decision, halted);
        else this.#endPatience ??= this.#clock.after(PATIENCE, () => this.#tellOfStranded());
        continue;
      }
      const wait = this.#slot(attached.connection.pace);
      if (wait > 0) {
        this.#endPause ??= this.#clock.after(wait, () => {
          this.#endPause = undefined;
          this.#pump();
        });
        break;
      }
      this.#ready.shift();
      void this.#attempt(job, attached);
    }
  }

  /** Takes the next slot of the pace, or tells in how many ms there is one. */
  #slot(pace: number): number {
    if (pace <= 0) return 0;
    const now = this.#clock.monotonic();
    if (now < this.#nextSlot) return this.#nextSlot - now;
    const late = now - this.#nextSlot;
    // A timer that rings a little late must not slow the pace down; a longer pause is not made up for.
    this.#nextSlot = now + 1_000 / pace - (late < TIMER_LAG ? late : 0);
    return 0;
  }

  /** The decision's own connection, or another that signs in as the same user when that one is no more. */
  #pick(job: Job): Attached | undefined {
    return this.#inNameOf(job.decision.connection);
  }

  #inNameOf(id: string): Attached | undefined {
    const own = this.#attached.get(id);
    if (own !== undefined) return own;
    const same = [...this.#attached.values()].filter(({ connection }) => this.#principals.isOf(id, connection));
    return same.find(({ connection }) => connection.client.halted === undefined) ?? same[0];
  }

  /** A deploy takes a moment; what then still has no connection waits for somebody to act. */
  #tellOfStranded(): void {
    this.#endPatience = undefined;
    for (const job of this.#stuck) {
      const { taskId } = job.decision;
      if (this.#pick(job) === undefined) this.#events.stopped(job.decision, new Fault("ANSWER_WITHOUT_CONNECTION", { taskId }));
    }
  }

  async #attempt(job: Job, { connection, abort }: Attached): Promise<void> {
    this.#inFlight++;
    job.busy = true;
    const delay = await this.#deliver(job, connection, abort.signal);
    job.busy = false;
    this.#inFlight--;
    if (delay !== undefined) {
      if (this.#attached.size === 0) this.#jobs.delete(job.key);
      else if (delay > 0) this.#later(job, delay);
      else this.#ready.push(job);
    }
    this.#pump();
  }

  /** Answers in how many ms to try again; undefined when the decision has come to its end. */
  async #deliver(job: Job, { id, client }: Connection, signal: AbortSignal): Promise<number | undefined> {
    try {
      // Before anything is sent: a kill from here on leaves an attempt that may have been made.
      if (job.decision.delivery !== "sending") await this.#report(job, { ...job.decision, delivery: "sending" });
    } catch {
      return backoff(job.decision.attempts);
    }
    const { links } = job;
    try {
      if (links instanceof Fault) return await this.#conclude(job, { end: "undeliverable", fault: links }, client);
      const attempt = await attemptAnswer(client, { ...job.decision, links }, () => this.#isYoung(job), signal);
      job.decision = { ...job.decision, attempts: job.decision.attempts + 1 };
      return await this.#conclude(job, id === job.decision.connection ? attempt : withoutRefusal(attempt), client);
    } catch {
      // The ledger cannot be written: the job stays as it is on disk, and is tried again.
      job.decision = { ...job.decision, uncertain: true };
      return backoff(job.decision.attempts);
    }
  }

  async #conclude(job: Job, attempt: Attempt, client: AbiquoClient): Promise<number | undefined> {
    if (attempt.end === "interrupted") {
      job.decision = { ...job.decision, uncertain: true };
      return 0;
    }
    if (attempt.end === "none") {
      if (attempt.isOverloaded) this.#width = 1;
      const uncertain = job.decision.uncertain || attempt.uncertain;
      const delay = client.halted === undefined ? Math.max(backoff(job.decision.attempts), attempt.retryAfterMs) : 0;
      const nextAt = this.#clock.now() + delay;
      await this.#report(job, { ...job.decision, delivery: "waiting", uncertain, nextAt, fault: faultText(attempt.fault) });
      this.#events.retried(job.decision, attempt.fault);
      // Of an outage the connection tells, once for all. Who was told once has nothing told again.
      if (job.decision.attempts >= LONG && !client.isDown) this.#events.stopped(job.decision, attempt.fault);
      return delay;
    }
    if (attempt.end === "delivered") this.#width = Math.min(WIDTH, this.#width * 2);
    const fault = attempt.end === "undeliverable" ? attempt.fault : undefined;
    const outcome = attempt.end === "undeliverable" ? undefined : attempt.outcome;
    const settled = { ...job.decision, delivery: attempt.end, fault: fault && faultText(fault), outcome: outcome ?? job.decision.outcome };
    await this.#report(job, settled);
    this.#jobs.delete(job.key);
    this.#events.settled(job.task, job.decision, fault);
    return undefined;
  }

  /** Believed only once it is on disk. */
  async #report(job: Job, decision: DecisionRecord): Promise<void> {
    const now = this.#clock.now();
    await this.#ledger.report({ ...decision, reportedAt: now });
    job.decision = { ...decision, settledAt: now };
  }

  /**
   * Whether Abiquo may not show the task yet. The wall clock may have been set since the receipt, so it counts only
   * where it agrees with the time that this process has measured; and a minute of looking is enough in any case.
   */
  #isYoung(job: Job): boolean {
    const now = this.#clock.monotonic();
    job.missingSince ??= now;
    const age = Math.min(this.#clock.now(), this.#startedAt + now) - job.task.receivedAt;
    return age < NOT_YET_KNOWN && now - job.missingSince < NOT_YET_KNOWN;
  }
}

/** What is refused to a connection that only stands in may be allowed to the answer's own: it waits for that one. */
function withoutRefusal(attempt: Attempt): Attempt {
  if (attempt.end !== "undeliverable") return attempt;
  return { end: "none", fault: attempt.fault, isOverloaded: false, uncertain: false, retryAfterMs: 0 };
}

/** Stores of 0.1.0 may hold what only a message said of a task: links of another one, or too few. */
function ownLinks({ api, taskId, links }: TaskRecord): TaskLinks | Fault {
  try {
    return linksOfTask(keptLinks.read(links), taskId, apiBase(api));
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

function faultText({ code, params }: Fault): string {
  return keptFault.write({ code, params });
}

function backoff(attempts: number): number {
  return equalJitter(exponential(DELAYS, attempts));
}
