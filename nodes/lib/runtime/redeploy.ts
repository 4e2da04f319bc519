import type { NodeAPI } from "node-red";
import type { NodeKit } from "./define.ts";

interface FlowsStarted {
  readonly type?: string;
  readonly diff?: { readonly changed?: string[]; readonly removed?: string[]; readonly linked?: string[] } | null;
}

type Watcher = (deploy: FlowsStarted) => void;

/** Who watches deploys, by Node-RED: one listener for all nodes, as Node.js suspects a leak beyond ten. */
const watchers = new WeakMap<object, Set<Watcher>>();

function watchersOf({ events }: NodeAPI): Set<Watcher> {
  const known = watchers.get(events);
  if (known !== undefined) return known;
  const watching = new Set<Watcher>();
  watchers.set(events, watching);
  events.on("flows:started", (deploy: FlowsStarted) => {
    for (const watcher of [...watching]) watcher(deploy);
  });
  return watching;
}

/**
 * Runs after a deploy that restarted nodes wired to this one, but not this one: what they had in memory is
 * gone, and nobody else will give it to them again.
 */
export function redeployedBelow(kit: NodeKit, act: () => Promise<void>): void {
  const started = ({ diff }: FlowsStarted): void => {
    const restarted = (diff?.changed?.length ?? 0) + (diff?.removed?.length ?? 0) > 0;
    if (!restarted || !diff?.linked?.includes(kit.node.id)) return;
    act().catch((error: unknown) => kit.report(error));
  };
  const watching = watchersOf(kit.RED);
  // The deploy that made this node is not one that happened below it.
  kit.onStart(() => {
    setImmediate(() => {
      if (!kit.signal.aborted) watching.add(started);
    });
  });
  kit.onClose(() => void watching.delete(started));
}
