/*
 * How facts and a rule's values are compared. Abiquo's ids arrive as text in one place and as numbers in
 * another, and names are typed by people: so numbers compare by value however they are written, and text
 * without regard to case.
 */

import { isWhole } from "./grammar.ts";

const NUMERAL = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/** Beyond this many characters a numeral may not survive the conversion to a number, and is compared as text. */
const EXACT_NUMERAL_LENGTH = 15;

/** True for what a fact that was never said looks like; Abiquo leaves out, nulls or empties such fields. */
export function isAbsent(fact: unknown): boolean {
  return fact === undefined || fact === null || (typeof fact === "string" && fact.trim() === "");
}

/** The form in which two scalars are equal or not; undefined for anything but text, finite numbers and booleans. */
export function comparisonKey(value: unknown): string | undefined {
  if (typeof value === "string") {
    const first = value.charCodeAt(0);
    const last = value.charCodeAt(value.length - 1);
    // Most texts are names: no numeral begins with a letter, and no letter of ASCII is a blank to be trimmed.
    if (first > 57 && first < 127 && last > 32 && last < 127) return value.toLowerCase();
    const text = value.trim();
    if (text.length <= EXACT_NUMERAL_LENGTH && NUMERAL.test(text)) return String(Number(text));
    return text.toLowerCase();
  }
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === "boolean" ? String(value) : undefined;
}

/** The number for ordering; undefined when the value is neither a finite number nor its decimal text. */
export function orderNumber(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  return typeof value === "string" && isWhole("number", value) ? Number(value) : undefined;
}
