import { BoundedMap } from "../base/bounded-map.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { JsonObject } from "../base/json.ts";
import { Semaphore } from "../base/semaphore.ts";
import type { AbiquoClient, Resource } from "./client.ts";

/** How many resources are read at the same time, whoever asks. */
const WIDTH = 8;
/** For how long a resource that was read counts as new, in ms: what a burst of tasks shares, and no decision outlives. */
const FRESH_MS = 5_000;
/** How many resources with an entity tag are kept beyond that, to be asked for only if they have changed. */
const KNOWN = 500;

interface Cached {
  readonly resource: Promise<Resource>;
  /** when it came; undefined while it is on its way */
  readAt: number | undefined;
}

/**
 * Reads resources of one connection: a few at the same time, each once while it is on its way and for some seconds
 * after. Later, what came with an entity tag is sent again only if it has changed. A read that failed is not kept.
 */
export class Resources {
  readonly #client: AbiquoClient;
  /** by link and media type, in the order in which they came */
  readonly #cache = new Map<string, Cached>();
  /** those that came with an entity tag, the one read least recently first */
  readonly #known = new BoundedMap<string, Resource>(KNOWN);
  readonly #reads = new Semaphore(WIDTH);
  readonly #clock: Clock;

  constructor(client: AbiquoClient, clock = systemClock) {
    this.#client = client;
    this.#clock = clock;
  }

  get client(): AbiquoClient {
    return this.#client;
  }

  /**
   * @param link absolute, below the connection's URL
   * @param name of the media type, as `virtualmachine`
   * @throws as the calls of AbiquoClient
   */
  async read(link: string, name: string): Promise<JsonObject> {
    const key = `${name} ${link}`;
    this.#forgetOld();
    const known = this.#cache.get(key);
    if (known !== undefined) return (await known.resource).content;
    const cached: Cached = { resource: this.#inTurn(link, name, this.#known.get(key)), readAt: undefined };
    this.#cache.set(key, cached);
    try {
      const resource = await cached.resource;
      // Moved to the end, so that the order is that of their age.
      this.#cache.delete(key);
      this.#cache.set(key, cached);
      cached.readAt = this.#clock.monotonic();
      this.#remember(key, resource);
      return resource.content;
    } catch (error) {
      this.#cache.delete(key);
      throw error;
    }
  }

  #remember(key: string, resource: Resource): void {
    this.#known.delete(key);
    if (resource.etag !== "") this.#known.set(key, resource);
  }

  #inTurn(link: string, name: string, known: Resource | undefined): Promise<Resource> {
    return this.#reads.run(() => this.#client.read(link, name, known));
  }

  #forgetOld(): void {
    const oldest = this.#clock.monotonic() - FRESH_MS;
    for (const [key, { readAt }] of this.#cache) {
      if (readAt !== undefined && readAt >= oldest) return;
      if (readAt !== undefined) this.#cache.delete(key);
    }
  }
}
