import { isObject } from "../base/json.ts";
import type { JsonPath } from "../base/json-path.ts";
import { shown } from "../base/text.ts";
import { compileRules } from "./compile.ts";
import { type RuleProblem, RulesFault } from "./faults.ts";
import { isWhole, KEYS, TEXTS } from "./grammar.ts";
import { KEY, type LocatedJson, NotJson, parseJsonText, parseLocated, type Twin } from "./located-json.ts";
import { pathIn } from "./problem-path.ts";
import type { CompiledRules, Outcome, RuleOptions, Scope } from "./types.ts";

/** A whole policy: the rules with what holds when none matches. */
export interface RuleSet {
  readonly rules: CompiledRules;
  /** The rules as they were read, for whoever looks at them one by one. */
  readonly list: readonly unknown[];
  readonly otherwise: Outcome;
  readonly scope: Scope;
}

type Report = (path: JsonPath, problem: RuleProblem) => void;

/**
 * Reads a set of rules that was written elsewhere: a list of rules, or an object `{otherwise, scope, timeZone,
 * rules}` as `rules.schema.json` describes it; as a value or as JSON text. Stricter than the rules of a dialog: a
 * key that nobody reads is most often a slip of the pen, and a rule that lost its condition matches too much.
 *
 * @param source JSON text, or its parsed value
 * @param defaults what holds where the set itself does not say it
 * @throws RulesFault with every problem; those of a text know their line and column
 */
export function readRuleSet(source: unknown, defaults: RuleOptions): RuleSet {
  const located = typeof source === "string" ? locate(source) : { value: source, placeOf: undefined, twins: [] };
  const problems: RuleProblem[] = [];
  const set = isObject(located.value) ? located.value : { rules: located.value };
  const listPath: JsonPath = isObject(located.value) ? ["rules"] : [];
  const list: readonly unknown[] = Array.isArray(set["rules"]) ? set["rules"] : [];

  const report: Report = (path, problem) => {
    problems.push({ ...problem, ...nameOf(list, problem.rule), ...located.placeOf?.(path) });
  };
  for (const twin of located.twins) problems.push(twinProblem(twin, list, listPath));
  checkKeys(set, "set", [], { rule: -1 }, report);
  list.forEach((rule, index) => checkRule(rule, index, [...listPath, index], report));

  const options = optionsOf(set, defaults);
  try {
    if (!Array.isArray(set["rules"])) throw new RulesFault([{ rule: -1, code: "RULES_NOT_A_LIST", params: {} }]);
    const rules = compileRules(list, options);
    if (problems.length === 0) return { rules, list, otherwise: options.otherwise, scope: options.scope };
  } catch (error) {
    if (!(error instanceof RulesFault)) throw error;
    for (const problem of error.problems) report(pathIn(problem, listPath), problem);
  }
  throw new RulesFault(problems.toSorted((a, b) => a.rule - b.rule || (a.condition ?? -1) - (b.condition ?? -1)));
}

function locate(text: string): LocatedJson {
  try {
    return parseLocated(text);
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    throw new RulesFault([{ rule: -1, code: "RULES_NOT_JSON", params: {}, ...error.place }]);
  }
}

function twinProblem({ path, key, place }: Twin, list: readonly unknown[], listPath: JsonPath): RuleProblem {
  const [rule, , condition] = path.slice(listPath.length);
  const where = typeof rule === "number" ? { rule, ...(typeof condition === "number" ? { condition } : {}) } : { rule: -1 };
  return { ...where, code: "RULES_KEY_TWICE", params: { key: shown(key) }, ...nameOf(list, where.rule), ...place };
}

function optionsOf(set: Record<string, unknown>, defaults: RuleOptions): RuleOptions {
  const { otherwise = defaults.otherwise, scope = defaults.scope, timeZone = defaults.timeZone } = set;
  // What is none of the known words is reported by the compiler, beside everything else.
  return { otherwise, scope, timeZone } as RuleOptions;
}

function checkRule(rule: unknown, index: number, path: JsonPath, report: Report): void {
  if (!isObject(rule)) return;
  checkKeys(rule, "rule", path, { rule: index }, report);
  if (!Array.isArray(rule["when"])) return;
  rule["when"].forEach((condition: unknown, at) => {
    if (!isObject(condition)) return;
    const where = [...path, "when", at];
    checkKeys(condition, "condition", where, { rule: index, condition: at }, report);
    if (typeof condition["field"] !== "string" || !isWhole("timeField", condition["field"])) return;
    const hours = typeof condition["value"] === "string" ? parseJsonText(condition["value"]) : condition["value"];
    if (isObject(hours)) checkKeys(hours, "time", [...where, "value"], { rule: index, condition: at }, report);
  });
}

function checkKeys(
  value: Record<string, unknown>,
  kind: keyof typeof KEYS,
  path: JsonPath,
  where: Pick<RuleProblem, "rule" | "condition">,
  report: Report,
): void {
  const known: readonly string[] = KEYS[kind];
  const texts: readonly string[] = TEXTS[kind];
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      report([...path, key, KEY], { ...where, code: "RULES_KEY_UNKNOWN", params: { key: shown(key), known: known.join(", ") } });
    } else if (texts.includes(key) && typeof value[key] !== "string") {
      report([...path, key], { ...where, code: "RULES_NOT_TEXT", params: { key } });
    }
  }
}

function nameOf(list: readonly unknown[], index: number): { name?: string } {
  const rule = list[index];
  return isObject(rule) && typeof rule["name"] === "string" && rule["name"].trim() !== "" ? { name: rule["name"].trim() } : {};
}
