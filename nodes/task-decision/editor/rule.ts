import { isObject, textOf } from "../../lib/base/json.ts";
import { isBlank } from "../../lib/base/settings.ts";
import { choose, textIn } from "../../lib/editor/inputs.ts";
import { addMoves, jsonPart, keeping, type Row, select, textInput } from "../../lib/editor/rows.ts";
import { OUTCOMES } from "../../lib/rules/settings.ts";
import type { Choices } from "./choices.ts";
import { type ConditionRow, conditionRow } from "./condition.ts";
import { judgeRule } from "./judge.ts";
import { say } from "./texts.ts";

/** Rules that say nothing yet, and so are refused: what they do is for their author to say. */
const NEW_CONDITION = { field: "", op: "", value: "", valueType: "str" };
export const NEW_RULE = { name: "", when: [NEW_CONDITION], outcome: "", reason: "" };

/** What Node-RED says of a rule; empty where it says nothing. */
export interface RuleVerdict {
  /** why it never decides */
  readonly unreachable: string;
  /** what is wrong with it */
  readonly refused: string;
}

/** A rule in the list. */
export interface RuleRow {
  read(): unknown;
  /** @param position from 1 */
  number(position: number): void;
  /** Looks at the rule anew. */
  judge(): void;
  /** Shows what Node-RED says of the rule, where nothing is known here. */
  tell(verdict: RuleVerdict): void;
  focus(): void;
}

interface Surroundings {
  readonly choices: Choices;
  changed(): void;
  moved(): void;
}

let drawn = 0;

/** A rule in its controls; in a field for JSON where it has none. */
export function ruleRow(container: JQuery, rule: unknown, { choices, changed, moved }: Surroundings): RuleRow {
  drawn += 1;
  const numberId = `abiquo-rule-number-${drawn}`;
  const box = $("<div>", { class: "abiquo-rule", role: "group", "aria-labelledby": numberId }).appendTo(container);
  const head = $("<div>", { class: "abiquo-line" }).appendTo(box);
  const number = $("<strong>", { class: "abiquo-number", id: numberId }).appendTo(head);
  const judge = (): void => {
    problem.show(judgeRule(read()));
    changed();
  };
  const read = hasRows(rule)
    ? keeping(
        rule,
        ruleControls(head, box, rule, choices, () => judge()),
      )
    : jsonPart($("<div>", { class: "abiquo-value" }).appendTo(head), say("label.ruleText"), rule);
  addMoves(head, container, [say("button.up"), say("button.down")], moved);
  const problem = note(box, "abiquo-problem");
  const unreachable = note(box, "abiquo-unreachable", "fa-ban");
  box.on("change input", "input, select", judge);
  return {
    read,
    judge,
    number: (position) => void number.text(`${position}.`),
    tell(verdict) {
      unreachable.show(verdict.unreachable === "" ? "" : say("unreachable", { why: verdict.unreachable }));
      // What was told of expressions may have changed what is known.
      problem.show(judgeRule(read()) || verdict.refused);
    },
    focus: () => void box.find(".abiquo-rule-name").trigger("focus"),
  };
}

function hasRows(rule: unknown): rule is Row {
  return isObject(rule) && (Array.isArray(rule["when"]) || rule["when"] === undefined || rule["when"] === null);
}

/** A line below a rule that is there while it says something. */
function note(box: JQuery, className: string, icon?: string): { show(text: string): void } {
  const line = $("<div>", { class: className, role: "status", "aria-live": "polite" }).hide().appendTo(box);
  if (icon !== undefined) $("<i>", { class: `fa ${icon}`, "aria-hidden": "true" }).appendTo(line);
  const words = icon === undefined ? line : $("<span>").appendTo(line);
  return {
    show(text) {
      words.text(text);
      line.toggle(text !== "");
    },
  };
}

/** Draws the controls of a rule and returns how to read them. */
function ruleControls(head: JQuery, box: JQuery, rule: Row, choices: Choices, changed: () => void): () => Row {
  const name = textInput("abiquo-rule-name", say("label.ruleName"), say("placeholder.ruleName")).appendTo(head);
  name.val(textOf(rule["name"]).trim());
  const readWhen = whenControls(box, rule["when"], choices, changed);
  const then = $("<div>", { class: "abiquo-line" }).appendTo(box);
  $("<span>", { class: "abiquo-word" }).text(say("word.then")).appendTo(then);
  const outcome = outcomeControl(rule["outcome"]).appendTo(then);
  $("<span>", { class: "abiquo-word", style: "flex:0 0 auto" }).text(say("word.because")).appendTo(then);
  const reason = textInput("abiquo-reason", say("label.reason"), say("placeholder.reason")).appendTo(then);
  reason.val(textOf(rule["reason"]).trim());
  return () => ({ name: textIn(name), when: readWhen(), outcome: textIn(outcome), reason: textIn(reason) });
}

function outcomeControl(outcome: unknown): JQuery {
  const element = select(OUTCOMES, say("label.outcome"), (each) => say(`outcome.${each}`)).addClass("abiquo-outcome");
  const isNew = isBlank(outcome);
  if (isNew) $("<option>").val("").text(say("placeholder.choose")).prependTo(element);
  return choose(element, isNew ? "" : outcome);
}

/** The conditions of a rule, and the box by which its author says that there are none. */
function whenControls(box: JQuery, when: unknown, choices: Choices, changed: () => void): () => unknown[] | undefined {
  const conditions = $("<div>", { style: "display:flex; flex-direction:column; gap:6px" }).appendTo(box);
  const more = $("<div>", { class: "abiquo-line" }).appendTo(box);
  $("<span>", { class: "abiquo-word" }).appendTo(more);
  const add = addButton().appendTo(more);
  const always = $("<input>", { type: "checkbox", class: "abiquo-always" }).prop("checked", Array.isArray(when) && when.length === 0);
  const alwaysLabel = $("<label>")
    .append(always, $("<span>").text(say("label.always")))
    .appendTo(more);
  let rows: ConditionRow[] = [];

  const drawWords = (): void => {
    for (const [at, { word }] of rows.entries()) word.text(say(at === 0 ? "word.when" : "word.and"));
    alwaysLabel.toggle(rows.length === 0);
    if (rows.length > 0) always.prop("checked", false);
  };
  const redraw = (): void => {
    drawWords();
    changed();
  };
  const addRow = (condition: unknown): void => {
    const row: ConditionRow = conditionRow(conditions, condition, {
      choices,
      changed: redraw,
      removed() {
        rows = rows.filter((each) => each !== row);
        redraw();
      },
    });
    rows.push(row);
  };
  if (Array.isArray(when)) for (const condition of when) addRow(condition);
  drawWords();
  add.on("click", () => {
    addRow(NEW_CONDITION);
    redraw();
  });
  // A rule without conditions matches always: only where its author says so.
  return () => (rows.length > 0 || always.prop("checked") === true ? rows.map((row) => row.read()) : undefined);
}

function addButton(): JQuery {
  const button = $("<button>", { type: "button", class: "red-ui-button red-ui-button-small abiquo-add-condition" });
  return button.append($("<i>", { class: "fa fa-plus", "aria-hidden": "true" }), document.createTextNode(` ${say("button.addCondition")}`));
}
