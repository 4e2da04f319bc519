import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface OAuthCredentials {
  consumerKey: string;
  consumerSecret: string;
  accessToken: string;
  accessTokenSecret: string;
}

/** How far a timestamp may lie from the server's clock, in seconds. */
const WINDOW = 300;
const NONCES_KEPT = 200_000;

/** Checks OAuth 1.0a signatures (RFC 5849), written apart from the library that makes them. */
export class OAuthVerifier {
  readonly #nonces = new Set<string>();

  /** The problem with this request's signature; undefined when it is right. `now` in ms. */
  problem(request: IncomingMessage, secretsOf: (key: string, token: string) => { consumer: string; token: string } | undefined, now: number): string | undefined {
    const header = request.headers.authorization ?? "";
    const parameters = headerParameters(header);
    const get = (name: string): string => parameters.get(name) ?? "";
    if (get("oauth_signature_method") !== "HMAC-SHA1") return "signature method";
    if (parameters.has("oauth_version") && get("oauth_version") !== "1.0") return "version";
    const secrets = secretsOf(get("oauth_consumer_key"), get("oauth_token"));
    if (secrets === undefined) return "unknown key or token";
    // Not `>`: a timestamp that is no number must fail too.
    if (!(Math.abs(Number(get("oauth_timestamp")) - now / 1000) <= WINDOW)) return "timestamp";
    const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
    const expected = signature(request.method ?? "GET", url, parameters, secrets);
    const given = Buffer.from(get("oauth_signature"));
    const right = Buffer.from(expected);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return "signature";
    const nonce = `${get("oauth_timestamp")} ${get("oauth_nonce")}`;
    if (get("oauth_nonce") === "" || this.#nonces.has(nonce)) return "nonce used before";
    if (this.#nonces.size >= NONCES_KEPT) this.#nonces.clear();
    this.#nonces.add(nonce);
    return undefined;
  }
}

export function headerParameters(header: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = "", value = ""] of header.matchAll(/([A-Za-z_]+)="([^"]*)"/g)) {
    if (name !== "realm") parameters.set(name, decodeURIComponent(value));
  }
  return parameters;
}

/** RFC 5849 sections 3.4.1 and 3.4.2. */
function signature(method: string, url: URL, header: Map<string, string>, secrets: { consumer: string; token: string }): string {
  const pairs: [string, string][] = [];
  for (const [name, value] of header) if (name !== "oauth_signature") pairs.push([encode(name), encode(value)]);
  for (const [name, value] of url.searchParams) pairs.push([encode(name), encode(value)]);
  pairs.sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1));
  const normalised = pairs.map(([name, value]) => `${name}=${value}`).join("&");
  const base = [method.toUpperCase(), encode(`${url.protocol}//${url.host}${url.pathname}`), encode(normalised)].join("&");
  return createHmac("sha1", `${encode(secrets.consumer)}&${encode(secrets.token)}`).update(base).digest("base64");
}

/** RFC 3986 unreserved characters stay; RFC 5849 section 3.6. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
