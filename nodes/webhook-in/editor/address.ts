import { textOf } from "../../lib/base/json.ts";
import { inputOf, textIn } from "../../lib/editor/inputs.ts";
import { showPartsOf } from "../../lib/editor/parts.ts";
import type { Say } from "../../lib/editor/texts.ts";
import type texts from "../locales/en-US.json";

/** What Node-RED shows in place of a stored credential. */
const STORED = "__PWRD__";
const SECRET_BYTES = 24;

/** Shows in the open dialog the address that Abiquo has to call, and keeps it up to date; lets it be copied. */
export function showAddress(node: EditorNode, say: Say<(typeof texts)["abiquo-webhook-in"]>): void {
  const input = (name: string): JQuery => inputOf(node, name);
  const secret = input("secret");
  const publicUrl = (): string => textOf(RED.nodes.node(input("connection").val())?.["publicUrl"]);
  const isSecretUsed = (): boolean => textIn(input("auth")) === "secret" && secret.val() !== "";
  const isSecretTyped = (): boolean => isSecretUsed() && secret.val() !== STORED;
  const address = (secretText: string): string => {
    const path = textIn(input("path")).replace(/^\/+|\/+$/g, "");
    const base = `${nodeRoot(publicUrl())}/${path}`;
    return secretText === "" ? base : `${base}/${secretText}`;
  };

  const refresh = (): void => {
    const auth = textIn(input("auth"));
    showPartsOf("data-abiquo-auth", auth);
    $("#abiquo-webhook-address").text(address(isSecretUsed() ? "••••••••" : ""));
    const notes: string[] = [];
    if (isSecretUsed()) notes.push(say(isSecretTyped() ? "hint.secretTyped" : "hint.secretStored"));
    if (auth === "basic") notes.push(say("hint.basic"));
    if (publicUrl() === "") notes.push(say("hint.noPublicUrl"));
    $("#abiquo-webhook-address-hint").text(notes.join(" "));
  };

  $("#node-input-auth, #node-input-connection, #node-input-path, #node-input-secret").on("change keyup input", refresh);
  $("#abiquo-webhook-generate").on("click", () => secret.val(newSecret()).trigger("change"));
  const copy = $("#abiquo-webhook-copy");
  copy.on("click", () => {
    RED.clipboard.copyText(address(isSecretTyped() ? encodeURIComponent(textIn(secret)) : ""), copy, say("button.copied"));
  });
  refresh();
}

/** The address of this Node-RED's own routes as Abiquo sees it: as the connection says, else as this browser does. */
function nodeRoot(publicUrl: string): string {
  const root = publicUrl || location.origin + (RED.settings.httpNodeRoot || "");
  return root.replace(/\/+$/, "");
}

function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}
