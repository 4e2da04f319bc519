import { isObject } from "../../lib/base/json.ts";
import { isBlank } from "../../lib/base/settings.ts";
import { addMoves, jsonField, jsonPart, keeping, type Row } from "../../lib/editor/rows.ts";
import { isEscalateToWrong, judgeLevels } from "./judging.ts";
import { levelControls } from "./level-controls.ts";
import { isNone, meaningOf } from "./meaning.ts";
import { readLevel, senseOf } from "./reading.ts";
import { say } from "./words.ts";
import { isWorkingTime } from "./working-time.ts";

export const NEW_LEVEL = {
  name: "",
  approvers: "",
  approversType: "str",
  need: "any",
  deadline: "",
  onDeadline: "wait",
  escalateTo: "",
  escalateToType: "str",
  remindEvery: "",
} as const satisfies Row;

/** Shown as one: the type of a field counts with what stands in it. */
const TOGETHER = [
  ["approvers", "approversType"],
  ["escalateTo", "escalateToType"],
] as const;

/** The levels in the open dialog. */
export interface LevelList {
  /** what is to be saved of them */
  read(): unknown;
  /** judges each again and says what it means, after something else has changed */
  refresh(): void;
}

interface LevelRow {
  readonly read: () => unknown;
  readonly refresh: () => void;
}

/** Shows the levels of a node as rows; as text where they are no list. Emptied, the text gives way to rows. */
export function prepareLevels(given: unknown): LevelList {
  const list = $("#node-input-levels-container");
  const rows = new WeakMap<HTMLElement, LevelRow>();
  const items = (): JQuery[] =>
    list
      .editableList("items")
      .get()
      .map((item) => $(item));
  const shown = (): LevelRow[] => items().flatMap((item) => rows.get(item.get(0) ?? document.body) ?? []);
  const renumber = (): void => items().forEach((item, index) => void item.find(".abiquo-number").text(`${index + 1}.`));
  list.css({ "min-height": "150px", "min-width": "420px" }).editableList<{ readonly level: unknown }>({
    sortable: true,
    removable: true,
    scrollOnAdd: false,
    addButton: say("button.addLevel"),
    sortItems: renumber,
    removeItem: renumber,
    addItem(container, _index, row) {
      const isNew = !Object.hasOwn(row, "level");
      const element = container.get(0);
      if (element !== undefined) rows.set(element, drawLevel(container, isNew ? NEW_LEVEL : row.level, renumber));
      renumber();
      if (isNew) container.find(".abiquo-level-name").trigger("focus");
    },
  });
  return {
    read: showLevels(list, given, () => shown().map(({ read }) => read())),
    refresh: () => shown().forEach(({ refresh }) => void refresh()),
  };
}

/** @returns how to read what is to be saved */
function showLevels(list: JQuery, given: unknown, readRows: () => unknown[]): () => unknown {
  const isList = Array.isArray(given) || isBlank(given);
  const rowList = list.closest(".red-ui-editableList").toggle(isList);
  if (isList) {
    const levels: readonly unknown[] = Array.isArray(given) ? given : [];
    list.editableList(
      "addItems",
      levels.map((level) => ({ level })),
    );
    return readRows;
  }
  const input = jsonField($("#abiquo-approval-levels-text"), say("label.levelsText"), given);
  const first = input.typedInput("value");
  const text = (): string => input.typedInput("value").trim();
  input.on("change", () => void rowList.toggle(text() === ""));
  return () => {
    if (input.typedInput("value") === first) return given;
    return text() === "" ? readRows() : text();
  };
}

let drawn = 0;

/** Draws a level in its controls; in a field for JSON where they would show or save something else. */
function drawLevel(container: JQuery, level: unknown, moved: () => void): LevelRow {
  drawn += 1;
  const id = `abiquo-level-number-${drawn}`;
  const box = $("<div>", { class: "abiquo-level", role: "group", "aria-labelledby": id }).appendTo(container);
  const head = $("<div>", { class: "abiquo-line" }).appendTo(box);
  const number = $("<strong>", { class: "abiquo-number", id }).appendTo(head);
  const read = controlsFor(level, head, box) ?? textFor(level, head, number);
  addMoves(head, container, [say("button.up"), say("button.down")], moved);
  const meaning = $("<div>", { class: "abiquo-meaning" }).appendTo(box);
  const problem = $("<div>", { class: "abiquo-problem", role: "status", "aria-live": "polite" }).appendTo(box);
  const refresh = (): void => {
    const now = read();
    const [problems = []] = judgeLevels([now], "", $("#node-input-noApprover").val() === "fallback").byLevel;
    problem.text(problems.join(" ")).toggle(problems.length > 0);
    if (!isObject(now)) return;
    showWhatApplies(box, now);
    const text = problems.length > 0 ? "" : meaningOf(now, isWorkingTime());
    meaning.text(text).toggle(text !== "");
  };
  box.on("change input", "input, select", refresh);
  refresh();
  return { read, refresh };
}

/** Controls that show just what the level says; undefined where they cannot. */
function controlsFor(level: unknown, head: JQuery, box: JQuery): (() => Row) | undefined {
  if (!isObject(level)) return undefined;
  const read = levelControls(head, box, level);
  return senseOf(level) === senseOf(read()) ? keeping(level, read, TOGETHER) : undefined;
}

function textFor(level: unknown, head: JQuery, number: JQuery): () => unknown {
  head.nextAll().add(number.nextAll()).remove();
  return jsonPart($("<div>", { style: "flex:1 1 auto" }).appendTo(head), say("label.levelText"), level);
}

function showWhatApplies(box: JQuery, level: Row): void {
  const { deadline, onDeadline } = readLevel(level);
  const action = onDeadline !== undefined && "value" in onDeadline ? onDeadline.value : undefined;
  const mayEscalate = action === "escalate" || (onDeadline !== undefined && "variable" in onDeadline) || isEscalateToWrong(level);
  box.find(".abiquo-at-deadline").toggle(!isNone(deadline) || action !== "wait");
  box.find(".abiquo-escalate").css("display", mayEscalate ? "flex" : "none");
}
