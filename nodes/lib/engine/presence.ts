import type { Clock } from "../base/clock.ts";
import type { Ledger } from "../ledger/index.ts";

/** How often in the time of a lease an instance says that it is there. */
const BEATS = 3;
/** In how many beats it looks for work too of which the instance has left nothing else. */
const THOROUGH = 12;

export interface PresenceEvents {
  /** There is work that an instance which is gone was at, or that nobody knows whether it was written. */
  more(): Promise<void>;
  /** What this instance was at may be another's by now. */
  lost(): Promise<void>;
}

/** Says that this instance is there, where several work on one ledger, and notices when another is not any more. */
export class Presence {
  readonly #ledger: Pick<Ledger, "stayPresent">;
  readonly #clock: Clock;
  readonly #lease: number;
  readonly #events: PresenceEvents;
  /** until when nobody can have taken this instance's work, in the clock's monotonic time */
  #certainUntil: number;
  #beats = 0;
  #hasFailed = false;
  #isClosed = false;
  #cancel: () => void;

  /** @param lease how long others wait for an instance that says nothing, in ms */
  constructor(ledger: Pick<Ledger, "stayPresent">, clock: Clock, lease: number, events: PresenceEvents) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#lease = lease;
    this.#events = events;
    this.#certainUntil = clock.monotonic() + lease;
    this.#cancel = this.#soon();
  }

  /** Whether what this instance has in memory is surely still its own. */
  get isCertain(): boolean {
    return this.#clock.monotonic() < this.#certainUntil;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #soon(): () => void {
    return this.#clock.after(this.#lease / BEATS, () => void this.#beat());
  }

  async #beat(): Promise<void> {
    const began = this.#clock.monotonic();
    try {
      const { wasAway, hasMore } = await this.#ledger.stayPresent(this.#lease, this.#beats++ % THOROUGH === 0);
      this.#certainUntil = began + this.#lease;
      if (wasAway) await this.#events.lost();
      if (wasAway || hasMore || this.#hasFailed) await this.#events.more();
      this.#hasFailed = false;
    } catch {
      // The ledger cannot be used for now, which is told by those who need it.
      this.#hasFailed = true;
    }
    if (!this.#isClosed) this.#cancel = this.#soon();
  }
}
