/*
 * What a rule file may say: the one source of what the reader takes and of the schema that is published for editors.
 * Patterns are written for the whole text, without anchors, and allow blanks around it.
 */

export const OUTCOMES = ["continue", "cancel", "review"] as const;
export const SCOPES = ["task", "group"] as const;

/** Keys that mean something, by what has them. */
export const KEYS = {
  set: ["$schema", "description", "otherwise", "scope", "timeZone", "rules"],
  rule: ["name", "when", "outcome", "reason"],
  condition: ["field", "op", "value", "valueType"],
  time: ["days", "from", "to", "timeZone"],
} as const;

/** What must be text where it is given; numbers would be understood, but a file says what it means. */
export const TEXTS = {
  set: ["$schema", "description", "timeZone"],
  rule: ["name", "reason"],
  condition: ["field", "op", "valueType"],
  time: [],
} as const;

export const EQUALITY_OPS = ["eq", "neq"] as const;
export const MEMBERSHIP_OPS = ["in", "nin"] as const;
export const ORDER_OPS = ["lt", "lte", "gt", "gte"] as const;
export const FACT_OPS = [...EQUALITY_OPS, ...ORDER_OPS, ...MEMBERSHIP_OPS, "between", "match"] as const;

export type FactOp = (typeof FACT_OPS)[number];
export type EqualityOp = (typeof EQUALITY_OPS)[number];
export type MembershipOp = (typeof MEMBERSHIP_OPS)[number];
export type OrderOp = (typeof ORDER_OPS)[number];

/** What TypedInput says of a value. Others would be read when the task comes; a rule is fixed when it is deployed. */
export const VALUE_TYPES = ["", "str", "num", "bool", "json"] as const;

export type ValueType = (typeof VALUE_TYPES)[number];

export function isOneOf<T>(known: readonly T[], value: unknown): value is T {
  return (known as readonly unknown[]).includes(value);
}

/** For these the type `num` says what the parts of a list are. */
export const LIST_OPS: readonly string[] = [...MEMBERSHIP_OPS, "between"];

/** Keeps a match linear in the text whatever the pattern; names in Abiquo are shorter. In characters. */
export const MAX_PATTERN_LENGTH = 256;

export const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const FULL_DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;

/** From 0 for Sunday; undefined when it names no day. */
export function dayNamed(name: string): number | undefined {
  const text = name.trim().toLowerCase();
  const day = Math.max((DAYS as readonly string[]).indexOf(text), (FULL_DAYS as readonly string[]).indexOf(text));
  return day < 0 ? undefined : day;
}

export const TOTALS = ["id", "count", "cpu", "ram", "diskMb"] as const;
const REFUSED_SEGMENTS = "__proto__|constructor|prototype";
const SEGMENT = "[A-Za-z0-9_$-]";
/** Any number that is none of the largest, which are infinite as soon as they are numbers. */
const DIGITS = "[0-9]{1,300}";

function anyCase(word: string): string {
  return [...word].map((letter) => `[${letter}${letter.toUpperCase()}]`).join("");
}

/** Sources of regular expressions, as JSON Schema (ECMA-262) and `new RegExp` read them. */
export const PATTERNS = {
  /** A property below msg.abiquo, or a total over the group; list positions as `.0` or `[0]`. */
  factField: `group\\.(?:${TOTALS.join("|")})|(?:task|details)(?:\\.(?!(?:${REFUSED_SEGMENTS})(?:[.\\[\\s]|$))${SEGMENT}+|\\[[0-9]+\\])+`,
  timeField: "time",
  number: `[+-]?${DIGITS}(?:\\.[0-9]+)?`,
  /** What Node-RED's type `num` takes, but for the infinite. */
  typedNumber: `[+-]?(?:${DIGITS}(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?|0[xX][0-9a-fA-F]{1,200}|0[oO][0-7]{1,200}|0[bB][01]{1,300}`,
  /** 24:00 ends a day. */
  hour: "(?:[01]?[0-9]|2[0-3]):[0-5][0-9]|24:00",
  day: [...DAYS, ...FULL_DAYS].map(anyCase).join("|"),
} as const;

/** The pattern for a whole text with blanks around it. */
export function whole(pattern: string): string {
  return `^\\s*(?:${pattern})\\s*$`;
}

const WHOLE = Object.fromEntries(Object.entries(PATTERNS).map(([name, pattern]) => [name, new RegExp(whole(pattern), "u")])) as Record<
  keyof typeof PATTERNS,
  RegExp
>;

export function isWhole(name: keyof typeof PATTERNS, text: string): boolean {
  return WHOLE[name].test(text);
}
