import { isObject, textOf } from "../../lib/base/json.ts";
import { inputOf, textIn } from "../../lib/editor/inputs.ts";
import { ask, listIn } from "./admin.ts";
import { noteTold, type Told } from "./expressions.ts";
import type { RuleList } from "./list.ts";

/** How long nothing may have changed before Node-RED is asked, in ms. */
const PAUSE = 300;

/** Asks Node-RED what only it can tell: rules that never decide, and expressions that it refuses. */
export interface RuleChecks {
  soon(): void;
  stop(): void;
}

export function ruleChecks(node: EditorNode, list: () => RuleList): RuleChecks {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;

  const check = (): void => {
    const rules = list().asked() ?? [];
    if (rules.length === 0) return;
    asked += 1;
    const mine = asked;
    const body = { id: node.id, rules, otherwise: textIn(inputOf(node, "otherwise")), scope: textIn(inputOf(node, "scope")) };
    ask("check", body).then(
      (reply) => {
        const problems = problemsIn(reply);
        noteTold(rules, problems);
        if (mine === asked) tell(list(), problems, isObject(reply) ? problemsIn({ problems: reply["unreachable"] }) : []);
      },
      () => tell(list(), [], []),
    );
  };

  return {
    soon() {
      clearTimeout(timer);
      timer = setTimeout(check, PAUSE);
    },
    stop: () => clearTimeout(timer),
  };
}

function tell(list: RuleList, problems: readonly Told[], unreachable: readonly Told[]): void {
  for (const [index, row] of list.rows().entries()) {
    const textsOf = (all: readonly Told[]): string[] => all.filter(({ rule }) => rule === index).map(({ text }) => text);
    row.tell({ unreachable: textsOf(unreachable)[0] ?? "", refused: textsOf(problems).join("; ") });
  }
}

function problemsIn(reply: unknown): Told[] {
  const found = isObject(reply) ? listIn(reply["problems"]) : [];
  return found.filter(isObject).map(({ rule, condition, text }) => ({
    rule: Number(rule),
    condition: typeof condition === "number" ? condition : undefined,
    text: textOf(text),
  }));
}
