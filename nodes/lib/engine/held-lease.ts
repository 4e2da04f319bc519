import type { Clock } from "../base/clock.ts";
import type { Ledger } from "../ledger/index.ts";

export interface LeaseTerms {
  readonly name: string;
  /** how long another instance waits for one that says nothing, in ms */
  readonly ms: number;
  /** it is kept for longer as soon as less than this is left of it, in ms */
  readonly least: number;
}

/** A lease as the instance that wants it sees it: asked for, and kept for longer well before it ends. */
export class HeldLease {
  readonly #ledger: Pick<Ledger, "acquireLease" | "releaseLease">;
  readonly #clock: Clock;
  readonly #terms: LeaseTerms;
  /** in the clock's monotonic time */
  #until = -Infinity;

  constructor(ledger: Pick<Ledger, "acquireLease" | "releaseLease">, clock: Clock, terms: LeaseTerms) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#terms = terms;
  }

  /** Whether it is this instance's; false while it is another's. @throws Fault LEDGER_UNAVAILABLE */
  async isHeld(): Promise<boolean> {
    return this.#until - this.#clock.monotonic() > this.#terms.least || this.extend(0);
  }

  /** As `isHeld`, and keeps it for so many ms more than its time. */
  async extend(beyond: number): Promise<boolean> {
    const now = this.#clock.monotonic();
    const ms = this.#terms.ms + beyond;
    const isOurs = await this.#ledger.acquireLease(this.#terms.name, ms);
    this.#until = isOurs ? now + ms : -Infinity;
    return isOurs;
  }

  /** Gives it back, where the ledger can be written. */
  async release(): Promise<void> {
    this.#until = -Infinity;
    await this.#ledger.releaseLease(this.#terms.name).catch(() => undefined);
  }
}
