import jsonata from "jsonata";
import { isObject, textOf } from "../base/json.ts";
import { EXPRESSION_LIMITS, type ExpressionJob, type ExpressionReply, type ExpressionTruth } from "./expression-job.ts";
import { affordableTextLength } from "./regex.ts";

/*
 * Evaluates expressions within limits. What JSONata does between two of its own steps, such as comparing or sorting,
 * cannot be limited from within: this belongs in a thread that can be ended.
 */

/** JSONata's own codes for its limits: depth, range, sequence. */
const LIMIT_CODES = new Set(["D1011", "D2014", "D2015"]);

/** Variables of an expression cannot hold a blank, so none can reach what belongs to its evaluation. */
const RUN = "this run";

interface Run {
  readonly at: Date;
  left: number;
}

class Runaway extends Error {}

/** Parses an expression. Throws JSONata's own errors, with `code`, `position` and `token`. */
export function parseExpression(text: string): jsonata.Expression {
  return jsonata(text, {
    stack: EXPRESSION_LIMITS.depth,
    sequence: EXPRESSION_LIMITS.listLength,
    RegexEngine: BoundedRegex as unknown as RegExpConstructor,
  });
}

/** As `parseExpression`, and ready for `judgeTasks`. */
export function prepareExpression(text: string): jsonata.Expression {
  const expression = parseExpression(text);
  guard(expression);
  return expression;
}

/** @param onTask is called before each evaluation */
export async function judgeTasks(expression: jsonata.Expression, job: ExpressionJob, onTask: () => void): Promise<ExpressionReply> {
  const { tasks, group, all, at, steps } = job;
  const truths: ExpressionTruth[] = [];
  let left = steps;
  for (const task of tasks) {
    onTask();
    const afforded = Math.min(EXPRESSION_LIMITS.steps, left);
    const run: Run = { at: new Date(at), left: afforded };
    const truth = await judgeOne(expression, all === undefined ? { ...task, group } : { ...task, group, tasks: all }, run);
    left -= afforded - run.left;
    truths.push(truth);
    // A runaway has cost enough; for the other tasks of the group it would be the same again.
    if (truth === false || truth === "RULE_EXPRESSION_RUNAWAY") break;
  }
  return { truths, steps: steps - left };
}

async function judgeOne(expression: jsonata.Expression, facts: object, run: Run): Promise<ExpressionTruth> {
  try {
    const result: unknown = await expression.evaluate(facts, { [RUN]: run });
    return typeof result === "boolean" ? result : "RULE_EXPRESSION_NOT_BOOLEAN";
  } catch (error) {
    return isRunaway(error) ? "RULE_EXPRESSION_RUNAWAY" : "RULE_EXPRESSION_FAILED";
  }
}

function isRunaway(error: unknown): boolean {
  // A RangeError is the engine's own limit: a text, a list or a stack too large.
  if (error instanceof Runaway || error instanceof RangeError) return true;
  return isObject(error) && LIMIT_CODES.has(textOf(error["code"]));
}

/** Counts steps and looks at the size of what each one made, through the hooks that JSONata calls for debuggers. */
function guard(compiled: jsonata.Expression): void {
  const bind = compiled.assign as (name: string | symbol, value: unknown) => void;
  bind(Symbol.for("jsonata.__evaluate_entry"), (_node: unknown, _input: unknown, environment: jsonata.Environment) => {
    const run = runOf(environment);
    if (run.left <= 0) throw new Runaway();
    run.left -= 1;
  });
  bind(Symbol.for("jsonata.__evaluate_exit"), (_node: unknown, _input: unknown, _environment: unknown, result: unknown) => {
    if (typeof result === "string" && result.length > EXPRESSION_LIMITS.textLength) throw new Runaway();
    if (Array.isArray(result) && result.length > EXPRESSION_LIMITS.listLength) throw new Runaway();
  });
  // JSONata's own would fill the memory before any hook sees the result.
  compiled.registerFunction("pad", pad, "<s-ns?:s>");
  // JSONata's own read the clock of the process; a rule tried on a task of last week must see last week.
  compiled.registerFunction("now", now, "<s?s?:s>");
  compiled.registerFunction("millis", millis, "<:n>");
}

function runOf(environment: jsonata.Environment): Run {
  return environment.lookup(RUN) as Run;
}

function millis(this: jsonata.Focus): number {
  return runOf(this.environment).at.getTime();
}

function now(this: jsonata.Focus, picture?: string, timeZone?: string): unknown {
  const { implementation } = this.environment.lookup("fromMillis") as {
    implementation: (time: number, picture?: string, timeZone?: string) => unknown;
  };
  return implementation(runOf(this.environment).at.getTime(), picture, timeZone);
}

function pad(text: string | undefined, width: number, filler?: string): string | undefined {
  if (text === undefined) return undefined;
  if (Math.abs(width) > EXPRESSION_LIMITS.textLength) throw new Runaway();
  const missing = Math.max(0, Math.trunc(Math.abs(width)) - [...text].length);
  const characters = [...(filler || " ")];
  const padding = Array.from({ length: missing }, (_none, index) => characters[index % characters.length]).join("");
  return width < 0 ? padding + text : text + padding;
}

/** Stands in for RegExp where JSONata runs one: refuses texts on which it might not end soon. */
class BoundedRegex {
  readonly #pattern: RegExp;
  readonly #longest: number;

  constructor(pattern: RegExp) {
    this.#pattern = new RegExp(pattern);
    this.#longest = affordableTextLength(pattern) ?? 0;
  }

  get lastIndex(): number {
    return this.#pattern.lastIndex;
  }

  set lastIndex(index: number) {
    this.#pattern.lastIndex = index;
  }

  exec(text: string): RegExpExecArray | null {
    if (text.length > this.#longest) throw new Runaway();
    return this.#pattern.exec(text);
  }
}
