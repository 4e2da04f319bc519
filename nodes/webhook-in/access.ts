import type { IncomingMessage } from "node:http";
import type { WebhookBody } from "../lib/abiquo/index.ts";
import { type ApiBase, parseWebhookInTurns, parseWebhookJson } from "../lib/abiquo/index.ts";
import { readBody } from "../lib/base/body.ts";
import { Fault } from "../lib/base/fault.ts";
import { sameSecret } from "../lib/base/secret.ts";
import type { AddressList } from "../lib/node-red/config.ts";
import type { WebhookRequest } from "../lib/node-red/routes.ts";
import type { WebhookAuth } from "../lib/node-red/webhook-url.ts";
import type { FailedCalls } from "./failed-calls.ts";

export interface WebhookAccess {
  readonly auth: WebhookAuth;
  /** empty = anybody */
  readonly allowFrom: AddressList;
  readonly trustedProxies: AddressList;
  readonly failedCalls: FailedCalls;
  /** a call came with what is being replaced */
  readonly onPrevious?: () => void;
}

type Verdict = 200 | 401 | 403 | 404 | 429;

/**
 * Whether a request may come in: 403 for an address outside `allowFrom`, 401 for a wrong or missing secret, 429 for
 * an address that failed too often, whatever it says now; 200 when it may.
 *
 * @param rest the path segment after the webhook's path
 */
export function admits(access: WebhookAccess, request: IncomingMessage, rest: string): Verdict {
  const address = clientAddress(request, access.trustedProxies);
  if (access.failedCalls.isShutOut(address)) return 429;
  const isAllowed = access.allowFrom.isEmpty || access.allowFrom.has(address);
  const verdict = isAllowed ? proof(access, request, rest) : 403;
  if (verdict === 401 || verdict === 403) access.failedCalls.failed(address);
  if (verdict === 200) access.failedCalls.proved(address);
  return verdict;
}

function proof({ auth, onPrevious }: WebhookAccess, request: IncomingMessage, rest: string): Verdict {
  if (auth.kind === "none") return rest === "" ? 200 : 404;
  if (auth.kind === "basic") {
    const given = basicCredentials(request.headers.authorization);
    const isUser = sameSecret(given.username, auth.username);
    const known = which(given.password, auth.password, auth.previous ?? "");
    if (!isUser || known === undefined) return 401;
    if (known === "previous") onPrevious?.();
    return rest === "" ? 200 : 404;
  }
  const query = new URLSearchParams(request.url?.split("?")[1] ?? "");
  const given = rest === "" ? (query.get("secret") ?? "") : decoded(rest);
  const known = which(given, auth.secret, auth.previous ?? "");
  if (known === "previous") onPrevious?.();
  return known === undefined ? 401 : 200;
}

/** Both are compared, so that the time tells nothing of which one it is. */
function which(given: string, current: string, previous: string): "current" | "previous" | undefined {
  const [isCurrent, isPrevious] = [sameSecret(given, current), sameSecret(given, previous)];
  return isCurrent ? "current" : isPrevious ? "previous" : undefined;
}

/** The address of the caller; a trusted proxy says it in X-Forwarded-For, where the rightmost stranger counts. */
export function clientAddress(request: IncomingMessage, trusted: AddressList): string {
  const direct = request.socket.remoteAddress ?? "";
  if (!trusted.has(direct)) return direct;
  const forwarded = String(request.headers["x-forwarded-for"] ?? "").split(",");
  const hops = forwarded.map((hop) => withoutPort(hop.trim())).filter((hop) => hop !== "");
  return hops.reverse().find((hop) => !trusted.has(hop)) ?? direct;
}

/** Some proxies add the port: `192.0.2.1:51000`, `[2001:db8::1]:51000`. */
function withoutPort(hop: string): string {
  return hop.replace(/^\[(.*)\](:\d+)?$/, "$1").replace(/^([\d.]+):\d+$/, "$1");
}

function basicCredentials(header: string | undefined): { username: string; password: string } {
  const encoded = /^Basic\s+(\S+)$/i.exec(header ?? "")?.[1] ?? "";
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? { username: "", password: "" } : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return "";
  }
}

/**
 * Reads the body of a request whole, into `request.body`, unless something has before.
 *
 * @param limit in bytes
 * @throws Fault BODY_TOO_LARGE (413), BODY_TOO_SLOW (408), BODIES_TOO_MANY (503), ABIQUO_BAD_BODY (400)
 */
export async function takeBody(request: WebhookRequest, limit: number): Promise<void> {
  if (request.readableEnded || request.readableDidRead) return;
  request.body = await readBody(request, limit);
}

/**
 * The tasks in the body of a request that has been read.
 *
 * @throws Fault ABIQUO_BAD_BODY (400), ABIQUO_NO_TASK (422)
 */
export async function parseBody({ body }: WebhookRequest, base: ApiBase): Promise<WebhookBody> {
  if (body === undefined || body === "") throw new Fault("ABIQUO_BAD_BODY", { reason: "EMPTY" });
  return Buffer.isBuffer(body) ? parseWebhookInTurns(body, base) : parseWebhookJson(body, base);
}
