/** Within this time Abiquo counts bad logins (`abiquo.api.login.failurelapse`), in ms. */
const LAPSE = 60_000;
/** One less than Abiquo bears in that time (`abiquo.api.login.maxtries`). */
const MOST = 2;

/**
 * Requests that are refused as if nobody had signed in, although the credentials are good. Each may count as a bad
 * login, so none is sent twice within the time in which Abiquo counts, nor too many different ones.
 */
export class OddRequests {
  /** when each was refused, in ms of a clock that only goes on; the oldest first */
  readonly #refused = new Map<string, number>();

  note(request: string, now: number): void {
    this.#refused.delete(request);
    this.#refused.set(request, now);
  }

  /** @param isPlain whether it looks as Abiquo's own links do, which are hardly ever refused */
  forbids(request: string, isPlain: boolean, now: number): boolean {
    for (const [odd, at] of this.#refused) if (now - at >= LAPSE) this.#refused.delete(odd);
    return this.#refused.has(request) || (!isPlain && this.#refused.size >= MOST);
  }
}
