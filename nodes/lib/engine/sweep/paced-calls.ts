import { AbiquoFault } from "../../abiquo/index.ts";
import { equalJitter, exponential } from "../../base/backoff.ts";
import { type Clock, sleep } from "../../base/clock.ts";
import { Pace } from "../../base/pace.ts";
import { isPassing } from "../passing.ts";

/** So many requests a second a sweep makes at the most: it is never urgent, and Abiquo has other work. */
export const REQUESTS_A_SECOND = 30;
/** So much time that slow answers and late timers took, in ms, is made up for: else a busy machine halves the pace. */
const MOST_MADE_UP = 250;
/** How long a sweep pauses where Abiquo does not answer for now; one asked from a moment ago is not asked at once again. */
const PAUSES = { first: 2_000, longest: 5 * 60_000 };

/** Makes requests one after the other, at a pace, and each until Abiquo answers it. */
export class PacedCalls {
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #perSecond: number;
  #failures = 0;

  /** @param perSecond how many requests a second at the most */
  constructor(clock: Clock, perSecond = REQUESTS_A_SECOND) {
    this.#clock = clock;
    this.#pace = new Pace(clock, (late) => Math.min(late, MOST_MADE_UP));
    this.#perSecond = perSecond;
  }

  /**
   * Makes a request, and again after growing pauses while Abiquo is away, overloaded (429, 503; for as long as it asks
   * for) or refuses the credentials, which is for somebody to mend.
   *
   * @throws what says that trying again is no use; the signal's reason
   */
  async run<Result>(request: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    for (;;) {
      await this.#turn(signal);
      try {
        const result = await request();
        this.#failures = 0;
        return result;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof AbiquoFault && isPassing(error))) throw error;
        const pause = equalJitter(exponential(PAUSES, this.#failures++));
        await sleep(this.#clock, Math.max(pause, error.retryAfterMs ?? 0), { signal });
      }
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const wait = this.#pace.take(this.#perSecond);
    if (wait > 0) await sleep(this.#clock, wait, { signal });
  }
}
