import type { NodeAPI, NodeDef } from "node-red";
import type { Fault } from "../lib/base/fault.ts";
import { isConnectionNode } from "../lib/node-red/connection.ts";
import { faultOf } from "../lib/node-red/define.ts";
import { engineState, type StoreSettings } from "../lib/node-red/engines.ts";

/** `stopped`: Abiquo refused the credentials; `unreachable`: it has not answered for half a minute. */
type ConnectionState = "ok" | "stopped" | "unreachable" | "misconfigured";

/** Neither addresses nor secrets stand in it. */
export interface Health {
  /** `degraded`: tasks are received, and something needs somebody; `unavailable`: tasks cannot be received */
  readonly status: "ok" | "degraded" | "unavailable";
  /** `ok`, `opening`, `unused`, or the code of the fault that keeps it from being used */
  readonly store: string;
  readonly connections: readonly { readonly name: string; readonly state: ConnectionState }[];
  /** nodes that cannot work as they are configured, with the code of the fault */
  readonly problems: readonly { readonly type: string; readonly name: string; readonly code: string }[];
}

interface Definition extends NodeDef {
  readonly store?: string;
  readonly connection?: string;
}

/** What keeps tasks from being received when it is misconfigured. */
const DOORS = new Set(["abiquo-store", "abiquo-config", "abiquo-webhook-in"]);

/** @param store its settings, or why it has none */
export function healthOf(RED: NodeAPI, id: string, store: StoreSettings | Fault): Health {
  const all = definitionsIn(RED);
  const own = all.filter((each) => each.type === "abiquo-config" && each.store === id);
  const connected = new Set(own.map((each) => each.id));
  const problems = all
    .filter((each) => each.id === id || each.store === id || connected.has(each.connection ?? ""))
    .flatMap((each) => {
      const fault = faultOf(RED.nodes.getNode(each.id));
      return fault === undefined ? [] : [{ type: each.type, name: nameOf(each), code: fault.code }];
    });
  const connections = own.map((each) => ({ name: nameOf(each), state: stateOf(RED.nodes.getNode(each.id)) }));
  const told = "code" in store ? store.code : storeState(RED, store);
  const isShut = (told !== "ok" && told !== "unused") || problems.some(({ type }) => DOORS.has(type));
  const isWell = problems.length === 0 && connections.every(({ state }) => state === "ok");
  return { status: isShut ? "unavailable" : isWell ? "ok" : "degraded", store: told, connections, problems };
}

/** What connections are called, by the ids of their nodes. */
export function connectionNames(RED: NodeAPI): ReadonlyMap<string, string> {
  return new Map(definitionsIn(RED).flatMap((each) => (each.type === "abiquo-config" ? [[each.id, nameOf(each)] as const] : [])));
}

function definitionsIn(RED: NodeAPI): Definition[] {
  const all: Definition[] = [];
  RED.nodes.eachNode((definition) => {
    if (definition.type.startsWith("abiquo-")) all.push(definition as Definition);
  });
  return all;
}

function storeState(RED: NodeAPI, store: StoreSettings): string {
  const state = engineState(RED, store)?.state ?? "unused";
  if (typeof state !== "string") return state.code;
  return state === "works" ? "ok" : state;
}

function stateOf(node: unknown): ConnectionState {
  if (!isConnectionNode(node)) return "misconfigured";
  const { client } = node.abiquo;
  if (client.halted !== undefined) return "stopped";
  return client.isDown ? "unreachable" : "ok";
}

function nameOf({ id, name }: Pick<NodeDef, "id" | "name">): string {
  return name || id;
}
