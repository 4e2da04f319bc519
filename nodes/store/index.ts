import type { NodeAPI } from "node-red";
import { Fault } from "../lib/base/fault.ts";
import { defineNode, type NodeKit } from "../lib/node-red/define.ts";
import type { StoreNode, StoreSettings } from "../lib/node-red/engines.ts";
import { webhookRoutes } from "../lib/node-red/routes.ts";
import { metricsHandler } from "./metrics-door.ts";

export default function (RED: NodeAPI): void {
  defineNode(RED, "abiquo-store", { credentials: ["metricsToken"] }, (kit) => {
    const store = valueOrFault(() => settingsOf(kit));
    const path = kit.config.text("metrics");
    const token = valueOrFault(() => kit.credentials.secret("metricsToken"));
    // Served whatever is wrong with the rest: this is where it is looked for.
    if (path !== "") serve(kit, path, store, token);
    if (store instanceof Fault) throw store;
    (kit.node as StoreNode).store = store;
    if (token instanceof Fault) throw token;
  });
}

function settingsOf({ config }: NodeKit): StoreSettings {
  config.choice("engine", ["sqlite"]);
  return { file: config.text("file"), keep: config.number("keep", 0) };
}

function serve(kit: NodeKit, path: string, store: StoreSettings | Fault, token: string | Fault): void {
  const { RED, node } = kit;
  if (typeof RED.httpNode !== "function") throw new Fault("HTTP_NODE_OFF");
  const routes = webhookRoutes(RED);
  const isOurs = routes.claim(path, node.id, metricsHandler(RED, { id: node.id, store, token }), true, () => kit.clearFault());
  kit.onClose((removed) => routes.release(path, node.id, !removed));
  kit.onFlowsStarted(() => routes.settle());
  if (!isOurs) kit.showFault(new Fault("DUPLICATE_PATH", { path }));
}

function valueOrFault<Value>(read: () => Value): Value | Fault {
  try {
    return read();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}
