import { isBlank, isVariable } from "../../lib/base/settings.ts";
import { jsonField } from "../../lib/editor/rows.ts";
import { stored } from "../../lib/editor/stored.ts";
import { rulesIn } from "../../lib/rules/settings.ts";
import type { Choices } from "./choices.ts";
import { NEW_RULE, type RuleRow, ruleRow } from "./rule.ts";
import { say } from "./texts.ts";

const LIST = "#node-input-rules-container";

/** The rules in the open dialog. */
export interface RuleList {
  readonly element: JQuery;
  rows(): RuleRow[];
  /** As the node would save them. */
  read(): unknown;
  /** For Node-RED to look at; undefined where it alone knows them. */
  asked(): readonly unknown[] | undefined;
}

/**
 * Draws the rules of a node: in rows, or as the text that they are.
 *
 * @param changed is called after each change
 */
export function ruleList(node: EditorNode, choices: Choices, changed: () => void): RuleList {
  const drawn = new WeakMap<Element, RuleRow>();
  const element = $(LIST);
  const rowOf = (container: JQuery): RuleRow[] => container.toArray().flatMap((each) => drawn.get(each) ?? []);
  const rows = (): RuleRow[] =>
    element
      .editableList("items")
      .toArray()
      .flatMap((item) => rowOf($(item)));
  const renumber = (): void => {
    for (const [index, row] of rows().entries()) row.number(index + 1);
    changed();
  };
  element.css({ "min-height": "150px", "min-width": "420px" }).editableList<{ rule: unknown }>({
    sortable: true,
    removable: true,
    scrollOnAdd: false,
    addButton: say("button.addRule"),
    sortItems: renumber,
    removeItem: renumber,
    addItem(container, _index, data) {
      const isNew = !Object.hasOwn(data, "rule");
      const row = ruleRow(container, isNew ? NEW_RULE : data.rule, { choices, changed, moved: renumber });
      for (const each of container) drawn.set(each, row);
      row.judge();
      renumber();
      if (isNew) row.focus();
    },
  });
  const read = rulesReader(node, element, () => rows().map((row) => row.read()), changed);
  return {
    element,
    rows,
    read,
    asked() {
      const rules = read();
      return isVariable(rules) ? undefined : rulesIn(rules);
    },
  };
}

/** Gives the list of the dialog the height that is left to it. */
export function resizeList(height: number): void {
  const others = $(".abiquo-form .form-row:visible:not(.abiquo-rules-row)").toArray();
  const taken = others.reduce((sum, row) => sum + ($(row).outerHeight(true) ?? 0), 0);
  $(LIST).editableList("height", Math.max(200, height - taken - 20));
}

/** The whole of the rules as text where they are no list; emptied, it gives way to rows. */
function rulesReader(node: EditorNode, element: JQuery, readRows: () => unknown[], changed: () => void): () => unknown {
  const { rules } = stored(node);
  const isText = !Array.isArray(rules) && !isBlank(rules);
  const row = $("#abiquo-decision-rules-text").toggle(isText);
  const rowList = element.closest(".red-ui-editableList").toggle(!isText);
  if (!isText) {
    element.editableList(
      "addItems",
      (Array.isArray(rules) ? (rules as unknown[]) : []).map((rule) => ({ rule })),
    );
    return readRows;
  }
  const input = jsonField(row, say("label.rulesText"), rules);
  const first = input.typedInput("value");
  input.on("change", () => {
    rowList.toggle(input.typedInput("value").trim() === "");
    changed();
  });
  return () => {
    const now = input.typedInput("value");
    if (now === first) return rules;
    return now.trim() === "" ? readRows() : now.trim();
  };
}
