import type { Clock } from "../../base/clock.ts";
import type { Ledger } from "../../ledger/index.ts";
import type { Unworkable } from "./unworkable.ts";

/** How many due approvals are worked on at once. */
export const DUE_AT_ONCE = 50;
/** How long until what could not be done is tried again, in ms. */
export const AGAIN = 30_000;
/** Node's timers hold 24 days; a look once a day costs nothing. */
const LONGEST_SLEEP = 24 * 60 * 60_000;

/** Moves requests on when their time has come: deadlines, reminders, and what is to be tried again. */
export class Wakes {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #keys: () => string[];
  readonly #unworkable: Unworkable;
  readonly #moveOn: (id: string) => Promise<void>;
  #cancel: (() => void) | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  #isClosed = false;

  /**
   * @param keys whose requests are moved
   * @param moveOn does with one request what time does
   */
  constructor(ledger: Ledger, clock: Clock, keys: () => string[], unworkable: Unworkable, moveOn: (id: string) => Promise<void>) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#keys = keys;
    this.#unworkable = unworkable;
    this.#moveOn = moveOn;
  }

  /** One timer for all of them: the next one due is found in the ledger. */
  at(time: number): void {
    if (this.#isClosed || time >= this.#wakeAt) return;
    this.#cancel?.();
    this.#wakeAt = time;
    const delay = Math.min(Math.max(0, time - this.#clock.now()), LONGEST_SLEEP);
    this.#cancel = this.#clock.after(delay, () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      void this.#wake();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  async #wake(): Promise<void> {
    const keys = this.#keys();
    if (keys.length === 0 || this.#isClosed) return;
    const store = this.#ledger.approvals;
    try {
      const now = this.#clock.now();
      // Those that cannot be read stay due, and must not stand before all others.
      const stay = this.#unworkable.unread;
      const due = (await store.due(keys, now, DUE_AT_ONCE + stay.size)).filter((id) => !stay.has(id)).slice(0, DUE_AT_ONCE);
      const moved = await Promise.all(due.map((id) => this.#unworkable.try(id, () => this.#moveOn(id))));
      const isMore = moved.length === DUE_AT_ONCE && moved.includes(true);
      const next = isMore ? now : await store.nextWake(keys, now);
      if (next !== undefined) this.at(next);
      if (moved.includes(false)) this.at(now + AGAIN);
    } catch {
      // The ledger cannot be read or written for now; whoever asks or votes hears it.
      this.at(this.#clock.now() + AGAIN);
    }
  }
}
