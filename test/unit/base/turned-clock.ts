import type { Clock } from "../../../nodes/lib/base/clock.ts";

/** A clock that stands still until a spec turns it. */
export class TurnedClock implements Clock {
  readonly #timers = new Map<object, { readonly at: number; readonly run: () => void }>();
  #time = 0;
  readonly #start: number;

  /** @param start what the clock shows at first, in ms since 1970 */
  constructor(start = 1_600_000_000_000) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#time;
  }

  monotonic(): number {
    return this.#time;
  }

  after(ms: number, run: () => void): () => void {
    const key = {};
    this.#timers.set(key, { at: this.#time + ms, run });
    return () => void this.#timers.delete(key);
  }

  /** How many timers have not run yet. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Lets so many ms pass, and runs what is due in between, each at its time. */
  turn(ms: number): void {
    const end = this.#time + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
      if (next === undefined) break;
      const [key, { at, run }] = next;
      this.#timers.delete(key);
      this.#time = Math.max(this.#time, at);
      run();
    }
    this.#time = end;
  }
}
