import { createHmac, randomUUID } from "node:crypto";
import OAuth from "oauth-1.0a";

export interface OAuthCredentials {
  readonly consumerKey: string;
  readonly consumerSecret: string;
  readonly accessToken: string;
  readonly accessTokenSecret: string;
}

/**
 * Signs requests by OAuth 1.0a (RFC 5849) with HMAC-SHA1. The query enters the signature, and bodies that are not forms
 * do not (section 3.4.1.3.1).
 *
 * @returns what makes the Authorization header of a request, with a new nonce each time; its URL is the one that is
 *   sent, as `sendable` writes it
 */
export function oauthSigner({
  consumerKey,
  consumerSecret,
  accessToken,
  accessTokenSecret,
}: OAuthCredentials): (method: string, url: string) => string {
  const oauth = new OAuth({
    consumer: { key: consumerKey, secret: consumerSecret },
    signature_method: "HMAC-SHA1",
    hash_function: (text, key) => createHmac("sha1", key).update(text).digest("base64"),
  });
  // The library's own nonce comes from Math.random, which can be foreseen.
  oauth.getNonce = () => randomUUID();
  oauth.percentEncode = encoded;
  // The library reads a query in a way of its own: it keeps plus signs, ends a value at its second equals sign, and
  // drops an empty value that comes first of several. The server would sign another request than it does.
  oauth.getParameterString = ({ url }, own) => {
    const [, ...query] = url.split("?");
    const parameters = Object.entries(own).map(([name, value]): Pair => [encoded(name), encoded(String(value))]);
    return normalised([...parameters, ...pairsOf(query.join("?"))]);
  };
  const token = { key: accessToken, secret: accessTokenSecret };
  return (method, url) => oauth.toHeader(oauth.authorize({ method, url }, token)).Authorization;
}

type Pair = readonly [name: string, value: string];

/** Section 3.4.1.3.2: sorted by name, then by value, both encoded. */
function normalised(pairs: readonly Pair[]): string {
  const sorted = pairs.toSorted(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue));
  return sorted.map(([name, value]) => `${name}=${value}`).join("&");
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/**
 * What servers read in a query, as a form (HTML 4.01 section 17.13.4.1): parts between ampersands, names up to the first
 * equals sign, a plus for a blank. Encoded anew, since a sender may have encoded more or less than section 3.6 does.
 */
function pairsOf(query: string): Pair[] {
  const parts = query.split("&").filter((part) => part !== "");
  return parts.map((part) => {
    const end = part.includes("=") ? part.indexOf("=") : part.length;
    return [encodedAnew(part.slice(0, end)), encodedAnew(part.slice(end + 1))];
  });
}

/** Octet by octet, so that what is no UTF-8 stays what it is. */
function encodedAnew(text: string): string {
  return text.replace(/%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~]/g, (found) => {
    if (found === "+") return "%20";
    if (found.length === 1) return encoded(found);
    const character = String.fromCharCode(Number.parseInt(found.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : found.toUpperCase();
  });
}

/** Section 3.6. Most texts have none of the five marks that `encodeURIComponent` leaves. */
function encoded(text: string): string {
  const most = encodeURIComponent(text);
  return /[!'()*]/.test(most) ? most.replace(/[!'()*]/g, octets) : most;
}

/** What may stand in a path and a query as it is (RFC 3986 sections 3.3 and 3.4). */
const UNSENDABLE = /%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]/gu;

/**
 * A path and query as they are sent: characters that may not stand there are encoded in UTF-8, and so is a percent sign
 * that encodes nothing. What is sent and what is signed are then the same for every server.
 */
export function sendable(target: string): string {
  return target.replace(UNSENDABLE, octets);
}

function octets(text: string): string {
  return [...Buffer.from(text, "utf8")].map((octet) => `%${octet.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
