import type { FaultParams } from "../fault.ts";
import { isObject } from "../json.ts";
import { parseHours, type Clock } from "./clock.ts";
import { shown, type RuleFaultCode } from "./faults.ts";
import { comparisonKey, isAbsent, orderNumber } from "./scalar.ts";
import { compileWildcard } from "./wildcard.ts";

export type Truth = boolean | "RULE_FACT_ABSENT" | "RULE_FACT_WRONG_KIND";
export type FactTest = (fact: unknown) => Truth;
export type Report = (code: RuleFaultCode, params: FaultParams) => void;

export interface TimeTest {
  clock: Clock;
  test(at: Date): Truth;
}

const FACT_OPS = ["eq", "neq", "lt", "lte", "gt", "gte", "in", "nin", "between", "match"];

/** Keeps a match linear in the text whatever the pattern; names in Abiquo are shorter. In UTF-16 units. */
export const MAX_PATTERN_LENGTH = 256;

export const OPS: ReadonlySet<string> = new Set([...FACT_OPS, "jsonata"]);

/** Compiles `in` or `nin` over hours of the week. */
export function compileTimeTest(op: string, value: unknown, defaultZone: string, report: Report): TimeTest | undefined {
  if (op !== "in" && op !== "nin") {
    report("RULE_OP_NOT_FOR_FIELD", { op, field: "time" });
    return undefined;
  }
  const hours = parseHours(value, defaultZone, report);
  if (hours === undefined) return undefined;
  return {
    clock: hours.clock,
    test(at) {
      const within = hours.contains(at);
      return within === undefined ? "RULE_FACT_WRONG_KIND" : within === (op === "in");
    },
  };
}

/** Compiles a comparison with a fact, reporting what is wrong with its value; undefined when something is. */
export function compileFactTest(op: string, value: unknown, report: Report): FactTest | undefined {
  switch (op) {
    case "eq":
    case "neq":
      return compileEquality(op, value, report);
    case "in":
    case "nin":
      return compileMembership(op, value, report);
    case "lt":
    case "lte":
    case "gt":
    case "gte":
      return compileOrder(op, value, report);
    case "between":
      return compileBetween(value, report);
    case "match":
      return compileMatch(value, report);
    default:
      report("RULE_OP_UNKNOWN", { op: shown(op) });
      return undefined;
  }
}

function compileEquality(op: string, value: unknown, report: Report): FactTest | undefined {
  const wanted = isAbsent(value) ? undefined : comparisonKey(value);
  if (wanted === undefined) {
    report("RULE_VALUE_MISSING", { op });
    return undefined;
  }
  const positive = op === "eq";
  return onKey((key) => (key === wanted) === positive);
}

function compileMembership(op: string, value: unknown, report: Report): FactTest | undefined {
  const keys = new Set<string>();
  let valid = true;
  for (const item of listOf(value)) {
    const key = isAbsent(item) ? undefined : comparisonKey(item);
    if (key === undefined) valid = false;
    else keys.add(key);
  }
  if (!valid || keys.size === 0) {
    report("RULE_VALUE_NOT_A_LIST", { value: shown(value), op });
    return undefined;
  }
  const positive = op === "in";
  return onKey((key) => keys.has(key) === positive);
}

function compileOrder(op: "lt" | "lte" | "gt" | "gte", value: unknown, report: Report): FactTest | undefined {
  const limit = orderNumber(value);
  if (limit === undefined) {
    report("RULE_VALUE_NOT_A_NUMBER", { value: shown(value), op });
    return undefined;
  }
  switch (op) {
    case "lt":
      return onNumber((number) => number < limit);
    case "lte":
      return onNumber((number) => number <= limit);
    case "gt":
      return onNumber((number) => number > limit);
    case "gte":
      return onNumber((number) => number >= limit);
  }
}

function compileBetween(value: unknown, report: Report): FactTest | undefined {
  const parsed = typeof value === "string" ? jsonOr(value) : value;
  const ends = isObject(parsed) ? [parsed["from"], parsed["to"]] : listOf(parsed);
  const low = orderNumber(ends[0]);
  const high = orderNumber(ends[1]);
  if (ends.length !== 2 || low === undefined || high === undefined || low > high) {
    report("RULE_VALUE_NOT_A_RANGE", { value: shown(value) });
    return undefined;
  }
  return onNumber((number) => number >= low && number <= high);
}

function compileMatch(value: unknown, report: Report): FactTest | undefined {
  const pattern = typeof value === "number" ? String(value) : value;
  if (typeof pattern !== "string" || pattern.trim() === "") {
    report("RULE_VALUE_MISSING", { op: "match" });
    return undefined;
  }
  if (pattern.length > MAX_PATTERN_LENGTH) {
    report("RULE_VALUE_TOO_LONG", { op: "match", limit: MAX_PATTERN_LENGTH });
    return undefined;
  }
  const matches = compileWildcard(pattern.trim());
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
function listOf(value: unknown): readonly unknown[] {
  const parsed = typeof value === "string" ? jsonOr(value) : value;
  if (Array.isArray(parsed)) return parsed;
  if (typeof parsed !== "string") return [parsed];
  const items = parsed.split(",").map((item) => item.trim());
  return items.filter((item) => item !== "");
}

/** The parsed value of text that looks like a JSON list or object, else the text itself. */
function jsonOr(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
