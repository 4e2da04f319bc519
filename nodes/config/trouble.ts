import type { NodeAPI } from "node-red";
import type { AbiquoClient } from "../lib/abiquo/index.ts";
import { getOrCreate } from "../lib/base/get-or-create.ts";
import type { ConfigKit } from "./words.ts";

/** Ids of the connections that were told not to work, also by a node before this one, and not yet to work again. */
const inTrouble = new WeakMap<NodeAPI, Set<string>>();

/** Tells once that the connection does not work, and once that it works again. */
export function tellTrouble(RED: NodeAPI, kit: ConfigKit, client: AbiquoClient): void {
  const { node } = kit;
  const troubled = getOrCreate(inTrouble, RED, () => new Set<string>());
  if (troubled.has(node.id)) client.followsTrouble();
  client.onHalt = (fault) => {
    troubled.add(node.id);
    kit.show("stopped");
    kit.report(fault);
  };
  client.onOutage = (fault) => {
    troubled.add(node.id);
    kit.report(fault);
  };
  client.onWorks = () => {
    troubled.delete(node.id);
    kit.show("connected");
    node.log(kit.text("works"));
  };
}
