import { equalJitter, exponential } from "../base/backoff.ts";
import { type Clock, sleep } from "../base/clock.ts";
import { eachPage, type Ledger, RESTORED } from "../ledger/index.ts";
import type { Elsewhere, Looker } from "./elsewhere.ts";

/** How the pauses grow while Abiquo cannot be asked, in ms. */
const PAUSES = { first: 1_000, longest: 60_000 };

/**
 * A store that was put back from a copy knows nothing of what was decided since: before anything about its tasks is
 * sent, each that waits is compared with Abiquo, once for each platform.
 */
export class Restored {
  readonly #ledger: Pick<Ledger, "settings" | "openTasks">;
  readonly #elsewhere: Pick<Elsewhere, "check">;
  readonly #clock: Clock;
  readonly #comparing = new Set<Promise<boolean>>();
  /** platforms that were compared since this process began */
  readonly #compared = new Set<string>();

  constructor(ledger: Pick<Ledger, "settings" | "openTasks">, elsewhere: Pick<Elsewhere, "check">, clock: Clock) {
    this.#ledger = ledger;
    this.#elsewhere = elsewhere;
    this.#clock = clock;
  }

  /**
   * Compares what waits on this connection's platform, unless that was done since the store was put back. Waits while
   * Abiquo cannot be asked.
   *
   * @param signal ends the waiting
   * @returns whether what an earlier run has decided may have been delivered since
   * @throws Fault LEDGER_UNAVAILABLE
   */
  compare(connection: Looker, signal: AbortSignal): Promise<boolean> {
    const comparing = this.#compare(connection, signal);
    this.#comparing.add(comparing);
    const over = (): void => void this.#comparing.delete(comparing);
    comparing.then(over, over);
    return comparing;
  }

  /** Resolves when no comparison is under way. */
  async settled(): Promise<void> {
    while (this.#comparing.size > 0) await Promise.allSettled(this.#comparing);
  }

  async #compare(connection: Looker, signal: AbortSignal): Promise<boolean> {
    const { base } = connection.client;
    const { settings } = this.#ledger;
    const restored = await settings.get(RESTORED, "");
    if (restored === "") return false;
    const name = `compared since it was restored: ${base}`;
    const before = await settings.get(name, "");
    if (before === restored) return this.#compared.has(base);
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.#checkAll(connection, signal);
        await settings.replace(name, before, restored);
        this.#compared.add(base);
        return true;
      } catch {
        // Abiquo, or the store, does not answer for now, which those tell that need it.
        await sleep(this.#clock, equalJitter(exponential(PAUSES, attempt)), { signal }).catch(() => undefined);
      }
    }
    return false;
  }

  async #checkAll(connection: Looker, signal: AbortSignal): Promise<void> {
    const pages = eachPage((after) => this.#ledger.openTasks(connection.client.base, after));
    for await (const tasks of pages) await this.#elsewhere.check(connection, tasks, signal);
  }
}
