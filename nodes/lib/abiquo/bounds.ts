/** Why a body is more than any call of Abiquo could be. */
export type Excess = "TOO_DEEP" | "TOO_MANY" | "TOO_LONG";

/** Levels of objects and lists, or of elements; a collection of tasks has eight. */
export const DEEPEST = 64;
/** Members of one object or list: so many tasks a call may bring. */
export const MOST_MEMBERS = 20_000;
/** Characters of one task as it was sent; Abiquo's have some thousands. */
export const LONGEST_TASK = 1_048_576;
/** Characters of one text. */
const LONGEST_TEXT = 65_536;
/** Tags of one task in XML, opening and closing, and its attributes: reading each takes some microseconds. */
const MOST_TAGS = 20_000;

/** Marks of JSON and of XML; comparing numbers is several times faster than comparing characters. */
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const BACKSLASH = 0x5c;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;

/** Looks at JSON text before it is parsed: what has parts by the million would stop everything else meanwhile. */
export function excessOfJson(text: string): Excess | undefined {
  const members: number[] = [];
  let [depth, start] = [0, -1];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (start >= 0) {
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) {
        if (index - start > LONGEST_TEXT) return "TOO_LONG";
        start = -1;
      }
    } else if (code === QUOTE) start = index;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > DEEPEST) return "TOO_DEEP";
      members[depth] = 1;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth = Math.max(0, depth - 1);
    else if (code === COMMA) {
      const count = (members[depth] ?? 0) + 1;
      if (count > MOST_MEMBERS) return "TOO_MANY";
      members[depth] = count;
    }
  }
  return undefined;
}

/** The same for what somebody else has parsed. What nests deeper could be read, but not written again. */
export function excessOfValue(value: unknown): Excess | undefined {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item === "string" && item.length > LONGEST_TEXT) return "TOO_LONG";
      if (typeof item !== "object" || item === null) continue;
      if (depth >= DEEPEST) return "TOO_DEEP";
      const inner = Object.values(item);
      if (inner.length > MOST_MEMBERS) return "TOO_MANY";
      for (const each of inner) next.push(each);
    }
    level = next;
  }
  return undefined;
}

/** The same for one task in XML; its depth is for the parser to see. */
export function excessOfXml(text: string): Excess | undefined {
  let [tags, attributes, mark] = [0, 0, 0];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === EQUALS) {
      if (++attributes > MOST_TAGS) return "TOO_MANY";
    } else if (code === LESS || code === GREATER) {
      if (index - mark > LONGEST_TEXT) return "TOO_LONG";
      mark = index;
      if (code === LESS && ++tags > MOST_TAGS) return "TOO_MANY";
    }
  }
  return text.length - mark > LONGEST_TEXT ? "TOO_LONG" : undefined;
}
