import type { AbiquoClient, AbiquoUser } from "../../abiquo/index.ts";
import type { Clock } from "../../base/clock.ts";
import { getOrCreate } from "../../base/get-or-create.ts";

/** For how long the requests of one POST, which follow each other, share what was read for the first of them, in ms. */
const SHARED = 5_000;

interface Read {
  readonly value: Promise<unknown>;
  readonly at: number;
}

/** What is read from Abiquo of users. The requests of one POST are about the same few: they share the reads. */
export class UserReads {
  readonly #clock: Clock;
  readonly #reads = new WeakMap<AbiquoClient, Map<string, Read>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws AbiquoFault */
  user(client: AbiquoClient, link: string): Promise<AbiquoUser> {
    return this.#shared(client, `user ${link}`, () => client.user(link));
  }

  /** The enterprise that a virtual datacenter belongs to; empty when Abiquo names none. @throws AbiquoFault */
  enterpriseOf(client: AbiquoClient, datacenter: string): Promise<string> {
    return this.#shared(client, `datacenter ${datacenter}`, () => client.datacenterEnterprise(datacenter));
  }

  /** @throws AbiquoFault */
  usersOf(client: AbiquoClient, enterprise: string): Promise<readonly AbiquoUser[]> {
    return this.#shared(client, `users ${enterprise}`, () => listed(client.users(enterprise)));
  }

  #shared<T>(client: AbiquoClient, name: string, read: () => Promise<T>): Promise<T> {
    const now = this.#clock.monotonic();
    const reads = getOrCreate(this.#reads, client, () => new Map());
    for (const [each, { at }] of reads) {
      if (now - at < SHARED) break;
      reads.delete(each);
    }
    const known = reads.get(name);
    if (known !== undefined) return known.value as Promise<T>;
    const value = read();
    reads.set(name, { value, at: now });
    // What failed is read anew by the next one.
    value.catch(() => {
      if (reads.get(name)?.value === value) reads.delete(name);
    });
    return value;
  }
}

async function listed<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
