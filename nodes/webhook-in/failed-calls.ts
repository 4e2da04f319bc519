import { BoundedMap } from "../lib/base/bounded-map.ts";
import { type Clock, systemClock } from "../lib/base/clock.ts";

/** Failed calls of one address within the span, after which it is shut out for the rest of it. */
const MOST = 20;
/** In ms. */
const SPAN = 60_000;
/** Addresses that are remembered: the memory this takes is the same however many call. */
const REMEMBERED = 1_000;

/**
 * Counts failed calls by address, so that nobody can try secrets by the thousand. An address that has called rightly
 * before is never shut out: behind a proxy that is not trusted, a scanner's calls have the same address as Abiquo's,
 * and Abiquo does not call again.
 */
export class FailedCalls {
  readonly #clock: Clock;
  /** by address, the one that failed first at the start */
  readonly #failed = new BoundedMap<string, { readonly since: number; count: number }>(REMEMBERED);
  /** those that called rightly, the one whose call is longest ago at the start */
  readonly #proven = new BoundedMap<string, true>(REMEMBERED);

  constructor(clock = systemClock) {
    this.#clock = clock;
  }

  isShutOut(address: string): boolean {
    const network = networkOf(address);
    const failed = this.#failed.get(network);
    return failed !== undefined && failed.count >= MOST && this.#clock.monotonic() - failed.since < SPAN && !this.#proven.has(network);
  }

  failed(address: string): void {
    const network = networkOf(address);
    const known = this.#failed.get(network);
    const now = this.#clock.monotonic();
    if (known !== undefined && now - known.since < SPAN) {
      known.count++;
      return;
    }
    this.#failed.set(network, { since: now, count: 1 });
  }

  proved(address: string): void {
    this.#proven.set(networkOf(address), true);
  }
}

/** One customer has a whole network of IPv6 addresses, 2^64 of them (RFC 6177): its first four groups. */
function networkOf(address: string): string {
  const plain = address
    .replace(/^::ffff:(?=\d+\.)/i, "")
    .replace(/%.*$/, "")
    .toLowerCase();
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const rest = tail === "" ? [] : tail.split(":");
    while (groups.length + rest.length < 8) groups.push("0");
    groups.push(...rest);
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
