import { getOrCreate } from "../base/get-or-create.ts";
/** What the flow file says of a node, as far as the way of messages depends on it. */
export interface FlowNode {
  readonly id: string;
  readonly type: string;
  /** the tab or the subflow that it is in */
  readonly z?: string;
  /** the group that it is in */
  readonly g?: string;
  /** whether the node itself is disabled; `disabled` says it of a tab */
  readonly d?: boolean;
  readonly disabled?: boolean;
  readonly wires?: readonly (readonly string[])[];
  /** of link nodes */
  readonly links?: readonly string[] | string;
  readonly linkType?: string;
  readonly mode?: string;
  /** the code of a function node, which may call link nodes */
  readonly func?: string;
  /** of catch and complete nodes */
  readonly scope?: readonly string[] | "group" | null;
  /** of a subflow: where its inputs lead, and what its outputs come from */
  readonly in?: readonly { readonly wires: readonly { readonly id: string }[] }[];
  readonly out?: readonly { readonly wires: readonly { readonly id: string; readonly port: number }[] }[];
}

/** A node as it runs: one of a subflow runs once in each of the subflow's instances. */
interface Place {
  readonly id: string;
  readonly node: FlowNode;
  /** the instance of the subflow that it is in */
  readonly instance?: Place;
}

const INSTANCE = /^subflow:(.+)$/;
/** Subflows can be nested, and a flow file could name one inside itself. */
const DEEPEST = 20;

/**
 * The ways of messages through a set of flows, as Node-RED routes them: by wires and junctions, from link to link, into
 * subflows and out of them, and to the catch and complete nodes that are in charge of a node.
 */
export class FlowGraph {
  readonly #nodes = new Map<string, FlowNode>();
  readonly #places = new Map<string, Place>();
  /** the places in a tab or in an instance of a subflow, by its id */
  readonly #rooms = new Map<string, Place[]>();
  readonly #linkedFrom = new Map<string, string[]>();

  constructor(flows: readonly FlowNode[]) {
    for (const node of flows) this.#nodes.set(node.id, node);
    const inside = Map.groupBy(flows, ({ z }) => z ?? "");
    for (const node of flows) {
      if (node.type === "tab" && node.disabled !== true) this.#furnish(node.id, inside.get(node.id) ?? [], inside, undefined, 0);
      if (node.type === "link in") for (const from of listOf(node.links)) this.#link(from, node.id);
      if (node.type === "link out") for (const to of listOf(node.links)) this.#link(node.id, to);
    }
  }

  /**
   * Whether any of these nodes may have had in hand what the node at `start` has sent.
   *
   * @param start id of a running node
   * @param isMet true for the id of a node of the flow file, or of an instance of a subflow around it
   * @param keeps types of nodes that what was sent does not get past; where they fail it, it still goes to catch nodes
   */
  meetsBelow(start: string, isMet: (id: string) => boolean, keeps: ReadonlySet<string>): boolean {
    const first = this.#places.get(start);
    if (first === undefined) return false;
    const seen = new Set<Place>();
    const ahead = [...this.#next(first)];
    for (let place = ahead.pop(); place !== undefined; place = ahead.pop()) {
      if (seen.has(place) || place.node.d === true) continue;
      seen.add(place);
      for (let around: Place | undefined = place; around !== undefined; around = around.instance) if (isMet(around.id)) return true;
      ahead.push(...(keeps.has(place.node.type) ? this.#catchers(place) : this.#next(place)));
    }
    return false;
  }

  #furnish(
    room: string,
    nodes: readonly FlowNode[],
    inside: ReadonlyMap<string, FlowNode[]>,
    instance: Place | undefined,
    depth: number,
  ): void {
    const places = nodes.map(
      (node): Place => ({
        id: instance === undefined ? node.id : `${instance.id}-${node.id}`,
        node,
        ...(instance === undefined ? {} : { instance }),
      }),
    );
    this.#rooms.set(room, places);
    for (const place of places) {
      this.#places.set(place.id, place);
      const subflow = INSTANCE.exec(place.node.type)?.[1];
      if (subflow !== undefined && depth < DEEPEST) this.#furnish(place.id, inside.get(subflow) ?? [], inside, place, depth + 1);
    }
  }

  #link(from: string, to: string): void {
    getOrCreate(this.#linkedFrom, from, () => []).push(to);
  }

  /** Where what a node sends, completes or fails goes next. */
  #next(place: Place): Place[] {
    return [...this.#sent(place), ...this.#catchers(place), ...this.#completers(place)];
  }

  #sent(place: Place): Place[] {
    const { node } = place;
    const subflow = INSTANCE.exec(node.type)?.[1];
    if (subflow !== undefined) return this.#entered(place, this.#nodes.get(subflow));
    const wired = (node.wires ?? []).flatMap((wires, port) => [
      ...this.#beside(place, wires),
      ...this.#outOf(place.instance, node.id, port),
    ]);
    if (node.type === "link out" && node.mode !== "return") return [...wired, ...this.#beside(place, this.#linkedFrom.get(node.id) ?? [])];
    const calls = node.type === "link call" || (node.type === "function" && node.func?.includes("linkcall") === true);
    return calls ? [...wired, ...this.#called(node)] : wired;
  }

  /** Into an instance, and out of it where an input is wired to an output. */
  #entered(instance: Place, subflow: FlowNode | undefined): Place[] {
    const inner = (subflow?.in ?? []).flatMap(({ wires }) => wires.map(({ id }) => id));
    const through = (subflow?.in ?? []).flatMap((_, port) => this.#outOf(instance, subflow?.id ?? "", port));
    return [...this.#within(instance.id, inner), ...through];
  }

  /** What the instance's outputs are wired to that this port of one of its nodes feeds. */
  #outOf(instance: Place | undefined, id: string, port: number): Place[] {
    if (instance === undefined) return [];
    const outputs = this.#nodes.get(INSTANCE.exec(instance.node.type)?.[1] ?? "")?.out ?? [];
    return outputs.flatMap(({ wires }, output) => {
      if (!wires.some((wire) => wire.id === id && wire.port === port)) return [];
      return [...this.#beside(instance, instance.node.wires?.[output] ?? []), ...this.#outOf(instance.instance, instance.node.id, output)];
    });
  }

  /** A call comes back, so that its own wires count too. A target that is only named at run time may be any. */
  #called({ type, links, linkType }: FlowNode): Place[] {
    const isAnywhere = type !== "link call" || linkType === "dynamic";
    const targets = new Set(listOf(links));
    return [...this.#places.values()].filter(({ node }) => node.type === "link in" && (isAnywhere || targets.has(node.id)));
  }

  /** What a subflow does not catch itself, its instance fails. */
  #catchers(place: Place): Place[] {
    const own = this.#roommates(place).filter(({ node }) => node.type === "catch" && this.#covers(node, place.node));
    return place.instance === undefined ? own : [...own, ...this.#catchers(place.instance)];
  }

  #completers(place: Place): Place[] {
    return this.#roommates(place).filter(({ node }) => node.type === "complete" && listOf(node.scope).includes(place.node.id));
  }

  #covers({ scope, g }: FlowNode, node: FlowNode): boolean {
    if (scope === "group") return this.#isInGroup(node, g);
    return Array.isArray(scope) ? scope.includes(node.id) : true;
  }

  #isInGroup(node: FlowNode, group: string | undefined): boolean {
    for (let around = node.g, depth = 0; around !== undefined && depth < DEEPEST; around = this.#nodes.get(around)?.g, depth++) {
      if (around === group) return true;
    }
    return group === undefined;
  }

  #roommates(place: Place): readonly Place[] {
    return this.#rooms.get(place.instance?.id ?? place.node.z ?? "") ?? [];
  }

  /** Nodes in the same tab or instance; of another tab where links lead there. */
  #beside(place: Place, ids: readonly string[]): Place[] {
    return place.instance === undefined ? this.#at(ids) : this.#within(place.instance.id, ids);
  }

  #within(instance: string, ids: readonly string[]): Place[] {
    return this.#at(ids.map((id) => `${instance}-${id}`));
  }

  #at(ids: readonly string[]): Place[] {
    return ids.flatMap((id) => this.#places.get(id) ?? []);
  }
}

/** Node-RED writes lists of ids as lists, and one id in some releases as text. */
function listOf(ids: unknown): readonly string[] {
  if (Array.isArray(ids)) return ids.filter((id) => typeof id === "string");
  return typeof ids === "string" ? [ids] : [];
}
