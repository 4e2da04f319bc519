import { current, fill, inputOf, remember, save, textIn, typed } from "../lib/editor/inputs.ts";
import { labelStyleOf, nameOf } from "../lib/editor/labels.ts";
import { showPartsOf } from "../lib/editor/parts.ts";
import { textsOf } from "../lib/editor/texts.ts";
import { choice, text, typedValue, unusedValue, wholeNumber } from "../lib/editor/validators.ts";
import { settingText } from "../lib/editor/values.ts";
import { versioned } from "../lib/editor/versioned.ts";
import type texts from "./locales/en-US.json";

const say = textsOf<(typeof texts)["abiquo-list-pending"]>("abiquo-list-pending");

const SCOPES = ["enterprise", "user", "me", "all", "ledger"] as const;
const STAGES = ["held", "asked", "decided", "undeliverable"] as const;
/** What the workspace calls a node without a name. */
const NAMED = ["enterprise", "user", "me", "all", ...STAGES] as const;
const IDS = ["enterprise", "user"] as const;

/** A validator for an id that only some scopes use. */
function neededBy(scopes: readonly string[], property: (typeof IDS)[number]): NonNullable<NodeProperty["validate"]> {
  return function (value, options) {
    const isUsed = scopes.includes(settingText(current(this, "scope")));
    return isUsed ? typedValue(this, property, value, options, true) : unusedValue(this, property, value, options);
  };
}

RED.nodes.registerType("abiquo-list-pending", {
  category: "Abiquo",
  categoryDescription: RED._("@abiquo-workflow/node-red-abiquo/abiquo-list-pending:palette.description"),
  color: "#3FADB5",
  icon: "abiquo-list-pending.svg",
  inputs: 1,
  outputs: 1,
  defaults: versioned("abiquo-list-pending", {
    name: { value: "" },
    connection: { value: "", type: "abiquo-config", required: true, label: say("label.connection") },
    scope: {
      value: "enterprise",
      label: say("label.scope"),
      validate(value, options) {
        return choice(value, options, SCOPES);
      },
    },
    enterprise: { value: "", label: say("label.enterprise"), validate: neededBy(["enterprise", "user"], "enterprise") },
    enterpriseType: { value: "str" },
    user: { value: "", label: say("label.user"), validate: neededBy(["user"], "user") },
    userType: { value: "str" },
    stage: {
      value: "held",
      label: say("label.stage"),
      validate(value, options) {
        return choice(value, options, STAGES);
      },
    },
    filter: {
      value: "",
      label: say("label.filter"),
      validate(value, options) {
        return text(value, options);
      },
    },
    limit: {
      value: 0,
      label: say("label.limit"),
      validate(value, options) {
        return wholeNumber(value, options, 0);
      },
    },
    emit: {
      value: "task",
      label: say("label.emit"),
      validate(value, options) {
        return choice(value, options, ["task", "list"]);
      },
    },
  }),
  inputLabels: () => say("port.input"),
  outputLabels() {
    return say(this["emit"] === "list" ? "port.list" : "port.task");
  },
  paletteLabel: () => say("title"),
  label() {
    const shown = this["scope"] === "ledger" ? this["stage"] : this["scope"];
    const named = NAMED.find((each) => each === shown);
    return nameOf(this) || say(named === undefined ? "title" : `named.${named}`);
  },
  labelStyle() {
    return labelStyleOf(this);
  },
  oneditprepare() {
    fill(this);
    for (const property of IDS) typed(this, property, ["str", "msg", "flow", "global", "jsonata", "env"]);
    remember(this);
    const scope = inputOf(this, "scope");
    scope.on("change", () => {
      const chosen = textIn(scope);
      const offered = SCOPES.find((each) => each === chosen);
      showPartsOf("data-abiquo-scope", chosen);
      $("#abiquo-list-scope-hint").text(offered === undefined ? "" : say(`hint.scope.${offered}`));
      for (const property of IDS) inputOf(this, property).typedInput("show");
    });
    scope.trigger("change");
  },
  oneditsave() {
    save(this);
  },
});
