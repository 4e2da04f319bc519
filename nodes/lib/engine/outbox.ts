import { AbiquoFault, type AbiquoClient, apiBase, linksOfTask, type TaskLinks } from "../abiquo/index.ts";
import { Fault } from "../fault.ts";
import { type DecisionRecord, type DeliveryNews, keyText, type Ledger, type TaskKey, type TaskRecord } from "../ledger/index.ts";
import type { Clock } from "./clock.ts";
import type { Outcome } from "./message.ts";

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
  /** The connection refuses to work until it is changed or tested; the decision is kept. */
  stopped(key: TaskKey, fault: Fault): void;
}

/** How many answers are on their way to one platform at once. */
const WIDTH = 32;
/** How long after receipt Abiquo may still not know a task that it sent, in ms. */
const NOT_YET_KNOWN = 60_000;
/** How late a timer may ring, in ms. */
const TIMER_LAG = 20;
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 60_000;

const CONTINUED_STATES = new Set([
  "PENDING",
  "STARTED",
  "FINISHED_SUCCESSFULLY",
  "FINISHED_UNSUCCESSFULLY",
  "ACK_ERROR",
]);

interface Job {
  readonly key: string;
  readonly task: TaskRecord;
  /** or why it has none that lead to it */
  readonly links: TaskLinks | Fault;
  decision: DecisionRecord;
  /** true while an attempt is under way */
  busy: boolean;
  /** calls off the next attempt */
  callOff?: (() => void) | undefined;
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
  readonly #api: string;
  readonly #events: OutboxEvents;
  readonly #clock: Clock;
  readonly #jobs = new Map<string, Job>();
  readonly #attached = new Map<string, Attached>();
  #ready: Job[] = [];
  /** those that no attached connection can deliver for now */
  #stuck: Job[] = [];
  #inFlight = 0;
  #width = WIDTH;
  #nextSlot = 0;
  /** calls off the wait for the next slot; undefined while nobody waits for it */
  #endPause: (() => void) | undefined;

  constructor(ledger: Ledger, api: string, events: OutboxEvents, clock: Clock) {
    this.#ledger = ledger;
    this.#api = api;
    this.#events = events;
    this.#clock = clock;
  }

  /** This connection's client, or any other's to the same platform. */
  client(id: string): AbiquoClient | undefined {
    const [other] = this.#attached.values();
    return (this.#attached.get(id) ?? other)?.connection.client;
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
    this.restart();
    for (const { task, decision } of await this.#ledger.undelivered(this.#api)) this.resume(task, decision);
  }

  /** Ends the attempts under way on this connection; what they did is found out by the next one. */
  detach(id: string): void {
    this.#attached.get(id)?.abort.abort();
    this.#attached.delete(id);
    if (this.#attached.size > 0) return this.restart();
    this.#endPause?.();
    this.#endPause = undefined;
    for (const job of this.#jobs.values()) {
      job.callOff?.();
      if (!job.busy) this.#jobs.delete(job.key);
    }
    this.#ready = [];
    this.#stuck = [];
  }

  /** Takes a decision that was just made. */
  add(task: TaskRecord, decision: DecisionRecord): void {
    const key = keyText(decision);
    if (this.#jobs.has(key)) return;
    const job: Job = { key, task, links: ownLinks(task), decision, busy: false };
    this.#jobs.set(key, job);
    const delay = decision.delivery === "waiting" ? decision.nextAt - this.#clock.now() : 0;
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
    job.callOff = this.#clock.after(delay, () => this.#now(job));
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
    const now = this.#clock.now();
    if (now < this.#nextSlot) return this.#nextSlot - now;
    const late = now - this.#nextSlot;
    // A timer that rings a little late must not slow the pace down; a longer pause is not made up for.
    this.#nextSlot = now + 1_000 / pace - (late < TIMER_LAG ? late : 0);
    return 0;
  }

  /** The decision's own connection, or any other to the same platform when that one is no more. */
  #pick(job: Job): Attached | undefined {
    return this.#attached.get(job.decision.connection) ?? this.#attached.values().next().value;
  }

  async #attempt(job: Job, { connection, abort }: Attached): Promise<void> {
    this.#inFlight++;
    job.busy = true;
    let again: number | undefined;
    try {
      const result = await this.#deliver(job, connection, abort.signal);
      again = result === undefined ? 0 : await this.#conclude(job, result.news, result.fault);
    } catch {
      // The ledger cannot be written: the job stays as it is on disk, and is tried again.
      job.decision = { ...job.decision, uncertain: true };
      again = backoff(job.decision.attempts);
    }
    job.busy = false;
    this.#inFlight--;
    if (again !== undefined) {
      if (this.#attached.size === 0) this.#jobs.delete(job.key);
      else if (again > 0) this.#later(job, again);
      else this.#ready.push(job);
    }
    this.#pump();
  }

  /** One attempt, and what it means; undefined when it was cut short by `detach`. */
  async #deliver(
    job: Job,
    connection: Connection,
    signal: AbortSignal,
  ): Promise<{ news: News; fault?: Fault } | undefined> {
    const { links } = job;
    if (links instanceof Fault) return { news: refused(job, links), fault: links };
    if (job.decision.delivery === "waiting") {
      job.decision = { ...job.decision, delivery: "sending" };
      await this.#ledger.report({ ...job.decision, reportedAt: this.#clock.now() });
    }
    const { action, text } = job.decision;
    job.decision = { ...job.decision, attempts: job.decision.attempts + 1 };
    try {
      if (action === "continue") await connection.client.continueTask(links.continue, text, signal);
      else await connection.client.cancelTask(links.cancel, text, signal);
      this.#width = Math.min(WIDTH, this.#width * 2);
      return { news: settled(job, "delivered", asAsked(action)) };
    } catch (error) {
      if (signal.aborted) return this.#interrupted(job);
      if (error instanceof AbiquoFault && isLost(error)) return this.#examine(job, links.self, connection, signal);
      return this.#judge(job, error);
    }
  }

  #interrupted(job: Job): undefined {
    job.decision = { ...job.decision, uncertain: true };
    return undefined;
  }

  /** Abiquo says that the task is unknown or not waiting: its state tells what happened. */
  async #examine(
    job: Job,
    self: string,
    connection: Connection,
    signal: AbortSignal,
  ): Promise<{ news: News; fault?: Fault } | undefined> {
    const { action, uncertain } = job.decision;
    try {
      const { task } = await connection.client.readTask(self, signal);
      if (task.state === "QUEUEING") return { news: this.#waiting(job, new Fault("TASK_STILL_QUEUEING")) };
      const happened: Action | undefined = task.state === "CANCELLED" ? "cancel" : CONTINUED_STATES.has(task.state) ? "continue" : undefined;
      if (happened === action && uncertain) return { news: settled(job, "delivered", asAsked(action)) };
      if (happened === undefined) return { news: settled(job, "gone", "gone") };
      return { news: settled(job, "elsewhere", happened === "continue" ? "already-continued" : "already-cancelled") };
    } catch (error) {
      if (signal.aborted) return this.#interrupted(job);
      if (!(error instanceof AbiquoFault && error.code === "ABIQUO_NOT_FOUND")) return this.#judge(job, error);
      const young = this.#clock.now() - job.task.receivedAt < NOT_YET_KNOWN;
      return { news: young ? this.#waiting(job, error) : settled(job, "gone", "gone") };
    }
  }

  #judge(job: Job, fault: unknown): { news: News; fault: Fault } {
    if (!(fault instanceof Fault)) throw fault;
    if (!(fault instanceof AbiquoFault)) return { news: refused(job, fault), fault };
    if (fault.mayHaveArrived) job.decision = { ...job.decision, uncertain: true };
    if (fault.retriable) {
      this.#width = 1;
      return { news: this.#waiting(job, fault, Math.max(backoff(job.decision.attempts), fault.retryAfterMs ?? 0)), fault };
    }
    if (fault.status === 401) return { news: this.#waiting(job, fault, 0), fault };
    return { news: refused(job, fault), fault };
  }

  #waiting(job: Job, fault: Fault, delay = backoff(job.decision.attempts)): News {
    return { ...job.decision, delivery: "waiting", nextAt: this.#clock.now() + delay, fault: faultText(fault) };
  }

  /** Answers in how many ms to try again; undefined when the decision has come to its end. */
  async #conclude(job: Job, news: News, fault?: Fault): Promise<number | undefined> {
    const now = this.#clock.now();
    await this.#ledger.report({ ...news, reportedAt: now });
    job.decision = { ...job.decision, ...news, settledAt: now };
    if (news.delivery === "waiting") return Math.max(0, news.nextAt - now);
    this.#jobs.delete(job.key);
    this.#events.settled(job.task, job.decision, fault);
    return undefined;
  }
}

/** Stores of 0.1.0 may hold what only a message said of a task: links of another one, or too few. */
function ownLinks({ api, taskId, links }: TaskRecord): TaskLinks | Fault {
  try {
    return linksOfTask(JSON.parse(links) as Partial<TaskLinks>, taskId, apiBase(api));
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

type Action = DecisionRecord["action"];
/** How an attempt went, but for the moment. */
type News = Omit<DeliveryNews, "reportedAt">;

function asAsked(action: Action): Outcome {
  return action === "continue" ? "continued" : "cancelled";
}

function settled(job: Job, delivery: "delivered" | "elsewhere" | "gone", outcome: Outcome): News {
  return { ...job.decision, delivery, outcome, fault: undefined };
}

function refused(job: Job, fault: Fault): News {
  return { ...job.decision, delivery: "undeliverable", fault: faultText(fault) };
}

function faultText(fault: Fault): string {
  return JSON.stringify({ code: fault.code, params: fault.params });
}

/** TASK-1: unknown task; TASK-2: not in the appropriate state. The status of TASK-2 is not known for sure. */
function isLost(fault: AbiquoFault): boolean {
  return fault.code === "ABIQUO_NOT_FOUND" || fault.apiErrors.some(({ code }) => code === "TASK-1" || code === "TASK-2");
}

/** Full jitter: many answers that failed together do not come back together. */
function backoff(attempts: number): number {
  const ceiling = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(attempts, 10));
  return ceiling / 2 + Math.random() * (ceiling / 2);
}
