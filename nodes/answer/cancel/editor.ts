import { save } from "../../lib/editor/inputs.ts";
import { labelStyleOf, nameOf } from "../../lib/editor/labels.ts";
import { textsOf } from "../../lib/editor/texts.ts";
import { versioned } from "../../lib/editor/versioned.ts";
import { type AnswerTexts, answerProperties, prepare } from "../dialog.ts";

const say = textsOf<AnswerTexts>("abiquo-cancel");
const PORTS = ["answered", "otherwise"] as const;

RED.nodes.registerType("abiquo-cancel", {
  category: "Abiquo",
  categoryDescription: RED._("@abiquo-workflow/node-red-abiquo/abiquo-cancel:palette.description"),
  color: "#3FADB5",
  icon: "abiquo-cancel.svg",
  inputs: 1,
  outputs: 2,
  defaults: versioned("abiquo-cancel", answerProperties(say)),
  inputLabels: () => say("port.input"),
  outputLabels: (index) => say(`port.${PORTS[index] ?? "answered"}`),
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
});
