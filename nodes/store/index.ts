import type { NodeAPI } from "node-red";
import { Fault, valueOrFault } from "../lib/base/fault.ts";
import { claimPath } from "../lib/node-red/claimed-path.ts";
import type { Configuration } from "../lib/node-red/config.ts";
import { defineNode, type NodeKit } from "../lib/node-red/define.ts";
import type { StoreNode, StoreSettings } from "../lib/node-red/engines.ts";
import { metricsHandler } from "./metrics-door.ts";

export default function (RED: NodeAPI): void {
  defineNode(RED, "abiquo-store", { credentials: ["url", "metricsToken"] }, (kit) => {
    const store = valueOrFault(() => settingsOf(kit));
    const path = kit.config.text("metrics");
    const token = valueOrFault(() => kit.credentials.secret("metricsToken"));
    // Served whatever is wrong with the rest: this is where it is looked for.
    if (path !== "") claimPath(kit, path, metricsHandler(RED, { id: kit.node.id, store, token }), true);
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
