import type { JsonObject } from "../json.ts";
import type { AbiquoClient } from "./client.ts";

/** How many resources are read at the same time, whoever asks. */
const WIDTH = 8;
/** For how long a resource that was read counts as new, in ms: what a burst of tasks shares, and no decision outlives. */
const FRESH_MS = 5_000;

interface Cached {
  readonly resource: Promise<JsonObject>;
  /** when it came; undefined while it is on its way */
  readAt: number | undefined;
}

/**
 * Reads resources of one connection: a few at the same time, each once while it is on its way and for some seconds
 * after. A read that failed is not kept.
 */
export class Resources {
  readonly #client: AbiquoClient;
  /** by link and media type, in the order in which they came */
  readonly #cache = new Map<string, Cached>();
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(client: AbiquoClient) {
    this.#client = client;
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
    if (known !== undefined) return known.resource;
    const cached: Cached = { resource: this.#inTurn(link, name), readAt: undefined };
    this.#cache.set(key, cached);
    try {
      const resource = await cached.resource;
      // Moved to the end, so that the order is that of their age.
      this.#cache.delete(key);
      this.#cache.set(key, cached);
      cached.readAt = Date.now();
      return resource;
    } catch (error) {
      this.#cache.delete(key);
      throw error;
    }
  }

  async #inTurn(link: string, name: string): Promise<JsonObject> {
    if (this.#running >= WIDTH) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#running++;
    try {
      return await this.#client.read(link, name);
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #forgetOld(): void {
    const oldest = Date.now() - FRESH_MS;
    for (const [key, { readAt }] of this.#cache) {
      if (readAt !== undefined && readAt >= oldest) return;
      if (readAt !== undefined) this.#cache.delete(key);
    }
  }
}
