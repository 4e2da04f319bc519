import { knownPart, readList } from "../lib/base/settings.ts";
import { drawBoxes } from "../lib/editor/boxes.ts";
import { fill, remember, save } from "../lib/editor/inputs.ts";
import { labelStyleOf, nameOf } from "../lib/editor/labels.ts";
import { stored } from "../lib/editor/stored.ts";
import { textsOf } from "../lib/editor/texts.ts";
import { judged, reason } from "../lib/editor/validators.ts";
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
    connection: { value: "", type: "abiquo-config", required: false, label: say("label.connection") },
    store: { value: "", type: "abiquo-store", required: false, label: say("label.store") },
    kinds: {
      value: ["receipt", "decision", "delivery", "refusal", "drift", "head"],
      label: say("label.kinds"),
      validate(value, options) {
        const reading = readList(knownPart(value));
        if ("problem" in reading) return judged(reading, options);
        const wrong = reading.value.filter((entry) => !KINDS.some((kind) => kind === entry));
        if (wrong.length > 0) return reason(options, "choice", { value: wrong.join(", ") });
        return reading.value.length > 0 || reason(options, "missing");
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
