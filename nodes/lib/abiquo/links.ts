import { Fault } from "../fault.ts";
import type { ApiBase } from "./base.ts";

/** The segments with which the paths of the API begin; what stands before them is some server's own prefix. */
const ROOTS = new Set(["cloud", "admin"]);
const LONGEST = 2_048;

/**
 * The link on the connection's own URL. Abiquo sends only the path, and where it sends more, its idea of its
 * own address may not be the public one: so only the path is believed, from its first `cloud` or `admin` on.
 *
 * @throws Fault ABIQUO_BAD_LINK for a path that could lead elsewhere: dots, encoded slashes, user info, control
 *   characters, a query or a fragment; or one that holds neither `cloud` nor `admin`
 */
export function rebase(href: string, base: ApiBase): string {
  if (href.startsWith(base)) {
    const rest = href.slice(base.length);
    if (isPlain(rest) && ROOTS.has(rest.slice(1, rest.indexOf("/", 1)))) return href;
  }
  const path = pathOf(href);
  const segments = path.split("/").filter((segment) => segment !== "");
  const start = segments.findIndex((segment) => ROOTS.has(segment));
  if (start < 0 || start === segments.length - 1) throw badLink();
  const own = `/${segments.slice(start).join("/")}`;
  if (!isPlain(own)) throw badLink();
  return base + own;
}

/** Letters, digits and the marks that Abiquo's paths have: ids, UUIDs, names such as `290-VMDK`, `_`. */
function isPlain(path: string): boolean {
  return path.length <= LONGEST && /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/.test(path);
}

function pathOf(href: string): string {
  if (href.length > LONGEST || /[\s\\?#@%]/.test(href) || hasControlCharacter(href)) throw badLink();
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(href);
  if (scheme !== null) {
    if (!/^https?:\/\/[^/]+\//i.test(href)) throw badLink();
    return href.slice(href.indexOf("/", href.indexOf("//") + 2));
  }
  if (href.startsWith("//")) throw badLink();
  if (href.split("/").some((segment) => segment === "." || segment === "..")) throw badLink();
  return href;
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

function badLink(): Fault {
  return new Fault("ABIQUO_BAD_LINK");
}
