import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** A signing key. Keep it as a secret. */
export interface LinkKey {
  /** Names the key in each token; no secret. */
  readonly id: string;
  readonly secret: string;
  /** Set once it signs no more: when the last token it signed has expired, in ms since 1970. */
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

/** `BAD`: not signed by any of the keys, or not this kind of link. An expired one still says whose it was. */
export type LinkReading<Link> =
  | { readonly code: "OK" | "EXPIRED"; readonly link: Link }
  | { readonly code: "BAD" };

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

export function readLink(keys: LinkKeys, token: string, now: number): LinkReading<DecisionLink> {
  const content = read(keys, "decision", token);
  if (content === undefined) return { code: "BAD" };
  const [approval, level, person, expiresAt] = content as [string, number, string, number];
  return { code: now < expiresAt ? "OK" : "EXPIRED", link: { approval, level, person, expiresAt } };
}

/** As `signLink`, for everything that waits for one person. */
export function signInbox(keys: LinkKeys, link: InboxLink): string {
  return sign(keys, "inbox", [link.person, link.expiresAt]);
}

export function readInbox(keys: LinkKeys, token: string, now: number): LinkReading<InboxLink> {
  const content = read(keys, "inbox", token);
  if (content === undefined) return { code: "BAD" };
  const [person, expiresAt] = content as [string, number];
  return { code: now < expiresAt ? "OK" : "EXPIRED", link: { person, expiresAt } };
}

type Kind = "decision" | "inbox";

function sign([key]: LinkKeys, kind: Kind, content: readonly (string | number)[]): string {
  const signed = `${key.id}.${Buffer.from(JSON.stringify(content)).toString("base64url")}`;
  return `${signed}.${mac(key, kind, signed)}`;
}

/** The kind is signed and not written, so that a token of one kind is worth nothing as the other. */
function mac({ secret }: LinkKey, kind: Kind, signed: string): string {
  return createHmac("sha256", secret).update(`${kind}.${signed}`).digest("base64url");
}

function read(keys: LinkKeys, kind: Kind, token: string): unknown {
  const [id, content, signature, more] = token.split(".", 4);
  const key = keys.find((each) => each.id === id);
  if (key === undefined || content === undefined || signature === undefined || more !== undefined) return undefined;
  // As text: the last character of Base64 has bits that decoding ignores, and no flipped bit may pass.
  const expected = Buffer.from(mac(key, kind, `${key.id}.${content}`));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return JSON.parse(Buffer.from(content, "base64url").toString()) as unknown;
}
