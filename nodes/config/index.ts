import type { Node, NodeAPI, NodeDef } from "node-red";
import { AbiquoClient, Resources } from "../lib/abiquo/index.ts";
import { adminAction } from "../lib/node-red/admin.ts";
import type { ConfigNode, ConnectionNode } from "../lib/node-red/connection.ts";
import { defineNode } from "../lib/node-red/define.ts";
import { useEngine } from "../lib/node-red/engines.ts";
import { attachToStore } from "../lib/node-red/store-access.ts";
import { storeSettings } from "../lib/node-red/store-settings.ts";
import { clientSettings, isSameAccess } from "./client-settings.ts";
import { testConnection } from "./connection-test.ts";
import { tellLeftBehind } from "./left-behind.ts";
import type { SecretUse } from "./trial-secrets.ts";
import { tellTrouble } from "./trouble.ts";
import { CONFIG_WORDS, type ConfigKit } from "./words.ts";

const TYPE = "abiquo-config";
const CREDENTIALS = ["consumerKey", "consumerSecret", "accessToken", "accessTokenSecret", "username", "password", "bearerToken"] as const;
/** Where and how the secrets are sent. */
const SECRET_USE: SecretUse = { type: TYPE, names: CREDENTIALS, places: { url: "", auth: "oauth1", tls: "", proxy: "" } };

export default function (RED: NodeAPI): void {
  const settings = { abiquoConfigSettle: { value: 60, exportable: false }, abiquoConfigLease: { value: 15, exportable: false } };
  defineNode(RED, TYPE, { credentials: CREDENTIALS, settings, words: CONFIG_WORDS }, (kit) => {
    const node = kit.node as ConfigNode;
    // Node-RED hands the errors and the status of a config node to the flows of the nodes listed here.
    Object.defineProperty(node, "users", { get: () => oneUserPerFlow(RED, node.id) });
    node.abiquo = connect(RED, kit);
  });

  adminAction(RED, `/${TYPE}/:id/test`, `${TYPE}.write`, ({ id = "" }, body) => testConnection(RED, SECRET_USE, id, body));
}

function connect(RED: NodeAPI, kit: ConfigKit): ConnectionNode {
  const { node, config } = kit;
  const settings = clientSettings(RED, config, kit.credentials);
  const pace = config.number("pace", 0);
  const publicUrl = config.text("publicUrl").replace(/\/+$/, "");
  const trustedProxies = config.addresses("trustedProxies");
  const identityHeader = config.text("identityHeader").toLowerCase();
  const store = storeSettings(RED, config.text("store"));
  // Opened last: a fault before this leaves nothing open.
  const client = new AbiquoClient(settings);
  const use = useEngine(RED, store);
  const { base } = client;
  const resources = new Resources(client);
  const connection: ConnectionNode = {
    id: node.id,
    base,
    client,
    resources,
    pace,
    publicUrl,
    trustedProxies,
    identityHeader,
    get engine() {
      return use.engine;
    },
    get opened() {
      return use.opened;
    },
    get current() {
      return use.current;
    },
    metrics: use.metrics,
    onStore: use.onStore,
    signsInWith: (other) => isSameAccess(settings, other),
    async goOn() {
      client.resume();
      (await use.engine).restart(connection);
    },
  };
  tellTrouble(RED, kit, client);
  kit.onStart(() => {
    const end = use.onStore((fault) => (fault === undefined ? node.log(kit.text("storeWorks")) : kit.report(fault)));
    kit.onClose(end);
    return attachToStore(kit, connection, async (engine) => {
      await engine.connect(connection);
      // A store that fails right now is told by others, and what is left behind at the next start.
      await tellLeftBehind(RED, connection, engine, (fault) => kit.report(fault)).catch(() => undefined);
    });
  });
  kit.onClose(async () => {
    use.current?.disconnect(connection);
    await client.close();
    await use.release();
  });
  return connection;
}

/** Of the nodes that choose this connection, one of each flow: so its Catch nodes get a fault once. */
function oneUserPerFlow(RED: NodeAPI, connection: string): Record<string, Node> {
  const users = new Map<string | undefined, Node>();
  RED.nodes.eachNode((definition) => {
    if ((definition as NodeDef & { connection?: string }).connection !== connection || users.has(definition.z)) return;
    const node = RED.nodes.getNode(definition.id) as Node | null;
    if (node !== null) users.set(definition.z, node);
  });
  return Object.fromEntries([...users.values()].map((node) => [node.id, node]));
}
