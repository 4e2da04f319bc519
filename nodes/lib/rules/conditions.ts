import { isObject } from "../base/json.ts";
import { shown } from "../base/text.ts";
import type { Report } from "./faults.ts";
import { type EqualityOp, type FactOp, MAX_PATTERN_LENGTH, type MembershipOp, type OrderOp } from "./grammar.ts";
import { NotJson, parseLocated } from "./located-json.ts";
import { comparisonKey, isAbsent, orderNumber } from "./scalar.ts";
import type { Hours } from "./wall-clock.ts";
import { compileWildcard } from "./wildcard.ts";

export type Truth = boolean | "RULE_FACT_ABSENT" | "RULE_FACT_WRONG_KIND";
export type FactTest = (fact: unknown) => Truth;

/** What a fact is compared with, however it was written. */
export type Operand =
  | { readonly op: EqualityOp | MembershipOp; readonly values: readonly unknown[] }
  | { readonly op: OrderOp; readonly limit: number }
  | { readonly op: "between"; readonly low: number; readonly high: number }
  | { readonly op: "match"; readonly pattern: string };

export type TimeTest = (at: Date) => Truth;

/** Compiles `in` or `nin` over hours of the week. */
export function compileTimeTest(op: MembershipOp, hours: Hours): TimeTest {
  return (at) => {
    const within = hours.contains(at);
    return within === undefined ? "RULE_FACT_WRONG_KIND" : within === (op === "in");
  };
}

/** Understands the value of a condition on a fact, reporting what is wrong with it; undefined when something is. */
export function operandOf(op: FactOp, value: unknown, report: Report): Operand | undefined {
  switch (op) {
    case "eq":
    case "neq":
      return equalityOf(op, value, report);
    case "in":
    case "nin":
      return membershipOf(op, value, report);
    case "lt":
    case "lte":
    case "gt":
    case "gte":
      return orderOf(op, value, report);
    case "between":
      return rangeOf(value, report);
    case "match":
      return patternOf(value, report);
  }
}

export function compileFactTest(operand: Operand): FactTest {
  switch (operand.op) {
    case "eq":
    case "neq":
    case "in":
    case "nin": {
      const keys = new Set(operand.values.map(comparisonKey));
      const positive = operand.op === "eq" || operand.op === "in";
      return onKey((key) => keys.has(key) === positive);
    }
    case "between": {
      const { low, high } = operand;
      return onNumber((number) => number >= low && number <= high);
    }
    case "match":
      return onText(compileWildcard(operand.pattern));
    default:
      return onNumber(orderTest(operand.op, operand.limit));
  }
}

function equalityOf(op: EqualityOp, value: unknown, report: Report): Operand | undefined {
  if (isComparable(value)) return { op, values: [value] };
  report("RULE_VALUE_MISSING", { op });
  return undefined;
}

function membershipOf(op: MembershipOp, value: unknown, report: Report): Operand | undefined {
  const values = listOf(value);
  if (values.length > 0 && values.every(isComparable)) return { op, values };
  report("RULE_VALUE_NOT_A_LIST", { value: shown(value), op });
  return undefined;
}

function isComparable(value: unknown): boolean {
  return !isAbsent(value) && comparisonKey(value) !== undefined;
}

function orderOf(op: OrderOp, value: unknown, report: Report): Operand | undefined {
  const limit = orderNumber(value);
  if (limit !== undefined) return { op, limit };
  report("RULE_VALUE_NOT_A_NUMBER", { value: shown(value), op });
  return undefined;
}

function orderTest(op: OrderOp, limit: number): (number: number) => boolean {
  switch (op) {
    case "lt":
      return (number) => number < limit;
    case "lte":
      return (number) => number <= limit;
    case "gt":
      return (number) => number > limit;
    case "gte":
      return (number) => number >= limit;
  }
}

function rangeOf(value: unknown, report: Report): Operand | undefined {
  const parsed = typeof value === "string" ? jsonOr(value) : value;
  const ends = isObject(parsed) ? [parsed["from"], parsed["to"]] : listOf(parsed);
  const low = orderNumber(ends[0]);
  const high = orderNumber(ends[1]);
  if (ends.length === 2 && low !== undefined && high !== undefined && low <= high) return { op: "between", low, high };
  report("RULE_VALUE_NOT_A_RANGE", { value: shown(value) });
  return undefined;
}

function patternOf(value: unknown, report: Report): Operand | undefined {
  const pattern = (typeof value === "number" ? String(value) : typeof value === "string" ? value : "").trim();
  if (pattern === "") {
    report("RULE_VALUE_MISSING", { op: "match" });
    return undefined;
  }
  if ([...pattern].length > MAX_PATTERN_LENGTH) {
    report("RULE_VALUE_TOO_LONG", { op: "match", limit: MAX_PATTERN_LENGTH });
    return undefined;
  }
  return { op: "match", pattern };
}

function onText(matches: (text: string) => boolean): FactTest {
  return (fact) => {
    if (isAbsent(fact)) return "RULE_FACT_ABSENT";
    if (typeof fact === "string") return matches(fact.trim());
    return typeof fact === "number" && Number.isFinite(fact) ? matches(String(fact)) : "RULE_FACT_WRONG_KIND";
  };
}

function onKey(holds: (key: string) => boolean): FactTest {
  return (fact) => {
    if (isAbsent(fact)) return "RULE_FACT_ABSENT";
    const key = comparisonKey(fact);
    return key === undefined ? "RULE_FACT_WRONG_KIND" : holds(key);
  };
}

function onNumber(holds: (number: number) => boolean): FactTest {
  return (fact) => {
    if (isAbsent(fact)) return "RULE_FACT_ABSENT";
    const number = orderNumber(fact);
    return number === undefined ? "RULE_FACT_WRONG_KIND" : holds(number);
  };
}

/** A list as array, JSON text or comma-separated text; a single scalar is a list of one. */
export function listOf(value: unknown): readonly unknown[] {
  const parsed = typeof value === "string" ? jsonOr(value) : value;
  if (Array.isArray(parsed)) return parsed;
  if (typeof parsed !== "string") return [parsed];
  const items = parsed.split(",").map((item) => item.trim());
  return items.filter((item) => item !== "");
}

/** The parsed value of text that looks like a JSON list or object and is one; else the text itself. */
function jsonOr(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    const { value, twins } = parseLocated(text);
    return twins.length > 0 ? undefined : value;
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    return text;
  }
}
