import type { NodeAPI } from "node-red";
import { Fault } from "../lib/base/fault.ts";
import type { Configuration } from "../lib/node-red/config.ts";
import { defineNode, type NodeKit } from "../lib/node-red/define.ts";
import type { StoreNode, StoreSettings } from "../lib/node-red/engines.ts";
import { webhookRoutes } from "../lib/node-red/routes.ts";
import { metricsHandler } from "./metrics-door.ts";

export default function (RED: NodeAPI): void {
  defineNode(RED, "abiquo-store", { credentials: ["url", "metricsToken"] }, (kit) => {
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

function settingsOf({ config, credentials }: NodeKit): StoreSettings {
  const engine = config.choice("engine", ["sqlite", "postgres"]);
  const file = config.text("file");
  const keep = config.number("keep", 0);
  return engine === "sqlite" ? { engine, file, keep } : { engine, url: databaseUrl(credentials), keep };
}

/** @throws Fault CONFIG_INVALID where it is no URL of a PostgreSQL database; ENV_UNSET */
function databaseUrl(credentials: Configuration): string {
  const url = credentials.text("url");
  if (!/^postgres(?:ql)?:$/.test(URL.parse(url)?.protocol ?? "")) throw new Fault("CONFIG_INVALID", { property: "url" });
  return url;
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
