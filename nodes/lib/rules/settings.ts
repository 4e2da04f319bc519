/** What dialogs need of this room to judge as the node does: all of it runs in browsers. */
import { isOpen } from "../base/json-path.ts";
import type { RuleProblem } from "./faults.ts";
import { parseRules } from "./parse.ts";
import { pathInList } from "./problem-path.ts";
import type { RuleOptions } from "./types.ts";

export { operandOf } from "./conditions.ts";
export type { RuleFaultCode, RuleProblem } from "./faults.ts";
export { DAYS, dayNamed, FACT_OPS, isWhole, LIST_OPS, MAX_PATTERN_LENGTH, OUTCOMES, SCOPES, TOTALS } from "./grammar.ts";
export { parseJsonText } from "./located-json.ts";
export { parseField } from "./path.ts";
export { pathInList } from "./problem-path.ts";
export { comparisonKey, orderNumber } from "./scalar.ts";
export type { Condition, Outcome, Rule, RuleOptions, Scope, TimeWindow } from "./types.ts";
export { type Unreachable, unreachableRules } from "./unreachable.ts";
export { wallClock } from "./wall-clock.ts";

/**
 * Everything that is wrong with rules as `compileRules` understands them, before Node-RED has put the values of
 * variables in: where one stands, nothing is wrong yet.
 */
export function ruleProblems(rules: unknown, options: RuleOptions): RuleProblem[] {
  const problems: RuleProblem[] = [];
  parseRules(rules, options, problems);
  return problems.filter((problem) => !isOpen(rules, pathInList(problem)));
}
