import { isObject, textOf } from "../base/json.ts";
import { shown } from "../base/text.ts";
import { type Operand, operandOf } from "./conditions.ts";
import { compileExpression, type Expression } from "./expression.ts";
import type { Report } from "./faults.ts";
import {
  FACT_OPS,
  type FactOp,
  isOneOf,
  isWhole,
  LIST_OPS,
  MEMBERSHIP_OPS,
  type MembershipOp,
  VALUE_TYPES,
  type ValueType,
} from "./grammar.ts";
import { parseJsonText } from "./located-json.ts";
import { type FieldPath, parseField } from "./path.ts";
import { type Hours, parseHours } from "./wall-clock.ts";

/** A condition understood. */
export type ParsedCondition =
  | { readonly kind: "expression"; readonly expression: Expression }
  | { readonly kind: "time"; readonly path: FieldPath; readonly op: MembershipOp; readonly value: unknown; readonly hours: Hours }
  | { readonly kind: "fact"; readonly path: FieldPath; readonly operand: Operand };

/** What a condition looks at and how, before anybody looks at its value. */
interface Comparison {
  readonly path: FieldPath;
  readonly op: FactOp;
  readonly valueType: ValueType;
}

type Written = Readonly<Record<string, unknown>>;

/** Understands a condition, reporting what is wrong with it; undefined when something is. */
export function parseCondition(value: unknown, timeZone: string, report: Report): ParsedCondition | undefined {
  if (!isObject(value)) {
    report("RULE_CONDITION_NOT_AN_OBJECT", {});
    return undefined;
  }
  if (operatorOf(value) === "jsonata") {
    const expression = compileExpression(value["value"], report);
    return expression === undefined ? undefined : { kind: "expression", expression };
  }
  const comparison = parseComparison(value, report);
  return comparison === undefined ? undefined : withValue(comparison, value["value"], timeZone, report);
}

/** How a condition compares; an expression may be told by the type of its value alone. */
export function operatorOf({ field, op, valueType }: Written): string {
  return textOf(field).trim() === "" && valueType === "jsonata" ? "jsonata" : textOf(op);
}

/** Understands all of a condition but its value, where it is no expression; undefined when something is wrong with it. */
function parseComparison(condition: Written, report: Report): Comparison | undefined {
  const field = textOf(condition["field"]).trim();
  const op = operatorOf(condition);
  const valueType = textOf(condition["valueType"]);
  const path = parseField(field);
  if (!isOneOf(FACT_OPS, op)) report("RULE_OP_UNKNOWN", { op: shown(op) });
  else if (field === "") report("RULE_FIELD_MISSING", { op });
  else if (path === undefined) report("RULE_FIELD_REFUSED", { field: shown(field) });
  else if (!isOneOf(VALUE_TYPES, valueType)) report("RULE_VALUE_TYPE_REFUSED", { valueType: shown(valueType), op });
  else if (path.source === "time" && !isOneOf(MEMBERSHIP_OPS, op)) report("RULE_OP_NOT_FOR_FIELD", { op, field: "time" });
  else return { path, op, valueType };
  return undefined;
}

function withValue({ path, op, valueType }: Comparison, written: unknown, timeZone: string, report: Report): ParsedCondition | undefined {
  const typed = typedValue(written, valueType, op, report);
  if (typed === undefined) return undefined;
  const { value } = typed;
  if (path.source === "time" && isOneOf(MEMBERSHIP_OPS, op)) {
    const hours = parseHours(value, timeZone, report);
    return hours === undefined ? undefined : { kind: "time", path, op, value, hours };
  }
  const operand = operandOf(op, value, report);
  return operand === undefined ? undefined : { kind: "fact", path, operand };
}

/** The value as its TypedInput type says, boxed because it may well be undefined itself. */
function typedValue(value: unknown, valueType: ValueType, op: FactOp, report: Report): { value: unknown } | undefined {
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
  }
}
