import { isObject, textOf } from "../base/json.ts";
import { shown } from "../base/text.ts";
import { parseExpression } from "./bounded-jsonata.ts";
import { allNodes, factsNamed, factsWanted, isSameForAll, namesStep } from "./expression-facts.ts";
import type { ExpressionFacts } from "./expression-job.ts";
import type { Report } from "./faults.ts";
import { type FieldPath, readLoosely } from "./path.ts";
import { affordableTextLength } from "./regex.ts";
import { isAbsent } from "./scalar.ts";

/** An expression understood, but never evaluated here. */
export interface Expression {
  readonly text: string;
  /** The facts it names, as paths. */
  readonly fields: readonly FieldPath[];
  /** The details and totals that it may look at, wherever it names them, so that they can be loaded before. */
  readonly wants: readonly FieldPath[];
  /** It looks at the facts of all tasks, and not only at those of its own. */
  readonly spansTasks: boolean;
  /** It reads nothing but `tasks`, totals and time, and so yields the same for each task of a group. */
  readonly sameForAll: boolean;
  /** The first fact that it needs and that a task lacks. */
  absentIn(task: ExpressionFacts, group: unknown): FieldPath | undefined;
}

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
    const ast: unknown = parseExpression(text).ast();
    return isSafe(ast, report) ? expressionOf(text, ast) : undefined;
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

function expressionOf(text: string, ast: unknown): Expression {
  const named = factsNamed(ast);
  const required = named.filter((fact) => fact.required).map((fact) => fact.path);
  return {
    text,
    fields: named.map((fact) => fact.path),
    wants: factsWanted(ast),
    spansTasks: namesStep(ast, "tasks"),
    sameForAll: isSameForAll(ast),
    absentIn: (task, group) => required.find(({ source, segments }) => isAbsent(readLoosely(source === "group" ? group : task, segments))),
  };
}

/** Refuses what cannot be bounded: code made while running, and patterns that backtrack without end. */
function isSafe(ast: unknown, report: Report): boolean {
  let safe = true;
  for (const node of allNodes(ast)) {
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
