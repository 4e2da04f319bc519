import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** A signing key. Keep it as a secret. */
export interface LinkKey {
  /** Names the key in each token; no secret. */
  readonly id: string;
  readonly secret: string;
  /** Set once it signs no more: when the last token it signed has expired, in ms since 1970. From then it is worth nothing. */
  readonly until?: number;
}

/** The key that signs comes first; those behind it only verify. */
export type LinkKeys = readonly [LinkKey, ...LinkKey[]];

/** What a decision link says: this person, on this level of this approval. It decides nothing by itself. */
export interface DecisionLink {
  readonly approval: string;
  readonly level: number;
  /** E-mail address. */
  readonly person: string;
  /** ms since 1970; from then on the link is expired. */
  readonly expiresAt: number;
}

/** What an inbox link says. */
export interface InboxLink {
  readonly person: string;
  readonly expiresAt: number;
}

/** What a page's form brings back to show that the person's browser had it from us: it opens nothing. */
export interface FormToken {
  readonly person: string;
  /** Which page it is on: the id of an approval, or empty for the inbox. */
  readonly page: string;
  readonly expiresAt: number;
}

/** `BAD`: not signed by any of the keys, or not this kind of link. An expired one still says whose it was. */
export type LinkReading<Link> = { readonly code: "OK" | "EXPIRED"; readonly link: Link } | { readonly code: "BAD" };

/** 128 random bits as 22 URL-safe characters: an id that nobody guesses and that fits a Telegram button. */
export function newApprovalId(): string {
  return randomBytes(16).toString("base64url");
}

/** A first set of keys. */
export function newLinkKeys(): LinkKeys {
  return [newKey()];
}

/**
 * A new key signs from now on; the former ones verify until the links they signed have expired.
 *
 * @param validity the longest validity of any link signed so far, in ms
 */
export function rotateLinkKeys(keys: LinkKeys, now: number, validity: number): LinkKeys {
  const retired = keys.map((key) => ({ ...key, until: key.until ?? now + validity }));
  return [newKey(), ...retired.filter(({ until }) => until > now)];
}

function newKey(): LinkKey {
  return { id: randomBytes(6).toString("base64url"), secret: randomBytes(32).toString("base64url") };
}

/** A token for the path of a URL. It is signed, not encrypted: its content can be read by whoever has it. */
export function signLink(keys: LinkKeys, link: DecisionLink): string {
  return sign(keys, "decision", [link.approval, link.level, link.person, link.expiresAt]);
}

export function readLink(keys: readonly LinkKey[], token: string, now: number): LinkReading<DecisionLink> {
  return read(keys, "decision", token, now, (content) => {
    const [approval, level, person, expiresAt] = content as [string, number, string, number];
    return { approval, level, person, expiresAt };
  });
}

/** As `signLink`, for everything that waits for one person. */
export function signInbox(keys: LinkKeys, link: InboxLink): string {
  return sign(keys, "inbox", [link.person, link.expiresAt]);
}

export function readInbox(keys: readonly LinkKey[], token: string, now: number): LinkReading<InboxLink> {
  return read(keys, "inbox", token, now, (content) => {
    const [person, expiresAt] = content as [string, number];
    return { person, expiresAt };
  });
}

/** For a hidden field of a page that its person reached by signing in. */
export function signForm(keys: LinkKeys, form: FormToken): string {
  return sign(keys, "form", [form.person, form.page, form.expiresAt]);
}

export function readForm(keys: readonly LinkKey[], token: string, now: number): LinkReading<FormToken> {
  return read(keys, "form", token, now, (content) => {
    const [person, page, expiresAt] = content as [string, string, number];
    return { person, page, expiresAt };
  });
}

type Kind = "decision" | "inbox" | "form";

function sign([key]: LinkKeys, kind: Kind, content: readonly (string | number)[]): string {
  const signed = `${key.id}.${Buffer.from(JSON.stringify(content)).toString("base64url")}`;
  return `${signed}.${mac(key, kind, signed)}`;
}

/** The kind is signed and not written, so that a token of one kind is worth nothing as the other. */
function mac({ secret }: LinkKey, kind: Kind, signed: string): string {
  return createHmac("sha256", secret).update(`${kind}.${signed}`).digest("base64url");
}

function read<Link extends { readonly expiresAt: number }>(
  keys: readonly LinkKey[],
  kind: Kind,
  token: string,
  now: number,
  linkIn: (content: unknown) => Link,
): LinkReading<Link> {
  const [id, content, signature, more] = token.split(".", 4);
  const key = keys.find((each) => each.id === id);
  if (key === undefined || content === undefined || signature === undefined || more !== undefined) return { code: "BAD" };
  // As text: the last character of Base64 has bits that decoding ignores, and no flipped bit may pass.
  const expected = Buffer.from(mac(key, kind, `${key.id}.${content}`));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { code: "BAD" };
  const link = linkIn(JSON.parse(Buffer.from(content, "base64url").toString()));
  // Whoever got hold of a key that is out of use cannot make links with it that last.
  if (key.until !== undefined && (now >= key.until || link.expiresAt > key.until)) return { code: "BAD" };
  return { code: now < link.expiresAt ? "OK" : "EXPIRED", link };
}
