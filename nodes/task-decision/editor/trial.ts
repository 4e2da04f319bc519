import { isObject, textOf } from "../../lib/base/json.ts";
import { noAnswer, showVerdict } from "../../lib/editor/verdict.ts";
import { isOneOf, OUTCOMES, type Outcome } from "../../lib/rules/settings.ts";
import { ask, listIn } from "./admin.ts";
import { say } from "./texts.ts";

/** A task of the past, and what the rules make of it. */
interface TriedTask {
  /** who and what */
  readonly title: string;
  /** when and which */
  readonly subtitle: string;
  readonly outcome: Outcome;
  /** with the deployed rules */
  readonly before: Outcome;
  readonly differs: boolean;
  /** the rule that decided, or why none could */
  readonly decidedBy: string;
  readonly facts: string;
}

const RESULT = "#abiquo-decision-try-result";
const VERDICT = "#abiquo-decision-try-verdict";

/** Says where the rules are tried, and clears what was found. */
export function showTrial(rulesFrom: string): void {
  const hint = rulesFrom === "node" ? "" : say(rulesFrom === "msg" ? "try.notForMessages" : "try.deployedOnly");
  $("#abiquo-decision-try").prop("disabled", rulesFrom === "msg");
  $(VERDICT).removeClass("abiquo-good abiquo-bad").text(hint);
  $(RESULT).empty();
}

/** Tries rules on tasks of the past, and shows what becomes of them. */
export function tryRules(asked: object): void {
  const button = $("#abiquo-decision-try").prop("disabled", true);
  const verdict = $(VERDICT).removeClass("abiquo-good abiquo-bad").text(say("try.running"));
  const result = $(RESULT).empty();
  const limit = Number($("#abiquo-decision-try-limit").val());
  const read = $("#abiquo-decision-try-read").prop("checked") === true;
  ask("try", { ...asked, limit, read })
    .then(
      (reply) => showReply(verdict, result, reply),
      (request: JQuery.jqXHR) => showVerdict(verdict, false, say(`try.${noAnswer(request)}`)),
    )
    .always(() => button.prop("disabled", false));
}

function showReply(verdict: JQuery, result: JQuery, reply: unknown): void {
  const found = isObject(reply) ? reply : {};
  if (found["ok"] !== true) {
    showVerdict(verdict, false, textOf(found["problem"]) || say("try.unexpected"));
    return;
  }
  const tasks = listIn(found["tasks"]).filter(isObject).map(triedTask);
  const counts = isObject(found["counts"]) ? found["counts"] : {};
  const counted = say("try.counted", { total: tasks.length, ...counts });
  const compared = found["compared"] === true ? say("try.differing", { count: found["differing"] }) : say("try.notCompared");
  showVerdict(verdict, true, `${counted} ${compared}`);
  if (tasks.length > 0) showTasks(result, tasks);
}

function triedTask(task: Readonly<Record<string, unknown>>): TriedTask {
  const { type, requester, at, taskId, outcome, before, differs, why, rule, facts } = task;
  const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
  const named = Object.entries(isObject(facts) ? facts : {}).map(([field, value]) => `${field} = ${text(value)}`);
  return {
    title: [textOf(type), textOf(requester)].filter(Boolean).join(", "),
    subtitle: `${new Date(textOf(at)).toLocaleString()} · ${textOf(taskId)}`,
    outcome: outcomeIn(outcome),
    before: outcomeIn(before),
    differs: differs === true,
    decidedBy: textOf(why) || textOf(rule) || say("try.noRule"),
    facts: named.join(", "),
  };
}

function outcomeIn(value: unknown): Outcome {
  return isOneOf(OUTCOMES, value) ? value : "review";
}

/** Those whose outcome differs come first. */
function showTasks(result: JQuery, tasks: readonly TriedTask[]): void {
  const table = $("<table>").appendTo(result);
  const head = $("<tr>").appendTo($("<thead>").appendTo(table));
  for (const name of ["task", "outcome", "rule"] as const)
    $("<th>", { scope: "col" })
      .text(say(`try.${name}`))
      .appendTo(head);
  const body = $("<tbody>").appendTo(table);
  for (const task of [...tasks.filter(({ differs }) => differs), ...tasks.filter(({ differs }) => !differs)]) {
    const { title, subtitle, outcome, before, differs, decidedBy, facts } = task;
    const now = say(`port.${outcome}`);
    const row = $("<tr>").toggleClass("abiquo-differs", differs).appendTo(body);
    addCell(row, title, subtitle);
    addCell(row, differs ? say("try.instead", { outcome: now, before: say(`port.${before}`) }) : now);
    addCell(row, decidedBy, facts);
  }
}

function addCell(row: JQuery, text: string, more?: string): void {
  const cell = $("<td>").text(text).appendTo(row);
  if (more !== undefined) $("<span>", { class: "abiquo-fact" }).text(more).appendTo(cell);
}
