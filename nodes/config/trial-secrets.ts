import type { NodeAPI } from "node-red";
import { Fault } from "../lib/base/fault.ts";
import { isObject } from "../lib/base/json.ts";
import { Configuration } from "../lib/node-red/config.ts";

/** What Node-RED's editor sends in place of a password that was not changed. */
const UNCHANGED = "__PWRD__";

/** How the secrets of a node type are used. */
export interface SecretUse {
  /** of the node that the dialog belongs to */
  readonly type: string;
  /** names of its secrets */
  readonly names: readonly string[];
  /** the properties that say where the secrets are sent, and how, with their values where the node has none */
  readonly places: Readonly<Record<string, string>>;
}

/**
 * Tries what stands in a dialog with the secrets that were typed there. A placeholder stands for the stored secret of
 * this very node, and only where the secrets would go where they were deployed to go: else who may change a flow, but
 * not read its secrets, could have them sent to a host of theirs. Every endpoint that tries something uses this.
 *
 * @param id of the node that the dialog belongs to
 * @param body what the dialog sent: the properties, and `credentials`
 * @param use takes the secrets; throws CREDENTIAL_MISSING for one that it needs
 * @throws Fault SECRETS_NOT_TYPED when a needed secret has a placeholder that stands for nothing here
 */
export function withTypedSecrets<Result>(
  RED: NodeAPI,
  { type, names, places }: SecretUse,
  id: string,
  body: Readonly<Record<string, unknown>>,
  use: (secrets: Configuration) => Result,
): Result {
  const typed = isObject(body["credentials"]) ? body["credentials"] : {};
  const deployed = definitionOf(RED, type, id);
  const goElsewhere = Object.entries(places).some(
    ([name, otherwise]) => textOf(body[name], otherwise) !== textOf(deployed?.[name], otherwise),
  );
  const stored = deployed === undefined || goElsewhere ? {} : credentialsOf(RED, type, id);
  const values = names.map((name) => [name, typed[name] === UNCHANGED ? stored[name] : typed[name]] as const);
  try {
    return use(new Configuration(Object.fromEntries(values)));
  } catch (error) {
    const isMissing = error instanceof Fault && error.code === "CREDENTIAL_MISSING";
    if (isMissing && deployed !== undefined && typed[String(error.params["name"])] === UNCHANGED) throw new Fault("SECRETS_NOT_TYPED");
    throw error;
  }
}

/** As it was deployed, variables unresolved, as the dialog shows it. */
function definitionOf(RED: NodeAPI, type: string, id: string): Record<string, unknown> | undefined {
  let found: Record<string, unknown> | undefined;
  RED.nodes.eachNode((definition) => {
    if (definition.id === id && definition.type === type) found = definition as unknown as Record<string, unknown>;
  });
  return found;
}

function credentialsOf(RED: NodeAPI, type: string, id: string): Record<string, unknown> {
  const node: unknown = RED.nodes.getNode(id);
  return isObject(node) && node["type"] === type && isObject(node["credentials"]) ? node["credentials"] : {};
}

function textOf(value: unknown, otherwise: string): string {
  return value === undefined || value === null || value === "" ? otherwise : String(value).trim();
}
