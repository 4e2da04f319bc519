import { textOf } from "../lib/base/json.ts";
import { isBlank } from "../lib/base/settings.ts";
import { fill, inputOf, remember, save, textIn } from "../lib/editor/inputs.ts";
import { nameOf } from "../lib/editor/labels.ts";
import { showPartsOf } from "../lib/editor/parts.ts";
import { stored } from "../lib/editor/stored.ts";
import { textsOf } from "../lib/editor/texts.ts";
import { addresses, httpUrl, matching, number, reason, type SignInWay, signIn } from "../lib/editor/validators.ts";
import { listText } from "../lib/editor/values.ts";
import { versioned } from "../lib/editor/versioned.ts";
import { offerTest } from "./editor/test.ts";
import type texts from "./locales/en-US.json";

const say = textsOf<(typeof texts)["abiquo-config"]>("abiquo-config");

const WAYS: readonly [SignInWay, ...SignInWay[]] = [
  { name: "oauth1", needs: ["consumerKey", "consumerSecret", "accessToken", "accessTokenSecret"], missing: "oauthMissing" },
  { name: "basic", needs: ["username", "password"], missing: "basicMissing" },
  { name: "bearer", needs: ["bearerToken"], missing: "bearerMissing" },
];
/** The name of a header (RFC 9110, section 5.6.2). */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

RED.nodes.registerType("abiquo-config", {
  category: "config",
  defaults: versioned("abiquo-config", {
    name: { value: "" },
    url: {
      value: "",
      required: true,
      label: say("label.url"),
      validate(value, options) {
        return isBlank(value) ? reason(options, "missing") : httpUrl(value, options);
      },
    },
    apiVersion: {
      value: "",
      label: say("label.apiVersion"),
      validate(value, options) {
        return matching(value, options, /^\d+\.\d+$/, "apiVersion");
      },
    },
    auth: {
      value: "oauth1",
      label: say("label.auth"),
      validate(value, options) {
        return signIn(this, value, options, WAYS);
      },
    },
    tls: { type: "tls-config", required: false, label: say("label.tls") },
    proxy: { type: "http proxy", required: false, label: say("label.proxy") },
    timeout: {
      value: 30,
      label: say("label.timeout"),
      validate(value, options) {
        return number(value, options, 0.1);
      },
    },
    publicUrl: {
      value: "",
      label: say("label.publicUrl"),
      validate(value, options) {
        return httpUrl(value, options);
      },
    },
    identityHeader: {
      value: "",
      label: say("label.identityHeader"),
      validate(value, options) {
        return matching(value, options, TOKEN, "header");
      },
    },
    trustedProxies: {
      value: "",
      label: say("label.trustedProxies"),
      validate(value, options) {
        return addresses(value, options);
      },
    },
    store: { type: "abiquo-store", required: false, label: say("label.store") },
    pace: {
      value: 0,
      label: say("label.pace"),
      validate(value, options) {
        return number(value, options, 0);
      },
    },
  }),
  credentials: {
    consumerKey: { type: "password" },
    consumerSecret: { type: "password" },
    accessToken: { type: "password" },
    accessTokenSecret: { type: "password" },
    username: { type: "password" },
    password: { type: "password" },
    bearerToken: { type: "password" },
  },
  label() {
    return nameOf(this) || textOf(this["url"]).replace(/^https?:\/\//, "") || say("label.unnamed");
  },
  oneditprepare() {
    fill(this);
    inputOf(this, "trustedProxies").val(listText(stored(this)["trustedProxies"]));
    remember(this);
    const clearResult = offerTest(this, say);
    const auth = inputOf(this, "auth");
    auth.on("change", () => {
      showPartsOf("data-abiquo-auth", textIn(auth));
      clearResult();
    });
    auth.trigger("change");
  },
  oneditsave() {
    save(this);
  },
});
