import { type Dispatcher, Pool, ProxyAgent, errors as undiciErrors } from "undici";
import { isObject } from "../json.ts";
import { type ApiBase } from "./base.ts";
import { AbiquoFault, type ApiError } from "./fault.ts";
import { parseXml } from "./xml.ts";

export interface Proxy {
  readonly url: string;
  /** hosts reached directly: `host`, `host:port`, `.suffix`, `*` */
  readonly noProxy: readonly string[];
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface TransportSettings {
  readonly base: ApiBase;
  /** for connecting, for the headers and for each part of the body, in ms */
  readonly timeoutMs: number;
  /** options of node:tls: ca, cert, key, pfx, passphrase, servername, rejectUnauthorized */
  readonly tls?: Record<string, unknown> | undefined;
  readonly proxy?: Proxy | undefined;
  /** at most so many connections; 32 unless told */
  readonly connections?: number | undefined;
}

const CONNECTIONS = 32;
/** The largest answer that is read, in bytes: thousands of tasks in one page. */
const LARGEST_ANSWER = 64 * 1024 * 1024;
/** Clocks further apart than this make servers refuse OAuth 1.0a timestamps, in ms. */
const TOLERATED_SKEW = 300_000;

/** A pool of connections to one Abiquo, through the proxy where there is one for its host. */
export function createDispatcher(settings: TransportSettings): Dispatcher {
  const { base, timeoutMs, tls, proxy, connections = CONNECTIONS } = settings;
  const options = {
    connections,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: 30_000,
    maxResponseSize: LARGEST_ANSWER,
  };
  const connect = { ...tls, timeout: timeoutMs };
  const { origin, hostname, port } = new URL(base);
  if (proxy === undefined || isDirect(hostname, port, proxy.noProxy)) return new Pool(origin, { ...options, connect });
  const token = proxy.username === undefined ? {} : { token: basic(proxy.username, proxy.password ?? "") };
  return new ProxyAgent({
    uri: proxy.url,
    ...options,
    ...token,
    requestTls: connect,
    // A plain-HTTP Abiquo is reached by forwarding, as every proxy allows, rather than by a tunnel.
    proxyTunnel: base.startsWith("https:"),
  });
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

function isDirect(hostname: string, port: string, noProxy: readonly string[]): boolean {
  return noProxy.some((entry) => {
    const [host = "", onlyPort] = entry.trim().toLowerCase().split(":");
    if (host === "*") return true;
    if (host === "" || (onlyPort !== undefined && onlyPort !== port)) return false;
    const suffix = host.replace(/^\*?\.?/, "");
    return hostname === suffix || hostname.endsWith(`.${suffix}`);
  });
}

/** What went wrong before there was an answer. */
export function faultOfNetwork(error: unknown, base: ApiBase, timeoutMs: number, closed: boolean): AbiquoFault {
  if (closed || error instanceof undiciErrors.ClientDestroyedError || error instanceof undiciErrors.ClientClosedError) {
    return new AbiquoFault("ABIQUO_CLOSED", {}, { mayHaveArrived: true, cause: error });
  }
  const { origin } = new URL(base);
  const name = error instanceof Error ? error.name : "";
  if (name === "HeadersTimeoutError" || name === "BodyTimeoutError" || name === "ConnectTimeoutError") {
    const mayHaveArrived = name !== "ConnectTimeoutError";
    return new AbiquoFault("ABIQUO_TIMEOUT", { seconds: timeoutMs / 1000 }, { retriable: true, mayHaveArrived, cause: error });
  }
  const code = codeOf(error);
  return new AbiquoFault(
    "ABIQUO_UNREACHABLE",
    { url: origin, reason: code },
    { retriable: true, mayHaveArrived: !NEVER_SENT.has(code) && !/^(ERR_TLS|ERR_SSL|DEPTH_|UNABLE_|CERT_|SELF_)/.test(code), cause: error },
  );
}

/** With these the request has not left this machine, or found nobody. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "UND_ERR_PRX_TLS",
]);

function codeOf(error: unknown): string {
  for (let cause: unknown = error; isObject(cause) || cause instanceof Error; cause = (cause as Error).cause) {
    const { code, errors } = cause as { code?: unknown; errors?: unknown };
    if (typeof code === "string") return code;
    if (Array.isArray(errors) && errors.length > 0) return codeOf(errors[0]);
  }
  return error instanceof Error ? error.name : "UNKNOWN";
}

export interface Refusal {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly body: string;
  /** the path that was called */
  readonly path: string;
  readonly signed: boolean;
  readonly version: string;
}

/** What an answer other than success means (ABIQUO-API: errors by class; codes by the errors DTO). */
export function faultOfAnswer({ status, headers, body, path, signed, version }: Refusal): AbiquoFault {
  const apiErrors = apiErrorsIn(body);
  const facts = { status, apiErrors };
  if (status === 401) {
    const minutes = signed ? skewMinutes(headers["date"]) : 0;
    if (minutes > 0) return new AbiquoFault("ABIQUO_CLOCK_SKEW", { minutes }, facts);
    return new AbiquoFault("ABIQUO_UNAUTHORIZED", {}, facts);
  }
  if (status === 403) return new AbiquoFault("ABIQUO_FORBIDDEN", { url: path }, facts);
  if (status === 404) return new AbiquoFault("ABIQUO_NOT_FOUND", { url: path }, facts);
  if (status === 429) {
    return new AbiquoFault("ABIQUO_RATE_LIMITED", {}, { ...facts, retriable: true, retryAfterMs: retryAfter(headers) });
  }
  if (status === 406 || (status === 415 && apiErrors.length > 0)) {
    return new AbiquoFault("ABIQUO_VERSION_REFUSED", { version }, facts);
  }
  if (status >= 500) {
    const late = { retriable: true, mayHaveArrived: true, retryAfterMs: retryAfter(headers) };
    return new AbiquoFault("ABIQUO_FAILED", { status }, { ...facts, ...late });
  }
  if (status >= 400) {
    const errors = apiErrors.map(({ code, message }) => `${code} ${message}`.trim()).join("; ");
    return new AbiquoFault("ABIQUO_REFUSED", { status, errors: errors.slice(0, 500) }, facts);
  }
  return new AbiquoFault("ABIQUO_UNEXPECTED_ANSWER", { status }, facts);
}

/** Abiquo's errors, as JSON or XML; none when it is some proxy's page. */
function apiErrorsIn(body: string): ApiError[] {
  const text = body.trim();
  if (text.startsWith("{")) {
    try {
      const value: unknown = JSON.parse(text);
      if (!isObject(value)) return [];
      const list = Array.isArray(value["collection"]) ? (value["collection"] as unknown[]) : [value];
      return list.flatMap(apiError);
    } catch {
      return [];
    }
  }
  if (!/^(<\?xml[^>]*>\s*)?<(errors|error)\b/.test(text)) return [];
  try {
    const document = parseXml(text);
    const errors = isObject(document["errors"]) ? document["errors"]["error"] : document["error"];
    return (Array.isArray(errors) ? errors : [errors]).flatMap(apiError);
  } catch {
    return [];
  }
}

function apiError(value: unknown): ApiError[] {
  if (!isObject(value) || typeof value["code"] !== "string") return [];
  const message = typeof value["message"] === "string" ? value["message"] : "";
  return [{ code: value["code"].slice(0, 100), message: message.slice(0, 500) }];
}

function skewMinutes(date: string | string[] | undefined): number {
  const theirs = Date.parse(String(date ?? ""));
  const skew = Math.abs(theirs - Date.now());
  return Number.isNaN(theirs) || skew <= TOLERATED_SKEW ? 0 : Math.round(skew / 60_000);
}

function retryAfter(headers: Refusal["headers"]): number | undefined {
  const value = String(headers["retry-after"] ?? "");
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const until = Date.parse(value);
  return Number.isNaN(until) ? undefined : Math.max(0, until - Date.now());
}
