import { isVariable } from "../lib/base/settings.ts";
import { current, fill, inputOf, remember, save, textIn, typed } from "../lib/editor/inputs.ts";
import { labelStyleOf, nameOf } from "../lib/editor/labels.ts";
import { showParts } from "../lib/editor/parts.ts";
import { textsOf } from "../lib/editor/texts.ts";
import { choice, flag, typedValue, unusedValue } from "../lib/editor/validators.ts";
import { versioned } from "../lib/editor/versioned.ts";
import { drawEndpoint, judgeEndpoint } from "./editor/endpoint.ts";
import type texts from "./locales/en-US.json";

const say = textsOf<(typeof texts)["abiquo-configure-workflow"]>("abiquo-configure-workflow");

const ACTIONS = ["read", "enable", "disable"] as const;
const VALUE_TYPES = ["str", "msg", "flow", "global", "jsonata", "env"] as const;

RED.nodes.registerType("abiquo-configure-workflow", {
  category: "Abiquo",
  categoryDescription: RED._("@abiquo-workflow/node-red-abiquo/abiquo-configure-workflow:palette.description"),
  color: "#3FADB5",
  icon: "abiquo-configure-workflow.svg",
  inputs: 1,
  outputs: 1,
  defaults: versioned("abiquo-configure-workflow", {
    name: { value: "" },
    connection: { value: "", type: "abiquo-config", required: true, label: say("label.connection") },
    target: {
      value: "platform",
      label: say("label.target"),
      validate(value, options) {
        return choice(value, options, ["platform", "enterprise"]);
      },
    },
    action: {
      value: "read",
      label: say("label.action"),
      validate(value, options) {
        return choice(value, options, ACTIONS);
      },
    },
    endpoint: {
      value: "",
      // As link nodes declare theirs: whoever is imported as a copy then names the copy of its webhook.
      type: "abiquo-webhook-in[]",
      label: say("label.endpoint"),
      validate(value, options) {
        return judgeEndpoint(this, value, options);
      },
    },
    endpointType: { value: "webhook" },
    enterprise: {
      value: "",
      label: say("label.enterprise"),
      validate(value, options) {
        if (current(this, "target") !== "enterprise") return unusedValue(this, "enterprise", value, options);
        return typedValue(this, "enterprise", value, options, true);
      },
    },
    enterpriseType: { value: "str" },
    force: {
      value: false,
      label: say("label.force"),
      validate(value, options) {
        return flag(value, options);
      },
    },
  }),
  inputLabels: () => say("port.input"),
  outputLabels: () => say("port.output"),
  paletteLabel: () => say("title"),
  label() {
    const named = ACTIONS.find((action) => action === this["action"]);
    return nameOf(this) || say(named === undefined ? "title" : `named.${named}`);
  },
  labelStyle() {
    return labelStyleOf(this);
  },
  oneditprepare() {
    fill(this);
    const endpoint = drawEndpoint(this, VALUE_TYPES, say);
    typed(this, "enterprise", VALUE_TYPES);
    remember(this, { endpoint: endpoint.read });
    const target = inputOf(this, "target");
    const action = inputOf(this, "action");
    target.add(action).on("change", () => {
      const chosen = [textIn(target), textIn(action)];
      showParts("data-abiquo-when", (words) => chosen.some(isVariable) || words.every((word) => chosen.includes(word)));
      endpoint.refresh();
      inputOf(this, "enterprise").typedInput("show");
    });
    target.trigger("change");
  },
  oneditsave() {
    save(this);
  },
});
