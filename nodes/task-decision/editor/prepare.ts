import { fill, inputOf, remember, textIn } from "../../lib/editor/inputs.ts";
import { showPartsOf } from "../../lib/editor/parts.ts";
import { stored } from "../../lib/editor/stored.ts";
import { settingText } from "../../lib/editor/values.ts";
import { ruleChecks } from "./checks.ts";
import { Choices } from "./choices.ts";
import { ZONES } from "./hours.ts";
import { type RuleList, ruleList } from "./list.ts";
import { showTrial, tryRules } from "./trial.ts";

/**
 * Draws the dialog of a node.
 *
 * @returns how to stop what goes on while it is open
 */
export function prepare(node: EditorNode): () => void {
  const choices = new Choices();
  const checks = ruleChecks(node, () => list);
  fill(node);
  // Nothing stands for this one: where the rules come with messages, the node must say where.
  const property = inputOf(node, "rulesProperty");
  const { rulesProperty } = stored(node);
  if (rulesProperty !== undefined) property.val(settingText(rulesProperty));
  property.typedInput({ default: "msg", types: ["msg"] });
  const list: RuleList = ruleList(node, choices, () => checks.soon());
  remember(node, { rules: list.read });
  offerZones(list.element);

  inputOf(node, "rulesFrom")
    .on("change", () => showSource(textIn(inputOf(node, "rulesFrom"))))
    .trigger("change");
  for (const name of ["otherwise", "scope"]) inputOf(node, name).on("change", () => checks.soon());
  inputOf(node, "connection").on("change", () => choices.fetch(connectionOf(node), list.element));
  $("#abiquo-decision-try").on("click", () => tryRules(asked(node, list)));
  choices.fetch(connectionOf(node), list.element);
  return () => checks.stop();
}

/** The connection that is chosen; empty where that is for the runtime to find. */
function connectionOf(node: EditorNode): string {
  const id = textIn(inputOf(node, "connection"));
  return id === "_ADD_" ? "" : id;
}

/** What the runtime needs to know for a trial; rules only where they are this node's own. */
function asked(node: EditorNode, list: RuleList): object {
  const chosen = (property: string): string => textIn(inputOf(node, property));
  const rules = chosen("rulesFrom") === "node" ? list.asked() : undefined;
  return { id: node.id, connection: connectionOf(node), scope: chosen("scope"), otherwise: chosen("otherwise"), rules };
}

function showSource(from: string): void {
  showPartsOf("data-abiquo-from", from);
  showTrial(from);
}

function offerZones(list: JQuery): void {
  const zones = $("<datalist>", { id: ZONES }).appendTo(list.closest("form"));
  for (const zone of Intl.supportedValuesOf("timeZone")) $("<option>").val(zone).appendTo(zones);
}
