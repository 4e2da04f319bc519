import { isObject, textOf } from "../base/json.ts";
import { type FieldPath, parseField } from "./path.ts";

/*
 * What an expression reads, found in its syntax tree. Nothing is evaluated.
 */

/** Each node of the tree once. */
export function* allNodes(node: unknown, seen: Set<object> = new Set()): Generator<Record<string, unknown>> {
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
export function factsNamed(ast: unknown): readonly NamedFact[] {
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

function collectPath(node: Record<string, unknown>, asked: boolean, found: (path: FieldPath, asked: boolean) => void): void {
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
 * facts they are. At worst one too many is loaded.
 */
export function factsWanted(ast: unknown): readonly FieldPath[] {
  const wanted = new Map<string, FieldPath>();
  for (const node of allNodes(ast)) {
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

export function namesStep(ast: unknown, name: string): boolean {
  for (const node of allNodes(ast)) if (node["type"] === "name" && node["value"] === name) return true;
  return false;
}

/** These take the input when they are given one argument less. */
const READS_INPUT_UNSAID = new Set(["sift", "each", "lookup"]);
const NEEDS_NO_INPUT = new Set(["now", "millis"]);

/** Whether nothing of a single task can be reached. When in doubt it is not: that costs time and no truth. */
export function isSameForAll(ast: unknown): boolean {
  for (const node of allNodes(ast)) {
    // `$$` and `%` lead back to the top from anywhere, and after `@$name` the next step starts there again.
    if (node["focus"] !== undefined || node["type"] === "parent" || (node["type"] === "variable" && node["value"] === "$")) return false;
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
      return first["type"] === "name" ? first["value"] === "tasks" || first["value"] === "group" : readsGroupOnly(first);
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
      return ["lhs", "rhs", "expressions", "expression", "condition", "then", "else"].every((key) => readsGroupOnly(node[key]));
    default:
      return false;
  }
}
