import { isObject, textOf } from "../../lib/base/json.ts";
import { textIn } from "../../lib/editor/inputs.ts";
import { iconButton, jsonPart, keeping, type Row, textInput } from "../../lib/editor/rows.ts";
import type { Choices } from "./choices.ts";
import { fieldOf, fieldSelect, kindOf, operatorsOf, operatorText } from "./fields.ts";
import { isShown } from "./judge.ts";
import type { Saved } from "./parts.ts";
import { say } from "./texts.ts";
import { valueControl } from "./value.ts";

/** What a row does for the rule that it is in. */
export interface ConditionRow {
  /** `when` or `and`. */
  readonly word: JQuery;
  read(): unknown;
}

interface Surroundings {
  readonly choices: Choices;
  changed(): void;
  removed(): void;
}

/** A condition in its controls; in a field for JSON where they would show or save something else. */
export function conditionRow(container: JQuery, condition: unknown, { choices, changed, removed }: Surroundings): ConditionRow {
  const line = $("<div>", { class: "abiquo-line abiquo-condition" }).appendTo(container);
  const word = $("<span>", { class: "abiquo-word abiquo-when" }).appendTo(line);
  const read = inControls(line, condition, choices, changed) ?? inJson(line, word, condition);
  const remove = iconButton("fa-times", say("button.removeCondition")).addClass("abiquo-remove-condition").appendTo(line);
  remove.on("click", () => {
    line.remove();
    removed();
  });
  return { word, read };
}

function inControls(line: JQuery, condition: unknown, choices: Choices, changed: () => void): (() => Row) | undefined {
  if (!isObject(condition)) return undefined;
  const read = conditionControls(line, condition, choices, changed);
  return isShown(condition, read()) ? keeping(condition, read, [["field", "op", "value", "valueType"]]) : undefined;
}

function inJson(line: JQuery, word: JQuery, condition: unknown): () => unknown {
  line.children().not(word).remove();
  return jsonPart($("<div>", { class: "abiquo-value" }).appendTo(line), say("label.conditionText"), condition);
}

/** Draws the controls of a condition and returns how to read them. */
function conditionControls(line: JQuery, condition: Row, choices: Choices, changed: () => void): () => Row {
  const field = fieldSelect().appendTo(line);
  const path = textInput("abiquo-path", say("label.path"), "task.ownerId").appendTo(line);
  const op = $("<select>", { class: "abiquo-op", "aria-label": say("label.op") }).appendTo(line);
  const cell = $("<div>", { class: "abiquo-value" }).appendTo(line);
  let drawn = condition;
  let readValue: () => Saved;

  const drawValue = (): void => {
    choices.forget(cell);
    readValue = valueControl(cell, { kind: kindOf(textIn(field)), op: textIn(op), condition: drawn, choices });
  };
  const drawOperators = (): void => {
    const kind = kindOf(textIn(field));
    const operators = operatorsOf(kind);
    path.toggle(kind === "path");
    op.empty().toggle(operators.length > 0);
    for (const name of operators) $("<option>").val(name).text(operatorText(kind, name)).appendTo(op);
    op.val(operators.find((name) => name === drawn["op"]) ?? operators[0] ?? "");
    drawValue();
  };
  field.val(fieldOf(condition));
  if (textIn(field) === "path") path.val(textOf(condition["field"]).trim());
  drawOperators();
  field.on("change", () => {
    drawn = { op: textIn(op) };
    drawOperators();
    changed();
  });
  op.on("change", () => {
    drawn = { ...drawn, ...readValue(), op: textIn(op) };
    drawValue();
    changed();
  });
  return () => {
    const kind = kindOf(textIn(field));
    if (kind === "jsonata") return { field: "", op: "jsonata", ...readValue() };
    return { field: textIn(kind === "path" ? path : field), op: textIn(op), ...readValue() };
  };
}
