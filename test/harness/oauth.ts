import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface OAuthCredentials {
  consumerKey: string;
  consumerSecret: string;
  accessToken: string;
  accessTokenSecret: string;
}

export interface Secrets {
  readonly consumer: string;
  readonly token: string;
}

/** Why a signed request was refused. */
export interface OAuthProblem {
  readonly reason: "signature method" | "version" | "unknown key or token" | "timestamp" | "signature" | "nonce used before";
  /** the signature base string that the server signs (RFC 5849, section 3.4.1); where the signature was wrong */
  readonly expected?: string;
  /** the one that the caller signed, where it can be told which mistake was made */
  readonly sent?: string;
  readonly mistake?: Mistake;
}

/** Mistakes that a signature gives away, since it is right for who makes them. */
export type Mistake =
  | "query left out"
  | "scheme or port of another address"
  | "path without the base path"
  | "parameters not encoded twice"
  | "plus for a blank"
  | "secrets not encoded"
  | "token secret left out"
  | "method not signed as sent";

/** How far a timestamp may lie from the server's clock, in seconds. */
const WINDOW = 300;
const NONCES_KEPT = 200_000;

/** Checks OAuth 1.0a signatures (RFC 5849), written apart from the library that makes them. */
export class OAuthVerifier {
  readonly #nonces = new Set<string>();

  /**
   * The problem with this request's signature; undefined when it is right.
   *
   * @param now in ms
   */
  problem(request: IncomingMessage, secretsOf: (key: string, token: string) => Secrets | undefined, now: number): OAuthProblem | undefined {
    const parameters = headerParameters(request.headers.authorization ?? "");
    const get = (name: string): string => parameters.get(name) ?? "";
    if (get("oauth_signature_method") !== "HMAC-SHA1") return { reason: "signature method" };
    if (parameters.has("oauth_version") && get("oauth_version") !== "1.0") return { reason: "version" };
    const secrets = secretsOf(get("oauth_consumer_key"), get("oauth_token"));
    if (secrets === undefined) return { reason: "unknown key or token" };
    // Not `>`: a timestamp that is no number must fail too.
    if (!(Math.abs(Number(get("oauth_timestamp")) - now / 1000) <= WINDOW)) return { reason: "timestamp" };
    const signed = signedRequest(request, parameters);
    if (!sameSignature(get("oauth_signature"), signatureOf(baseString(signed), secrets))) {
      return { reason: "signature", expected: baseString(signed), ...mistakeIn(get("oauth_signature"), signed, secrets) };
    }
    const nonce = `${get("oauth_timestamp")} ${get("oauth_nonce")}`;
    if (get("oauth_nonce") === "" || this.#nonces.has(nonce)) return { reason: "nonce used before" };
    if (this.#nonces.size >= NONCES_KEPT) this.#nonces.clear();
    this.#nonces.add(nonce);
    return undefined;
  }
}

/** What is signed of a request. */
interface Signed {
  readonly method: string;
  /** scheme, host and path */
  readonly address: string;
  /** decoded; those of the header without the signature, and those of the query */
  readonly header: readonly (readonly [name: string, value: string])[];
  readonly query: readonly (readonly [name: string, value: string])[];
}

function signedRequest(request: IncomingMessage, header: ReadonlyMap<string, string>): Signed {
  const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
  return {
    method: (request.method ?? "GET").toUpperCase(),
    address: `${url.protocol}//${url.host}${url.pathname}`,
    header: [...header].filter(([name]) => name !== "oauth_signature"),
    query: [...url.searchParams],
  };
}

/** RFC 5849 section 3.4.1. */
function baseString({ method, address, header, query }: Signed, encoded = encode): string {
  const pairs = [...header, ...query].map(([name, value]) => [encoded(name), encoded(value)] as const);
  const sorted = [...pairs].sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : x > y ? 1 : 0) : a < b ? -1 : 1));
  return [method, encode(address), encode(sorted.map(([name, value]) => `${name}=${value}`).join("&"))].join("&");
}

/** RFC 5849 section 3.4.2. */
function signatureOf(base: string, { consumer, token }: Secrets, encoded = encode): string {
  return createHmac("sha1", `${encoded(consumer)}&${encoded(token)}`)
    .update(base)
    .digest("base64");
}

/** Which mistake makes the given signature right; nothing where none that is known does. */
function mistakeIn(given: string, signed: Signed, secrets: Secrets): { sent: string; mistake: Mistake } | undefined {
  const asIs = (text: string): string => text;
  const base = baseString(signed);
  const address = new URL(signed.address);
  const elsewhere = [`https://${address.host}`, `https://${address.hostname}`, `http://${address.hostname}`].map(
    (origin) => origin + address.pathname,
  );
  const below = signed.address.replace(/^(https?:\/\/[^/]+)\/[^/]+/, "$1");
  const candidates: (readonly [Mistake, string, string])[] = [
    ["query left out", baseString({ ...signed, query: [] }), signatureOf(baseString({ ...signed, query: [] }), secrets)],
    ...elsewhere.map(
      (other) => ["scheme or port of another address", ...withBase(baseString({ ...signed, address: other }), secrets)] as const,
    ),
    ["path without the base path", ...withBase(baseString({ ...signed, address: below }), secrets)],
    ["parameters not encoded twice", ...withBase(baseString(signed, asIs), secrets)],
    [
      "plus for a blank",
      ...withBase(
        baseString(signed, (text) => encode(text).replaceAll("%20", "+")),
        secrets,
      ),
    ],
    ["secrets not encoded", base, signatureOf(base, secrets, asIs)],
    ["token secret left out", base, signatureOf(base, { ...secrets, token: "" })],
    ...["GET", "POST", "PUT"].map(
      (method) => ["method not signed as sent", ...withBase(baseString({ ...signed, method }), secrets)] as const,
    ),
  ];
  const found = candidates.find(([, , signature]) => sameSignature(given, signature));
  return found === undefined ? undefined : { mistake: found[0], sent: found[1] };
}

function withBase(base: string, secrets: Secrets): readonly [base: string, signature: string] {
  return [base, signatureOf(base, secrets)];
}

function sameSignature(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

export function headerParameters(header: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = "", value = ""] of header.matchAll(/([A-Za-z_]+)="([^"]*)"/g)) {
    if (name !== "realm") parameters.set(name, decoded(value));
  }
  return parameters;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 3986 unreserved characters stay; RFC 5849 section 3.6. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
