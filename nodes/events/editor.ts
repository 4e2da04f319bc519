import { drawBoxes } from "../lib/editor/boxes.ts";
import { fill, remember, save } from "../lib/editor/inputs.ts";
import { labelStyleOf, nameOf } from "../lib/editor/labels.ts";
import { stored } from "../lib/editor/stored.ts";
import { textsOf } from "../lib/editor/texts.ts";
import { choices, connectionUnlessStore } from "../lib/editor/validators.ts";
import { versioned } from "../lib/editor/versioned.ts";
import type texts from "./locales/en-US.json";

const say = textsOf<(typeof texts)["abiquo-events"]>("abiquo-events");

const KINDS = ["receipt", "decision", "delivery", "refusal", "drift", "head"] as const;

RED.nodes.registerType("abiquo-events", {
  category: "Abiquo",
  categoryDescription: RED._("@abiquo-workflow/node-red-abiquo/abiquo-events:palette.description"),
  color: "#3FADB5",
  icon: "abiquo-events.svg",
  inputs: 0,
  outputs: 1,
  defaults: versioned("abiquo-events", {
    name: { value: "" },
    connection: {
      value: "",
      type: "abiquo-config",
      label: say("label.connection"),
      validate(value, options) {
        return connectionUnlessStore(this, value, options);
      },
    },
    store: { value: "", type: "abiquo-store", required: false, label: say("label.store") },
    kinds: {
      value: KINDS,
      label: say("label.kinds"),
      validate(value, options) {
        return choices(value, options, KINDS, true);
      },
    },
  }),
  outputLabels: () => say("port.event"),
  paletteLabel: () => say("title"),
  label() {
    return nameOf(this) || say("title");
  },
  labelStyle() {
    return labelStyleOf(this);
  },
  oneditprepare() {
    fill(this);
    const readKinds = drawBoxes("abiquo-events-kinds", KINDS, stored(this)["kinds"], (kind) => say(`kind.${kind}`));
    remember(this, { kinds: readKinds });
  },
  oneditsave() {
    save(this);
  },
});
