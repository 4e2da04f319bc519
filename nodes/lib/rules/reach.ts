import { isObject, textOf } from "../json.ts";
import { compileFactTest, type FactTest } from "./conditions.ts";
import { comparisonKey, orderNumber } from "./scalar.ts";

/** A rule that can never decide, whatever the task. */
export interface Unreachable {
  /** Position of the rule, from 0. */
  readonly rule: number;
  /** `COVERED`: an earlier rule matches whenever this one would. `CONTRADICTION`: its conditions exclude each other. */
  readonly why: "COVERED" | "CONTRADICTION";
  /** Position of the earlier rule, for `COVERED`. */
  readonly by?: number;
  /** The property that would have to be two things at once, for `CONTRADICTION`. */
  readonly field?: string;
}

/** A condition on one property, as a set of values. */
interface Constraint {
  readonly field: string;
  readonly op: string;
  readonly test: FactTest | undefined;
  /** The only values that fulfil it, for `eq` and `in`; the only ones that do not, for `neq` and `nin`. */
  readonly values: readonly unknown[];
  /** Numbers that fulfil it, for comparisons. */
  readonly range: Range | undefined;
  /** The same text means the same condition. */
  readonly text: string;
}

interface Range {
  readonly low: number;
  readonly lowIn: boolean;
  readonly high: number;
  readonly highIn: boolean;
}

const EVERYTHING: Range = { low: -Infinity, lowIn: true, high: Infinity, highIn: true };

/**
 * Finds rules that can never decide. What it names is certain; what it does not name may still be out of reach,
 * such as a rule that only several earlier ones together leave nothing to.
 *
 * @param rules a list of rules that compiles; anything else in it is passed over
 */
export function unreachableRules(rules: readonly unknown[]): Unreachable[] {
  const constraints = rules.map(constraintsOf);
  return constraints.flatMap((own, rule): Unreachable[] => {
    if (own === undefined) return [];
    const field = contradictionIn(own);
    if (field !== undefined) return [{ rule, why: "CONTRADICTION", field }];
    const by = constraints.slice(0, rule).findIndex((earlier) => earlier?.every((condition) => isImplied(condition, own)));
    return by < 0 ? [] : [{ rule, why: "COVERED", by }];
  });
}

function constraintsOf(rule: unknown): Constraint[] | undefined {
  if (!isObject(rule) || !Array.isArray(rule["when"])) return undefined;
  const conditions = rule["when"].filter(isObject);
  return conditions.length === rule["when"].length ? conditions.map(constraintOf) : undefined;
}

function constraintOf(condition: Record<string, unknown>): Constraint {
  const field = textOf(condition["field"]).trim();
  const op = textOf(condition["op"]);
  const value = condition["valueType"] === "num" && op !== "in" && op !== "nin" && op !== "between" ? Number(condition["value"]) : condition["value"];
  const isFact = field !== "" && field !== "time" && op !== "jsonata";
  return {
    field,
    op,
    test: isFact ? compileFactTest(op, value, () => undefined) : undefined,
    values: ["eq", "neq"].includes(op) ? [value] : ["in", "nin"].includes(op) ? listed(value) : [],
    range: isFact ? rangeOf(op, value) : undefined,
    text: JSON.stringify([field, op, value ?? null]),
  };
}

function listed(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === "string" && !/^\s*[[{]/.test(value) ? value.split(",").map((item) => item.trim()).filter(Boolean) : [];
}

function rangeOf(op: string, value: unknown): Range | undefined {
  if (op === "between") {
    const ends = isObject(value) ? [value["from"], value["to"]] : listed(value);
    const [low, high] = [orderNumber(ends[0]), orderNumber(ends[1])];
    return low === undefined || high === undefined ? undefined : { low, lowIn: true, high, highIn: true };
  }
  const limit = orderNumber(value);
  if (limit === undefined) return undefined;
  if (op === "lt" || op === "lte") return { ...EVERYTHING, high: limit, highIn: op === "lte" };
  if (op === "gt" || op === "gte") return { ...EVERYTHING, low: limit, lowIn: op === "gte" };
  return undefined;
}

/** The property that no value can satisfy. */
function contradictionIn(own: readonly Constraint[]): string | undefined {
  for (const { field } of own) {
    const same = own.filter((other) => other.field === field && other.test !== undefined);
    const range = commonRange(same);
    if (range !== undefined && (range.low > range.high || (range.low === range.high && !(range.lowIn && range.highIn)))) return field;
    for (const { op, values } of same) {
      if ((op === "eq" || op === "in") && values.length > 0 && values.every((value) => same.some((other) => isRefused(value, other)))) return field;
    }
  }
  return undefined;
}

function commonRange(same: readonly Constraint[]): Range | undefined {
  const ranges = same.flatMap(({ range }) => (range === undefined ? [] : [range]));
  return ranges.length === 0 ? undefined : ranges.reduce(intersection);
}

function intersection(a: Range, b: Range): Range {
  const low = Math.max(a.low, b.low);
  const high = Math.min(a.high, b.high);
  const holds = (range: Range, at: number, end: "low" | "high"): boolean => (range[end] === at ? range[end === "low" ? "lowIn" : "highIn"] : true);
  return {
    low,
    lowIn: holds(a, low, "low") && holds(b, low, "low"),
    high,
    highIn: holds(a, high, "high") && holds(b, high, "high"),
  };
}

/** How a number is written decides whether a pattern matches it, and a fact may write it in another way. */
function isSure(value: unknown, { op }: Constraint): boolean {
  return op !== "match" || orderNumber(value) === undefined;
}

function isRefused(value: unknown, by: Constraint): boolean {
  return by.test !== undefined && isSure(value, by) && by.test(value) === false;
}

/** Whether a condition holds in each case in which all of these hold. */
function isImplied(condition: Constraint, own: readonly Constraint[]): boolean {
  if (own.some(({ text }) => text === condition.text)) return true;
  const { test } = condition;
  if (test === undefined) return false;
  const same = own.filter((other) => other.field === condition.field && other.test !== undefined);
  const passes = (value: unknown): boolean => isSure(value, condition) && test(value) === true;
  if (same.some(({ op, values }) => (op === "eq" || op === "in") && values.length > 0 && values.every(passes))) return true;

  const range = commonRange(same);
  if (condition.range !== undefined) return range !== undefined && contains(condition.range, range);
  if (condition.op !== "neq" && condition.op !== "nin") return false;
  const refused = new Set(same.flatMap(({ op, values }) => (op === "neq" || op === "nin" ? values.map(comparisonKey) : [])));
  return condition.values.length > 0 && condition.values.every((value) => {
    if (refused.has(comparisonKey(value))) return true;
    // Who fulfils a range is a number within it.
    return range !== undefined && (orderNumber(value) === undefined || !within(range, orderNumber(value) as number));
  });
}

function contains(outer: Range, inner: Range): boolean {
  const low = inner.low > outer.low || (inner.low === outer.low && (outer.lowIn || !inner.lowIn));
  const high = inner.high < outer.high || (inner.high === outer.high && (outer.highIn || !inner.highIn));
  return low && high;
}

function within({ low, lowIn, high, highIn }: Range, number: number): boolean {
  return (number > low || (number === low && lowIn)) && (number < high || (number === high && highIn));
}
