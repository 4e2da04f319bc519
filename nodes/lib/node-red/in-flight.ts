import type { NodeAPI } from "node-red";
import { getOrCreate } from "../base/get-or-create.ts";

/** Work of nodes in flight, which goes on while they close, by Node-RED and by the id that a node shares with its successor. */
const inFlight = new WeakMap<object, Map<string, Set<Promise<unknown>>>>();

/** Counts a work as in flight until it settles. */
export function trackInFlight<Result>({ events }: Pick<NodeAPI, "events">, node: string, work: Promise<Result>): Promise<Result> {
  const nodes = getOrCreate(inFlight, events, () => new Map<string, Set<Promise<unknown>>>());
  const own = getOrCreate(nodes, node, () => new Set<Promise<unknown>>());
  own.add(work);
  const end = (): void => {
    own.delete(work);
    if (own.size === 0 && nodes.get(node) === own) nodes.delete(node);
  };
  work.then(end, end);
  return work;
}

/** Resolves when all that the node, or one before it with its id, has in flight by now has settled. */
export async function inFlightSettled({ events }: Pick<NodeAPI, "events">, node: string): Promise<void> {
  await Promise.allSettled(inFlight.get(events)?.get(node) ?? []);
}
