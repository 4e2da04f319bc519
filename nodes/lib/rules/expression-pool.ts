import { availableParallelism } from "node:os";
import { every, systemClock } from "../base/clock.ts";
import { getOrCreate } from "../base/get-or-create.ts";
import { EXPRESSION_LIMITS, type ExpressionJob, type ExpressionReply, type ExpressionTruth } from "./expression-job.ts";
import { type Ended, ExpressionThread, type ThreadLimits, type Ticket } from "./expression-thread.ts";

/** One that runs away leaves the other to everybody else. */
const MOST_THREADS = Math.max(2, Math.min(4, availableParallelism() - 1));
/** How many tasks' facts a thread holds at once, unless one job alone has more. */
const TASKS_AT_ONCE = 32;
/** After which an idle thread ends, in ms. */
const IDLE_TIME = 30_000;
/** How often threads at work are looked at, in ms. */
const LOOK_INTERVAL = 100;

type NewThread = (onReply: (thread: ExpressionThread) => void, onEnd: (thread: ExpressionThread, why: Ended) => void) => ExpressionThread;

/** Processor time of this process, all threads together, in ms. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/**
 * Evaluates expressions in a few threads, each of which can be ended whatever it is at.
 *
 * What an evaluation may take is processor time and not time on the clock: on a busy machine, or on one that
 * stood still, nothing else would tell a good expression from a runaway. As one thread cannot be asked for its own
 * from outside while it is at work, it is charged an even share of what the whole process spent.
 */
export class ExpressionThreads {
  readonly #spentByProcess: () => number;
  readonly #newThread: NewThread;
  readonly #threads = new Map<ExpressionThread, (() => void) | undefined>();
  /** by expression, which get their turns one after the other */
  readonly #waiting = new Map<string, Ticket[]>();
  /** fewer once a further one could not be started */
  #most = MOST_THREADS;
  #looking: (() => void) | undefined;
  #spent = 0;

  /**
   * @param spentByProcess processor time that this process has used so far, in ms
   * @param newThread may throw where no further thread can be started
   */
  constructor(
    spentByProcess: () => number = processorTime,
    limits: ThreadLimits = EXPRESSION_LIMITS,
    newThread: NewThread = (...listeners) => new ExpressionThread(limits, ...listeners),
  ) {
    this.#spentByProcess = spentByProcess;
    this.#newThread = newThread;
  }

  /** Never rejects. */
  judge(job: ExpressionJob): Promise<ExpressionReply> {
    return new Promise((resolve) => {
      this.#wait({ job, resolve });
      this.#handOut();
    });
  }

  #handOut(): void {
    while (this.#waiting.size > 0) {
      const thread = this.#freeThread();
      if (thread === undefined) break;
      this.#give(thread, this.#next());
    }
    if (this.#looking === undefined && this.#busy.length > 0) this.#lookFrom(this.#spentByProcess());
  }

  get #busy(): ExpressionThread[] {
    return [...this.#threads.keys()].filter(({ given }) => given.length > 0);
  }

  /** An idle one, else a new one, else the one with the least to do unless it has enough. */
  #freeThread(): ExpressionThread | undefined {
    const standing = [...this.#threads.keys()].filter(({ isEnding }) => !isEnding);
    const least = standing.toSorted((a, b) => weightOf(a.given) - weightOf(b.given))[0];
    if (least?.given.length === 0) return least;
    const started = this.#threads.size < this.#most ? this.#start() : undefined;
    if (started !== undefined) return started;
    return least !== undefined && weightOf(least.given) < TASKS_AT_ONCE / 2 ? least : undefined;
  }

  #start(): ExpressionThread | undefined {
    try {
      const thread = this.#newThread(
        (of) => this.#afterReply(of),
        (of, why) => this.#afterEnd(of, why),
      );
      this.#threads.set(thread, undefined);
      return thread;
    } catch {
      this.#manageWithout();
      return undefined;
    }
  }

  /** No further thread can be started. Where there is none at all, nobody waits for what will not come. */
  #manageWithout(): void {
    this.#most = Math.max(1, this.#threads.size);
    if (this.#threads.size > 0) return;
    const waiting = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    for (const { resolve } of waiting) resolve(unjudged("RULE_EXPRESSION_UNAVAILABLE"));
  }

  /** Some jobs of the expression whose turn it is. */
  #next(): Ticket[] {
    const [text, tickets] = this.#waiting.entries().next().value as [string, Ticket[]];
    this.#waiting.delete(text);
    let count = 1;
    while (count < tickets.length && weightOf(tickets.slice(0, count + 1)) <= TASKS_AT_ONCE) count += 1;
    const taken = tickets.splice(0, count);
    if (tickets.length > 0) this.#waiting.set(text, tickets);
    return taken;
  }

  #give(thread: ExpressionThread, tickets: readonly Ticket[]): void {
    this.#threads.get(thread)?.();
    try {
      thread.give(tickets);
    } catch {
      for (const ticket of tickets) giveAlone(thread, ticket);
    }
    if (thread.given.length === 0) this.#rest(thread);
  }

  #afterReply(thread: ExpressionThread): void {
    if (thread.given.length === 0) this.#rest(thread);
    this.#handOut();
  }

  #rest(thread: ExpressionThread): void {
    this.#threads.get(thread)?.();
    const idle = (): void => {
      this.#threads.delete(thread);
      thread.end();
    };
    if (this.#threads.has(thread)) this.#threads.set(thread, systemClock.after(IDLE_TIME, idle));
  }

  #afterEnd(thread: ExpressionThread, why: Ended): void {
    this.#threads.get(thread)?.();
    this.#threads.delete(thread);
    const [first, ...others] = thread.given.splice(0);
    if (first === undefined) return;
    if (why === "AT_WORK") first.resolve(unjudged("RULE_EXPRESSION_RUNAWAY", thread.begun, first.job.steps));
    for (const ticket of why === "AT_WORK" ? others : [first, ...others]) this.#wait(ticket);
    if (why === "UNAVAILABLE") this.#manageWithout();
    this.#handOut();
  }

  #wait(ticket: Ticket): void {
    getOrCreate(this.#waiting, ticket.job.text, () => []).push(ticket);
  }

  #lookFrom(spent: number): void {
    this.#spent = spent;
    this.#looking = every(systemClock, LOOK_INTERVAL, () => this.#look());
  }

  #look(): void {
    const busy = this.#busy;
    if (busy.length === 0) {
      this.#looking?.();
      this.#looking = undefined;
      return;
    }
    const spent = this.#spentByProcess();
    // The main thread has its share too. A look that came late counts once: replies may be on their way.
    const share = Math.min((spent - this.#spent) / (busy.length + 1), LOOK_INTERVAL);
    this.#spent = spent;
    for (const thread of busy) if (thread.charge(share)) thread.end();
  }
}

/** All rules of this process share them. */
export const expressionThreads = new ExpressionThreads();

function weightOf(tickets: readonly Ticket[]): number {
  return tickets.reduce((sum, { job }) => sum + Math.max(job.tasks.length, job.all?.length ?? 0), 0);
}

/** Without what cannot be copied, such as the functions that a flow may put among the facts. */
function giveAlone(thread: ExpressionThread, ticket: Ticket): void {
  for (const copied of [() => ticket, () => ({ ...ticket, job: plain(ticket.job) })]) {
    try {
      thread.give([copied()]);
      return;
    } catch {
      // The next form may do.
    }
  }
  ticket.resolve(unjudged("RULE_EXPRESSION_FAILED"));
}

function plain(job: ExpressionJob): ExpressionJob {
  return JSON.parse(JSON.stringify(job)) as ExpressionJob;
}

/** @param begun how many tasks were begun; for those before the last one it was not false */
function unjudged(why: Exclude<ExpressionTruth, boolean>, begun = 1, steps = 0): ExpressionReply {
  return { truths: [...Array<true>(Math.max(0, begun - 1)).fill(true), why], steps };
}
