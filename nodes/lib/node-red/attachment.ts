import type { Engine } from "../engine/index.ts";
import { connectionsOf } from "./connection.ts";
import type { NodeKit } from "./define.ts";
import { attachToStore } from "./store-access.ts";

export interface Attaching {
  attach(engine: Engine): Promise<void>;
  detach(engine: Engine): Promise<void> | void;
}

/**
 * Attaches a node to the engine of every connection of its Node-RED, once each, and detaches it when it closes. A
 * deploy may replace a connection and leave the node alone, so that it looks for new ones whenever flows have started.
 */
export class Attachment {
  readonly #kit: NodeKit;
  readonly #attaching: Attaching;
  readonly #attached = new Map<Engine, Promise<void>>();

  constructor(kit: NodeKit, attaching: Attaching) {
    this.#kit = kit;
    this.#attaching = attaching;
    kit.onFlowsStarted(async () => {
      await Promise.all(connectionsOf(kit.RED).map((connection) => attachToStore(kit, connection, (engine) => this.to(engine))));
    });
    kit.onClose(async () => {
      await Promise.all(this.engines.map((engine) => attaching.detach(engine)));
    });
  }

  /** Those that work. */
  get engines(): Engine[] {
    for (const engine of this.#attached.keys()) if (engine.isClosed) this.#attached.delete(engine);
    return [...this.#attached.keys()];
  }

  /** Resolves once the node is attached to this one; what could not be read from the store is read by the next attempt. */
  async to(engine: Engine): Promise<void> {
    this.#kit.signal.throwIfAborted();
    let attaching = this.#attached.get(engine);
    if (attaching === undefined) {
      this.#attached.set(engine, (attaching = this.#attaching.attach(engine)));
      attaching.catch(() => this.#attached.delete(engine));
    }
    await attaching;
  }
}
