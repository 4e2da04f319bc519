import { exponential } from "../base/backoff.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Ledger } from "../ledger/index.ts";

/** How long the requests that have left wait to be forgotten together, in ms. */
const FORGETTING = 20;
/** And how long when they could not be. */
const RETRIES = { first: 5_000, longest: 5 * 60_000 };

/**
 * Forgets requests whose message has left its node; only then, since a kill in between shall repeat a message rather
 * than lose it. What the ledger does not take is tried again in growing pauses, until the ledger is closed.
 */
export class Forgetting {
  readonly #ledger: Pick<Ledger, "forget">;
  readonly #clock: Clock;
  /** ids of requests that have left and that the ledger is about to forget */
  readonly #left = new Set<string>();
  #cancel: (() => void) | undefined;
  #failures = 0;
  #isClosed = false;

  constructor(ledger: Pick<Ledger, "forget">, clock = systemClock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** True while the ledger may still have a request that has left. */
  has(id: string): boolean {
    return this.#left.has(id);
  }

  add(id: string): void {
    this.#left.add(id);
    this.#in(FORGETTING);
  }

  /** Tries once more, and then no more: what the ledger still has leaves again after the next start. */
  async close(): Promise<void> {
    this.#cancel?.();
    this.#isClosed = true;
    await this.#flush();
  }

  #in(ms: number): void {
    if (this.#isClosed) return;
    this.#cancel ??= this.#clock.after(ms, () => {
      this.#cancel = undefined;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const ids = [...this.#left];
    if (ids.length === 0) return;
    try {
      await this.#ledger.forget(ids);
    } catch {
      this.#in(exponential(RETRIES, this.#failures++));
      return;
    }
    this.#failures = 0;
    for (const id of ids) this.#left.delete(id);
    if (this.#left.size > 0) this.#in(FORGETTING);
  }
}
