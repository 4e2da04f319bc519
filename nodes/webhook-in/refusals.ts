import { type Clock, systemClock } from "../lib/base/clock.ts";

/** In ms. */
const INTERVAL = 60_000;

/** Counts refused calls, and tells of them once a minute: a scanner's thousand calls are one line. */
export class Refusals {
  readonly #tell: (count: number, statuses: string) => void;
  readonly #clock: Clock;
  readonly #counts = new Map<number, number>();
  #cancel: (() => void) | undefined;

  /** @param tell hears how many there were, and by which statuses: `401: 50, 403: 2` */
  constructor(tell: (count: number, statuses: string) => void, clock = systemClock) {
    this.#tell = tell;
    this.#clock = clock;
  }

  add(status: number): void {
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + 1);
    this.#cancel ??= this.#clock.after(INTERVAL, () => this.flush());
  }

  /** Tells what has not been told. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const counts = [...this.#counts].sort(([one], [other]) => one - other);
    this.#counts.clear();
    if (counts.length === 0) return;
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    this.#tell(total, counts.map(([status, count]) => `${status}: ${count}`).join(", "));
  }
}
