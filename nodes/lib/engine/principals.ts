import type { Ledger } from "../ledger/index.ts";
import type { Connection } from "./outbox.ts";

/**
 * Who the connections to one platform sign in as, also those that are no more: an answer carries the name of its user,
 * and what one may do another may not.
 */
export class Principals {
  readonly #ledger: Ledger;
  readonly #api: string;
  /** by the connection's id; empty when nobody has noted it */
  readonly #known = new Map<string, string>();

  constructor(ledger: Ledger, api: string) {
    this.#ledger = ledger;
    this.#api = api;
  }

  /** Whether what this id's connection has to do may be done by another: as far as is known, it signs in as the same user. */
  isOf(id: string, connection: Connection): boolean {
    return id === connection.id || this.#known.get(id) === connection.client.principal;
  }

  /** Notes who this connection signs in as: here at once, and on disk when this resolves. */
  async note({ id, client }: Connection): Promise<void> {
    const { principal } = client;
    this.#known.set(id, principal);
    const { settings } = this.#ledger;
    const before = await settings.get(this.#nameOf(id), principal);
    if (before !== principal) await settings.replace(this.#nameOf(id), before, principal);
  }

  /** Reads what was noted of these connections. */
  async learn(ids: Iterable<string>): Promise<void> {
    for (const id of new Set(ids)) {
      if (this.#known.has(id)) continue;
      const noted = await this.#ledger.settings.get(this.#nameOf(id), "");
      if (!this.#known.has(id)) this.#known.set(id, noted);
    }
  }

  #nameOf(id: string): string {
    return `user of ${id} at ${this.#api}`;
  }
}
