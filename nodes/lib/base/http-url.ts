/** A URL without what could be secret in it, and what it had too much. */
export interface HttpUrl {
  /** Scheme, host and path: no trailing slash, no default port. */
  readonly url: string;
  /** `user`: a name or a password; `query`: a query or a fragment. */
  readonly excess?: "user" | "query";
}

/** As `URL.parse`, which browsers of 2023 lack. */
export function urlIn(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** Reads an http or https URL; undefined for anything else. */
export function httpUrlIn(text: string): HttpUrl | undefined {
  const read = urlIn(text);
  // Chromium takes a host with blanks, encoded; Node.js none, nor any other.
  if (read === undefined || read.host.includes("%")) return undefined;
  const { protocol, host, pathname, username, password, search, hash } = read;
  // Without http the rest may be anything: `user:password@host` has the scheme `user`.
  if (protocol !== "http:" && protocol !== "https:") return undefined;
  let path = pathname;
  while (path.endsWith("/")) path = path.slice(0, -1);
  const url = `${protocol}//${host}${path}`;
  if (username !== "" || password !== "") return { url, excess: "user" };
  return search !== "" || hash !== "" ? { url, excess: "query" } : { url };
}
