import { textOf } from "../lib/base/json.ts";
import { fill, remember, save } from "../lib/editor/inputs.ts";
import { nameOf } from "../lib/editor/labels.ts";
import { textsOf } from "../lib/editor/texts.ts";
import { choice, number, text } from "../lib/editor/validators.ts";
import type texts from "./locales/en-US.json";

const say = textsOf<(typeof texts)["abiquo-store"]>("abiquo-store");

RED.nodes.registerType("abiquo-store", {
  category: "config",
  defaults: {
    name: { value: "" },
    engine: {
      value: "sqlite",
      label: say("label.engine"),
      validate(value, options) {
        return choice(value, options, ["sqlite"]);
      },
    },
    file: {
      value: "",
      label: say("label.file"),
      validate(value, options) {
        return text(value, options);
      },
    },
    keep: {
      value: 0,
      label: say("label.keep"),
      validate(value, options) {
        return number(value, options, 0);
      },
    },
    metrics: {
      value: "",
      label: say("label.metrics"),
      validate(value, options) {
        return text(value, options);
      },
    },
  },
  credentials: { metricsToken: { type: "password" } },
  label() {
    return nameOf(this) || textOf(this["file"]) || say("label.unnamed");
  },
  oneditprepare() {
    fill(this);
    remember(this);
  },
  oneditsave() {
    save(this);
  },
});
