import type { NodeAPI } from "node-red";
import { Fault } from "../base/fault.ts";
import { faultOf } from "./define.ts";
import { DEFAULT_STORE, type StoreNode, type StoreSettings } from "./engines.ts";

/**
 * What an abiquo-store node says.
 *
 * @param id of the node; empty = the store that is embedded
 * @throws Fault of the store, or CONFIG_INVALID when there is none: in another ledger the tasks would be missed
 */
export function storeSettings(RED: NodeAPI, id: string): StoreSettings {
  if (id === "") return DEFAULT_STORE;
  const node = RED.nodes.getNode(id) as StoreNode | null;
  if (node?.store !== undefined) return node.store;
  throw faultOf(node) ?? new Fault("CONFIG_INVALID", { property: "store" });
}
