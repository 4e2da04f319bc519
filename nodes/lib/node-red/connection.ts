import type { Node, NodeAPI } from "node-red";
import type { AbiquoClient, ApiBase, ClientSettings, Resources } from "../abiquo/index.ts";
import { isObject } from "../base/json.ts";
import type { Connection } from "../engine/index.ts";
import type { AddressList } from "./config.ts";
import type { EngineUse } from "./engines.ts";

/** What an abiquo-config node offers to the nodes that use it. */
export interface ConnectionNode extends Connection, Pick<EngineUse, "engine" | "opened" | "onStore" | "current" | "metrics"> {
  readonly base: ApiBase;
  readonly client: AbiquoClient;
  /** what was read from Abiquo a moment ago, shared by all nodes */
  readonly resources: Resources;
  /** this Node-RED's node root as seen from outside; empty when not configured */
  readonly publicUrl: string;
  /** proxies that may say whom a request comes from */
  readonly trustedProxies: AddressList;
  /** the header, in lower case, in which they say it; empty for none */
  readonly identityHeader: string;
  /** Whether a client with these settings would sign in where and as this one does. */
  signsInWith(settings: ClientSettings): boolean;
  /** The credentials have proved to work: what waits for them goes on. @throws Fault as `engine` */
  goOn(): Promise<void>;
}

export type ConfigNode = Node & { abiquo: ConnectionNode };

export function isConnectionNode(node: unknown): node is ConfigNode {
  return isObject(node) && isObject(node["abiquo"]) && "engine" in node["abiquo"];
}

/** Every connection of this Node-RED that works as it is configured. */
export function connectionsOf(RED: NodeAPI): ConnectionNode[] {
  const found: ConnectionNode[] = [];
  RED.nodes.eachNode(({ id, type }) => {
    if (type !== "abiquo-config") return;
    const node: unknown = RED.nodes.getNode(id);
    if (isConnectionNode(node)) found.push(node.abiquo);
  });
  return found;
}
