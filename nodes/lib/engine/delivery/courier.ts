import type { AbiquoClient } from "../../abiquo/index.ts";
import { equalJitter, exponential } from "../../base/backoff.ts";
import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import { type DecisionRecord, keptFault, type Ledger, type TaskKey, type TaskRecord } from "../../ledger/index.ts";
import { type Attempt, attemptAnswer } from "../attempt.ts";
import { NOT_YET_SHOWN, youth } from "../not-yet-shown.ts";
import type { CircuitState } from "../observer.ts";
import type { Connection } from "../outbox.ts";
import { type Circuit, DELAYS, type Sign } from "./circuit.ts";
import type { Job } from "./job.ts";

/** After so many attempts, some ten minutes, it is told that an answer does not get through though others do. */
const LONG = 12;

export interface DeliveryEvents {
  /** The decision reached its end: delivered, decided elsewhere, gone, or refused. It is on disk. */
  settled(task: TaskRecord, decision: DecisionRecord, fault?: Fault): void;
  /** An attempt failed for this reason; there will be another. */
  retried(decision: DecisionRecord, fault: Fault): void;
  /** It needs somebody to act: it has no connection, or does not get through for long. The decision is kept. */
  stopped(key: TaskKey, fault: Fault): void;
  /** Abiquo refuses the connection's credentials. The decision is kept; the connection tells, once for all. */
  halted(key: TaskKey, fault: Fault): void;
  /** The circuit of this connection has turned. */
  turned(connection: string, state: CircuitState): void;
}

type CourierEvents = Pick<DeliveryEvents, "settled" | "retried" | "stopped">;

/** What an attempt goes by. */
export interface Way {
  readonly connection: Connection;
  readonly circuit: Circuit;
  /** cuts it short */
  readonly signal: AbortSignal;
}

/** Makes attempts. How each of them went is on disk before anybody is told. */
export class Courier {
  readonly #ledger: Pick<Ledger, "report">;
  readonly #events: CourierEvents;
  readonly #clock: Clock;
  readonly #isYoung: (receivedAt: number) => boolean;

  constructor(ledger: Pick<Ledger, "report">, events: CourierEvents, clock: Clock) {
    this.#ledger = ledger;
    this.#events = events;
    this.#clock = clock;
    this.#isYoung = youth(clock);
  }

  /** @returns in how many ms to try again; undefined when the decision has come to its end */
  async deliver(job: Job, way: Way): Promise<number | undefined> {
    try {
      // Before anything is sent: a kill from here on leaves an attempt that may have been made.
      if (job.decision.delivery !== "sending") await this.#report(job, { ...job.decision, delivery: "sending" });
    } catch {
      return backoff(job.decision.attempts);
    }
    try {
      return await this.#conclude(job, await this.#attempt(job, way), way);
    } catch {
      // The ledger cannot be written: the job stays as it is on disk, and is tried again.
      job.decision = { ...job.decision, uncertain: true };
      return backoff(job.decision.attempts);
    }
  }

  async #attempt(job: Job, { connection: { id, client }, circuit, signal }: Way): Promise<Attempt> {
    const { links } = job;
    if (links instanceof Fault) return { end: "undeliverable", fault: links };
    const attempt = await attemptAnswer(
      client,
      { ...job.decision, links, looksFirst: job.looksFirst },
      () => this.#mayBeHidden(job),
      signal,
    );
    circuit.end(signOf(attempt, job));
    job.decision = { ...job.decision, attempts: job.decision.attempts + 1 };
    return id === job.decision.connection ? attempt : withoutRefusal(attempt);
  }

  async #conclude(job: Job, attempt: Attempt, { connection: { client }, circuit }: Way): Promise<number | undefined> {
    if (attempt.end === "interrupted") {
      job.decision = { ...job.decision, uncertain: true };
      return 0;
    }
    if (attempt.end === "none") return this.#postpone(job, attempt, client, circuit);
    const fault = attempt.end === "undeliverable" ? attempt.fault : undefined;
    const outcome = attempt.end === "undeliverable" ? undefined : attempt.outcome;
    const end = { delivery: attempt.end, fault: fault && faultText(fault), outcome: outcome ?? job.decision.outcome };
    // Of what is refused, this is since when.
    await this.#report(job, { ...job.decision, ...end, nextAt: this.#clock.now() });
    this.#events.settled(job.task, job.decision, fault);
    return undefined;
  }

  async #postpone(job: Job, attempt: Attempt & { end: "none" }, client: AbiquoClient, circuit: Circuit): Promise<number> {
    const { decision } = job;
    // An open circuit, or one that is halted, lets it leave when its turn comes.
    const own = circuit.wait > 0 || client.halted !== undefined ? 0 : Math.max(backoff(decision.attempts), attempt.retryAfterMs);
    const nextAt = this.#clock.now() + Math.max(own, circuit.wait);
    const uncertain = decision.uncertain || attempt.uncertain;
    await this.#report(job, { ...decision, delivery: "waiting", uncertain, nextAt, fault: faultText(attempt.fault) });
    this.#events.retried(job.decision, attempt.fault);
    // Of an outage the connection tells, once for all. Who was told once has nothing told again.
    if (decision.attempts >= LONG && !client.isDown) this.#events.stopped(decision, attempt.fault);
    return own;
  }

  /** Believed only once it is on disk. */
  async #report(job: Job, decision: DecisionRecord): Promise<void> {
    const now = this.#clock.now();
    await this.#ledger.report({ ...decision, reportedAt: now });
    job.decision = { ...decision, settledAt: now };
  }

  /** Whether Abiquo may not show the task yet, whose receipt another process may have noted by another clock. */
  #mayBeHidden(job: Job): boolean {
    const now = this.#clock.monotonic();
    job.missingSince ??= now;
    // So long a look is enough in any case.
    return this.#isYoung(job.task.receivedAt) && now - job.missingSince < NOT_YET_SHOWN;
  }
}

function signOf(attempt: Attempt, { key }: Job): Sign {
  if (attempt.end === "interrupted") return { of: "nothing" };
  if (attempt.end !== "none") return { of: "health" };
  const { fault, retryAfterMs, says } = attempt;
  if (says === "health" || says === "nothing") return { of: says };
  return says === "away" ? { of: "trouble", fault, retryAfterMs } : { of: "trouble", fault, retryAfterMs, suspect: key };
}

/** What is refused to a connection that only stands in may be allowed to the answer's own: it waits for that one. */
function withoutRefusal(attempt: Attempt): Attempt {
  if (attempt.end !== "undeliverable") return attempt;
  return { end: "none", fault: attempt.fault, says: "health", uncertain: false, retryAfterMs: 0 };
}

function faultText({ code, params }: Fault): string {
  return keptFault.write({ code, params });
}

function backoff(attempts: number): number {
  return equalJitter(exponential(DELAYS, attempts));
}
