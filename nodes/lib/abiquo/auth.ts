import { createHash } from "node:crypto";
import type { CredentialReason } from "./faults.ts";
import { type OAuthCredentials, oauthSigner } from "./oauth.ts";

export type Credentials =
  | ({ readonly kind: "oauth1" } & OAuthCredentials)
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

/** Makes the value of the Authorization header for a request to an absolute URL, as it is sent; a new one for each request. */
export type Authorizer = (method: string, url: string) => string;

/** What nobody else may see of the credentials, and the names that go with them. */
export function secretsOf(credentials: Credentials): { readonly secrets: readonly string[]; readonly names: readonly string[] } {
  switch (credentials.kind) {
    case "basic": {
      const { username, password } = credentials;
      return { secrets: [password, `${username}:${password}`], names: [username] };
    }
    case "bearer":
      return { secrets: [credentials.token], names: [] };
    case "oauth1": {
      const { consumerKey, consumerSecret, accessToken, accessTokenSecret } = credentials;
      return { secrets: [consumerSecret, accessTokenSecret, accessToken], names: [consumerKey] };
    }
  }
}

/**
 * Names the user whom these credentials sign in, as far as they tell, without telling them: equal for a user name with
 * whatever password, and for an access token, which stands for one user.
 */
export function principalOf(credentials: Credentials): string {
  const { kind } = credentials;
  const name = kind === "basic" ? credentials.username : kind === "bearer" ? credentials.token : credentials.accessToken;
  return createHash("sha256").update(`${kind} ${name}`).digest("base64url");
}

/** Why a 401 came. @param wereAccepted whether these credentials were accepted before */
export function refusalOf({ kind }: Credentials, wereAccepted: boolean): CredentialReason {
  const name = kind === "basic" ? "BASIC" : kind === "bearer" ? "BEARER" : "OAUTH1";
  return wereAccepted ? `${name}_REFUSED_ANY_MORE` : `${name}_REFUSED`;
}

/** The way to sign in: Basic (RFC 7617, in UTF-8), Bearer (RFC 6750), or OAuth 1.0a. */
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
      return oauthSigner(credentials);
  }
}
