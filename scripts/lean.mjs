// What a built tree carries for its readers alone is left out: the package has a limit, and code comes before comments.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";

/** Names stay, and lines are short: a stack trace still says where it was. */
export const LEAN = { charset: "utf8", legalComments: "none", minifySyntax: true, minifyWhitespace: true, lineLimit: 120 };

/** Programs without comments and blanks, catalogues without indentation, and no types but those that `types` leads to. */
export function makeLean(folder, types) {
  const needed = reachableFrom(types);
  for (const path of filesBelow(folder)) {
    if (path.endsWith(".js")) writeFileSync(path, leanScript(readFileSync(path, "utf8")));
    else if (path.endsWith(".json")) writeFileSync(path, JSON.stringify(JSON.parse(readFileSync(path, "utf8"))));
    else if (path.endsWith(".d.ts") && !needed.has(path)) rmSync(path);
  }
}

function leanScript(source) {
  return transformSync(source, { ...LEAN, target: "node22", format: "cjs" }).code;
}

/** A file of types, and all that it imports, and that those import. */
function reachableFrom(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, to] of readFileSync(path, "utf8").matchAll(/(?:from |import\()"(\.[^"]+)\.ts"/g)) {
    reachableFrom(join(path, "..", `${to}.d.ts`), found);
  }
  return found;
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
