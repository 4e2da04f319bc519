import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, posix } from "node:path";
import { filesBelow, ROOT } from "./tarball.ts";

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const sources = filesBelow(join(ROOT, "nodes")).filter((path) => path.endsWith(".ts"));
const text = (path: string): string => readFileSync(join(ROOT, "nodes", path), "utf8");

const IMPORT = /^\s*(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;

const imports: Import[] = sources.flatMap((from) =>
  [...text(from).matchAll(IMPORT)].map(([, typeOnly, named, dynamic]) => {
    const to = named ?? dynamic ?? "";
    return { from, to: to.startsWith(".") ? posix.join(posix.dirname(from), to) : to, typeOnly: typeOnly !== undefined };
  }),
);

/** The part of the house a source belongs to. */
function room(path: string): string {
  const [first, second, third] = path.split("/");
  if (first === "cli") return "cli";
  if (first !== "lib") return "nodes";
  return third === undefined ? "leaf" : (second ?? "");
}

/** Who may use whom. Every room may use itself and the leaves. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  nodes: ["runtime"],
  cli: ["engine"],
  runtime: ["engine"],
  engine: ["abiquo", "rules", "approval", "ledger"],
  abiquo: [],
  rules: [],
  approval: [],
  ledger: [],
  leaf: [],
};
/** Rooms that lie below, reachable through what the arrows name. */
function below(name: string): Set<string> {
  const reached = new Set([name, "leaf"]);
  for (const next of ARROWS[name] ?? []) for (const further of below(next)) reached.add(further);
  return reached;
}

describe("The house", () => {
  it("has no rooms but those of the plan", () => {
    assert.deepEqual(sources.filter((path) => ARROWS[room(path)] === undefined), []);
  });

  it("has arrows that run one way: nodes, runtime, engine (the command line too), and the four below that never know each other", () => {
    const wrong = imports.filter(({ from, to }) => sources.includes(to) && !below(room(from)).has(room(to)));
    assert.deepEqual(wrong.map(({ from, to }) => `${from} imports ${to}`), []);
  });

  it("knows Node-RED only in the node files and in runtime, and only its types", () => {
    const known = imports.filter(({ to }) => /^(@node-red|node-red)(\/|$)/.test(to));
    assert.deepEqual(known.filter(({ from }) => !["nodes", "runtime"].includes(room(from))), []);
    assert.deepEqual(known.filter(({ typeOnly }) => !typeOnly), []);
  });

  it("uses no package but its own dependencies, and each of them", () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { dependencies: object };
    const dependencies = Object.keys(manifest.dependencies);
    const used = imports.flatMap(({ to, typeOnly }) => {
      if (to.startsWith("node:") || builtinModules.includes(to) || to.endsWith(".ts") || /^(@node-red|node-red)/.test(to)) return [];
      const name = to.split("/").slice(0, to.startsWith("@") ? 2 : 1).join("/");
      return typeOnly && !dependencies.includes(name) ? [] : [name];
    });
    assert.deepEqual([...new Set(used)].filter((name) => !dependencies.includes(name)), []);
    assert.deepEqual(dependencies.filter((name) => !used.includes(name)), []);
  });

  it("keeps node files short, with their work in the library", () => {
    const long = sources.filter((path) => room(path) === "nodes" && text(path).split("\n").length > 120);
    assert.deepEqual(long, []);
  });

  it("names no machine's paths and no private registry in what is committed", () => {
    const listed = execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" }).split("\0").filter(Boolean);
    const homes = ["home", "root", "Users", "work", "mnt", "opt"].join("|");
    const suspicious = [
      new RegExp(`(?<![\\w.:/-])/(${homes})/[\\w.-]+/`),
      /[A-Z]:\\Users\\/,
      /https?:\/\/[^\s"'/]*(:4873|verdaccio|artifactory|nexus)/,
      /"resolved": "(?!https:\/\/registry\.npmjs\.org\/)/,
    ];
    const binary = /\.(png|jpg|ico|woff2?|tgz)$/;
    const found = listed
      .filter((path) => !binary.test(path) && path !== "test/package/house.spec.ts")
      .flatMap((path) => {
        let content: string;
        try {
          content = readFileSync(join(ROOT, path), "utf8");
        } catch {
          return []; // removed here, not yet committed
        }
        return content.split("\n").flatMap((line, at) =>
          suspicious.some((pattern) => pattern.test(line)) ? [`${path}:${at + 1}: ${line.trim().slice(0, 120)}`] : [],
        );
      });
    assert.deepEqual(found, []);
  });
});
