import type { NodeAPI } from "node-red";

/** Work of nodes that goes on while they close, by Node-RED and by the id that a node shares with its successor. */
const underWay = new WeakMap<object, Map<string, Set<Promise<unknown>>>>();

/** Notes that the node is at work until this settles. */
export function atWork<Result>({ events }: Pick<NodeAPI, "events">, node: string, work: Promise<Result>): Promise<Result> {
  let nodes = underWay.get(events);
  if (nodes === undefined) underWay.set(events, (nodes = new Map()));
  let works = nodes.get(node);
  if (works === undefined) nodes.set(node, (works = new Set()));
  const own = works;
  own.add(work);
  const end = (): void => {
    own.delete(work);
    if (own.size === 0 && nodes.get(node) === own) nodes.delete(node);
  };
  work.then(end, end);
  return work;
}

/** Resolves when all that the node, or one before it with its id, has at work by now is done or has failed. */
export async function workDone({ events }: Pick<NodeAPI, "events">, node: string): Promise<void> {
  await Promise.allSettled(underWay.get(events)?.get(node) ?? []);
}
