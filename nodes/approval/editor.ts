import { isVariable } from "../lib/base/settings.ts";
import { fill, inputOf, remember, save, textIn, typed } from "../lib/editor/inputs.ts";
import { labelStyleOf, nameOf } from "../lib/editor/labels.ts";
import { stored } from "../lib/editor/stored.ts";
import { listText } from "../lib/editor/values.ts";
import { versioned } from "../lib/editor/versioned.ts";
import { prepareDelegation } from "./editor/delegation.ts";
import { prepareInbox } from "./editor/inbox.ts";
import { prepareLevels } from "./editor/levels.ts";
import { approvalProperties } from "./editor/properties.ts";
import { say } from "./editor/words.ts";
import { prepareWorkingTime } from "./editor/working-time.ts";

const PORTS = ["notify", "approved", "rejected", "withdrawn", "vote"] as const;
const TABS = ["levels", "request", "people", "time"] as const;

RED.nodes.registerType("abiquo-approval", {
  category: "Abiquo",
  categoryDescription: RED._("@abiquo-workflow/node-red-abiquo/abiquo-approval:palette.description"),
  color: "#3FADB5",
  icon: "abiquo-approval.svg",
  inputs: 1,
  outputs: 5,
  defaults: versioned("abiquo-approval", approvalProperties()),
  inputLabels: () => say("port.input"),
  outputLabels: (index) => say(`port.${PORTS[index] ?? "notify"}`),
  paletteLabel: () => say("title"),
  label() {
    return nameOf(this) || say("title");
  },
  labelStyle() {
    return labelStyleOf(this);
  },
  oneditprepare() {
    prepare(this);
  },
  oneditsave() {
    save(this);
  },
  oneditresize({ height }) {
    const others = $(".abiquo-form > .form-row, #abiquo-approval-tab-levels > .form-row:not(.abiquo-levels-row)").get();
    const taken = others.reduce((sum, row) => sum + ($(row).outerHeight(true) ?? 0), 0);
    $("#node-input-levels-container").editableList("height", Math.max(260, height - taken - 30));
  },
});

function prepare(node: EditorNode): void {
  fill(node);
  inputOf(node, "fallback").val(listText(stored(node)["fallback"]));
  typed(node, "title", ["str", "msg", "flow", "global", "jsonata", "env"]);
  const calendar = prepareWorkingTime(node);
  const levels = prepareLevels(stored(node)["levels"]);
  remember(node, { levels: levels.read, calendar, delegation: prepareDelegation(node) });
  showTabs(levels.refresh);
  prepareInbox(node);
  const noApprover = inputOf(node, "noApprover");
  noApprover.on("change", () => {
    const chosen = textIn(noApprover);
    $("#abiquo-approval-fallback-row").toggle(chosen === "fallback" || isVariable(chosen));
    levels.refresh();
  });
  noApprover.trigger("change");
}

/** @param shownAgain called when the levels are seen again, whose meaning depends on the other tabs */
function showTabs(shownAgain: () => void): void {
  const idOf = (tab: (typeof TABS)[number]): string => `abiquo-approval-tab-${tab}`;
  const tabs = RED.tabs.create({
    id: "abiquo-approval-tabs",
    onchange({ id }) {
      $(".abiquo-form > .abiquo-tab").hide();
      $(`#${id}`).show();
      if (id === idOf("levels")) shownAgain();
      RED.tray.resize();
    },
  });
  for (const tab of TABS) tabs.addTab({ id: idOf(tab), label: say(`tab.${tab}`) });
}
