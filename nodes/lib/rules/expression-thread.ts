import { Worker } from "node:worker_threads";
import { systemClock } from "../base/clock.ts";
import { roomModule } from "../base/here.ts";
import type { ExpressionJob, ExpressionReply } from "./expression-job.ts";

/** A job that waits for its reply. */
export interface Ticket {
  readonly job: ExpressionJob;
  readonly resolve: (reply: ExpressionReply) => void;
}

export interface ThreadLimits {
  /** of one evaluation, in ms */
  readonly processorTime: number;
  /** of the thread, in MB */
  readonly memory: number;
}

/** How long a thread may take to end, in ms. */
const ENDING_TIME = 5_000;

/**
 * How a thread has ended: it never stood; at the evaluation that broke it down or that it was ended for; or when it
 * was past that one already.
 */
export type Ended = "UNAVAILABLE" | "AT_WORK" | "PAST_IT";

/** One thread that evaluates, one job after the other. An idle one keeps no process alive. */
export class ExpressionThread {
  /** jobs that it has not answered, in their order; it is at the first one */
  readonly given: Ticket[] = [];
  readonly #worker: Worker;
  readonly #begun = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #limits: ThreadLimits;
  readonly #onEnd: (why: Ended) => void;
  #isReady = false;
  #hasEnded = false;
  /** evaluations begun before the first of the jobs given */
  #before = 0;
  #seen = 0;
  #used = 0;
  /** the evaluation that it was ended for */
  #condemned: number | undefined;

  /**
   * @param onReply is called when a job is answered
   * @param onEnd is called once, when the thread has ended with jobs unanswered or without
   */
  constructor(limits: ThreadLimits, onReply: (thread: ExpressionThread) => void, onEnd: (thread: ExpressionThread, why: Ended) => void) {
    this.#limits = limits;
    this.#onEnd = (why) => onEnd(this, why);
    // It needs nothing of the environment, and so has no secret of it.
    this.#worker = new Worker(roomModule("rules/worker"), {
      workerData: this.#begun.buffer,
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: limits.memory },
    });
    this.#worker.on("message", (reply: ExpressionReply | "ready") => {
      this.#isReady = true;
      if (reply === "ready" || this.#hasEnded) return;
      this.#before = (this.#before + reply.truths.length) | 0;
      this.given.shift()?.resolve(reply);
      if (this.given.length === 0) this.#worker.unref();
      onReply(this);
    });
    // What it says is of no use to anybody; that it has ended is told next.
    this.#worker.on("error", () => undefined);
    this.#worker.on("exit", () => this.#afterEnd());
    this.#worker.unref();
  }

  /** @throws DataCloneError when something in the jobs cannot be copied; then none of them is given */
  give(tickets: readonly Ticket[]): void {
    this.#worker.postMessage(tickets.map(({ job }) => job));
    if (this.given.length === 0) {
      this.#worker.ref();
      this.#used = 0;
    }
    this.given.push(...tickets);
  }

  /** How many tasks of its first job it has begun. */
  get begun(): number {
    // Both count round and round, as 32-bit numbers do.
    return (Atomics.load(this.#begun, 0) - this.#before) | 0;
  }

  /**
   * Counts processor time for the evaluation that it is at.
   *
   * @param milliseconds spent since this was last called
   * @returns whether that evaluation has had its share
   */
  charge(milliseconds: number): boolean {
    const begun = Atomics.load(this.#begun, 0);
    this.#used = begun === this.#seen ? this.#used + milliseconds : 0;
    this.#seen = begun;
    return this.#used > this.#limits.processorTime;
  }

  get isEnding(): boolean {
    return this.#condemned !== undefined;
  }

  /** Ends it for the evaluation that was last charged. What it has answered until then still arrives. */
  end(): void {
    if (this.isEnding) return;
    this.#condemned = this.#seen;
    void this.#worker.terminate();
    // Whatever keeps it: nobody waits for it any longer.
    systemClock.after(ENDING_TIME, () => this.#afterEnd());
  }

  #afterEnd(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#worker.unref();
    const isPast = this.isEnding && Atomics.load(this.#begun, 0) !== this.#condemned;
    this.#onEnd(!this.#isReady ? "UNAVAILABLE" : isPast ? "PAST_IT" : "AT_WORK");
  }
}
