import { urlIn } from "../base/http-url.ts";

/** RFC 5321 section 4.5.3.1 and RFC 3696 erratum 1690, in octets. */
const LONGEST_LOCAL_PART = 64;
const LONGEST_ADDRESS = 254;
/** With name and comments, in characters. */
const LONGEST_SPELLING = 1_000;

/** What nearly all addresses look like: nothing in it has a second spelling but the case. */
const PLAIN = /^[\w'-]+(?:[.+][\w'-]+)*@[a-z\d-]+(?:\.[a-z\d-]+)*$/i;
/** A quoted or a bare local part, and a domain. */
const ADDRESS = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^\s@,:;<>"()[\]\\]+))\s*@\s*(\S*)\s*$/su;

/** What no reader of a header takes for its syntax: atoms (RFC 5322 section 3.2.3, RFC 6532 section 3.2) and dots. */
const LOCAL_PART = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~.-]+$/u;
const LABEL = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}_-]*[\p{L}\p{M}\p{N}])?$/u;
const DOMAIN_LITERAL = /^\[(?:IPv6:)?[\da-f.:]+\]$/i;
/** Characters that are not seen: soft hyphens, zero-width joiners, directions, fillers. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;

/** Alphabets whose letters look like each other's. */
const ALPHABETS = ["Latin", "Greek", "Cyrillic", "Armenian", "Georgian", "Cherokee", "Coptic"].map(
  (script) => new RegExp(`\\p{Script=${script}}`, "u"),
);

/**
 * Whether a text is one address that everybody reads alike: people, this package, and whatever parses the header of a
 * mail. Names, comments, quotes, lists, and characters that are not seen or imitate those of another alphabet are none.
 */
export function isAddress(text: string): boolean {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, at);
  const domain = text.slice(at + 1);
  if (at < 1 || octets(local) > LONGEST_LOCAL_PART || octets(text) > LONGEST_ADDRESS) return false;
  return LOCAL_PART.test(local) && isDomain(domain) && !INVISIBLE.test(text) && !isDisguised(local, domain);
}

function octets(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Whether a text is the name of a mail domain; a dot at its end is allowed (RFC 1034 section 3.1). */
export function isDomain(text: string): boolean {
  if (DOMAIN_LITERAL.test(text)) return true;
  const domain = withoutLastDot(text);
  return domain.split(".").every((label) => LABEL.test(label)) && asciiDomain(domain) !== "" && !INVISIBLE.test(domain);
}

/** Alphabets mixed in a part, or a name in another alphabet than its domain. */
function isDisguised(local: string, domain: string): boolean {
  if ([local, ...domain.split(".")].some((part) => alphabetsIn(part).length > 1)) return true;
  const [own] = alphabetsIn(local);
  return own !== undefined && own !== ALPHABETS[0] && !alphabetsIn(domain).includes(own);
}

function alphabetsIn(text: string): RegExp[] {
  return ALPHABETS.filter((alphabet) => alphabet.test(text));
}

/**
 * The form in which spellings of one address are the same: `"ana" (Ana) @Example.com.` is `ana@example.com`. Read as RFC
 * 5322 section 3.4 does, because it also judges addresses that others let somebody type. Undefined for what is no
 * single address.
 */
export function canonicalAddress(text: string): string | undefined {
  if (text.length > LONGEST_SPELLING) return undefined;
  if (PLAIN.test(text)) return text.toLowerCase();
  const plain = withoutComments(text)?.replace(/\s*\.\s*/g, ".") ?? "";
  const [, quoted, bare, domain = ""] = ADDRESS.exec(/<([^<>]*)>\s*$/.exec(plain)?.[1] ?? plain) ?? [];
  const local = quoted?.replace(/\\(.)/gsu, "$1") ?? bare ?? "";
  const host = withoutLastDot(domain);
  return local === "" || !isDomain(host) ? undefined : `${local.toLowerCase()}@${asciiDomain(host)}`;
}

/** The form in which spellings of one domain are the same; undefined for what is none. */
export function canonicalDomain(text: string): string | undefined {
  return isDomain(text) ? asciiDomain(withoutLastDot(text)) : undefined;
}

/** Undefined where a comment does not end. */
function withoutComments(text: string): string | undefined {
  let depth = 0;
  let isQuoted = false;
  let plain = "";
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === "\\") {
      if (depth === 0) plain += text.slice(index, index + 2);
      index++;
    } else if (character === '"' && depth === 0) {
      isQuoted = !isQuoted;
      plain += character;
    } else if (character === "(" && !isQuoted) depth++;
    else if (character === ")" && !isQuoted && depth > 0) depth--;
    else if (depth === 0) plain += character;
  }
  return depth === 0 ? plain : undefined;
}

function withoutLastDot(domain: string): string {
  return domain.endsWith(".") ? domain.slice(0, -1) : domain;
}

/** Of a domain whose labels are sound; empty where it has no such form. */
function asciiDomain(domain: string): string {
  // An ASCII name is kept as it is: the URL standard would read 10.1 as the address 10.0.0.1.
  return /^[\x21-\x7e]*$/.test(domain) ? domain.toLowerCase() : (urlIn(`http://${domain}`)?.hostname ?? "");
}

/**
 * The mailbox that an address may arrive at, in canonical form: `ana+cloud@example.com` at `ana@example.com` (RFC 5233),
 * and full-width or unseen characters where a server takes them for the plain ones. Nobody becomes a second person by
 * it; but it gives nobody a right, because some servers keep such mailboxes apart.
 */
export function mailboxOf(text: string): string | undefined {
  if (text.length > LONGEST_SPELLING) return undefined;
  const canonical = canonicalAddress(PLAIN.test(text) ? text : text.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, ""));
  if (canonical === undefined) return undefined;
  const at = canonical.lastIndexOf("@");
  const tag = canonical.indexOf("+");
  return tag > 0 && tag < at ? canonical.slice(0, tag) + canonical.slice(at) : canonical;
}
