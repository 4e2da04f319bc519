import { textOf } from "../lib/base/json.ts";
import type { RecordedTask, RuleSet, RulesFault, Trial, Unreachable, Verdict } from "../lib/rules/index.ts";
import type { RULES_TEXTS } from "./texts.ts";
import type { Words } from "./words.ts";

type RulesWords = Words<typeof RULES_TEXTS>;

/** Each problem on a line that editors and CI logs can jump to: `file:line:column`. */
export function problemLines(file: string, fault: RulesFault, words: RulesWords): string[] {
  return fault.problems.map(({ rule, condition, code, params, name, line, column }) => {
    const place = line === undefined ? file : `${file}:${line}:${column}`;
    const of =
      rule < 0
        ? ""
        : `${nameOf(words, rule, name)}${condition === undefined ? "" : `, ${words.text("cli.condition", { number: condition + 1 })}`}: `;
    return `${place}: ${of}${words.fault(code, params)}`;
  });
}

export function unreachableLines(file: string, { list }: RuleSet, found: readonly Unreachable[], words: RulesWords): string[] {
  const label = (index: number): string => nameOf(words, index, textOf((list[index] as Record<string, unknown>)["name"]));
  return found.map(
    ({ rule, by, field = "" }) =>
      `${file}: ${label(rule)}: ${by === undefined ? words.text("reach.contradiction", { field }) : words.text("reach.covered", { rule: label(by) })}`,
  );
}

export function trialLines({ tried }: Trial, words: RulesWords): string[] {
  return tried.map((one) => {
    const { verdict, before, differs } = one;
    const outcome = differs && before !== undefined ? `${before.outcome} -> ${verdict.outcome}` : verdict.outcome;
    const facts = Object.entries(verdict.facts).map(
      ([field, fact]) => `${field}=${typeof fact === "string" ? fact : JSON.stringify(fact)}`,
    );
    return [
      differs ? "*" : " ",
      taskText(one.task),
      `${outcome}:`,
      reasonText(verdict, words),
      facts.length === 0 ? "" : `[${facts.join(", ")}]`,
    ]
      .filter((part) => part !== "")
      .join(" ");
  });
}

export function summaryLine({ tried, counts, differing }: Trial, against: string | undefined, words: RulesWords): string {
  const total = words.text("cli.counted", { total: tried.length, ...counts });
  return against === undefined ? total : `${total} ${words.text("cli.differing", { count: differing, file: against })}`;
}

/** For programs; stable, as others rely on it. */
export function trialJson({ tried, counts, differing }: Trial, hasOther: boolean): object {
  return {
    tasks: tried.map(({ task, verdict, before, differs }) => ({
      task: task.facts["task"],
      group: task.group,
      at: task.at.toISOString(),
      ...verdict,
      ...(before === undefined ? {} : { before, differs }),
    })),
    counts,
    ...(hasOther ? { differing } : {}),
  };
}

function nameOf(words: RulesWords, index: number, name: string | undefined): string {
  return name ? words.text("cli.named", { name }) : words.text("cli.numbered", { number: index + 1 });
}

function reasonText({ rule, unjudged }: Verdict, words: RulesWords): string {
  if (unjudged !== undefined) return words.fault(unjudged.why, { rule: unjudged.rule, field: unjudged.field });
  return rule === undefined ? words.text("cli.otherwise") : words.text("cli.named", { name: rule });
}

function taskText({ facts }: RecordedTask): string {
  const task = facts["task"] as Record<string, unknown>;
  return [task["taskId"], task["type"], task["requester"]]
    .map(textOf)
    .filter((text) => text !== "")
    .join(" ");
}
