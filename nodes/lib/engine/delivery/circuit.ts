import { equalJitter, exponential } from "../../base/backoff.ts";
import type { Clock } from "../../base/clock.ts";
import type { Fault } from "../../base/fault.ts";
import type { CircuitState } from "../observer.ts";

export interface CircuitReport {
  readonly state: CircuitState;
  /** milliseconds since 1970 */
  readonly since: number;
  /** what opened it; absent while it is closed */
  readonly why?: Fault;
}

/** What an attempt says of the platform. */
export type Sign =
  /** Abiquo does its work, whatever it says of this one answer */
  | { readonly of: "health" }
  /** nothing: somebody cut the attempt short, or the sign-in was refused */
  | { readonly of: "nothing" }
  | {
      readonly of: "trouble";
      readonly fault: Fault;
      /** what it may be due to other than the platform: failures of the same count once */
      readonly suspect?: string;
      /** how long Abiquo asks to wait, in ms; 0 = it does not */
      readonly retryAfterMs: number;
    };

/** So many failures without a success between them open it. */
const THRESHOLD = 3;
/** How many answers are on their way by one connection at once. */
const WIDTH = 32;
export const DELAYS = { first: 1_000, longest: 60_000 };

/**
 * Keeps the answers of one connection back while Abiquo is away or overloaded, so that one is tried and not each of
 * hundreds (https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker). Once Abiquo works, and at the
 * start, answers leave one at a time, and twice as many at once after each that is taken.
 */
export class Circuit {
  readonly #clock: Clock;
  readonly #turned: (state: CircuitState) => void;
  #state: CircuitState = "closed";
  #since: number;
  #why: Fault | undefined;
  /** the failures since the last success; those that one answer alone may be the reason of count once */
  readonly #failures = new Set<unknown>();
  /** in the clock's monotonic time */
  #until = 0;
  /** Abiquo itself has said how long to wait */
  #isAsked = false;
  #width = 1;

  /** @param turned is told each new state */
  constructor(clock: Clock, turned: (state: CircuitState) => void) {
    this.#clock = clock;
    this.#turned = turned;
    this.#since = clock.now();
  }

  get report(): CircuitReport {
    const base = { state: this.#state, since: this.#since };
    return this.#why === undefined ? base : { ...base, why: this.#why };
  }

  /** How long nothing may leave, in ms. */
  get wait(): number {
    return this.#state === "open" ? Math.max(0, this.#until - this.#clock.monotonic()) : 0;
  }

  /** How many may be in flight now. */
  get room(): number {
    if (this.#state === "closed") return this.#width;
    return this.wait > 0 ? 0 : 1;
  }

  /** An answer leaves. */
  begin(): void {
    if (this.#state === "open") this.#turn("half-open", this.#why);
  }

  /** An attempt is over. */
  end(sign: Sign): void {
    if (sign.of === "health") this.#works();
    else if (sign.of === "trouble") this.#failed(sign);
  }

  /** The connection has proved to work, or was changed: nothing that was before counts. */
  reset(): void {
    this.#failures.clear();
    this.#isAsked = false;
    if (this.#state !== "closed") this.#turn("closed", undefined);
  }

  #works(): void {
    // What left before Abiquo asked to wait does not speak against it.
    if (this.#state === "open" && this.#isAsked && this.wait > 0) return;
    this.#width = Math.min(WIDTH, this.#width * 2);
    this.reset();
  }

  #failed({ fault, suspect, retryAfterMs }: Sign & { of: "trouble" }): void {
    const wasOpen = this.#state === "open";
    this.#width = 1;
    // What left together fails together: that says nothing new.
    if (!wasOpen) this.#failures.add(suspect !== undefined && this.#state === "closed" ? suspect : {});
    const isAsked = retryAfterMs > 0;
    if (!wasOpen && !isAsked && this.#state === "closed" && this.#failures.size < THRESHOLD) return;
    const own = wasOpen ? 0 : equalJitter(exponential(DELAYS, this.#failures.size));
    const until = this.#clock.monotonic() + Math.max(own, retryAfterMs);
    if (wasOpen && until <= this.#until) return;
    this.#until = until;
    this.#isAsked = isAsked;
    if (!wasOpen) this.#turn("open", fault);
  }

  #turn(state: CircuitState, why: Fault | undefined): void {
    // From the first failure on it is one trouble, however often it was looked at since.
    if (this.#state === "closed" || state === "closed") this.#since = this.#clock.now();
    this.#state = state;
    this.#why = why;
    this.#turned(state);
  }
}
