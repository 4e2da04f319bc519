import type { Clock } from "../../base/clock.ts";
import type { Ledger } from "../../ledger/index.ts";

/** How often the open requests are counted, in ms. */
const INTERVAL = 250;

/** Counts open requests soon, and once for all that changes meanwhile: to count many takes longer than to change one. */
export class OpenCount {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #counted: (key: string, open: number) => void;
  readonly #planned = new Map<string, () => void>();

  constructor(ledger: Ledger, clock: Clock, counted: (key: string, open: number) => void) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#counted = counted;
  }

  soon(key: string): void {
    if (this.#planned.has(key)) return;
    const cancel = this.#clock.after(INTERVAL, () => {
      this.#planned.delete(key);
      this.#ledger.approvals.count(key).then(
        (open) => this.#counted(key, open),
        () => undefined,
      );
    });
    this.#planned.set(key, cancel);
  }

  close(): void {
    for (const cancel of this.#planned.values()) cancel();
  }
}
