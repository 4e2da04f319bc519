import type { NodeAPI } from "node-red";
import { AbiquoClient } from "../lib/abiquo/index.ts";
import { Configuration } from "../lib/node-red/config.ts";
import { isConnectionNode } from "../lib/node-red/connection.ts";
import { clientSettings } from "./client-settings.ts";
import { type SecretUse, withTypedSecrets } from "./trial-secrets.ts";

export interface TestedConnection {
  readonly ok: true;
  /** who the credentials sign in, and where that user belongs */
  readonly user: string;
  readonly enterprise: string;
  readonly version: string;
  /** the connection that is deployed is not the one that was tested, and stays stopped */
  readonly staysStopped?: true;
}

/**
 * Tries what stands in the dialog of a connection. Where that is what is deployed, and was stopped by a 401, it goes on.
 *
 * @param id of the node that the dialog belongs to
 * @param body what the dialog sent
 * @throws Fault SECRETS_NOT_TYPED; as `clientSettings` and the calls of AbiquoClient
 */
export async function testConnection(
  RED: NodeAPI,
  use: SecretUse,
  id: string,
  body: Readonly<Record<string, unknown>>,
): Promise<TestedConnection> {
  const settings = withTypedSecrets(RED, use, id, body, (secrets) => clientSettings(RED, new Configuration(body), secrets));
  const client = new AbiquoClient(settings);
  try {
    const { nick, enterpriseName } = await client.currentUser();
    const found = { ok: true, user: nick, enterprise: enterpriseName, version: await client.version() } as const;
    const deployed: unknown = RED.nodes.getNode(id);
    if (!isConnectionNode(deployed)) return found;
    const { abiquo } = deployed;
    if (abiquo.signsInWith(settings)) await abiquo.goOn();
    return abiquo.client.halted === undefined ? found : { ...found, staysStopped: true };
  } finally {
    await client.close();
  }
}
