import { isBlank, isVariable } from "../../lib/base/settings.ts";
import { current, inputOf, isEdited, textIn } from "../../lib/editor/inputs.ts";
import { stored } from "../../lib/editor/stored.ts";
import type { Say } from "../../lib/editor/texts.ts";
import { httpUrl, reason, text } from "../../lib/editor/validators.ts";
import { settingText } from "../../lib/editor/values.ts";
import type texts from "../locales/en-US.json";

type Texts = (typeof texts)["abiquo-configure-workflow"];

export function judgeEndpoint(node: EditorNode, value: unknown, options: ValidationOptions | undefined): Judgement {
  const type = typeOf(node);
  const isUsed = current(node, "target") === "platform" && current(node, "action") === "enable";
  const readable = isUsed || type !== "webhook" ? text(value, options) : true;
  if (readable !== true || isVariable(value) || (!isUsed && type !== "jsonata")) return readable;
  if (isBlank(value) && type !== "date") return reason(options, "missing");
  const given = settingText(value);
  if (type === "webhook") return isWebhook(given) || reason(options, "webhookGone");
  return type === "str" ? httpUrl(value, options) : RED.utils.validateTypedProperty(given, type, options);
}

/**
 * Node-RED leaves references to other nodes to the dialog, from the first value to the last check.
 *
 * @returns how to read the field, and how to draw it anew once it is in sight
 */
export function drawEndpoint(
  node: EditorNode,
  valueTypes: readonly string[],
  say: Say<Texts>,
): { readonly read: () => unknown; readonly refresh: () => void } {
  const own = settingText(stored(node)["endpoint"]);
  const type = storedType(node);
  const webhook = {
    value: "webhook",
    label: say("endpoint.webhook"),
    icon: "fa fa-sign-in",
    options: webhookOptions(type === "webhook" ? own : "", say),
  };
  inputOf(node, "endpointType").val(type);
  const isOffered = type === "webhook" || valueTypes.includes(type);
  const field = $("#abiquo-configure-endpoint").val(own);
  field.typedInput({
    default: "str",
    types: [webhook, ...valueTypes, ...(isOffered ? [] : [{ value: type, label: type }])],
    typeField: "#node-input-endpointType",
  });
  const read = (): string => field.typedInput("value");
  const check = (): void => {
    const isRight = judgeEndpoint(node, read(), {}) === true;
    field.next(".red-ui-typedInput-container").toggleClass("input-error", !isRight);
  };
  field.on("change", check);
  return {
    read,
    refresh: () => {
      field.typedInput("show");
      check();
    },
  };
}

/** All webhooks; without an option of its own, the first would stand for none, and for one that is gone. */
function webhookOptions(chosen: string, say: Say<Texts>): { value: string; label: string }[] {
  const options = RED.nodes.filterNodes({ type: "abiquo-webhook-in" }).map((webhook) => {
    const flow = RED.nodes.workspace(webhook["z"]);
    const name = RED.utils.getNodeLabel(webhook, webhook.id);
    return { value: webhook.id, label: flow ? `${name} (${flow.label})` : name };
  });
  if (options.some(({ value }) => value === chosen)) return options;
  return [{ value: chosen, label: chosen || say("endpoint.none") }, ...options];
}

function isWebhook(id: string): boolean {
  return RED.nodes.node(id)?.type === "abiquo-webhook-in";
}

function typeOf(node: EditorNode): string {
  const input = inputOf(node, "endpointType");
  return isEdited(node) && input.length > 0 ? textIn(input) || "str" : storedType(node);
}

/** A node that does not say it has an address, and no webhook. */
function storedType(node: EditorNode): string {
  return settingText(stored(node)["endpointType"]) || "str";
}
