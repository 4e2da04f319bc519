import { Fault } from "../base/fault.ts";
import { isObject, textOf } from "../base/json.ts";
import type { ApiBase } from "./base.ts";

/** The segments with which the paths of the API begin; what stands before them is some server's own prefix. */
const ROOTS = new Set(["cloud", "admin"]);
/** Letters, digits and the marks that Abiquo's paths have: ids, UUIDs, names such as `290-VMDK`, `_`. */
const OWN_PATH = /^\/(?:cloud|admin)(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/;
const LONGEST = 2_048;
const SHOWN = 100;

/**
 * The link on the connection's own URL. Abiquo sends only the path, and where it sends more, its idea of its
 * own address may not be the public one: so only the path is believed, from its first `cloud` or `admin` on.
 *
 * @param href `cloud/…`, `/api/admin/…` or an absolute http or https URL of any host
 * @throws Fault ABIQUO_BAD_LINK for a link that could lead elsewhere: dots, anything encoded, backslashes, user
 *   info, whitespace, control characters, a query or a fragment; or one that has neither `cloud` nor `admin`
 */
export function rebase(href: string, base: ApiBase): string {
  if (href.length > LONGEST) throw badLink(href);
  if (href.startsWith(base) && OWN_PATH.test(href.slice(base.length))) return href;
  const segments = pathOf(href)
    .split("/")
    .filter((segment) => segment !== "");
  const start = segments.findIndex((segment) => ROOTS.has(segment));
  const own = start < 0 ? "" : `/${segments.slice(start).join("/")}`;
  if (!OWN_PATH.test(own) || segments.some((segment) => segment === "." || segment === "..")) throw badLink(href);
  return base + own;
}

/** A link of a DTO, as it stands there; `type` and `title` are empty where it has none. */
export interface Link {
  readonly href: string;
  readonly type: string;
  readonly title: string;
}

/** The first link of a relation. */
export function linkOf(dto: Record<string, unknown>, rel: string): Link | undefined {
  const links: unknown = dto["links"];
  if (!Array.isArray(links)) return undefined;
  const link = (links as unknown[]).find((candidate) => isObject(candidate) && candidate["rel"] === rel);
  return isObject(link) ? { href: textOf(link["href"]), type: textOf(link["type"]), title: textOf(link["title"]) } : undefined;
}

function pathOf(href: string): string {
  if (/[\s\\?#@%]/.test(href) || hasControlCharacter(href)) throw badLink(href);
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(href)) {
    if (!/^https?:\/\/[^/]+\//i.test(href)) throw badLink(href);
    return href.slice(href.indexOf("/", href.indexOf("//") + 2));
  }
  if (href.startsWith("//")) throw badLink(href);
  return href;
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

/** Names the link, cut short, unless it has a part in which secrets are written. */
export function badLink(href: string): Fault {
  const isSafe = /^[\w./:~-]*$/.test(href);
  return new Fault("ABIQUO_BAD_LINK", { href: isSafe ? href.slice(0, SHOWN) : "" });
}
