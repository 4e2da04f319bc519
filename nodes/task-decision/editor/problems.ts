import type { FaultParams } from "../../lib/base/fault.ts";
import { isObject, textOf } from "../../lib/base/json.ts";
import { parseJsonText, type RuleMistake } from "../../lib/rules/settings.ts";
import { say } from "./texts.ts";

/** What is wrong with a rule, as the runtime tells it. */
export interface Mistake {
  readonly code: RuleMistake;
  readonly params: FaultParams;
}

/** What has words of its own beside those of its code. */
type Special = "noField" | "noExpression" | "noDay" | "sameHours";

/**
 * The words for a mistake: what to do in this dialog. A code without words does not compile.
 *
 * @param condition in which it was found
 */
export function problemText(mistake: Mistake, condition?: unknown): string {
  return say(`problem.${specialOf(mistake, condition) ?? mistake.code}`, mistake.params);
}

/** What the controls of a row leave open shows up in codes that say it for a rule as it is written. */
function specialOf({ code, params }: Mistake, condition: unknown): Special | undefined {
  if (!isObject(condition)) return undefined;
  const { field, value } = condition;
  switch (code) {
    case "RULE_OP_UNKNOWN":
      return textOf(field).trim() === "" ? "noField" : undefined;
    case "RULE_VALUE_MISSING":
      return params["op"] === "jsonata" ? "noExpression" : undefined;
    case "RULE_TIME_DAY_UNKNOWN":
      return params["day"] === "" ? "noDay" : undefined;
    case "RULE_TIME_INVALID":
      return isObject(typeof value === "string" ? parseJsonText(value) : value) ? "sameHours" : undefined;
    default:
      return undefined;
  }
}
