import { Fault } from "../base/fault.ts";
import { httpUrlIn } from "../base/http-url.ts";

/** A normalised base URL of an Abiquo API: no trailing slash, no default port, no user, query or fragment. */
export type ApiBase = string & { readonly __apiBase: unique symbol };

/**
 * Normalises the base URL of an API, such as `https://cloud.example.com/api`.
 *
 * @throws Fault ABIQUO_BAD_URL when it is not an http or https URL, or holds a user, a query or a fragment;
 *   `url` is what may be shown of it
 */
export function apiBase(url: string): ApiBase {
  const read = httpUrlIn(url);
  if (read === undefined || read.excess !== undefined) throw new Fault("ABIQUO_BAD_URL", { url: read?.url ?? "" });
  return read.url as ApiBase;
}
