import { exponential } from "../../base/backoff.ts";
import { BoundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";

/** From a second failure in a row on. The longest lets people hear soon after an outage, however long it was. */
const PAUSES = { first: 30_000, longest: 10 * 60_000 };
/** After how long without a failure a mailbox counts as one that never failed, in ms. */
const FORGIVEN = 2 * PAUSES.longest;
/** How many that have failed are remembered. */
const REMEMBERED = 10_000;

interface Mailbox {
  readonly failures: number;
  /** monotonic */
  readonly failedAt: number;
  readonly pause: number;
}

/** Whose mailboxes refuse for now: each is asked once a pause, whatever the number of messages that wait for it. */
export class Mailboxes {
  readonly #clock: Clock;
  readonly #failing = new BoundedMap<string, Mailbox>(REMEMBERED);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Until when nothing is to be sent there, in ms since 1970; undefined when it may be tried. */
  pausedUntil(key: string, person: string): number | undefined {
    const mailbox = this.#failing.get(placeOf(key, person));
    const left = mailbox === undefined ? 0 : mailbox.pause - (this.#clock.monotonic() - mailbox.failedAt);
    return left > 0 ? this.#clock.now() + left : undefined;
  }

  /**
   * Notes that a message could not be delivered.
   *
   * @param failures how often this very message could not
   * @returns until when nothing is to be sent there, in ms since 1970; that is now after a first failure
   */
  failed(key: string, person: string, failures: number): number {
    const place = placeOf(key, person);
    const at = this.#clock.monotonic();
    const known = this.#failing.get(place);
    // Several messages that were on their way together fail together.
    const paused = this.pausedUntil(key, person);
    if (paused !== undefined) return paused;
    const before = known === undefined || at - known.failedAt > known.pause + FORGIVEN ? 0 : known.failures;
    const count = Math.max(before + 1, failures);
    const pause = count < 2 ? 0 : pauseAfter(count);
    this.#failing.set(place, { failures: count, failedAt: at, pause });
    return this.#clock.now() + pause;
  }

  /** What failed in the name of this key may go well now. */
  forget(key: string): void {
    for (const place of this.#failing.keys()) if (place.startsWith(placeOf(key, ""))) this.#failing.delete(place);
  }
}

/** How long until it is tried again after so many failures in a row, in ms. */
export function pauseAfter(failures: number): number {
  return exponential(PAUSES, failures - 2);
}

function placeOf(key: string, person: string): string {
  return `${key}\n${person}`;
}
