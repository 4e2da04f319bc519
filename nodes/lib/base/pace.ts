import type { Clock } from "./clock.ts";

/** How late a timer may ring, in ms. */
const TIMER_LAG = 20;

/** A timer that rings a little late must not slow a pace down; a longer pause is not made up for. */
function lagOnly(late: number): number {
  return late < TIMER_LAG ? late : 0;
}

/** So many things a second: each has its slot, and none comes before it. */
export class Pace {
  readonly #clock: Clock;
  readonly #madeUp: (late: number) => number;
  /** in the clock's monotonic time */
  #next = -Infinity;

  /** @param madeUp of so many ms that a slot is taken late, how many the next one comes sooner */
  constructor(clock: Clock, madeUp = lagOnly) {
    this.#clock = clock;
    this.#madeUp = madeUp;
  }

  /** In how many ms there is a slot; 0 when there is one now. */
  get wait(): number {
    return Math.max(0, this.#next - this.#clock.monotonic());
  }

  /** Takes the next slot. @param perSecond 0 = no limit. @returns in how many ms it comes */
  take(perSecond: number): number {
    const now = this.#clock.monotonic();
    const late = now - this.#next;
    const slot = late < 0 ? this.#next : now - this.#madeUp(late);
    this.#next = perSecond > 0 ? slot + 1_000 / perSecond : -Infinity;
    return Math.max(0, -late);
  }
}
