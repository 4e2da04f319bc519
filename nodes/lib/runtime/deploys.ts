import type { NodeAPI } from "node-red";
import { FlowGraph, type FlowNode } from "./flow-graph.ts";

/** What Node-RED tells once the flows run, after its start and after each deploy. */
interface FlowsStarted {
  readonly type?: string;
  readonly config?: { readonly flows?: readonly FlowNode[] };
  readonly diff?: {
    readonly added?: readonly string[];
    readonly changed?: readonly string[];
    readonly removed?: readonly string[];
    readonly rewired?: readonly string[];
    readonly linked?: readonly string[];
    readonly flowChanged?: readonly string[];
  } | null;
}

export interface Deploy {
  /** the ways of messages after it and before it */
  readonly graphs: readonly FlowGraph[];
  /** Whether a node of the flow file, or an instance of a subflow, was made anew or is no more. */
  restarted(id: string): boolean;
}

type Watcher = (deploy: Deploy) => void;

/** Who watches deploys, by Node-RED: one listener for all nodes, as Node.js suspects a leak beyond ten. */
const watchers = new WeakMap<object, Set<Watcher>>();

/** Runs whenever flows have started. Answers how to end that. */
export function onFlowsStarted({ events }: Pick<NodeAPI, "events">, watcher: Watcher): () => void {
  let watching = watchers.get(events);
  if (watching === undefined) {
    const all = new Set<Watcher>();
    let before: readonly FlowNode[] = [];
    events.on("flows:started", (started: FlowsStarted = {}) => {
      const after = started.config?.flows ?? [];
      const deploy = deployOf(started, before, after);
      before = after;
      for (const each of [...all]) each(deploy);
    });
    watchers.set(events, (watching = all));
  }
  const own = watching;
  own.add(watcher);
  return () => void own.delete(watcher);
}

function deployOf(started: FlowsStarted, before: readonly FlowNode[], after: readonly FlowNode[]): Deploy {
  let graphs: readonly FlowGraph[] | undefined;
  return {
    get graphs() {
      return (graphs ??= [new FlowGraph(after), new FlowGraph(before)]);
    },
    restarted: restartedBy(started, before, after),
  };
}

function restartedBy({ type, diff }: FlowsStarted, before: readonly FlowNode[], after: readonly FlowNode[]): (id: string) => boolean {
  if (diff === null || diff === undefined || (type !== "nodes" && type !== "flows")) return () => true;
  const { added = [], changed = [], removed = [], rewired = [], linked = [], flowChanged = [] } = diff;
  const ids = new Set([...added, ...changed, ...removed]);
  // This type restarts also what is wired to the nodes that have changed.
  if (type === "flows") for (const id of [...rewired, ...linked]) ids.add(id);
  // A tab whose environment has changed, and one that was disabled or enabled, goes as a whole.
  const tabs = new Set([...flowChanged, ...added, ...removed]);
  for (const { id, z } of [...before, ...after]) if (z !== undefined && tabs.has(z)) ids.add(id);
  return (id) => ids.has(id);
}
