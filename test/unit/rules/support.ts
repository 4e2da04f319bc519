import assert from "node:assert/strict";
import {
  compileRules,
  RULE_FAULTS,
  type RuleOptions,
  type RuleProblem,
  type RuleSubject,
  RulesFault,
  type Verdict,
} from "../../../nodes/lib/rules/index.ts";

export const AT = new Date("2026-11-23T14:30:00Z");

export const TASK = {
  taskId: "4f1c",
  type: "DEPLOY",
  state: "QUEUEING",
  userId: "7",
  requester: "ann@example.com",
  enterpriseId: "10",
  virtualDatacenterId: "3",
};

export function subject(...tasks: Record<string, unknown>[]): RuleSubject {
  const facts = tasks.length === 0 ? [{ task: TASK }] : tasks;
  return { tasks: facts, group: { id: "g1", count: facts.length }, at: AT };
}

/** The verdict of one rule that continues; "cancel" says that it did not match. */
export async function judge(when: unknown[], about: RuleSubject = subject(), options: Partial<RuleOptions> = {}): Promise<Verdict> {
  const rules = compileRules([{ name: "only", when, outcome: "continue", reason: "" }], {
    otherwise: "cancel",
    scope: about.tasks.length === 1 ? "task" : "group",
    ...options,
  });
  const verdict = await rules.evaluate(about);
  if (verdict.unjudged !== undefined) assert.ok(Object.hasOwn(RULE_FAULTS, verdict.unjudged.why));
  return verdict;
}

export async function outcomeOf(when: unknown[], about?: RuleSubject, options?: Partial<RuleOptions>): Promise<string> {
  return (await judge(when, about, options)).outcome;
}

/** The problems of a list of rules that must not compile; each with the params its code declares. */
export function problemsOf(rules: unknown, options: Partial<Record<keyof RuleOptions, unknown>> = {}): readonly RuleProblem[] {
  try {
    compileRules(rules, { otherwise: "review", scope: "task", ...options } as RuleOptions);
  } catch (error) {
    assert.ok(error instanceof RulesFault);
    assert.equal(error.code, "RULES_INVALID");
    const { params } = error.problems[0] as RuleProblem;
    assert.deepEqual(Object.keys(error.params), [...Object.keys(params), ...RULE_FAULTS.RULES_INVALID]);
    for (const problem of error.problems) assert.deepEqual(Object.keys(problem.params), RULE_FAULTS[problem.code]);
    return error.problems;
  }
  assert.fail("the rules compiled");
}
