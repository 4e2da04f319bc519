import { isObject, textOf } from "../../lib/base/json.ts";
import { isOpen } from "../../lib/base/json-path.ts";
import type { Row } from "../../lib/editor/rows.ts";
import { reason } from "../../lib/editor/validators.ts";
import { comparisonKey, operatorOf, type ParsedCondition, parseCondition, ruleProblems, rulesIn } from "../../lib/rules/settings.ts";
import { toldOf } from "./expressions.ts";
import { problemText } from "./problems.ts";
import { say } from "./texts.ts";

/** Something that is wrong with a rule, in words; positions count from 0. */
interface Problem {
  readonly rule: number;
  readonly condition: number | undefined;
  readonly text: string;
}

/** Where what is wrong with the rest of a rule is told. */
const LAST = Number.MAX_SAFE_INTEGER;

const MINUTES_OF_DAY = 1440;

/** What is wrong with the rules of a node. */
export function judgeRules(rules: unknown, options: ValidationOptions | undefined): Judgement {
  const problems = problemsIn(rules);
  if (problems === undefined) return reason(options, "list");
  const reasons = problems.map(({ rule, text }) => `${say("label.rule", { number: rule + 1 })}: ${text}`);
  return reasons.length === 0 || reasons;
}

/** What is wrong with one rule, in words. */
export function judgeRule(rule: unknown): string {
  return (problemsIn([rule]) ?? []).map(({ text }) => text).join(" ");
}

/** Whether what a row would save is what is stored, or means the same, or has the same mistake. */
export function isShown(stored: Row, shown: Row): boolean {
  const [isRight, isRightThen] = [isCondition(stored), isCondition(shown)];
  const senseOf = isRight ? meaningOf : looksOf;
  return isRight === isRightThen && JSON.stringify(senseOf(stored)) === JSON.stringify(senseOf(shown));
}

/**
 * What is wrong with rules, rule by rule, and in each of them with the conditions before the rest. Of a condition it is
 * the first that is told, as that may well cause the others. Undefined where there is no list of rules.
 */
function problemsIn(rules: unknown): Problem[] | undefined {
  const found = ruleProblems(rules);
  if (found === undefined) return undefined;
  const list = rulesIn(rules) ?? [];
  const told = toldOf(list);
  const isSame = (one: Omit<Problem, "text">, other: Omit<Problem, "text">): boolean =>
    one.rule === other.rule && one.condition === other.condition;
  const own = found
    .filter((problem) => !told.some((each) => isSame(each, { condition: undefined, ...problem })))
    .map((problem) => ({ rule: problem.rule, condition: problem.condition, text: problemText(problem, conditionIn(list, problem)) }));
  const theirs = told.filter(({ text }) => text !== "").map((each) => ({ ...each, text: say("problem.told", { problem: each.text }) }));
  const all = [...own, ...theirs];
  return all
    .filter((problem, at) => problem.condition === undefined || all.findIndex((each) => isSame(each, problem)) === at)
    .sort((one, other) => one.rule - other.rule || (one.condition ?? LAST) - (other.condition ?? LAST));
}

function conditionIn(list: readonly unknown[], { rule, condition = -1 }: { rule: number; condition?: number }): unknown {
  const found = list[rule];
  return isObject(found) && Array.isArray(found["when"]) ? (found["when"] as unknown[])[condition] : undefined;
}

function isCondition(condition: Row): boolean {
  return judgeRule({ when: [condition], outcome: "review" }) === "";
}

/** The same for conditions that have the same mistake. */
function looksOf({ field, op, value }: Row): unknown {
  const isScalar = typeof value !== "object" || value === null;
  return [textOf(field).trim(), textOf(op), isScalar ? String(value ?? "") : value];
}

/** The same for conditions that mean the same. */
function meaningOf(condition: Row): unknown {
  const { field, op, value, valueType } = condition;
  // Node-RED's own editor of expressions keeps lines as tabs.
  if (operatorOf(condition) === "jsonata") return ["jsonata", textOf(value).trim().replace(/\s/g, " ")];
  // What the variable will stand for may mean anything.
  const asWritten = [textOf(field).trim(), textOf(op), textOf(valueType), value];
  if (isOpen(condition, [])) return asWritten;
  const parsed = parseCondition(condition, "", () => undefined);
  return parsed === undefined ? asWritten : senseOf(parsed);
}

function senseOf(condition: ParsedCondition): unknown {
  switch (condition.kind) {
    case "expression":
      return condition.expression.text;
    case "time": {
      const { op, hours } = condition;
      // A day ends where the next begins.
      return ["time", op, [...hours.days].sort(), hours.from, hours.to || MINUTES_OF_DAY, hours.timeZone];
    }
    case "fact": {
      const { path, operand } = condition;
      if ("values" in operand) return [path.field, operand.op, [...new Set(operand.values.map(comparisonKey))].sort()];
      return [path.field, operand];
    }
  }
}
