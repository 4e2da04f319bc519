import type { NodeAPI } from "node-red";
import { Fault } from "../lib/base/fault.ts";
import type { Engine } from "../lib/engine/index.ts";
import { type ConnectionNode, connectionsOf } from "../lib/node-red/connection.ts";

/**
 * Tells, at each start of the flows, of work that no connection of the same store does any more. What belongs to a
 * connection that is still there, at another address, that one tells; the first one tells the rest.
 */
export async function tellLeftBehind(
  RED: NodeAPI,
  connection: ConnectionNode,
  engine: Engine,
  tell: (fault: Fault) => void,
): Promise<void> {
  const engines = connectionsOf(RED).map(async (other) => ((await other.engine.catch(() => undefined)) === engine ? [other] : []));
  const all = (await Promise.all(engines)).flat();
  for (const { api, connection: id, decisions, requests } of await engine.leftBehind(all)) {
    const teller = all.find((other) => other.id === id) ?? all[0];
    if (teller === connection) tell(new Fault("WORK_LEFT_BEHIND", { url: api, decisions, requests }));
  }
}
