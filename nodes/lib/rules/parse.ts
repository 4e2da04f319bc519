import type { FaultParams } from "../base/fault.ts";
import { isObject, textOf } from "../base/json.ts";
import { openClock } from "./clock.ts";
import { compileFactTest, compileTimeTest, type FactTest, type Operand, operandOf, type TimeTest } from "./conditions.ts";
import { compileExpression, type Expression } from "./expression.ts";
import { type RuleFaultCode, type RuleProblem, shown } from "./faults.ts";
import { FACT_OPS, isWhole, LIST_OPS, OUTCOMES, SCOPES } from "./grammar.ts";
import { NotJson, parseJsonText, parseLocated } from "./located.ts";
import { type FieldPath, parseField } from "./path.ts";
import type { Outcome, RuleOptions } from "./types.ts";

const OPS: ReadonlySet<string> = new Set(FACT_OPS);

export interface FactCondition {
  path: FieldPath;
  operand: Operand;
  test: FactTest;
}

/** Hours of the week, with the text that is the same for the same hours. */
export interface TimeCondition extends TimeTest {
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

type Report = (code: RuleFaultCode, params: FaultParams) => void;

/** Parses rules at the border of the configuration; `problems` receives everything that is wrong. */
export function parseRules(value: unknown, options: RuleOptions, problems: RuleProblem[]): ParsedRule[] {
  const report: Report = (code, params) => problems.push({ rule: -1, code, params });
  if (!isOneOf(OUTCOMES, options.otherwise)) report("RULES_OTHERWISE_UNKNOWN", { outcome: shown(options.otherwise) });
  if (!isOneOf(SCOPES, options.scope)) report("RULES_SCOPE_UNKNOWN", { scope: shown(options.scope) });
  const timeZone = textOf(options.timeZone).trim();
  if (openClock(timeZone) === undefined) report("RULE_TIME_ZONE_UNKNOWN", { timeZone: shown(timeZone) });

  const list = listOfRules(value, report);
  return list.map((rule, index) => parseRule(rule, index, timeZone, problems));
}

function isOneOf<T>(known: readonly T[], value: unknown): value is T {
  return (known as readonly unknown[]).includes(value);
}

function listOfRules(value: unknown, report: Report): readonly unknown[] {
  if (value === undefined || value === null || value === "") return [];
  const list = typeof value === "string" ? ruleText(value, report) : value;
  if (Array.isArray(list)) return list as unknown[];
  report("RULES_NOT_A_LIST", {});
  return [];
}

function ruleText(text: string, report: Report): unknown {
  try {
    const { value, twins } = parseLocated(text);
    for (const { key } of twins) report("RULES_KEY_TWICE", { key: shown(key) });
    return value;
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    return undefined;
  }
}

function parseRule(value: unknown, index: number, timeZone: string, problems: RuleProblem[]): ParsedRule {
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
  const report: Report = (code, params) => problems.push({ rule: index, code, params });
  if (!isObject(value)) {
    report("RULE_NOT_AN_OBJECT", {});
    return rule;
  }
  rule.label = textOf(value["name"]).trim() || rule.label;
  rule.reason = textOf(value["reason"]).trim();
  if (isOneOf<Outcome>(OUTCOMES, value["outcome"])) rule.outcome = value["outcome"];
  else report("RULE_OUTCOME_UNKNOWN", { outcome: shown(value["outcome"] ?? "") });

  // A missing list is not an empty one: the rule would match everything, which nobody has said.
  const when = value["when"];
  if (!Array.isArray(when)) {
    report("RULE_CONDITIONS_NOT_A_LIST", {});
    return rule;
  }
  for (const [position, condition] of when.entries()) {
    addCondition(rule, condition, timeZone, (code, params) => {
      problems.push({ rule: index, condition: position, code, params });
    });
  }
  return rule;
}

function addCondition(rule: ParsedRule, condition: unknown, timeZone: string, report: Report): void {
  if (!isObject(condition)) {
    report("RULE_CONDITION_NOT_AN_OBJECT", {});
    return;
  }
  const field = textOf(condition["field"]).trim();
  const valueType = textOf(condition["valueType"]);
  const givenOp = textOf(condition["op"]);
  const op = field === "" && valueType === "jsonata" ? "jsonata" : givenOp;

  if (op === "jsonata") {
    const expression = compileExpression(condition["value"], report);
    if (expression === undefined) return;
    rule.expressions.push(expression);
    rule.fields.push(...expression.fields);
    return;
  }
  if (!OPS.has(op)) {
    report("RULE_OP_UNKNOWN", { op: shown(op) });
    return;
  }
  if (field === "") {
    report("RULE_FIELD_MISSING", { op });
    return;
  }
  const path = parseField(field);
  if (path === undefined) {
    report("RULE_FIELD_REFUSED", { field: shown(field) });
    return;
  }
  const value = typedValue(condition["value"], valueType, op, report);
  if (value === undefined) return;

  if (path.source === "time") {
    const test = compileTimeTest(op, value.value, timeZone, report);
    if (test !== undefined) rule.times.push({ ...test, text: JSON.stringify([op, value.value]) });
  } else {
    const operand = operandOf(op, value.value, report);
    if (operand !== undefined) (path.source === "group" ? rule.totals : rule.facts).push({ path, operand, test: compileFactTest(operand) });
  }
  rule.fields.push(path);
}

/** The value as its TypedInput type says, boxed because it may well be undefined itself. */
function typedValue(value: unknown, valueType: string, op: string, report: Report): { value: unknown } | undefined {
  switch (valueType) {
    case "":
    case "str":
      return { value };
    case "num": {
      // A list of numbers is typed as one text; the operators take it apart and check each.
      if (LIST_OPS.includes(op)) return { value };
      const number = typeof value === "string" && isWhole("typedNumber", value) ? Number(value) : value;
      if (typeof number === "number" && Number.isFinite(number)) return { value: number };
      report("RULE_VALUE_NOT_A_NUMBER", { value: shown(value ?? ""), op });
      return undefined;
    }
    case "bool":
      if (value === true || value === "true") return { value: true };
      if (value === false || value === "false") return { value: false };
      report("RULE_VALUE_NOT_A_BOOLEAN", { value: shown(value ?? "") });
      return undefined;
    case "json": {
      const parsed = typeof value === "string" ? parseJsonText(value) : value;
      if (parsed !== undefined) return { value: parsed };
      report("RULE_VALUE_NOT_JSON", { value: shown(value ?? "") });
      return undefined;
    }
    default:
      // msg, flow, global and the like would be read when the task comes; a rule is fixed when it is deployed.
      report("RULE_VALUE_TYPE_REFUSED", { valueType: shown(valueType), op });
      return undefined;
  }
}
