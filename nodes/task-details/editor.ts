import { textOf } from "../lib/base/json.ts";
import { isBlank, isVariable, knownPart, readText } from "../lib/base/settings.ts";
import { current, fill, inputOf, remember, save, textIn, typed } from "../lib/editor/inputs.ts";
import { labelStyleOf, nameOf } from "../lib/editor/labels.ts";
import { showPartsOf } from "../lib/editor/parts.ts";
import { stored } from "../lib/editor/stored.ts";
import { textsOf } from "../lib/editor/texts.ts";
import { choice, choices, judged, reason, text, typedValue } from "../lib/editor/validators.ts";
import { settingText } from "../lib/editor/values.ts";
import { versioned } from "../lib/editor/versioned.ts";
import { drawParts, PARTS } from "./editor/parts.ts";
import type texts from "./locales/en-US.json";

const say = textsOf<(typeof texts)["abiquo-task-details"]>("abiquo-task-details");

type Validator = NonNullable<NodeProperty["validate"]>;

/** A validator for a field that only some sources use. */
function neededBy(sources: readonly string[], validate: Validator): Validator {
  return function (value, options) {
    const isUsed = sources.includes(settingText(current(this, "source")));
    return !isUsed || isVariable(value) || validate.call(this, value, options);
  };
}

RED.nodes.registerType("abiquo-task-details", {
  category: "Abiquo",
  categoryDescription: RED._("@abiquo-workflow/node-red-abiquo/abiquo-task-details:palette.description"),
  color: "#3FADB5",
  icon: "abiquo-task-details.svg",
  inputs: 1,
  outputs: 1,
  defaults: versioned("abiquo-task-details", {
    name: { value: "" },
    connection: { value: "", type: "abiquo-config", required: false, label: say("label.connection") },
    source: {
      value: "facts",
      label: say("label.source"),
      validate(value, options) {
        return choice(value, options, ["facts", "rel", "path"]);
      },
    },
    include: {
      value: ["user", "role", "virtualmachine", "disks"],
      label: say("label.include"),
      validate: neededBy(["facts"], (value, options) => choices(value, options, PARTS)),
    },
    rel: {
      value: "",
      label: say("label.rel"),
      validate: neededBy(["rel"], (value, options) => (isBlank(value) ? reason(options, "missing") : text(value, options))),
    },
    path: {
      value: "",
      label: say("label.path"),
      validate: neededBy(["path"], function (value, options) {
        const isElsewhere = current(this, "pathType") === "str" && /^([a-z][a-z0-9+.-]*:|\/\/)/i.test(settingText(value));
        return isElsewhere ? say("problem.path") : typedValue(this, "path", value, options, true);
      }),
    },
    pathType: { value: "str" },
    mediaType: {
      value: "",
      label: say("label.mediaType"),
      validate: neededBy(["rel", "path"], (value, options) => {
        const reading = readText(knownPart(value));
        if ("problem" in reading) return judged(reading, options);
        const isType = /^([a-z]+|application\/vnd\.abiquo\.[a-z]+([+;].*)?|)$/.test(reading.value);
        return isType || say("problem.mediaType");
      }),
    },
    property: {
      value: "payload",
      label: say("label.property"),
      validate: neededBy(["rel", "path"], (value, options) => {
        return isBlank(value) || RED.utils.validateTypedProperty(settingText(value), "msg", options);
      }),
    },
  }),
  inputLabels: () => say("port.input"),
  outputLabels() {
    return say(this["source"] === "facts" ? "port.facts" : "port.result");
  },
  paletteLabel: () => say("title"),
  label() {
    const source = this["source"];
    return nameOf(this) || (source === "rel" || source === "path" ? textOf(this[source]) : "") || say("title");
  },
  labelStyle() {
    return labelStyleOf(this);
  },
  oneditprepare() {
    fill(this);
    const readParts = drawParts(stored(this)["include"], say);
    typed(this, "path", ["str", "msg", "flow", "global", "jsonata", "env"]);
    inputOf(this, "property").typedInput({ default: "msg", types: ["msg"] });
    remember(this, { include: readParts });
    const source = inputOf(this, "source");
    source.on("change", () => {
      showPartsOf("data-abiquo-source", textIn(source));
      for (const property of ["path", "property"]) inputOf(this, property).typedInput("show");
    });
    source.trigger("change");
  },
  oneditsave() {
    save(this);
  },
});
