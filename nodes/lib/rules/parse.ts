import { isObject, textOf } from "../base/json.ts";
import { shown } from "../base/text.ts";
import { parseCondition } from "./condition.ts";
import { compileFactTest, compileTimeTest, type FactTest, type Operand, type TimeTest } from "./conditions.ts";
import type { Expression } from "./expression.ts";
import type { Report, RuleFaultCode, RuleMistake, RuleProblem } from "./faults.ts";
import { isOneOf, OUTCOMES, SCOPES } from "./grammar.ts";
import { NotJson, parseLocated } from "./located-json.ts";
import type { FieldPath } from "./path.ts";
import type { Outcome, RuleOptions } from "./types.ts";
import { type WallClock, wallClock } from "./wall-clock.ts";

export interface FactCondition {
  path: FieldPath;
  operand: Operand;
  test: FactTest;
}

export interface TimeCondition {
  clock: WallClock;
  test: TimeTest;
  /** The same for the same hours. */
  text: string;
}

/** A rule understood, its conditions sorted by what they cost. */
export interface ParsedRule {
  index: number;
  /** The name, or `rule 3` without one. */
  label: string;
  outcome: Outcome;
  reason: string;
  times: TimeCondition[];
  totals: FactCondition[];
  facts: FactCondition[];
  expressions: Expression[];
  /** What it reads, in the order of its conditions. */
  fields: FieldPath[];
}

/** Parses rules at the border of the configuration; `problems` receives everything that is wrong. */
export function parseRules(value: unknown, options: RuleOptions, problems: RuleProblem[]): ParsedRule[] {
  const report: Report<RuleFaultCode> = (code, params) => problems.push({ rule: -1, code, params });
  if (!isOneOf(OUTCOMES, options.otherwise)) report("RULES_OTHERWISE_UNKNOWN", { outcome: shown(options.otherwise) });
  if (!isOneOf(SCOPES, options.scope)) report("RULES_SCOPE_UNKNOWN", { scope: shown(options.scope) });
  const timeZone = textOf(options.timeZone).trim();
  if (wallClock(timeZone) === undefined) report("RULE_TIME_ZONE_UNKNOWN", { timeZone: shown(timeZone) });

  const list = listOfRules(value, report) ?? [];
  return list.map((rule, index) => parseRule(rule, index, timeZone, (problem) => problems.push(problem)));
}

/** The rules one by one; undefined where there is no list of them. */
export function listOfRules(value: unknown, report: Report<RuleFaultCode>): readonly unknown[] | undefined {
  if (value === undefined || value === null || value === "") return [];
  const list = typeof value === "string" ? ruleText(value, report) : value;
  if (Array.isArray(list)) return list as unknown[];
  report("RULES_NOT_A_LIST", {});
  return undefined;
}

function ruleText(text: string, report: Report<RuleFaultCode>): unknown {
  try {
    const { value, twins } = parseLocated(text);
    for (const { key } of twins) report("RULES_KEY_TWICE", { key: shown(key) });
    return value;
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    return undefined;
  }
}

/**
 * Parses one rule.
 *
 * @param index its position, from 0
 * @param timeZone of conditions on the time that have none of their own
 * @param tell receives everything that is wrong with it
 */
export function parseRule(value: unknown, index: number, timeZone: string, tell: (problem: RuleProblem<RuleMistake>) => void): ParsedRule {
  const rule: ParsedRule = {
    index,
    label: `rule ${index + 1}`,
    outcome: "review",
    reason: "",
    times: [],
    totals: [],
    facts: [],
    expressions: [],
    fields: [],
  };
  const report: Report = (code, params) => tell({ rule: index, code, params });
  const head = parseHead(value, report);
  if (head === undefined) return rule;
  rule.label = head.name || rule.label;
  rule.reason = head.reason;
  rule.outcome = head.outcome ?? rule.outcome;
  for (const [position, condition] of head.when.entries()) {
    addCondition(rule, condition, timeZone, (code, params) => tell({ rule: index, condition: position, code, params }));
  }
  return rule;
}

/** A rule, its conditions still as they are written. */
interface RuleHead {
  readonly name: string;
  readonly reason: string;
  readonly outcome: Outcome | undefined;
  readonly when: readonly unknown[];
}

/** Understands all of a rule but its conditions, reporting what is wrong with it; undefined for what is no rule. */
function parseHead(value: unknown, report: Report): RuleHead | undefined {
  if (!isObject(value)) {
    report("RULE_NOT_AN_OBJECT", {});
    return undefined;
  }
  const { name, reason, outcome, when } = value;
  const isOutcome = isOneOf(OUTCOMES, outcome);
  if (!isOutcome) report("RULE_OUTCOME_UNKNOWN", { outcome: shown(outcome ?? "") });
  // A missing list is not an empty one: the rule would match everything, which nobody has said.
  if (!Array.isArray(when)) report("RULE_CONDITIONS_NOT_A_LIST", {});
  return {
    name: textOf(name).trim(),
    reason: textOf(reason).trim(),
    outcome: isOutcome ? outcome : undefined,
    when: Array.isArray(when) ? (when as unknown[]) : [],
  };
}

function addCondition(rule: ParsedRule, value: unknown, timeZone: string, report: Report): void {
  const condition = parseCondition(value, timeZone, report);
  if (condition === undefined) return;
  switch (condition.kind) {
    case "expression":
      rule.expressions.push(condition.expression);
      rule.fields.push(...condition.expression.fields);
      return;
    case "time": {
      const { path, op, hours, value: given } = condition;
      rule.times.push({ clock: hours.clock, test: compileTimeTest(op, hours), text: JSON.stringify([op, given]) });
      rule.fields.push(path);
      return;
    }
    case "fact": {
      const { path, operand } = condition;
      (path.source === "group" ? rule.totals : rule.facts).push({ path, operand, test: compileFactTest(operand) });
      rule.fields.push(path);
    }
  }
}
