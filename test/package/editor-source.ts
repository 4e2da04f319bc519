import { createRequire } from "node:module";
import { join } from "node:path";
import { ROOT } from "./tarball.ts";

/** A node of the syntax tree, as ESTree has it. */
export interface SyntaxNode {
  readonly type: string;
  readonly [property: string]: unknown;
}

// Node-RED brings the parser for its function node.
const require = createRequire(join(ROOT, "node_modules", "@node-red", "nodes", "package.json"));
const acorn = require("acorn") as { parse(source: string, options: object): SyntaxNode };

export interface Registration {
  readonly type: string;
  readonly definition: SyntaxNode;
}

/** The inline scripts of a node's HTML, found as the Flow Library's scorecard finds them. */
export function scriptsOf(html: string): string[] {
  return [...html.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)].map(([, source]) => source ?? "");
}

export function parseScript(source: string): SyntaxNode {
  return acorn.parse(source, { ecmaVersion: 2020 });
}

export function* walk(value: unknown): Generator<SyntaxNode> {
  if (Array.isArray(value)) for (const item of value) yield* walk(item);
  if (!isNode(value)) return;
  yield value;
  for (const child of Object.values(value)) yield* walk(child);
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

/** The dotted name of a callee, such as `RED.nodes.registerType`. */
export function nameOf(node: unknown): string {
  if (!isNode(node)) return "";
  if (node.type === "ThisExpression") return "this";
  if (node.type === "Identifier") return String(node["name"]);
  if (node.type !== "MemberExpression") return "";
  return `${nameOf(node["object"])}.${nameOf(node["property"])}`;
}

export function literal(node: unknown): unknown {
  return isNode(node) && node.type === "Literal" ? node["value"] : undefined;
}

/** Each call of RED.nodes.registerType with what the scorecard asks of it: a literal name and an object literal. */
export function registrationsIn(html: string): Registration[] {
  const found: Registration[] = [];
  for (const source of scriptsOf(html)) {
    for (const node of walk(parseScript(source))) {
      if (node.type !== "CallExpression" || nameOf(node["callee"]) !== "RED.nodes.registerType") continue;
      const [type, definition] = node["arguments"] as unknown[];
      const name = literal(type);
      if (typeof name !== "string") throw new Error("registerType needs a literal type");
      if (!isNode(definition) || definition.type !== "ObjectExpression") throw new Error(`${name}: needs an object literal`);
      found.push({ type: name, definition });
    }
  }
  return found;
}

export function property(definition: SyntaxNode, name: string): SyntaxNode | undefined {
  const properties = definition["properties"] as SyntaxNode[];
  const found = properties.find((entry) => nameOf(entry["key"]) === name || literal(entry["key"]) === name);
  return found === undefined ? undefined : (found["value"] as SyntaxNode);
}
