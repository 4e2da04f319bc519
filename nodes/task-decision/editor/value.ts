import { parseJson } from "../../lib/base/json.ts";
import { isVariable } from "../../lib/base/settings.ts";
import { choose, textIn } from "../../lib/editor/inputs.ts";
import { type Row, select, textInput } from "../../lib/editor/rows.ts";
import { isOneOf, listOf, MEMBERSHIP_OPS, ORDER_OPS } from "../../lib/rules/settings.ts";
import type { Choices } from "./choices.ts";
import { isNumeric, type Kind } from "./fields.ts";
import { timeControl } from "./hours.ts";
import { numberControl, rangeControl } from "./numbers.ts";
import { checkBoxes, plain, type Saved } from "./parts.ts";
import { say } from "./texts.ts";

const TASK_TYPES = ["DEPLOY", "UNDEPLOY", "RECONFIGURE"] as const;
const TYPED = ["str", "num", "bool"] as const;

/** What a control is for. */
interface Wanted {
  readonly kind: Kind | undefined;
  readonly op: string;
  readonly condition: Row;
  readonly choices: Choices;
}

/** Draws the control for a condition's value and returns how to read it back. */
export function valueControl(cell: JQuery, { kind, op, condition, choices }: Wanted): () => Saved {
  cell.empty();
  const { value, valueType } = condition;
  const parsed = valueType === "json" && typeof value === "string" ? parseJson(value) : undefined;
  const old = parsed === undefined ? value : parsed;
  if (kind === undefined) return () => ({ value: "", valueType: "str" });
  if (kind === "jsonata") return expressionControl(cell, old);
  if (kind === "time") return timeControl(cell, old);
  if (op === "between") return rangeControl(cell, kind, old);
  if (isOneOf(MEMBERSHIP_OPS, op)) return kind === "type" ? typesControl(cell, old, choices) : listControl(cell, kind, old, choices);
  if (kind === "type") return typeControl(cell, old);
  if (kind === "path" && op !== "match") return anyControl(cell, op, valueType, old);
  if (isNumeric(kind)) return numberControl(cell, kind, old);
  return textControl(cell, kind, op, old, choices);
}

function expressionControl(cell: JQuery, old: unknown): () => Saved {
  const input = typedInput(cell, "abiquo-expression", "jsonata", ["jsonata"]);
  // As Node-RED's own editor of expressions keeps its lines.
  input.typedInput("value", typeof old === "string" ? old.replace(/\n/g, "\t") : "");
  nameTyped(input, say("label.expression"));
  return () => ({ value: input.typedInput("value"), valueType: "jsonata" });
}

function typesControl(cell: JQuery, old: unknown, choices: Choices): () => Saved {
  const types = listOf(old).map((type) => plain(type).trim().toUpperCase());
  const given = types.filter((type) => type !== "");
  if (!given.every((type) => isOneOf(TASK_TYPES, type))) return listControl(cell, "type", old, choices);
  const read = checkBoxes(cell, TASK_TYPES, given, (type) => type);
  return () => ({ value: read(), valueType: "json" });
}

function typeControl(cell: JQuery, old: unknown): () => Saved {
  const input = select(TASK_TYPES, say("label.value")).appendTo(cell);
  const type = plain(old).trim();
  if (type === "") $("<option>").val("").text(say("placeholder.choose")).prependTo(input);
  choose(input, type);
  return () => ({ value: textIn(input), valueType: "str" });
}

function anyControl(cell: JQuery, op: string, valueType: unknown, old: unknown): () => Saved {
  const input = typedInput(cell, "abiquo-typed", isOneOf(ORDER_OPS, op) ? "num" : "str", TYPED);
  if (isOneOf(TYPED, valueType)) input.typedInput("type", valueType);
  input.typedInput("value", plain(old));
  nameTyped(input, say("label.value"));
  return () => ({ value: input.typedInput("value"), valueType: input.typedInput("type") });
}

function listControl(cell: JQuery, kind: Kind, old: unknown, choices: Choices): () => Saved {
  const items = old === undefined || old === null ? [] : listOf(old);
  const input = textInput("abiquo-list", say("label.value"), say("placeholder.list")).val(items.map(plain).join(", ")).appendTo(cell);
  choices.offer(cell, kind, input, true);
  return () => {
    const text = textIn(input);
    return isVariable(text) ? { value: text, valueType: "str" } : { value: listOf(text), valueType: "json" };
  };
}

function textControl(cell: JQuery, kind: Kind, op: string, old: unknown, choices: Choices): () => Saved {
  const placeholder = op === "match" ? say("placeholder.match") : "";
  const input = textInput("abiquo-text", say("label.value"), placeholder).val(plain(old)).appendTo(cell);
  if (op !== "match") choices.offer(cell, kind, input, false);
  return () => ({ value: textIn(input), valueType: "str" });
}

function typedInput(cell: JQuery, className: string, otherwise: string, types: readonly string[]): JQuery {
  const input = $("<input>", { type: "text", class: className, style: "width:100%" }).appendTo(cell);
  return input.typedInput({ default: otherwise, types });
}

function nameTyped(input: JQuery, name: string): void {
  input.next().find(".red-ui-typedInput-input").attr("aria-label", name);
}
