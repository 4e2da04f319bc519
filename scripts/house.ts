import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, posix } from "node:path";

/** An import of one source by another, or of a package. Paths are relative to `nodes/`, with slashes. */
export interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

/**
 * Who may use whom. A room may use itself, what its arrows name, and all that lies below those. The folders of nodes
 * are one kind of room; what the browser loads of them is another.
 */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  node: ["node-red"],
  dialog: ["editor"],
  cli: ["engine"],
  "node-red": ["engine"],
  editor: ["rules", "approval"],
  engine: ["abiquo", "rules", "approval", "ledger", "pages"],
  abiquo: ["base"],
  rules: ["base"],
  approval: ["base"],
  ledger: ["base"],
  pages: ["base"],
  base: [],
};

const NODES = join(import.meta.dirname, "..", "nodes");
const IMPORT = /^\s*(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;

/** All sources below `nodes/`. */
export const sources: readonly string[] = readdirSync(NODES, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) =>
    join(entry.parentPath, entry.name)
      .slice(NODES.length + 1)
      .replaceAll("\\", "/"),
  )
  .sort();

export function textOf(source: string): string {
  return readFileSync(join(NODES, source), "utf8");
}

export function importsOf(source: string): Import[] {
  return [...textOf(source).matchAll(IMPORT)].map(([, typeOnly, named, dynamic]) => {
    const to = named ?? dynamic ?? "";
    return { from: source, to: to.startsWith(".") ? posix.join(posix.dirname(source), to) : to, typeOnly: typeOnly !== undefined };
  });
}

/** The room of a source: of a node's folder, what the editor loads is apart. */
export function roomOf(source: string): string {
  const [first = "", second = ""] = source.split("/");
  if (first === "lib") return second;
  if (first === "cli") return first;
  return /(^|\/)(editor|dialog)[^/]*\.ts$|\/editor\//.test(source) ? "dialog" : "node";
}

/** The folder of a node's source; undefined for what is no node's. */
export function folderOf(source: string): string | undefined {
  return ["node", "dialog"].includes(roomOf(source)) ? source.split("/")[0] : undefined;
}

/** The room and all that it may use. */
export function within(room: string): Set<string> {
  const reached = new Set([room]);
  for (const next of ARROWS[room] ?? []) for (const further of within(next)) reached.add(further);
  return reached;
}

/** Whether an import is of a package that is neither ours nor Node's. */
export function isPackage({ to }: Import): boolean {
  return !to.startsWith("node:") && !builtinModules.includes(to) && !/\.c?ts$|\.cjs$/.test(to);
}
