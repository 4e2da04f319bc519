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
  readonly #now: () => number;
  /** by address, the one that failed first at the start */
  readonly #failed = new Map<string, { readonly since: number; count: number }>();
  /** those that called rightly, the one whose call is longest ago at the start */
  readonly #proven = new Set<string>();

  /** @param now in ms, of a clock that never goes back */
  constructor(now = (): number => performance.now()) {
    this.#now = now;
  }

  isShutOut(address: string): boolean {
    const network = networkOf(address);
    const failed = this.#failed.get(network);
    return failed !== undefined && failed.count >= MOST && this.#now() - failed.since < SPAN && !this.#proven.has(network);
  }

  failed(address: string): void {
    const network = networkOf(address);
    const known = this.#failed.get(network);
    const now = this.#now();
    if (known !== undefined && now - known.since < SPAN) {
      known.count++;
      return;
    }
    this.#failed.delete(network);
    this.#failed.set(network, { since: now, count: 1 });
    bound(this.#failed);
  }

  proved(address: string): void {
    const network = networkOf(address);
    this.#proven.delete(network);
    this.#proven.add(network);
    bound(this.#proven);
  }
}

function bound(table: Map<string, unknown> | Set<string>): void {
  if (table.size <= REMEMBERED) return;
  for (const oldest of table.keys()) {
    table.delete(oldest);
    return;
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
