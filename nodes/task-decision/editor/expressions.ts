import { isObject, textOf } from "../../lib/base/json.ts";
import { isVariable } from "../../lib/base/settings.ts";
import { operatorOf } from "../../lib/rules/settings.ts";

/** What Node-RED says of a rule or of a condition of it; positions count from 0. */
export interface Told {
  readonly rule: number;
  readonly condition: number | undefined;
  /** what is wrong; empty where nothing is */
  readonly text: string;
}

/** What Node-RED has said of expressions: its JSONata may be newer than that of an editor. */
const known = new Map<string, string>();

/** What Node-RED has said of the expressions among these rules. */
export function toldOf(rules: readonly unknown[]): Told[] {
  return expressionsIn(rules).flatMap(({ rule, condition, expression }) => {
    const text = known.get(expression);
    return text === undefined ? [] : [{ rule, condition, text }];
  });
}

/** Notes what Node-RED says of the expressions among these rules. */
export function noteTold(rules: readonly unknown[], problems: readonly Told[]): void {
  for (const { rule, condition, expression } of expressionsIn(rules)) {
    const problem = problems.find((one) => one.rule === rule && one.condition === condition);
    known.set(expression, problem?.text.replace(/\.$/, "") ?? "");
  }
}

function expressionsIn(rules: readonly unknown[]): { rule: number; condition: number; expression: string }[] {
  return rules.flatMap((rule, at) => {
    const when: readonly unknown[] = isObject(rule) && Array.isArray(rule["when"]) ? rule["when"] : [];
    return when.flatMap((condition, position) => {
      const expression = expressionIn(condition);
      return expression === "" ? [] : [{ rule: at, condition: position, expression }];
    });
  });
}

function expressionIn(condition: unknown): string {
  if (!isObject(condition) || operatorOf(condition) !== "jsonata" || isVariable(condition["value"])) return "";
  return textOf(condition["value"]).trim();
}
