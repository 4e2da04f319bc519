import { Fault } from "../base/fault.ts";

/** A normalised base URL of an Abiquo API: no trailing slash, no default port, no user, query or fragment. */
export type ApiBase = string & { readonly __apiBase: unique symbol };

/**
 * Normalises the base URL of an API, such as `https://cloud.example.com/api`.
 *
 * @throws Fault ABIQUO_BAD_URL when it is not an http or https URL, or holds a user, a query or a fragment;
 *   `url` is what may be shown of it
 */
export function apiBase(url: string): ApiBase {
  if (!URL.canParse(url)) throw new Fault("ABIQUO_BAD_URL", { url: "" });
  const { protocol, host, pathname, username, password, search, hash } = new URL(url);
  const isHttp = protocol === "http:" || protocol === "https:";
  // Without http the rest may be anything: `user:password@host` has the scheme `user`.
  if (!isHttp) throw new Fault("ABIQUO_BAD_URL", { url: "" });
  let path = pathname;
  while (path.endsWith("/")) path = path.slice(0, -1);
  const base = `${protocol}//${host}${path}`;
  if (username !== "" || password !== "" || search !== "" || hash !== "") throw new Fault("ABIQUO_BAD_URL", { url: base });
  return base as ApiBase;
}
