import type { JsonPath } from "../base/json-path.ts";
import type { RuleProblem } from "./faults.ts";

/** The part of a set of rules that a problem is most likely about. */
export function pathIn(problem: RuleProblem, list: JsonPath): JsonPath {
  if (problem.code === "RULES_OTHERWISE_UNKNOWN") return ["otherwise"];
  if (problem.code === "RULES_SCOPE_UNKNOWN") return ["scope"];
  return [...list, ...pathInList(problem)];
}

/** The same within the list of rules. */
export function pathInList({ rule, condition, code }: RuleProblem): JsonPath {
  if (rule < 0) return [];
  if (condition !== undefined) return [rule, "when", condition, ...partOf(code)];
  if (code === "RULE_NOT_AN_OBJECT") return [rule];
  return [rule, code === "RULE_OUTCOME_UNKNOWN" ? "outcome" : "when"];
}

function partOf(code: RuleProblem["code"]): JsonPath {
  if (code === "RULE_CONDITION_NOT_AN_OBJECT") return [];
  if (code === "RULE_VALUE_TYPE_REFUSED") return ["valueType"];
  if (code.startsWith("RULE_OP")) return ["op"];
  return [code.startsWith("RULE_FIELD") ? "field" : "value"];
}
