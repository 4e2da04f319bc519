import { textOf } from "../lib/base/json.ts";
import { isBlank } from "../lib/base/settings.ts";
import { current, save } from "../lib/editor/inputs.ts";
import { labelStyleOf, nameOf } from "../lib/editor/labels.ts";
import { choice, reason } from "../lib/editor/validators.ts";
import { versioned } from "../lib/editor/versioned.ts";
import { isOneOf, OUTCOMES, rulesIn, SCOPES } from "../lib/rules/settings.ts";
import { judgeRules } from "./editor/judge.ts";
import { resizeList } from "./editor/list.ts";
import { prepare } from "./editor/prepare.ts";
import { say } from "./editor/texts.ts";

/** For each node whose dialog is open, how to stop what goes on meanwhile. */
const open = new WeakMap<EditorNode, () => void>();

RED.nodes.registerType("abiquo-task-decision", {
  category: "Abiquo",
  categoryDescription: RED._("@abiquo-workflow/node-red-abiquo/abiquo-task-decision:palette.description"),
  color: "#3FADB5",
  icon: "abiquo-task-decision.svg",
  inputs: 1,
  outputs: 3,
  defaults: versioned("abiquo-task-decision", {
    name: { value: "" },
    connection: { value: "", type: "abiquo-config", required: false, label: say("label.connection") },
    rulesFrom: {
      value: "node",
      label: say("label.rulesFrom"),
      validate: (value, options) => choice(value, options, ["node", "file", "msg"]),
    },
    rulesFile: {
      value: "",
      label: say("label.rulesFile"),
      validate(file, options) {
        return current(this, "rulesFrom") !== "file" || !isBlank(file) || reason(options, "missing");
      },
    },
    rulesProperty: {
      value: "rules",
      label: say("label.rulesProperty"),
      validate(property, options) {
        if (current(this, "rulesFrom") !== "msg") return true;
        if (isBlank(property)) return reason(options, "missing");
        return RED.utils.validateTypedProperty(String(property).trim(), "msg", options);
      },
    },
    rules: {
      value: [],
      label: say("label.rules"),
      validate(rules, options) {
        return current(this, "rulesFrom") !== "node" || judgeRules(rules, options);
      },
    },
    otherwise: {
      value: "review",
      label: say("label.otherwise"),
      validate: (value, options) => choice(value, options, OUTCOMES),
    },
    scope: {
      value: "task",
      label: say("label.scope"),
      validate: (value, options) => choice(value, options, SCOPES),
    },
  }),
  inputLabels: () => say("port.input"),
  outputLabels: (index) => say(`port.${OUTCOMES[index] ?? "review"}`),
  paletteLabel: () => say("title"),
  label() {
    return nameOf(this) || summaryOf(this);
  },
  labelStyle() {
    return labelStyleOf(this);
  },
  oneditprepare() {
    open.set(this, prepare(this));
  },
  oneditsave() {
    open.get(this)?.();
    save(this);
  },
  oneditcancel() {
    open.get(this)?.();
  },
  oneditdelete() {
    open.get(this)?.();
  },
  oneditresize: ({ height }) => resizeList(height),
});

/** Where the rules come from, or how many there are. */
function summaryOf({ rulesFrom, rulesFile, rulesProperty, rules, otherwise }: EditorNode): string {
  if (rulesFrom === "file" && textOf(rulesFile) !== "") return say("label.rulesOf", { source: rulesFile });
  if (rulesFrom === "msg" && textOf(rulesProperty) !== "") return say("label.rulesOf", { source: `msg.${rulesProperty}` });
  const count = rulesIn(rules)?.length ?? 0;
  if (count === 0 || !isOneOf(OUTCOMES, otherwise)) return say("title");
  return say("label.summary", { count, otherwise: say(`port.${otherwise}`) });
}
