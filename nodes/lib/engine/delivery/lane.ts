import type { Clock } from "../../base/clock.ts";
import type { Fault } from "../../base/fault.ts";
import type { Pace } from "../../base/pace.ts";
import type { CircuitState } from "../observer.ts";
import type { Connection } from "../outbox.ts";
import type { Bulkhead } from "./bulkhead.ts";
import { Circuit, type CircuitReport } from "./circuit.ts";
import type { Way } from "./courier.ts";
import type { Job } from "./job.ts";
import { Turns } from "./turns.ts";

export interface LaneParts {
  readonly clock: Clock;
  /** the connection's, kept while it is redeployed */
  readonly pace: Pace;
  /** the platform's */
  readonly bulkhead: Bulkhead;
  /** Makes an attempt. @returns in how many ms to try again; undefined when the decision has come to its end */
  readonly send: (job: Job, way: Way) => Promise<number | undefined>;
  /** sees to what becomes of the job then */
  readonly ended: (job: Job, delay: number | undefined) => void;
  /** is told each new state of the circuit, and `stopped` when the credentials are refused */
  readonly turned: (state: CircuitState) => void;
  /** is told of each job that waits for other credentials */
  readonly halted: (job: Job, fault: Fault) => void;
}

/** The answers that leave by one connection: as many at once as Abiquo bears, at the connection's pace, in fair turns. */
export class Lane implements Way {
  readonly connection: Connection;
  readonly circuit: Circuit;
  readonly #abort = new AbortController();
  readonly #parts: LaneParts;
  readonly #turns = new Turns<Job>();
  #inFlight = 0;
  /** in the clock's monotonic time */
  #haltedSince: { readonly fault: Fault; readonly at: number } | undefined;
  /** when it looks again by itself, in the clock's monotonic time */
  #wakeAt = Number.POSITIVE_INFINITY;
  #cancelWake: (() => void) | undefined;

  constructor(connection: Connection, parts: LaneParts) {
    this.connection = connection;
    this.circuit = new Circuit(parts.clock, (state) => parts.turned(state));
    this.#parts = parts;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#turns.size;
  }

  /** Of its circuit, or of the refused sign-in. */
  get report(): CircuitReport {
    const halt = this.#halt();
    return halt === undefined ? this.circuit.report : { state: "stopped", since: halt.at, why: halt.fault };
  }

  add(job: Job): void {
    this.#turns.add(job);
    const halt = this.#halt();
    if (halt !== undefined) this.#parts.halted(job, halt.fault);
  }

  /** Lets leave what may. */
  pump(): void {
    const { pace, bulkhead } = this.#parts;
    while (this.#turns.size > 0 && !this.signal.aborted) {
      if (this.#halt() !== undefined) return;
      const wait = Math.max(this.circuit.wait, pace.wait);
      if (wait > 0) return this.#wakeIn(wait);
      if (this.#inFlight >= this.circuit.room) return;
      const job = this.#turns.take((datacenter) => bulkhead.isFull(datacenter));
      if (job === undefined) return;
      pace.take(this.connection.pace);
      void this.#send(job);
    }
  }

  /** Gives back what waits here. */
  empty(): Job[] {
    return this.#turns.clear();
  }

  /** Cuts short what is in flight, and gives back what waits. */
  close(): Job[] {
    this.#abort.abort();
    this.#cancelWake?.();
    return this.empty();
  }

  async #send(job: Job): Promise<void> {
    const { bulkhead, send, ended } = this.#parts;
    this.#inFlight++;
    bulkhead.begin(job.datacenter);
    this.circuit.begin();
    job.busy = true;
    const delay = await send(job, this);
    job.busy = false;
    bulkhead.end(job.datacenter);
    this.#inFlight--;
    ended(job, delay);
  }

  /** Why and since when nothing is sent at all. */
  #halt(): { readonly fault: Fault; readonly at: number } | undefined {
    const fault = this.connection.client.halted;
    if (fault === undefined) {
      if (this.#haltedSince === undefined) return undefined;
      this.#haltedSince = undefined;
      this.#parts.turned(this.circuit.report.state);
    } else if (this.#haltedSince?.fault !== fault) {
      this.#haltedSince = { fault, at: this.#parts.clock.now() };
      this.#parts.turned("stopped");
      for (const job of this.#turns) this.#parts.halted(job, fault);
    }
    return this.#haltedSince;
  }

  #wakeIn(wait: number): void {
    // Timers know no parts of a millisecond, and must not ring early.
    const ms = Math.ceil(wait);
    const at = this.#parts.clock.monotonic() + ms;
    if (Math.abs(at - this.#wakeAt) < 1) return;
    this.#cancelWake?.();
    this.#wakeAt = at;
    this.#cancelWake = this.#parts.clock.after(ms, () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.pump();
    });
  }
}
