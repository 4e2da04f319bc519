import { createHmac, randomBytes } from "node:crypto";
import OAuth from "oauth-1.0a";

export type Credentials =
  | {
      readonly kind: "oauth1";
      readonly consumerKey: string;
      readonly consumerSecret: string;
      readonly accessToken: string;
      readonly accessTokenSecret: string;
    }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

/** Makes the value of the Authorization header for a request. */
export type Authorizer = (method: string, url: string) => string;

/**
 * The way to sign in. OAuth 1.0a by RFC 5849 with HMAC-SHA1: query parameters enter the signature, bodies that
 * are not forms do not (section 3.4.1.3.1).
 */
export function authorizer(credentials: Credentials): Authorizer {
  switch (credentials.kind) {
    case "basic": {
      const { username, password } = credentials;
      const value = `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
      return () => value;
    }
    case "bearer": {
      const value = `Bearer ${credentials.token}`;
      return () => value;
    }
    case "oauth1":
      return oauth1(credentials);
  }
}

function oauth1(credentials: Extract<Credentials, { kind: "oauth1" }>): Authorizer {
  const oauth = new OAuth({
    consumer: { key: credentials.consumerKey, secret: credentials.consumerSecret },
    signature_method: "HMAC-SHA1",
    hash_function: (text, key) => createHmac("sha1", key).update(text).digest("base64"),
  });
  // The library's own nonce comes from Math.random, which can be foreseen.
  oauth.getNonce = () => randomBytes(16).toString("hex");
  const token = { key: credentials.accessToken, secret: credentials.accessTokenSecret };
  return (method, url) => oauth.toHeader(oauth.authorize({ method, url }, token)).Authorization;
}
