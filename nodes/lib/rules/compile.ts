import type { Expression } from "./expression.ts";
import { EXPRESSION_LIMITS, type ExpressionTruth } from "./expression-job.ts";
import { expressionThreads } from "./expression-pool.ts";
import { FactLoader } from "./fact-loader.ts";
import { type RuleProblem, RulesFault } from "./faults.ts";
import { type ParsedRule, parseRules } from "./parse.ts";
import { type FieldPath, readLoosely, readPath } from "./path.ts";
import { isAbsent } from "./scalar.ts";
import type { CompiledRules, RuleOptions, RuleSubject, Unjudged, UnjudgedCode, Verdict } from "./types.ts";
import { describeMoment, wallClock } from "./wall-clock.ts";

/** How many different values of one fact a verdict over a group lists. */
const MAX_DISTINCT_VALUES = 20;

/** Why a condition cannot be judged, still without the rule's name. */
type Doubt = Omit<Unjudged, "rule">;

/** The steps of expressions that one verdict still has. */
interface StepBudget {
  left: number;
}

/** Three-valued: a doubt stands for "unknown". */
type Match = boolean | Doubt;

/**
 * Compiles rules from a node's configuration: a list of `Rule`, or its JSON text. Nothing (undefined, null or
 * an empty text) is an empty list.
 *
 * Comparison: numbers by value however they are written ("10", 10 and "10.0" are equal), text without regard
 * to case or outer blanks, in `match` too. A fact that is missing, null or an empty text is absent, and no
 * condition on it can be judged; so is one of the wrong kind, such as `gt` on a name.
 *
 * Throws RulesFault with every problem at once.
 */
export function compileRules(rules: unknown, options: RuleOptions): CompiledRules {
  const problems: RuleProblem[] = [];
  const parsed = parseRules(rules, options, problems);
  if (problems.length > 0) throw new RulesFault(problems);

  const { otherwise, scope } = options;
  const allFields = distinctFields(parsed);

  function verdictOf(rule: ParsedRule, match: true | Doubt, subject: RuleSubject): Verdict {
    const facts = factsUsed(rule.fields, [rule], subject);
    if (match !== true) return { outcome: "review", facts, unjudged: { rule: rule.label, ...match } };
    const verdict: Verdict = { outcome: rule.outcome, rule: rule.label, index: rule.index, facts };
    return rule.reason === "" ? verdict : { ...verdict, reason: rule.reason };
  }

  /** Judges until a fact has to be loaded or an expression is met; only then does it take a promise to go on. */
  function judgeFrom(start: number, subject: RuleSubject, budget: StepBudget, loader: FactLoader | undefined): Verdict | Promise<Verdict> {
    for (let index = start; index < parsed.length; index += 1) {
      const rule = parsed[index];
      if (rule === undefined) break;
      const match = matchPlain(rule, subject);
      if (match === false) continue;
      const isSettled = rule.expressions.length === 0 && (match === true || loader === undefined);
      if (!isSettled) return judgeFurther(rule, match, subject, budget, loader);
      return verdictOf(rule, match, subject);
    }
    return { outcome: otherwise, facts: factsUsed(allFields, parsed, subject) };
  }

  async function judgeFurther(
    rule: ParsedRule,
    known: true | Doubt,
    subject: RuleSubject,
    budget: StepBudget,
    loader: FactLoader | undefined,
  ): Promise<Verdict> {
    const plain = known === true || loader === undefined ? known : await matchLoading(rule, subject, loader);
    const match = plain === false ? false : await matchExpressions(rule, plain, subject, scope === "group", budget, loader);
    return match === false ? judgeFrom(rule.index + 1, subject, budget, loader) : verdictOf(rule, match, subject);
  }

  return {
    fields: allFields.map((path) => path.field),
    evaluate(subject, source) {
      if (scope === "task" && subject.tasks.length !== 1) {
        return Promise.reject(new RangeError("rules of scope task judge exactly one task"));
      }
      const loader = source === undefined ? undefined : new FactLoader(subject, source);
      const verdict = judgeFrom(0, subject, { left: EXPRESSION_LIMITS.stepsPerVerdict }, loader);
      return verdict instanceof Promise ? verdict : Promise.resolve(verdict);
    },
  };
}

/** All conditions but the expressions. A condition that is false decides, whatever is unknown before or after it. */
function matchPlain(rule: ParsedRule, subject: RuleSubject): Match {
  let doubt: Doubt | undefined;
  for (const { test } of rule.times) {
    const truth = test(subject.at);
    if (truth === false) return false;
    if (truth !== true) doubt ??= { field: "time", why: truth };
  }
  for (const { path, test } of rule.totals) {
    const truth = test(readPath(subject.group, path.segments));
    if (truth === false) return false;
    if (truth !== true) doubt ??= { field: path.field, why: truth };
  }
  for (const { path, test } of rule.facts) {
    // What holds for each of no tasks would hold always.
    if (subject.tasks.length === 0) doubt ??= { field: path.field, why: "RULE_FACT_ABSENT" };
    for (let task = 0; task < subject.tasks.length; task += 1) {
      const truth = test(readPath(subject.tasks[task], path.segments));
      if (truth === false) return false;
      if (truth !== true) doubt ??= { field: path.field, why: truth, task };
    }
  }
  return doubt ?? true;
}

/**
 * As `matchPlain`, where facts that are absent are loaded: for one condition after the other, and no further than
 * until one is false. Totals come last, because they take the most reading.
 */
async function matchLoading(rule: ParsedRule, subject: RuleSubject, loader: FactLoader): Promise<Match> {
  for (const { path, test } of rule.facts) {
    const isFalse = await loader.someTask(async (task) => {
      await loader.load(path, task);
      return test(readPath(subject.tasks[task], path.segments)) === false;
    });
    if (isFalse) return false;
  }
  for (const { path, test } of rule.totals) {
    await loader.load(path, undefined);
    if (test(readPath(subject.group, path.segments)) === false) return false;
  }
  const match = matchPlain(rule, subject);
  if (typeof match === "boolean" || match.why !== "RULE_FACT_ABSENT") return match;
  return loader.explain(match);
}

async function matchExpressions(
  rule: ParsedRule,
  plain: true | Doubt,
  subject: RuleSubject,
  inGroup: boolean,
  budget: StepBudget,
  loader: FactLoader | undefined,
): Promise<Match> {
  let doubt = plain === true ? undefined : plain;
  if (subject.tasks.length === 0) doubt ??= { field: "", why: "RULE_FACT_ABSENT" satisfies UnjudgedCode };
  for (const expression of rule.expressions) {
    const tasks = [...subject.tasks.keys()].slice(0, expression.sameForAll ? 1 : undefined);
    // With facts to be read, few tasks first: if it is false for one of them, the others need not be read for.
    for (let start = 0, size = loader === undefined ? tasks.length : 1; start < tasks.length; start += size, size *= 2) {
      const match = await matchExpression(expression, tasks.slice(start, start + size), subject, inGroup, budget, loader);
      if (match === false) return false;
      if (match === true) continue;
      doubt ??= match;
      // A runaway has cost enough; for the other tasks of the group it would be the same again.
      if (match.why === "RULE_EXPRESSION_RUNAWAY") return doubt;
    }
  }
  return doubt ?? true;
}

/** One expression for some tasks. */
async function matchExpression(
  expression: Expression,
  tasks: readonly number[],
  subject: RuleSubject,
  inGroup: boolean,
  budget: StepBudget,
  loader: FactLoader | undefined,
): Promise<Match> {
  const { text, sameForAll } = expression;
  const { group } = subject;
  const doubts = new Map<number, Doubt>();
  for (const task of tasks) {
    const doubt = (await loader?.loadAll(expression, task)) ?? absence(expression, subject, task);
    if (doubt !== undefined) doubts.set(task, doubt);
  }
  const judged = tasks.filter((task) => !doubts.has(task));
  let truths: readonly ExpressionTruth[] = [];
  if (judged.length > 0) {
    const facts = judged.map((task) => subject.tasks[task] as Readonly<Record<string, unknown>>);
    const job = { text, tasks: facts, group, at: subject.at.getTime(), steps: budget.left, ...(inGroup ? { all: subject.tasks } : {}) };
    const reply = await expressionThreads.judge(job);
    budget.left -= reply.steps;
    ({ truths } = reply);
  }
  for (const [position, truth] of truths.entries()) {
    const task = judged[position] as number;
    if (truth === false) return false;
    if (truth === true) continue;
    const doubt = { field: "", why: truth, ...(sameForAll ? {} : { task }) };
    if (truth === "RULE_EXPRESSION_RUNAWAY") return doubt;
    doubts.set(task, doubt);
  }
  const first = tasks.find((task) => doubts.has(task));
  return first === undefined ? true : (doubts.get(first) as Doubt);
}

function absence(expression: Expression, subject: RuleSubject, task: number): Doubt | undefined {
  const path = expression.absentIn(subject.tasks[task] ?? {}, subject.group);
  if (path === undefined) return undefined;
  return { field: path.field, why: "RULE_FACT_ABSENT", ...(expression.sameForAll ? {} : { task }) };
}

function distinctFields(rules: readonly ParsedRule[]): FieldPath[] {
  const byField = new Map(rules.flatMap((rule) => rule.fields).map((path) => [path.field, path]));
  return [...byField.values()];
}

function factsUsed(fields: readonly FieldPath[], rules: readonly ParsedRule[], subject: RuleSubject): Record<string, unknown> {
  const facts: Record<string, unknown> = {};
  for (const { field, source, segments } of fields) {
    const value =
      source === "time"
        ? momentOf(rules, subject)
        : source === "group"
          ? readPath(subject.group, segments)
          : acrossTasks(segments, subject);
    if (!isAbsent(value)) facts[field] = value;
  }
  return facts;
}

function momentOf(rules: readonly ParsedRule[], subject: RuleSubject): unknown {
  const clock = rules.find((rule) => rule.times.length > 0)?.times[0]?.clock ?? wallClock("");
  return clock === undefined ? undefined : describeMoment(clock, subject.at);
}

function acrossTasks(segments: readonly string[], subject: RuleSubject): unknown {
  const distinct = new Set<unknown>();
  for (const task of subject.tasks) {
    const value = readPath(task, segments) ?? readLoosely(task, segments);
    if (!isAbsent(value)) distinct.add(value);
    if (distinct.size >= MAX_DISTINCT_VALUES) break;
  }
  const values = [...distinct];
  return values.length > 1 ? values : values[0];
}
