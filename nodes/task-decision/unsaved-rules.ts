import type { NodeAPI } from "node-red";
import type { FaultParams } from "../lib/base/fault.ts";
import { isObject, textOf } from "../lib/base/json.ts";
import { variableIn } from "../lib/base/settings.ts";
import { compileRules, type Outcome, type RuleProblem, type RuleSet, RulesFault, type Scope } from "../lib/rules/index.ts";

/** Rules that a dialog asks about: as they are written there, and as a deploy would understand them. */
export interface UnsavedRules {
  /** with `${NAME}` for what the environment says */
  readonly written: unknown;
  /** a list, or its JSON text */
  readonly meant: unknown;
  readonly otherwise: Outcome;
  readonly scope: Scope;
}

/** @param body of the request: `id` of the node, `rules`, `otherwise`, `scope` */
export function unsavedRules(RED: NodeAPI, body: Record<string, unknown>): UnsavedRules {
  const node: unknown = RED.nodes.getNode(textOf(body["id"]));
  const { getSetting } = RED.util as unknown as { getSetting(node: unknown, name: string): unknown };
  const substituted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(substituted);
    if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, substituted(inner)]));
    const name = variableIn(value);
    return name === undefined ? value : (getSetting(node, name) ?? value);
  };
  const written = body["rules"] ?? [];
  return { written, meant: substituted(written), otherwise: body["otherwise"] as Outcome, scope: body["scope"] as Scope };
}

/** @throws RulesFault as a deploy would find it, but without a value of the environment */
export function compileUnsaved(unsaved: UnsavedRules): RuleSet {
  const { meant, otherwise, scope } = unsaved;
  try {
    const rules = compileRules(meant, { otherwise, scope });
    const list: unknown = typeof meant === "string" && meant !== "" ? JSON.parse(meant) : meant;
    return { rules, list: Array.isArray(list) ? (list as unknown[]) : [], otherwise, scope };
  } catch (error) {
    if (!(error instanceof RulesFault)) throw error;
    throw new RulesFault(
      error.problems.map((problem) => ({ ...problem, params: withoutValues(problem.params, partOf(unsaved, problem)) })),
    );
  }
}

/** The rule or the condition that a problem is in, as it is written. */
function partOf({ written }: UnsavedRules, { rule, condition }: Pick<RuleProblem, "rule" | "condition">): unknown {
  const own = writtenRule(written, rule);
  const when = isObject(own) ? own["when"] : undefined;
  return condition !== undefined && Array.isArray(when) ? (when as unknown[])[condition] : own;
}

/** A rule as it is written; all of them where they come from one variable. */
export function writtenRule(written: unknown, rule: number): unknown {
  return Array.isArray(written) && rule >= 0 ? (written as unknown[])[rule] : written;
}

/**
 * Parameters for a text that a person reads. What is not written there itself came from the environment, and is
 * shown by the name of its variable.
 */
export function withoutValues(params: FaultParams, written: unknown): FaultParams {
  const texts = [...leavesOf(written)];
  const names = texts.filter((text) => variableIn(text) !== undefined);
  if (names.length === 0) return params;
  const isWritten = (value: string | number): boolean => typeof value === "number" || texts.includes(value);
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [key, isWritten(value) ? value : names.join(", ")]));
}

function* leavesOf(value: unknown): Generator<string> {
  if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) yield* leavesOf(inner);
  else if (typeof value === "string" || typeof value === "number") yield String(value);
}
