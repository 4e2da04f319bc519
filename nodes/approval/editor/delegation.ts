import { readPolicy } from "../../lib/approval/settings.ts";
import { textIn } from "../../lib/editor/inputs.ts";
import { stored } from "../../lib/editor/stored.ts";
import { listText } from "../../lib/editor/values.ts";
import { judgeProperty } from "./judging.ts";

/** Shows whether votes may be handed on, and to whom; returns how to read it. */
export function prepareDelegation(node: EditorNode): () => boolean | string {
  const given = stored(node)["delegation"];
  const allowed = delegationIn(given);
  const box = $("#abiquo-approval-delegation").prop("checked", allowed !== false);
  const to = $("#abiquo-approval-delegates").val(allowed === "some" ? listText(given) : "");
  const read = (): boolean | string => box.prop("checked") === true && (textIn(to) || true);
  const refresh = (): void => {
    const now = read();
    const problem = judgeProperty("delegation", { delegation: now });
    $("#abiquo-approval-delegates-rows").toggle(now !== false);
    $("#abiquo-approval-delegates-problem")
      .text(problem ?? "")
      .toggle(problem !== undefined);
  };
  box.add(to).on("change input", refresh);
  refresh();
  return read;
}

/** Whether votes may be handed on; `some` where a list says to whom, and where that is not known or wrong. */
function delegationIn(given: unknown): boolean | "some" {
  let isKnown = true;
  const { delegation } = readPolicy({ delegation: given }, ([property]) => {
    if (property === "delegation") isKnown = false;
  });
  return isKnown && typeof delegation === "boolean" ? delegation : "some";
}
