import type { NodeAPI } from "node-red";
import { systemClock } from "../base/clock.ts";
import { getOrCreate } from "../base/get-or-create.ts";
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

/** A deploy that has stopped nodes but not told yet that the flows run may never do so, as where a type is missing. */
const LONGEST_DEPLOY = 30_000;

/** The deploys of one Node-RED: one listener for all nodes, as Node.js suspects a leak beyond ten. */
class Deploys {
  readonly watchers = new Set<Watcher>();
  /** resolves once the flows run again; undefined while they do */
  inFlight: Promise<void> | undefined;
  #end: () => void = () => undefined;
  #flows: readonly FlowNode[] = [];

  constructor(events: NodeAPI["events"]) {
    events.on("flows:stopping", () => this.#stopping());
    events.on("flows:started", (started: FlowsStarted = {}) => this.#started(started));
  }

  #stopping(): void {
    this.#end();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = systemClock.after(LONGEST_DEPLOY, () => this.#end());
    this.inFlight = promise;
    this.#end = () => {
      cancel();
      this.inFlight = undefined;
      resolve();
    };
  }

  #started(started: FlowsStarted): void {
    const after = started.config?.flows ?? [];
    const deploy = deployOf(started, this.#flows, after);
    this.#flows = after;
    for (const each of [...this.watchers]) each(deploy);
    this.#end();
  }
}

const known = new WeakMap<object, Deploys>();

function deploysOf({ events }: Pick<NodeAPI, "events">): Deploys {
  return getOrCreate(known, events, () => new Deploys(events));
}

/** Runs whenever flows have started. Answers how to end that. */
export function onFlowsStarted(RED: Pick<NodeAPI, "events">, watcher: Watcher): () => void {
  const { watchers } = deploysOf(RED);
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

/** Whether a deploy is under way. */
export function isDeploying(RED: Pick<NodeAPI, "events">): boolean {
  return deploysOf(RED).inFlight !== undefined;
}

/** Resolves once no deploy is under way: what is sent while one is may find nobody. */
export async function flowsRun(RED: Pick<NodeAPI, "events">): Promise<void> {
  await deploysOf(RED).inFlight;
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
