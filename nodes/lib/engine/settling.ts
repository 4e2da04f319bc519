import type { Clock } from "../base/clock.ts";

/** How often what settles is looked at, in ms. */
const ROUND = 1_000;

/** Waits until the flow has had something for the settling time. Counts rounds: a clock that is set changes nothing. */
export class Settling {
  readonly #clock: Clock;
  readonly #round: number;
  readonly #rounds: number;
  readonly #settled: (ids: readonly string[]) => Promise<void>;
  /** in which round each began, the earliest first */
  readonly #began = new Map<string, number>();
  #now = 0;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  /**
   * @param settle the settling time, in ms of process life
   * @param settled is told of those that have settled; where it fails, they are told again
   */
  constructor(settle: number, clock: Clock, settled: (ids: readonly string[]) => Promise<void>) {
    this.#clock = clock;
    this.#round = Math.max(1, Math.min(ROUND, settle));
    // The round in which something begins is under way already, and does not count.
    this.#rounds = Math.ceil(settle / this.#round) + 1;
    this.#settled = settled;
  }

  /** Whether the flow has been given it less than the settling time ago. */
  has(id: string): boolean {
    return this.#began.has(id);
  }

  /** The flow has been given it, maybe once more: its time begins now. */
  begin(id: string): void {
    this.#began.delete(id);
    this.#began.set(id, this.#now);
    this.#watch();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  #watch(): void {
    if (this.#isClosed || this.#cancel !== undefined || this.#began.size === 0) return;
    this.#cancel = this.#clock.after(this.#round, () => {
      this.#cancel = undefined;
      this.#now++;
      this.#end();
      this.#watch();
    });
  }

  #end(): void {
    const ended: string[] = [];
    for (const [id, began] of this.#began) {
      if (this.#now - began < this.#rounds) break;
      ended.push(id);
      this.#began.delete(id);
    }
    if (ended.length === 0) return;
    this.#settled(ended).catch(() => {
      for (const id of ended) if (!this.#began.has(id)) this.begin(id);
    });
  }
}
