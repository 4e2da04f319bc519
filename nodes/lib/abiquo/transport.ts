import { type Dispatcher, Pool, ProxyAgent } from "undici";
import { systemClock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { isObject, parseJson } from "../base/json.ts";
import type { ApiBase } from "./base.ts";
import { AbiquoFault, type ApiError, type CredentialReason } from "./faults.ts";
import type { Redact } from "./redact.ts";
import { parseXml } from "./xml.ts";

export interface Proxy {
  /** http, https or socks5; may hold user and password */
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
/** The largest answer that is read, in bytes: a page of a hundred tasks has about 250,000. */
const LARGEST_ANSWER = 32 * 1024 * 1024;
/** Clocks further apart than this make servers refuse OAuth 1.0a timestamps, in ms. */
const TOLERATED_SKEW = 300_000;
/** No wait that a server asks for is longer, in ms; timers take no more than 24 days. */
const LONGEST_RETRY_AFTER = 3_600_000;

/**
 * A pool of connections to one Abiquo, through the proxy where there is one for its host.
 *
 * @throws Fault CONFIG_INVALID when the proxy's address is not usable
 */
export function createDispatcher(settings: TransportSettings): Dispatcher {
  const { base, timeoutMs, tls, proxy, connections = CONNECTIONS } = settings;
  const options = {
    connections,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: LARGEST_ANSWER,
  };
  const connect = { ...tls, timeout: timeoutMs };
  const url = new URL(base);
  if (proxy === undefined || isDirect(url, proxy.noProxy)) return new Pool(url.origin, { ...options, connect });
  const { uri, token } = proxyAddress(proxy);
  // The agent would make the pools that lead to the proxy, and those for forwarding, without any of the options.
  const pool = (origin: string | URL, given: object): Pool => new Pool(origin, { ...options, ...given });
  return new ProxyAgent({
    ...options,
    uri,
    ...(token === "" ? {} : { token }),
    requestTls: connect,
    proxyTls: { timeout: timeoutMs },
    clientFactory: pool,
    factory: pool,
    // A plain-HTTP Abiquo is reached by forwarding, as every proxy allows, rather than by a tunnel.
    proxyTunnel: url.protocol === "https:",
  });
}

/** What of the settings of the network nobody else may see. */
export function secretsOfNetwork({ proxy, tls }: TransportSettings): string[] {
  const passphrase = typeof tls?.["passphrase"] === "string" ? tls["passphrase"] : "";
  if (proxy === undefined) return [passphrase];
  const { username, password } = URL.parse(withScheme(proxy.url)) ?? { username: "", password: "" };
  return [
    passphrase,
    proxy.password ?? "",
    decoded(password),
    `${proxy.username ?? decoded(username)}:${proxy.password ?? decoded(password)}`,
  ];
}

/** The proxy's address without secrets, and what it takes to sign in there. */
function proxyAddress({ url, username, password }: Proxy): { uri: string; token: string } {
  const whole = withScheme(url);
  // What the platform says of a bad URL would quote the password.
  if (!URL.canParse(whole)) throw new Fault("CONFIG_INVALID", { property: "proxy" });
  const address = new URL(whole);
  if (!/^(https?|socks5?):$/.test(address.protocol)) throw new Fault("CONFIG_INVALID", { property: "proxy" });
  const user = username ?? decoded(address.username);
  const secret = username === undefined ? decoded(address.password) : (password ?? "");
  if (address.protocol.startsWith("socks")) return { uri: whole, token: "" };
  const token = user === "" ? "" : `Basic ${Buffer.from(`${user}:${secret}`, "utf8").toString("base64")}`;
  return { uri: `${address.protocol}//${address.host}`, token };
}

function withScheme(url: string): string {
  return url.includes("://") ? url : `http://${url}`;
}

/** Without its percent-encoding, if it is one. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isDirect({ protocol, hostname, port }: URL, noProxy: readonly string[]): boolean {
  const ownPort = port || (protocol === "https:" ? "443" : "80");
  return noProxy.some((entry) => {
    const text = entry.trim().toLowerCase();
    if (text === "*") return true;
    const [, host = "", onlyPort] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(text) ?? [];
    const suffix = host.replace(/^\*?\.?/, "");
    if (suffix === "" || (onlyPort !== undefined && onlyPort !== ownPort)) return false;
    return hostname === suffix || hostname.endsWith(`.${suffix}`);
  });
}

/** The caller or the client itself no longer wants the answer. */
export function closedFault(mayHaveArrived: boolean): AbiquoFault {
  return new AbiquoFault("ABIQUO_CLOSED", {}, { mayHaveArrived });
}

/** What went wrong before there was an answer, or before it was whole. */
export function faultOfNetwork(error: unknown, origin: string, timeoutMs: number): AbiquoFault {
  const code = codeOf(error);
  if (TIMEOUTS.has(code)) {
    const facts = { retriable: true, mayHaveArrived: code !== "UND_ERR_CONNECT_TIMEOUT", cause: error };
    return new AbiquoFault("ABIQUO_TIMEOUT", { seconds: timeoutMs / 1000 }, facts);
  }
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") return foreignFault(200, undefined);
  // The proxy's own answer; undici hands its status over in a sentence.
  const status = /Proxy response \((\d{3})\)|Proxy Authentication Required \((407)\)/.exec(messageOf(error));
  const reason = status === null ? code : `PROXY_${status[1] ?? status[2]}`;
  const wasNeverSent = status !== null || NEVER_SENT.test(code) || failedToConnect(error);
  return new AbiquoFault("ABIQUO_UNREACHABLE", { url: origin, reason }, { retriable: true, mayHaveArrived: !wasNeverSent, cause: error });
}

const TIMEOUTS = new Set(["UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

/**
 * With these the request has not left this machine, found nobody, or nobody that could be trusted: the errors
 * of name resolution and connecting, of node:tls, and of X.509 (node:tls, "X509 certificate error codes").
 */
const NEVER_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EPROTO|ERR_(TLS|SSL|OSSL)_\w+|UND_ERR_(PRX_TLS|INVALID_ARG)|(CERT|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED)_\w+|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$/;

function failedToConnect(error: unknown): boolean {
  const isConnecting = isObject(error) && error["syscall"] === "connect";
  return isConnecting || messageOf(error).includes("before secure TLS connection");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}

function codeOf(error: unknown): string {
  for (let cause: unknown = error; isObject(cause); cause = cause["cause"]) {
    if (typeof cause["code"] === "string") return cause["code"];
    if (Array.isArray(cause["errors"]) && cause["errors"].length > 0) return codeOf(cause["errors"][0]);
  }
  return error instanceof Error ? error.name : "UNKNOWN";
}

export interface Refusal {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly body: string;
  readonly origin: string;
  /** the path that was called, without its query */
  readonly path: string;
  /** the request had a signature, which depends on the clock */
  readonly signed: boolean;
  /** what a 401 means */
  readonly refusal: CredentialReason;
  /** the API version that the request named; empty when it named none */
  readonly version: string;
  readonly redact: Redact;
}

/** What an answer other than success means: its class by the status, its cause by the errors DTO. */
export function faultOfAnswer({ status, headers, body, origin, path, signed, refusal, version, redact }: Refusal): AbiquoFault {
  const apiErrors = apiErrorsIn(body, redact);
  const facts = { status, apiErrors };
  if (status === 407) {
    const passing = { ...facts, retriable: true };
    return new AbiquoFault("ABIQUO_UNREACHABLE", { url: origin, reason: "PROXY_407" }, passing);
  }
  if (isForeign(status, headers, body, apiErrors)) return foreignFault(status, retryAfter(headers));
  if (status === 401) {
    const minutes = signed ? skewMinutes(headers["date"]) : 0;
    if (minutes > 0) return new AbiquoFault("ABIQUO_CLOCK_SKEW", { minutes }, facts);
    return new AbiquoFault("ABIQUO_UNAUTHORIZED", { reason: refusal }, facts);
  }
  if (status === 403) return new AbiquoFault("ABIQUO_FORBIDDEN", { url: path }, facts);
  if (status === 404) return new AbiquoFault("ABIQUO_NOT_FOUND", { url: path }, facts);
  if (status === 429) {
    return new AbiquoFault("ABIQUO_RATE_LIMITED", {}, { ...facts, retriable: true, retryAfterMs: retryAfter(headers) });
  }
  if ((status === 406 || status === 415) && version !== "") {
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
  return foreignFault(status, undefined);
}

/**
 * Somebody else's answer, in place of Abiquo's or of what it said: it passes, and says nothing of whether Abiquo acted
 * on the request.
 */
export function foreignFault(status: number, retryAfterMs: number | undefined): AbiquoFault {
  return new AbiquoFault("ABIQUO_UNEXPECTED_ANSWER", { status }, { status, retriable: true, mayHaveArrived: true, retryAfterMs });
}

/** What Abiquo's API never answers by itself (RFC 9110 sections 15.4, 15.5.9, 15.5.20; RFC 8470 section 5.2). */
const NEVER_ABIQUOS = new Set([408, 421, 425]);
/** Abiquo answers these with a page, as the servlet container writes it, or without a word. */
const WITHOUT_ERRORS = new Set([401, 403]);

/**
 * Whether a proxy, a load balancer, a maintenance page or a servlet container without its application answered. That a
 * resource does not exist must be said by Abiquo, in its errors.
 */
function isForeign(status: number, headers: Refusal["headers"], body: string, apiErrors: readonly ApiError[]): boolean {
  if (status < 400 || NEVER_ABIQUOS.has(status)) return true;
  if (WITHOUT_ERRORS.has(status) || status === 429 || status >= 500) return false;
  if (status === 404) return !apiErrors.some(({ code }) => OWN_CODE.test(code));
  return apiErrors.length === 0 && isPage(headers, body);
}

/** As TASK-1, WKF-01 or 409-CONFLICT-StaleObject. */
const OWN_CODE = /^[A-Z0-9]+(?:-\w+)+$/;

/** Whether this is a page for people, which Abiquo's API has none of but for 401 and 403. */
export function isPage(headers: Refusal["headers"], body: string): boolean {
  if (body.trim() === "") return false;
  return (
    /^(text\/html|application\/xhtml\+xml)\b/i.test(String(headers["content-type"] ?? "")) || /^\s*<(!doctype\s+html|html)\b/i.test(body)
  );
}

/** Abiquo's errors, as JSON or XML, without what they quote of our secrets; none when it is some proxy's page. */
function apiErrorsIn(body: string, redact: Redact): ApiError[] {
  return entriesIn(body.trim()).flatMap((entry) => {
    if (!isObject(entry) || typeof entry["code"] !== "string") return [];
    const message = typeof entry["message"] === "string" ? entry["message"] : "";
    // Before they are cut: half a secret would not be found.
    return [{ code: redact(entry["code"]).slice(0, 100), message: redact(message).slice(0, 500) }];
  });
}

function entriesIn(text: string): unknown[] {
  if (text.startsWith("{")) {
    const value = parseJson(text);
    if (!isObject(value)) return [];
    return Array.isArray(value["collection"]) ? (value["collection"] as unknown[]) : [value];
  }
  if (!/^(<\?xml[^>]*>\s*)?<(errors|error)\b/.test(text)) return [];
  try {
    const document = parseXml(text);
    const errors = isObject(document["errors"]) ? document["errors"]["error"] : document["error"];
    return Array.isArray(errors) ? errors : [errors];
  } catch {
    return [];
  }
}

function skewMinutes(date: string | string[] | undefined): number {
  const theirs = Date.parse(String(date ?? ""));
  const skew = Math.abs(theirs - systemClock.now());
  return Number.isNaN(theirs) || skew <= TOLERATED_SKEW ? 0 : Math.round(skew / 60_000);
}

/** In ms. A date counts from the server's own, where it tells that: our clock may be another. */
function retryAfter(headers: Refusal["headers"]): number | undefined {
  const value = String(headers["retry-after"] ?? "").trim();
  const wait = /^\d+$/.test(value)
    ? Number(value) * 1000
    : httpDate(value) - (httpDate(String(headers["date"] ?? "")) || systemClock.now());
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(0, wait), LONGEST_RETRY_AFTER);
}

/** In ms since 1970; NaN for what is none of the three formats of RFC 9110 section 5.6.7, all of them in UTC. */
function httpDate(text: string): number {
  if (/^\w{3,9}, \d\d[ -]\w{3}[ -]\d{2,4} \d\d:\d\d:\d\d GMT$/.test(text)) return Date.parse(text);
  return /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(text) ? Date.parse(`${text} GMT`) : Number.NaN;
}
