import type { NodeAPI } from "node-red";
import { Fault } from "../fault.ts";
import { isObject } from "../json.ts";
import type { WebhookAuth } from "./webhook.ts";

/** What an abiquo-webhook-in node offers to configure-workflow. */
export interface WebhookNode {
  /** @throws Fault CONFIG_INVALID when the connection has no usable public URL */
  url(): string;
}

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

/** An endpoint as it may be shown: without user name, password, query, and without the secret in its path. */
export function maskedEndpoint(endpoint: string, isOurs: boolean): string {
  if (!URL.canParse(endpoint)) return endpoint;
  const url = new URL(endpoint);
  if (url.username !== "") url.username = MASK;
  if (url.password !== "") url.password = MASK;
  if (url.search !== "") url.search = `?${MASK}`;
  if (isOurs || looksSecret(url.pathname.split("/").at(-1) ?? "")) {
    url.pathname = url.pathname.replace(/[^/]*$/, MASK);
  }
  return url.href;
}

/** A last segment that no person would choose as a path: long, and of mixed kinds of characters. */
function looksSecret(segment: string): boolean {
  return segment.length >= 16 && /\d/.test(segment) && /[a-zA-Z]/.test(segment);
}
