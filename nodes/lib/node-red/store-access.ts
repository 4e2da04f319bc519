import { sleep, systemClock } from "../base/clock.ts";
import { Fault, type FaultCode } from "../base/fault.ts";
import { unlessAborted } from "../base/unless-aborted.ts";
import type { Engine } from "../engine/index.ts";
import type { ConnectionNode } from "./connection.ts";
import type { NodeKit } from "./define.ts";
import { sharedStatus } from "./text.ts";

/** How long until a node attaches again where its store broke down meanwhile, in ms. */
const AGAIN = 5_000;
/** How long until a message is tried again at the earliest, in ms. */
const PAUSE = 1_000;

/** A store as a connection, or a node of its own, uses it. */
export type StoreUse = Pick<ConnectionNode, "id" | "opened" | "onStore">;

/** What a node attaches to already: a deploy that leaves it alone must not attach it a second time. */
const attached = new WeakMap<NodeKit, Set<StoreUse>>();
/** Connections whose store the node's status tells of. */
const shown = new WeakMap<NodeKit, Set<StoreUse>>();
/** Those whose store cannot be used. */
const without = new WeakMap<NodeKit, Set<StoreUse>>();

/**
 * Attaches a node to the engine of a connection, once for each connection, as soon as its store can be used. Until
 * then, and whenever it cannot be used, the node's status says so.
 *
 * @param attach is repeated when the store breaks down meanwhile; every other fault is the node's to tell, and what
 *   caused it may be gone by the next call
 */
export async function attachToStore(kit: NodeKit, connection: StoreUse, attach: (engine: Engine) => Promise<void>): Promise<void> {
  const known = attached.get(kit) ?? new Set();
  if (known.has(connection)) return;
  attached.set(kit, known.add(connection));
  showStore(kit, connection);
  while (!kit.signal.aborted) {
    // Released or hopeless: the connection has told it.
    const engine = await connection.opened.catch(() => undefined);
    if (engine === undefined || kit.signal.aborted) return;
    try {
      return await attach(engine);
    } catch (error) {
      if (!isStoreFault(error)) {
        known.delete(connection);
        throw error;
      }
      await sleep(systemClock, AGAIN, { signal: kit.signal }).catch(() => undefined);
    }
  }
}

function showStore(kit: NodeKit, connection: StoreUse): void {
  const own = kit.config.text("connection");
  const told = shown.get(kit) ?? new Set();
  if ((own !== "" && own !== connection.id) || told.has(connection)) return;
  shown.set(kit, told.add(connection));
  const waiting = without.get(kit) ?? new Set();
  without.set(kit, waiting);
  const end = connection.onStore((fault) => {
    if (fault === undefined) waiting.delete(connection);
    else waiting.add(connection);
    kit.showMeanwhile(waiting.size === 0 ? undefined : () => sharedStatus(kit.RED, "store"));
  });
  kit.onClose(end);
}

/**
 * Does what needs the store. Where that breaks down, or is full, after it could be used before, waits until it works and
 * does it again, so that a message on its way goes on by itself. Of the trouble the connection tells.
 *
 * @param connection looks for it each time, as a deploy may replace it
 * @throws what `work` throws else; also where it may have been done already
 */
export async function onceStoreWorks<Result>(kit: NodeKit, connection: () => ConnectionNode, work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isStoreFault(error) || UNREPEATABLE.has(error.code) || connection().current === undefined) throw error;
      // Whatever ends the waiting, a deploy or a stop, ends the message here: its task is in the store.
      await sleep(systemClock, PAUSE, { signal: kit.signal });
      await unlessAborted(connection().opened, kit.signal).catch(() => undefined);
    }
  }
}

/** What was done may be on disk, and what will never work is not waited for. */
const UNREPEATABLE: ReadonlySet<FaultCode> = new Set(["LEDGER_UNSURE", "LEDGER_NEEDS_NODE"]);

/** Whether the store could not be used: what failed is worth trying again. */
function isStoreFault(error: unknown): error is Fault {
  return error instanceof Fault && error.code.startsWith("LEDGER_");
}
