/** What dialogs need of this room to judge as the node does: all of it runs in browsers. */
import { isOpen } from "../base/json-path.ts";
import { isVariable } from "../base/settings.ts";
import type { RuleMistake, RuleProblem } from "./faults.ts";
import { listOfRules, parseRule } from "./parse.ts";
import { pathInList } from "./problem-path.ts";

export { operatorOf, type ParsedCondition, parseCondition } from "./condition.ts";
export { listOf } from "./conditions.ts";
export type { RuleMistake, RuleProblem } from "./faults.ts";
export { DAYS, FACT_OPS, type FactOp, isOneOf, MEMBERSHIP_OPS, ORDER_OPS, OUTCOMES, SCOPES } from "./grammar.ts";
export { parseJsonText } from "./located-json.ts";
export { pathInList } from "./problem-path.ts";
export { comparisonKey, orderNumber } from "./scalar.ts";
export type { Outcome } from "./types.ts";
export { parseHours } from "./wall-clock.ts";

/** The zone of conditions without their own is the node's to know; what is wrong with them does not depend on it. */
const ANY_ZONE = "";

/** The rules of a node one by one, from their list or its JSON text; undefined for what is neither. */
export function rulesIn(rules: unknown): readonly unknown[] | undefined {
  let isRight = true;
  const list = listOfRules(rules, () => {
    isRight = false;
  });
  return isRight ? list : undefined;
}

/**
 * Everything that is wrong with the rules of a node as `compileRules` understands them, before Node-RED has put the
 * values of variables in: where one stands, nothing is wrong yet. Undefined where there is no list of rules.
 */
export function ruleProblems(rules: unknown): RuleProblem<RuleMistake>[] | undefined {
  if (isVariable(rules)) return [];
  const problems: RuleProblem<RuleMistake>[] = [];
  const list = rulesIn(rules);
  if (list === undefined) return undefined;
  for (const [index, rule] of list.entries()) parseRule(rule, index, ANY_ZONE, (problem) => problems.push(problem));
  return problems.filter((problem) => !isOpen(rules, pathInList(problem)));
}
