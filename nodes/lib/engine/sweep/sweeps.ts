import { getOrCreate } from "../../base/get-or-create.ts";
import { KeyedMutex } from "../../base/keyed-mutex.ts";
import type { Elsewhere } from "../elsewhere.ts";
import type { Connection } from "../outbox.ts";
import { EventWatch } from "./event-watch.ts";
import { type Neighbours, Sweeper, type SweepPort, type SweepShop } from "./sweeper.ts";

export interface SweepTerms {
  /** ids; empty = all with workflow on */
  readonly enterprises: readonly string[];
  /** between the end of a sweep and the next, in ms */
  readonly interval: number;
}

interface Swept {
  /** by their enterprises */
  readonly sweepers: Map<string, Sweeper>;
  readonly watch: EventWatch;
}

/** The sweeps of one engine. Nodes of one connection that sweep the same enterprises share them. */
export class Sweeps {
  readonly #shop: SweepShop;
  readonly #elsewhere: Elsewhere;
  readonly #mutex = new KeyedMutex();
  readonly #swept = new Map<Connection, Swept>();

  constructor(shop: SweepShop & { readonly elsewhere: Elsewhere }) {
    this.#shop = shop;
    this.#elsewhere = shop.elsewhere;
  }

  /** Sweeps for a node from now on, at once for the first time. Answers how to end that. */
  join(connection: Connection, { enterprises, interval }: SweepTerms, port: SweepPort): () => void {
    const { sweepers, watch } = getOrCreate(this.#swept, connection, () => ({
      sweepers: new Map<string, Sweeper>(),
      watch: new EventWatch(this.#shop.clock, this.#elsewhere, connection),
    }));
    const ids = [...new Set(enterprises)].sort();
    const neighbours: Neighbours = {
      inTurn: (work) => this.#mutex.run(connection.id, work),
      areSwept: (enterprise, besides) => [...sweepers.values()].some((other) => other !== besides && other.sweeps(enterprise)),
    };
    const sweeper = getOrCreate(sweepers, ids.join(" "), () => new Sweeper(this.#shop, connection, ids, neighbours));
    sweeper.join(port, interval);
    watch.start();
    return () => {
      sweeper.leave(port);
      if ([...sweepers.values()].every(({ isIdle }) => isIdle)) watch.stop();
    };
  }

  /** Forgets what it knows of a connection that is no more. */
  forget(connection: Connection): void {
    const swept = this.#swept.get(connection);
    this.#swept.delete(connection);
    if (swept === undefined) return;
    swept.watch.stop();
    for (const sweeper of swept.sweepers.values()) sweeper.stop();
  }

  close(): void {
    for (const connection of [...this.#swept.keys()]) this.forget(connection);
  }
}
