import jsonata from "jsonata";
import type { FaultParams } from "../fault.ts";
import { isObject, textOf } from "../json.ts";
import { shown, type RuleFaultCode } from "./faults.ts";
import { parseField, readLoosely, type FieldPath } from "./path.ts";
import { affordableTextLength } from "./regex.ts";
import { isAbsent } from "./scalar.ts";
import type { UnjudgedCode } from "./types.ts";

/** How far one evaluation may go before it counts as running away. */
export const EXPRESSION_LIMITS = {
  /** Nodes of the expression evaluated for one task; the usual rule needs some tens. */
  steps: 100_000,
  /** The same for all tasks and expressions of one verdict. */
  stepsPerVerdict: 400_000,
  /** Nested evaluations. */
  depth: 300,
  /** Length of any list made on the way. */
  listLength: 100_000,
  /** Length of any text made on the way, in UTF-16 units. */
  textLength: 100_000,
  /** Wall time, milliseconds; the steps are meant to end it first. */
  milliseconds: 1_000,
} as const;

/** What an expression sees: the facts of one task. */
export type ExpressionFacts = Readonly<Record<string, unknown>>;

/** The steps that one verdict still affords. */
export interface Purse {
  left: number;
}

export interface Expression {
  /** The facts it names, as paths. */
  readonly fields: readonly FieldPath[];
  /** The details and totals that it may look at, wherever it names them, so that they can be sought before. */
  readonly wants: readonly FieldPath[];
  /** It looks at the facts of all tasks, and not only at those of its own. */
  readonly spansTasks: boolean;
  /** It reads nothing but `tasks`, totals and time, and so yields the same for each task of a group. */
  readonly sameForAll: boolean;
  /** Whether it holds; else why that cannot be said. Never rejects. */
  test(facts: ExpressionFacts, at: Date, purse: Purse): Promise<boolean | { why: UnjudgedCode; field: string }>;
}

type Report = (code: RuleFaultCode, params: FaultParams) => void;

/** JSONata's own codes for its limits: depth, time, range, sequence. */
const LIMIT_CODES = new Set(["D1011", "D1012", "D2014", "D2015"]);

/** Variables of an expression cannot hold a blank, so none can reach what belongs to its evaluation. */
const RUN = "this run";

interface Run {
  at: Date;
  left: number;
}

class Runaway extends Error {}

/**
 * Compiles a JSONata expression, reporting what is wrong with it; undefined when something is.
 *
 * A fact that it names and that is absent cannot be judged, as in every other condition, unless the expression
 * itself asks for it with `$exists()` or gives a value for it with `??`. It must then yield true or false.
 */
export function compileExpression(value: unknown, report: Report): Expression | undefined {
  const text = typeof value === "string" ? value.trim() : "";
  if (text === "") {
    report("RULE_VALUE_MISSING", { op: "jsonata" });
    return undefined;
  }
  try {
    const compiled = jsonata(text, {
      timeout: EXPRESSION_LIMITS.milliseconds,
      stack: EXPRESSION_LIMITS.depth,
      sequence: EXPRESSION_LIMITS.listLength,
      RegexEngine: BoundedRegex as unknown as RegExpConstructor,
    });
    const ast: unknown = compiled.ast();
    if (!isSafe(ast, report)) return undefined;
    guard(compiled);
    return expressionOf(compiled, ast);
  } catch (error) {
    const { code, position, token } = isObject(error) ? error : {};
    report("RULE_EXPRESSION_INVALID", {
      error: textOf(code),
      position: typeof position === "number" ? position : 0,
      token: token === undefined ? "" : shown(token),
    });
    return undefined;
  }
}

function expressionOf(compiled: jsonata.Expression, ast: unknown): Expression {
  const named = factsNamed(ast);
  const required = named.filter((fact) => fact.required).map((fact) => fact.path);
  return {
    fields: named.map((fact) => fact.path),
    wants: factsWanted(ast),
    spansTasks: namesStep(ast, "tasks"),
    sameForAll: isSameForAll(ast),
    async test(facts, at, purse) {
      for (const path of required) {
        const source = path.source === "group" ? facts["group"] : facts;
        if (isAbsent(readLoosely(source, path.segments))) return { why: "RULE_FACT_ABSENT", field: path.field };
      }
      const afforded = Math.min(EXPRESSION_LIMITS.steps, purse.left);
      const run: Run = { at, left: afforded };
      try {
        const result: unknown = await compiled.evaluate(facts, { [RUN]: run });
        return typeof result === "boolean" ? result : { why: "RULE_EXPRESSION_NOT_BOOLEAN", field: "" };
      } catch (error) {
        return { why: isRunaway(error) ? "RULE_EXPRESSION_RUNAWAY" : "RULE_EXPRESSION_FAILED", field: "" };
      } finally {
        purse.left -= afforded - run.left;
      }
    },
  };
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
  bind(
    Symbol.for("jsonata.__evaluate_exit"),
    (_node: unknown, _input: unknown, _environment: unknown, result: unknown) => {
      if (typeof result === "string" && result.length > EXPRESSION_LIMITS.textLength) throw new Runaway();
      if (Array.isArray(result) && result.length > EXPRESSION_LIMITS.listLength) throw new Runaway();
    },
  );
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

/** Refuses what cannot be bounded: code made while running, and patterns that backtrack without end. */
function isSafe(ast: unknown, report: Report): boolean {
  let safe = true;
  for (const node of allNodes(ast, new Set())) {
    if (node["type"] === "variable" && node["value"] === "eval") {
      safe = false;
      report("RULE_EXPRESSION_EVAL", {});
    }
    const pattern = node["value"];
    if (node["type"] === "regex" && pattern instanceof RegExp && affordableTextLength(pattern) === undefined) {
      safe = false;
      report("RULE_EXPRESSION_REGEX", { pattern: shown(pattern.source) });
    }
  }
  return safe;
}

function* allNodes(node: unknown, seen: Set<object>): Generator<Record<string, unknown>> {
  if (typeof node !== "object" || node === null || seen.has(node)) return;
  seen.add(node);
  if (isObject(node)) yield node;
  for (const child of Object.values(node)) yield* allNodes(child, seen);
}

interface NamedFact {
  path: FieldPath;
  required: boolean;
}

/** The facts that an expression names from the top of its input, and whether it needs each of them. */
function factsNamed(ast: unknown): readonly NamedFact[] {
  const paths = new Map<string, FieldPath>();
  const cared = new Set<string>();
  collectFacts(ast, false, (path, asked) => {
    paths.set(path.field, path);
    if (asked) cared.add(path.field);
  });
  return [...paths.values()].map((path) => ({ path, required: !cared.has(path.field) }));
}

function collectFacts(node: unknown, asked: boolean, found: (path: FieldPath, asked: boolean) => void): void {
  if (Array.isArray(node)) {
    for (const child of node) collectFacts(child, asked, found);
    return;
  }
  if (!isObject(node)) return;
  switch (node["type"]) {
    case "path":
      collectPath(node, asked, found);
      return;
    case "lambda":
    case "transform":
      // Names within are read from whatever it is applied to.
      return;
    case "function":
    case "partial": {
      const procedure = node["procedure"];
      const exists = isObject(procedure) && procedure["type"] === "variable" && procedure["value"] === "exists";
      collectFacts(node["arguments"], asked || exists, found);
      return;
    }
    case "apply":
      collectFacts(node["lhs"], asked, found);
      return;
    default:
      for (const key of ["lhs", "rhs", "expressions", "expression", "condition", "then", "else"]) {
        collectFacts(node[key], asked, found);
      }
  }
}

function collectPath(
  node: Record<string, unknown>,
  asked: boolean,
  found: (path: FieldPath, asked: boolean) => void,
): void {
  const steps: unknown[] = Array.isArray(node["steps"]) ? node["steps"] : [];
  const first = steps[0];
  if (!isObject(first)) return;
  // `$` and `$$` are the input itself at the top of an expression.
  const fromInput = first["type"] === "variable" && (first["value"] === "" || first["value"] === "$");
  if (first["type"] !== "name" && !fromInput) {
    collectFacts(first, asked, found);
    return;
  }
  const names: string[] = [];
  for (const step of fromInput ? steps.slice(1) : steps) {
    if (!isObject(step) || step["type"] !== "name") break;
    names.push(textOf(step["value"]));
    if (step["stages"] !== undefined || step["predicate"] !== undefined) break;
  }
  const path = parseField(names.join("."));
  if (path !== undefined) found(path, asked);
}

/** Named without saying which, as in `$lookup(details, "role")`: any of them may be meant. */
const WHOLE = {
  details: { field: "details", source: "task", segments: ["details"] },
  group: { field: "group", source: "group", segments: [] },
} as const satisfies Record<string, FieldPath>;

/**
 * The details and totals named anywhere: within functions and filters too, where nobody can tell from the text whose
 * facts they are. At worst one too many is sought.
 */
function factsWanted(ast: unknown): readonly FieldPath[] {
  const wanted = new Map<string, FieldPath>();
  for (const node of allNodes(ast, new Set())) {
    if (node["type"] !== "path" || !Array.isArray(node["steps"])) continue;
    const names = (node["steps"] as unknown[]).map((step) => (isObject(step) && step["type"] === "name" ? textOf(step["value"]) : ""));
    const start = names.findIndex((name) => name === "details" || name === "group");
    if (start < 0) continue;
    const end = names.indexOf("", start);
    const named = names.slice(start, end < 0 ? undefined : end);
    const path = named.length === 1 ? WHOLE[named[0] as keyof typeof WHOLE] : parseField(named.join("."));
    if (path !== undefined) wanted.set(path.field, path);
  }
  return [...wanted.values()];
}

function namesStep(ast: unknown, name: string): boolean {
  for (const node of allNodes(ast, new Set())) if (node["type"] === "name" && node["value"] === name) return true;
  return false;
}

/** These take the input when they are given one argument less. */
const READS_INPUT_UNSAID = new Set(["sift", "each", "lookup"]);
const NEEDS_NO_INPUT = new Set(["now", "millis"]);

/** Whether nothing of a single task can be reached. When in doubt it is not: that costs time and no truth. */
function isSameForAll(ast: unknown): boolean {
  for (const node of allNodes(ast, new Set())) {
    // `$$` and `%` lead back to the top from anywhere, and after `@$name` the next step starts there again.
    if (
      node["focus"] !== undefined ||
      node["type"] === "parent" ||
      (node["type"] === "variable" && node["value"] === "$")
    )
      return false;
  }
  return readsGroupOnly(ast);
}

function readsGroupOnly(node: unknown): boolean {
  if (Array.isArray(node)) return node.every(readsGroupOnly);
  if (!isObject(node)) return true;
  switch (node["type"]) {
    case "path": {
      const first: unknown = Array.isArray(node["steps"]) ? node["steps"][0] : undefined;
      if (!isObject(first)) return false;
      // What later steps name belongs to what the first one found.
      return first["type"] === "name"
        ? first["value"] === "tasks" || first["value"] === "group"
        : readsGroupOnly(first);
    }
    case "variable":
      return node["value"] !== "";
    case "string":
    case "number":
    case "value":
    case "regex":
      return true;
    case "function": {
      const procedure = node["procedure"];
      const name = isObject(procedure) && procedure["type"] === "variable" ? textOf(procedure["value"]) : "";
      const given = Array.isArray(node["arguments"]) ? node["arguments"].length : 0;
      if (name === "" || READS_INPUT_UNSAID.has(name) || (given === 0 && !NEEDS_NO_INPUT.has(name))) return false;
      return readsGroupOnly(node["arguments"]);
    }
    case "lambda":
      return readsGroupOnly(node["body"]);
    case "binary":
    case "unary":
    case "block":
    case "condition":
    case "bind":
      return ["lhs", "rhs", "expressions", "expression", "condition", "then", "else"].every((key) =>
        readsGroupOnly(node[key]),
      );
    default:
      return false;
  }
}
