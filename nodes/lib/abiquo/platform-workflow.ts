import { isObject, type JsonObject, textOf } from "../base/json.ts";
import { type Api, segment } from "./api.ts";
import { collectionOf } from "./paging.ts";
import { decoded } from "./transport.ts";

export interface PlatformWorkflow {
  /** where Abiquo posts its tasks; empty when not set */
  readonly endpoint: string;
  readonly enabled: boolean;
}

/** Names of system properties; Abiquo workflow feature, "Configure workflow". */
const ENDPOINT = "client.main.workflowEndPoint";
const ENABLED = "client.main.workflowEnabled";

export async function readPlatformWorkflow(api: Api, signal?: AbortSignal): Promise<PlatformWorkflow> {
  const endpoint = await readProperty(api, ENDPOINT, signal);
  const enabled = await readProperty(api, ENABLED, signal);
  return { endpoint: textOf(endpoint?.["value"]), enabled: textOf(enabled?.["value"]) === "1" };
}

/** As `AbiquoClient.setPlatformWorkflow`. */
export async function writePlatformWorkflow(
  api: Api,
  { endpoint, enabled }: { endpoint?: string; enabled?: boolean },
  signal?: AbortSignal,
): Promise<PlatformWorkflow> {
  if (endpoint !== undefined && enabled !== false) await writeProperty(api, ENDPOINT, endpoint, signal);
  if (enabled !== undefined) await writeProperty(api, ENABLED, enabled ? "1" : "0", signal);
  return readPlatformWorkflow(api, signal);
}

async function readProperty(api: Api, name: string, signal?: AbortSignal): Promise<JsonObject | undefined> {
  const url = `${api.base}/config/properties?name=${name}`;
  const found = collectionOf(await api.read(url, "systemproperties", signal));
  return found.find((property): property is JsonObject => isObject(property) && property["name"] === name);
}

async function writeProperty(api: Api, name: string, value: string, signal?: AbortSignal): Promise<void> {
  const url = `${api.base}/config/properties`;
  const property = await readProperty(api, name, signal);
  const secrets = secretsInUrl(value);
  if (property === undefined) await api.write("POST", url, "systemproperty", { name, value }, signal, secrets);
  else if (property["value"] !== value) {
    // The whole object: the server takes over the description as well, null if there is none.
    const id = segment(textOf(property["id"]));
    await api.write("PUT", `${url}/${id}`, "systemproperty", { ...property, value }, signal, secrets);
  }
}

/** What may be a secret in the address of a webhook: user, password, query, and the last part of its path. */
function secretsInUrl(text: string): string[] {
  const url = URL.parse(text);
  if (url === null) return [];
  const last = url.pathname.split("/").at(-1) ?? "";
  const written = [url.username, url.password, last, ...url.searchParams.values()];
  return written.flatMap((part) => [part, decoded(part)]).filter((part) => part !== "");
}
