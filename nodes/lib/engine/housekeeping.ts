import type { Clock } from "../base/clock.ts";
import { headText, type Ledger } from "../ledger/index.ts";
import { type Observer, UNOBSERVED } from "./observer.ts";

const DAY = 24 * 60 * 60_000;
/** After a start there is more urgent work than this. */
const FIRST = 10 * 60_000;
/** How long the copy of what Abiquo sent outlives its answer, in ms: long enough to look into what went wrong. */
const PAYLOADS = 30 * DAY;

/** How many pages of the file are given back at once: a commit waits for them some 10 ms. */
const PAGES_AT_ONCE = 1_000;

/**
 * Once a day, deletes from the ledger what is no longer to be kept, gives its room back, in small steps, and tells the
 * head of the audit.
 */
export class Housekeeping {
  readonly #ledger: Pick<Ledger, "prune" | "shrink" | "auditHead">;
  readonly #keep: number;
  readonly #clock: Clock;
  readonly #observer: Observer;
  #cancel: () => void;

  /** @param keep how long settled tasks are kept, in days; 0 = for ever */
  constructor(ledger: Pick<Ledger, "prune" | "shrink" | "auditHead">, keep: number, clock: Clock, observer: Observer = UNOBSERVED) {
    this.#ledger = ledger;
    this.#keep = keep;
    this.#clock = clock;
    this.#observer = observer;
    this.#cancel = this.#after(FIRST);
  }

  /** Deletes all that is due. */
  async run(): Promise<void> {
    const now = this.#clock.now();
    const tasksBefore = this.#keep > 0 ? now - this.#keep * DAY : 0;
    while ((await this.#ledger.prune({ payloadsBefore: now - PAYLOADS, tasksBefore, now })) > 0);
    for (let left = Number.POSITIVE_INFINITY; left > 0; ) {
      const before = left;
      left = await this.#ledger.shrink(PAGES_AT_ONCE);
      // Another connection may keep it from shrinking for now.
      if (left >= before) return;
    }
  }

  close(): void {
    this.#cancel();
  }

  #after(delay: number): () => void {
    return this.#clock.after(delay, () => {
      this.#cancel = this.#after(DAY);
      // A ledger that cannot be written has been told of by those who need it; tomorrow is another day.
      this.#daily().catch(() => undefined);
    });
  }

  async #daily(): Promise<void> {
    await this.run();
    // Afterwards: what was deleted is noted in the audit, and moves its head.
    this.#observer({ kind: "head", head: headText(await this.#ledger.auditHead()) });
  }
}
