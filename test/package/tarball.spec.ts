import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { filesBelow, packedSize, unpackedTarball } from "./tarball.ts";

describe("The published tarball", () => {
  let folder: string;
  let files: string[];
  let types: string[];

  before(() => {
    folder = unpackedTarball();
    files = filesBelow(folder);
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { "node-red": { nodes: object } };
    types = Object.keys(manifest["node-red"].nodes);
  });

  it("holds program, dialog, texts and help of every node in both languages", () => {
    const wanted = types.flatMap((type) => [
      `dist/${type}.js`,
      `dist/${type}.html`,
      ...["en-US", "es-ES"].flatMap((language) => [`dist/locales/${language}/${type}.json`, `dist/locales/${language}/${type}.html`]),
    ]);
    assert.deepEqual(
      wanted.filter((path) => !files.includes(path)),
      [],
    );
  });

  it("holds the icon that each node names, 40 by 60 and white on transparent", () => {
    for (const type of types) {
      const icon = /\bicon: "([^"]+)"/.exec(readFileSync(join(folder, `dist/${type}.html`), "utf8"))?.[1];
      if (icon === undefined) continue;
      assert.equal(icon, `${type}.svg`);
      const svg = readFileSync(join(folder, "dist/icons", icon), "utf8");
      assert.match(svg, /width="40" height="60" viewBox="0 0 40 60"/);
      const colours = [...svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map(([, colour]) => colour);
      assert.deepEqual(
        colours.filter((colour) => colour !== "#fff" && colour !== "none"),
        [],
      );
    }
  });

  it("holds its commands, the simulator with its types, and the schema of the rules", () => {
    const { bin, exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      bin: Record<string, string>;
      exports: { "./harness": { types: string; default: string }; "./rules.schema.json": string };
    };
    assert.deepEqual(Object.keys(bin).sort(), ["abiquo-audit", "abiquo-rules", "abiquo-simulator", "abiquo-store"]);
    const { types: harness, default: program } = exports["./harness"];
    const wanted = [...Object.values(bin), harness, program, exports["./rules.schema.json"]];
    for (const path of wanted) assert.ok(files.includes(path.replace(/^\.\//, "")), `${path} is missing`);
    for (const path of Object.values(bin)) assert.match(readFileSync(join(folder, path), "utf8"), /^#!\/usr\/bin\/env node\n/);
  });

  it("holds all types that the simulator's lead to, and no others", () => {
    const found = new Set(["dist/harness/index.d.ts"]);
    for (const path of found) {
      for (const [, to = ""] of readFileSync(join(folder, path), "utf8").matchAll(/"(\.[^"]+)\.ts"/g)) {
        found.add(`${posix.join(posix.dirname(path), to)}.d.ts`);
      }
    }
    assert.deepEqual(
      files.filter((path) => path.endsWith(".d.ts")),
      [...found].sort(),
    );
  });

  it("holds programs whose names and lines a stack trace can give", () => {
    const program = readFileSync(join(folder, "dist/lib/base/fault.js"), "utf8");
    assert.match(program, /class Fault extends Error/);
    assert.ok(program.split("\n").length > 1);
    assert.ok(program.split("\n").every((line) => line.length < 500));
  });

  it("is at most 500 kB", () => {
    assert.ok(packedSize() <= 500_000, `${packedSize()} bytes`);
  });

  it("holds the examples", () => {
    assert.notEqual(files.filter((path) => /^examples\/.*\.json$/.test(path)).length, 0);
  });

  it("holds no sources, no tests and nothing else", () => {
    const strange = files.filter(
      (path) =>
        (/\.ts$/.test(path) && !/\.d\.ts$/.test(path)) ||
        /(^|\/)test\/|\.spec\./.test(path) ||
        !/^(dist\/|examples\/|README\.md$|CHANGELOG\.md$|LICENSE$|package\.json$)/.test(path),
    );
    assert.deepEqual(strange, []);
  });
});
