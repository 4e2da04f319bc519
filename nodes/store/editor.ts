import { textOf } from "../lib/base/json.ts";
import { fill, inputOf, remember, save, textIn } from "../lib/editor/inputs.ts";
import { nameOf } from "../lib/editor/labels.ts";
import { showPartsOf } from "../lib/editor/parts.ts";
import { textsOf } from "../lib/editor/texts.ts";
import { number, type SignInWay, signIn, text } from "../lib/editor/validators.ts";
import { versioned } from "../lib/editor/versioned.ts";
import type texts from "./locales/en-US.json";

const say = textsOf<(typeof texts)["abiquo-store"]>("abiquo-store");

const ENGINES: readonly [SignInWay, ...SignInWay[]] = [
  { name: "sqlite", needs: [] },
  { name: "postgres", needs: ["url"], missing: "databaseMissing" },
];

RED.nodes.registerType("abiquo-store", {
  category: "config",
  defaults: versioned("abiquo-store", {
    name: { value: "" },
    engine: {
      value: "sqlite",
      label: say("label.engine"),
      validate(value, options) {
        return signIn(this, value, options, ENGINES);
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
  }),
  credentials: {
    url: { type: "password" },
    metricsToken: { type: "password" },
  },
  label() {
    const place = this["engine"] === "postgres" ? "" : textOf(this["file"]);
    return nameOf(this) || place || say("label.unnamed");
  },
  oneditprepare() {
    fill(this);
    remember(this);
    const engine = inputOf(this, "engine");
    engine.on("change", () => showPartsOf("data-abiquo-engine", textIn(engine)));
    engine.trigger("change");
  },
  oneditsave() {
    save(this);
  },
});
