import { type Need, ON_DEADLINE } from "../../lib/approval/settings.ts";
import { textOf } from "../../lib/base/json.ts";
import { isVariable } from "../../lib/base/settings.ts";
import { oneLine } from "../../lib/base/text.ts";
import { choose, textIn } from "../../lib/editor/inputs.ts";
import { type Row, select, textInput } from "../../lib/editor/rows.ts";
import { listText } from "../../lib/editor/values.ts";
import { MINUTES_IN, type Unit, unitOf } from "./meaning.ts";
import { type Known, readLevel } from "./reading.ts";
import { type Key, say } from "./words.ts";
import { isWorkingTime } from "./working-time.ts";

const NEEDS = ["any", "all", "number", "percent"] as const;
const UNITS = ["minutes", "hours", "days"] as const satisfies readonly Unit[];

/** Draws the controls of a level into its box, the name into its first line; returns how to read them. */
export function levelControls(head: JQuery, box: JQuery, level: Row): () => Row {
  const reading = readLevel(level);
  const name = textInput("abiquo-level-name", say("label.levelName"), say("placeholder.levelName"));
  name.val(oneLine(textOf(level["name"]))).appendTo(head);
  const approvers = peopleControl(line(box, "word.approvers"), say("label.approvers"), level["approvers"], level["approversType"]);
  const need = needControl(line(box, "word.need"), level["need"], reading.need);
  const deadlineLine = line(box, "word.deadline");
  const deadline = timeControl(deadlineLine, "deadline", say("label.deadline"), level["deadline"], reading.deadline);
  const onDeadline = select(ON_DEADLINE, say("label.onDeadline"), (each) => say(`onDeadline.${each}`));
  onDeadline.addClass("abiquo-at-deadline").appendTo(deadlineLine);
  choose(onDeadline, level["onDeadline"] || "wait");
  const escalateLine = line(box, "word.escalateTo").addClass("abiquo-escalate");
  const escalateTo = peopleControl(escalateLine, say("label.escalateTo"), level["escalateTo"], level["escalateToType"]);
  const remindLine = line(box, "word.remindEvery");
  const remindEvery = timeControl(remindLine, "remind", say("label.remindEvery"), level["remindEvery"], reading.remindEvery);
  return () => {
    const asked = approvers();
    const askedToo = escalateTo();
    return {
      name: textIn(name),
      approvers: asked.value,
      approversType: asked.type,
      need: need(),
      deadline: deadline(),
      onDeadline: onDeadline.val(),
      escalateTo: askedToo.value,
      escalateToType: askedToo.type,
      remindEvery: remindEvery(),
    };
  };
}

function line(box: JQuery, word: Key): JQuery {
  const element = $("<div>", { class: "abiquo-line" }).appendTo(box);
  $("<span>", { class: "abiquo-word" }).text(say(word)).appendTo(element);
  return element;
}

function peopleControl(into: JQuery, name: string, value: unknown, type: unknown): () => { readonly value: string; readonly type: string } {
  const input = $("<input>", { type: "text", class: "abiquo-people", style: "width:100%" }).appendTo(into);
  const text = listText(value);
  const isJson = type === "json" || (typeof value === "object" && /^[[{]/.test(text));
  input.typedInput({ default: "str", types: [{ value: "str", label: say("people.addresses"), icon: "fa fa-envelope-o" }, "msg", "json"] });
  input.typedInput("type", type === "msg" ? "msg" : isJson ? "json" : "str");
  input.typedInput("value", text);
  into.find(".red-ui-typedInput-input").attr({ "aria-label": name, placeholder: say("placeholder.people") });
  return () => ({ value: input.typedInput("value").trim(), type: input.typedInput("type") });
}

/** A number with its unit; returns how to read it in minutes. */
function timeControl(into: JQuery, kind: "deadline" | "remind", name: string, value: unknown, known: Known<number>): () => unknown {
  const minutes = known !== undefined && "value" in known ? known.value : 0;
  const unit = unitOf(minutes, isWorkingTime());
  const number = textInput(`abiquo-short abiquo-${kind}`, name, say("placeholder.none")).attr("inputmode", "decimal").appendTo(into);
  const units = select(UNITS, say("label.unit"), (each) => say(`unit.${each}`)).addClass(`abiquo-${kind}-unit`);
  units.val(unit).appendTo(into);
  number.val(minutes > 0 ? minutes / MINUTES_IN[unit] : textOf(value).trim());
  return () => {
    const text = textIn(number);
    // Node-RED puts minutes in the place of a variable.
    units.toggle(!isVariable(text));
    number.toggleClass("abiquo-short", !isVariable(text));
    const chosen = UNITS.find((each) => each === units.val()) ?? "minutes";
    // To a thousandth: a third of an hour is no whole number of minutes.
    const read = Math.round(Number(text) * MINUTES_IN[chosen] * 1000) / 1000;
    return text === "" || Number.isNaN(read) ? text : read;
  };
}

/** A choice with a number beside it; returns how to read them. */
function needControl(into: JQuery, value: unknown, known: Known<Need>): () => unknown {
  const shown = needShown(value, known);
  const kind = select(NEEDS, say("label.need"), (each) => say(`need.${each}`));
  choose(kind.addClass("abiquo-need").appendTo(into), shown.kind);
  const amount = textInput("abiquo-short abiquo-amount", say("label.amount")).attr("inputmode", "numeric").val(shown.amount).appendTo(into);
  return () => {
    const text = textIn(amount);
    amount.toggle(kind.val() === "number" || kind.val() === "percent");
    if (kind.val() === "percent") return `${text}%`;
    if (kind.val() !== "number") return kind.val();
    return text === "" || Number.isNaN(Number(text)) ? text || "0" : Number(text);
  };
}

/** A need as the choice and the number; what is wrong with it stays to be seen. */
function needShown(value: unknown, known: Known<Need>): { readonly kind: string; readonly amount: string } {
  if (known !== undefined && "variable" in known) return { kind: known.variable, amount: "" };
  const text = known === undefined ? textOf(value).trim() : String(known.value);
  if (text === "any" || text === "all") return { kind: text, amount: "" };
  return text.endsWith("%") ? { kind: "percent", amount: text.slice(0, -1).trim() } : { kind: "number", amount: text };
}
