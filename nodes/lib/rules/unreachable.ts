import type { FactTest, Operand } from "./conditions.ts";
import type { RuleProblem } from "./faults.ts";
import { type FactCondition, type ParsedRule, parseRules } from "./parse.ts";
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
  /** Absent for hours and expressions. */
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
  const problems: RuleProblem[] = [];
  const parsed = parseRules(rules, { otherwise: "review", scope: "task" }, problems);
  const constraints = parsed.map((rule) => (problems.some((problem) => problem.rule === rule.index) ? undefined : constraintsOf(rule)));
  return constraints.flatMap((own, rule): Unreachable[] => {
    if (own === undefined) return [];
    const field = contradictionIn(own);
    if (field !== undefined) return [{ rule, why: "CONTRADICTION", field }];
    const by = constraints.slice(0, rule).findIndex((earlier) => earlier?.every((condition) => isImplied(condition, own)));
    return by < 0 ? [] : [{ rule, why: "COVERED", by }];
  });
}

function constraintsOf({ facts, totals, times, expressions }: ParsedRule): Constraint[] {
  const other = { op: "", test: undefined, values: [], range: undefined };
  return [
    ...[...facts, ...totals].map(constraintOf),
    ...times.map(({ text }) => ({ ...other, field: "time", text })),
    ...expressions.map(({ text }) => ({ ...other, field: "", text })),
  ];
}

function constraintOf({ path: { field }, operand, test }: FactCondition): Constraint {
  const values = "values" in operand ? operand.values : [];
  return { field, op: operand.op, test, values, range: rangeOf(operand), text: JSON.stringify([field, operand]) };
}

function rangeOf(operand: Operand): Range | undefined {
  switch (operand.op) {
    case "between":
      return { low: operand.low, lowIn: true, high: operand.high, highIn: true };
    case "lt":
    case "lte":
      return { ...EVERYTHING, high: operand.limit, highIn: operand.op === "lte" };
    case "gt":
    case "gte":
      return { ...EVERYTHING, low: operand.limit, lowIn: operand.op === "gte" };
    default:
      return undefined;
  }
}

/** The property that no value can satisfy. */
function contradictionIn(own: readonly Constraint[]): string | undefined {
  for (const { field } of own) {
    const same = own.filter((other) => other.field === field && other.test !== undefined);
    const range = commonRange(same);
    if (range !== undefined && (range.low > range.high || (range.low === range.high && !(range.lowIn && range.highIn)))) return field;
    for (const { op, values } of same) {
      if ((op === "eq" || op === "in") && values.every((value) => same.some((other) => isRefused(value, other)))) return field;
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
  const holds = (range: Range, at: number, end: "low" | "high"): boolean =>
    range[end] === at ? range[end === "low" ? "lowIn" : "highIn"] : true;
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
  if (same.some(({ op, values }) => (op === "eq" || op === "in") && values.every(passes))) return true;

  const range = commonRange(same);
  if (condition.range !== undefined) return range !== undefined && contains(condition.range, range);
  if (condition.op !== "neq" && condition.op !== "nin") return false;
  const refused = new Set(same.flatMap(({ op, values }) => (op === "neq" || op === "nin" ? values.map(comparisonKey) : [])));
  return condition.values.every((value) => {
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
