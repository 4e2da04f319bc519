import { textOf } from "../lib/base/json.ts";
import { fill, inputOf, remember, save } from "../lib/editor/inputs.ts";
import { labelStyleOf, nameOf } from "../lib/editor/labels.ts";
import { stored } from "../lib/editor/stored.ts";
import { textsOf } from "../lib/editor/texts.ts";
import { addresses, choice, flag, list, matching, number, type SignInWay, signIn } from "../lib/editor/validators.ts";
import { listText } from "../lib/editor/values.ts";
import { versioned } from "../lib/editor/versioned.ts";
import { showAddress } from "./editor/address.ts";
import type texts from "./locales/en-US.json";

const say = textsOf<(typeof texts)["abiquo-webhook-in"]>("abiquo-webhook-in");

const WAYS: readonly [SignInWay, ...SignInWay[]] = [
  { name: "secret", needs: ["secret"], missing: "secretMissing" },
  { name: "basic", needs: ["username", "password"], missing: "basicMissing" },
  { name: "none", needs: [] },
];

/** Segments of letters, digits and a few signs; none of them is one dot, or two. */
const PATH = /^\/?(?!\.\.?(\/|$))[\w.~-]+(\/(?!\.\.?(\/|$))[\w.~-]+)*\/?$/;

RED.nodes.registerType("abiquo-webhook-in", {
  category: "Abiquo",
  categoryDescription: RED._("@abiquo-workflow/node-red-abiquo/abiquo-webhook-in:palette.description"),
  color: "#3FADB5",
  icon: "abiquo-webhook-in.svg",
  inputs: 0,
  outputs: 1,
  defaults: versioned("abiquo-webhook-in", {
    name: { value: "" },
    connection: { value: "", type: "abiquo-config", required: true, label: say("label.connection") },
    path: {
      value: "/abiquo/workflow",
      label: say("label.path"),
      validate(value, options) {
        return matching(value, options, PATH, "path");
      },
    },
    auth: {
      value: "secret",
      label: say("label.auth"),
      validate(value, options) {
        return signIn(this, value, options, WAYS);
      },
    },
    allowFrom: {
      value: "",
      label: say("label.allowFrom"),
      validate(value, options) {
        return addresses(value, options);
      },
    },
    emit: {
      value: "task",
      label: say("label.emit"),
      validate(value, options) {
        return choice(value, options, ["task", "group"]);
      },
    },
    maxBody: {
      value: 16,
      label: say("label.maxBody"),
      validate(value, options) {
        return number(value, options, 0.001);
      },
    },
    verify: {
      value: false,
      label: say("label.verify"),
      validate(value, options) {
        return flag(value, options);
      },
    },
    catchUp: {
      value: 5,
      label: say("label.catchUp"),
      validate(value, options) {
        return number(value, options, 0);
      },
    },
    enterprises: {
      value: "",
      label: say("label.enterprises"),
      validate(value, options) {
        return list(value, options);
      },
    },
  }),
  credentials: {
    secret: { type: "password" },
    previousSecret: { type: "password" },
    username: { type: "password" },
    password: { type: "password" },
  },
  outputLabels() {
    return say(this["emit"] === "group" ? "port.group" : "port.task");
  },
  paletteLabel: () => say("title"),
  label() {
    return nameOf(this) || textOf(this["path"]) || say("title");
  },
  labelStyle() {
    return labelStyleOf(this);
  },
  oneditprepare() {
    fill(this);
    for (const name of ["allowFrom", "enterprises"]) inputOf(this, name).val(listText(stored(this)[name]));
    remember(this);
    showAddress(this, say);
  },
  oneditsave() {
    save(this);
  },
});
