/** How long a server fails before it is told, in ms: a restart or a hiccup is over sooner. */
const PATIENCE = 30_000;

/** Tells apart an outage from a hiccup, and the news of it from its thousandth repetition. */
export class Outage {
  #since: number | undefined;
  #isTold = false;

  /** Notes a failure; true when it is the one to be told. @param now in ms since some moment, of a clock that only goes on */
  failed(now: number): boolean {
    this.#since ??= now;
    if (this.#isTold || now - this.#since < PATIENCE) return false;
    this.#isTold = true;
    return true;
  }

  /** Whether an outage has been told and is not over. */
  get isOn(): boolean {
    return this.#isTold;
  }

  /** Notes that the server does its work; a later failure begins anew. */
  answered(): void {
    this.#since = undefined;
    this.#isTold = false;
  }
}
