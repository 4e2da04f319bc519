import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { picture } from "../../scripts/architecture.ts";
import { ARROWS, folderOf, importsOf, isPackage, roomOf, sources, textOf, within } from "../../scripts/house.ts";
import { ROOT } from "./tarball.ts";

const imports = sources.flatMap(importsOf);

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}

describe("The house", () => {
  it("has no rooms but those of the plan", () => {
    assert.deepEqual(
      sources.filter((path) => ARROWS[roomOf(path)] === undefined),
      [],
    );
  });

  it("has arrows that run one way: from nodes and dialogs down, and none between those that lie side by side", () => {
    const wrong = imports.filter(({ from, to }) => sources.includes(to) && !within(roomOf(from)).has(roomOf(to)));
    assert.deepEqual(
      wrong.map(({ from, to }) => `${from} imports ${to}`),
      [],
    );
  });

  it("is drawn as it is: npm run architecture", () => {
    assert.equal(readFileSync(join(ROOT, "docs", "architecture.svg"), "utf8"), picture());
  });

  it("keeps the folder of each node free of the others", () => {
    const wrong = imports.filter(({ from, to }) => folderOf(to) !== undefined && sources.includes(to) && folderOf(from) !== folderOf(to));
    assert.deepEqual(
      wrong.map(({ from, to }) => `${from} imports ${to}`),
      [],
    );
  });

  it("has no sources that need each other", () => {
    const needs = new Map(
      sources.map((path) => [
        path,
        imports.filter(({ from, to, typeOnly }) => from === path && !typeOnly && sources.includes(to)).map(({ to }) => to),
      ]),
    );
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(" > "));
      else if (!done.has(path)) for (const next of needs.get(path) ?? []) visit(next, [...way, path]);
      done.add(path);
    };
    for (const path of sources) visit(path, []);
    assert.deepEqual(circles, []);
  });

  it("knows Node-RED only in the folders of nodes and in the room that is named for it, and only its types", () => {
    const known = imports.filter(({ to }) => /^(@node-red|node-red)(\/|$)/.test(to));
    assert.deepEqual(
      known.filter(({ from }) => !["node", "node-red"].includes(roomOf(from))),
      [],
    );
    assert.deepEqual(
      known.filter(({ typeOnly }) => !typeOnly),
      [],
    );
  });

  it("asks nothing of Node.js in what judges for dialogs, which is loaded by browsers", () => {
    const judges = ["lib/base/settings.ts", "lib/rules/settings.ts", "lib/approval/settings.ts"];
    const loaded = new Set<string>();
    const load = (path: string): void => {
      if (loaded.has(path)) return;
      loaded.add(path);
      for (const { from, to, typeOnly } of imports) if (from === path && !typeOnly && sources.includes(to)) load(to);
    };
    for (const path of [...judges, ...sources.filter((source) => ["dialog", "editor"].includes(roomOf(source)))]) load(path);
    assert.deepEqual(
      imports
        .filter(({ from, to, typeOnly }) => loaded.has(from) && !typeOnly && !sources.includes(to) && to !== "jsonata")
        .map(({ from, to }) => `${from} imports ${to}`),
      [],
    );
    assert.deepEqual(
      [...loaded].filter((path) =>
        /\b(process|Buffer|global|__dirname)\.|\b(URL\.parse|Map\.groupBy|Promise\.try)\(/.test(withoutComments(textOf(path))),
      ),
      [],
    );
  });

  it("reads the clock in one place only, so that specs can turn it", () => {
    const reads =
      /\bDate\.now\b|\bnew Date\(\)|\bDate\(\)|\bperformance\.|\bset(Timeout|Interval)\b|timers\/promises|\bhrtime\b|AbortSignal\.timeout/;
    // Dialogs have the browser's clock, and no spec that turns it.
    const bound = sources.filter((path) => path !== "lib/base/clock.ts" && !["dialog", "editor"].includes(roomOf(path)));
    assert.deepEqual(
      bound.filter((path) => reads.test(withoutComments(textOf(path)))),
      [],
    );
  });

  it("uses no package but its own dependencies, and each of them", () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { dependencies: object };
    const dependencies = Object.keys(manifest.dependencies);
    const used = imports.flatMap((each) => {
      const { to, typeOnly } = each;
      if (!isPackage(each) || /^(@node-red|node-red)/.test(to)) return [];
      const name = to
        .split("/")
        .slice(0, to.startsWith("@") ? 2 : 1)
        .join("/");
      return typeOnly && !dependencies.includes(name) ? [] : [name];
    });
    assert.deepEqual(
      [...new Set(used)].filter((name) => !dependencies.includes(name)),
      [],
    );
    assert.deepEqual(
      dependencies.filter((name) => !used.includes(name)),
      [],
    );
  });

  it("keeps registrations short, with their work beside them", () => {
    const long = sources.filter((path) => /\/index\.ts$/.test(path) && roomOf(path) === "node" && textOf(path).split("\n").length > 120);
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
        return content
          .split("\n")
          .flatMap((line, at) =>
            suspicious.some((pattern) => pattern.test(line)) ? [`${path}:${at + 1}: ${line.trim().slice(0, 120)}`] : [],
          );
      });
    assert.deepEqual(found, []);
  });
});
