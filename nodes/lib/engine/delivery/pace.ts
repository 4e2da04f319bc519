import type { Clock } from "../../base/clock.ts";

/** How late a timer may ring, in ms. */
const TIMER_LAG = 20;

/** So many answers a second: none leaves before its slot. */
export class Pace {
  readonly #clock: Clock;
  /** in the clock's monotonic time */
  #next = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** In how many ms there is a slot; 0 when there is one now. */
  get wait(): number {
    return Math.max(0, this.#next - this.#clock.monotonic());
  }

  /** Takes the slot that there is now. @param pace answers a second; 0 = no limit */
  take(pace: number): void {
    if (pace <= 0) {
      this.#next = -Infinity;
      return;
    }
    const now = this.#clock.monotonic();
    const late = now - this.#next;
    // A timer that rings a little late must not slow the pace down; a longer pause is not made up for.
    this.#next = now + 1_000 / pace - (late < TIMER_LAG ? late : 0);
  }
}
