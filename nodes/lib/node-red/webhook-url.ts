import type { NodeAPI } from "node-red";
import { Fault } from "../base/fault.ts";
import { isObject } from "../base/json.ts";

/** `previous` is the secret or the password that is being replaced, and good until then. */
export type WebhookAuth =
  | { readonly kind: "secret"; readonly secret: string; readonly previous?: string }
  | { readonly kind: "basic"; readonly username: string; readonly password: string; readonly previous?: string }
  | { readonly kind: "none" };

/** What an abiquo-webhook-in node offers to configure-workflow. */
export interface WebhookNode {
  /** @throws Fault CONFIG_INVALID when the connection has no usable public URL */
  url(): string;
  /** below this Node-RED's node root, without the secret */
  readonly path: string;
}

/** Where a webhook-in node listens unless told. */
export const DEFAULT_WEBHOOK_PATH = "/abiquo/workflow";

const MASK = "***";

/** The URL that Abiquo is to call, its secret included: never to be shown. */
export function webhookUrl(publicUrl: string, path: string, auth: WebhookAuth): string {
  if (!URL.canParse(publicUrl)) throw new Fault("CONFIG_INVALID", { property: "publicUrl" });
  const url = new URL(publicUrl + (path.startsWith("/") ? path : `/${path}`));
  if (auth.kind === "secret") url.pathname += `/${encodeURIComponent(auth.secret)}`;
  if (auth.kind === "basic") {
    url.username = encodeURIComponent(auth.username);
    url.password = encodeURIComponent(auth.password);
  }
  return url.href;
}

/** The URL of the webhook-in node with this id. @throws Fault WEBHOOK_UNKNOWN, CONFIG_INVALID */
export function webhookUrlOf(RED: NodeAPI, id: string): string {
  const node: unknown = RED.nodes.getNode(id);
  if (!isObject(node) || !isObject(node["webhook"])) throw new Fault("WEBHOOK_UNKNOWN");
  return (node["webhook"] as unknown as WebhookNode).url();
}

/** The paths of the webhook-in nodes of this Node-RED, and the one that such a node has unless told. */
export function webhookPaths(RED: NodeAPI): string[] {
  const paths = [DEFAULT_WEBHOOK_PATH];
  RED.nodes.eachNode(({ id, type }) => {
    const node: unknown = type === "abiquo-webhook-in" ? RED.nodes.getNode(id) : undefined;
    if (isObject(node) && isObject(node["webhook"])) paths.push((node["webhook"] as unknown as WebhookNode).path);
  });
  return paths;
}

/**
 * An endpoint as it may be shown, whoever has set it: without user name, password, query and fragment, and without what
 * stands behind the path of a webhook. Of a path that is nobody's here the first part is shown, unless it looks secret.
 *
 * @param paths of webhooks, behind which their secrets stand
 */
export function maskedEndpoint(endpoint: string, paths: readonly string[]): string {
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol)) return /[/?#@:]/.test(endpoint) ? MASK : endpoint;
  if (url.username !== "") url.username = MASK;
  if (url.password !== "") url.password = MASK;
  if (url.search !== "") url.search = `?${MASK}`;
  if (url.hash !== "") url.hash = MASK;
  const shown = shownPath(url.pathname, paths);
  if (url.pathname.length > shown.length + 1) url.pathname = `${shown}/${MASK}`;
  return url.href;
}

function shownPath(pathname: string, paths: readonly string[]): string {
  for (const path of paths) {
    const known = path.startsWith("/") ? path : `/${path}`;
    const start = `${pathname}/`.indexOf(`${known}/`);
    if (known !== "/" && start >= 0) return pathname.slice(0, start + known.length);
  }
  const [, first = ""] = pathname.split("/");
  return first === "" || looksSecret(first) ? "" : `/${first}`;
}

/** What no person would choose as a path: long, and of mixed kinds of characters. */
function looksSecret(segment: string): boolean {
  return segment.length >= 16 && /\d/.test(segment) && /[a-zA-Z]/.test(segment);
}
