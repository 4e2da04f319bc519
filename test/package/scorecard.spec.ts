import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { literal, property, registrationsIn, scriptsOf, walk } from "./editor-source.ts";
import { filesBelow, ROOT, unpackedTarball } from "./tarball.ts";

interface Manifest {
  readonly name: string;
  readonly license?: string;
  readonly keywords?: readonly string[];
  readonly repository?: unknown;
  readonly bugs?: unknown;
  readonly engines: { readonly node: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly "node-red": { readonly version: string; readonly nodes: Readonly<Record<string, string>> };
}

const semver = createRequire(join(ROOT, "node_modules", "@node-red", "registry", "package.json"))("semver") as {
  satisfies(version: string, range: string): boolean;
};

describe("The package on the Flow Library's scorecard", () => {
  let folder: string;
  let manifest: Manifest;
  const entries = (): [type: string, html: string][] =>
    Object.entries(manifest["node-red"].nodes).map(([type, js]) => [type, readFileSync(join(folder, js.replace(".js", ".html")), "utf8")]);

  before(() => {
    folder = unpackedTarball();
    manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  });

  it("P01: names its license, and brings it along", () => {
    assert.equal(manifest.license, "Apache-2.0");
    assert.ok(existsSync(join(folder, "LICENSE")));
  });

  it("P03: says where its source and its issues are", () => {
    assert.ok(manifest.repository);
    assert.ok(manifest.bugs);
  });

  it("P04: has a scoped name", () => {
    assert.match(manifest.name, /^@[a-z-]+\/node-red-[a-z-]+$/);
  });

  it("P05: has the keyword node-red", () => {
    assert.ok(manifest.keywords?.includes("node-red"));
  });

  it("P06: works with Node-RED 4.1 and 5.0, and sets no upper bound", () => {
    const range = manifest["node-red"].version;
    const installed = ["node-red", "node-red-4"].map((name) => {
      const text = readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8");
      return (JSON.parse(text) as { version: string }).version;
    });
    for (const version of ["4.1.0", "5.0.0", "9.0.0", ...installed]) assert.ok(semver.satisfies(version, range), version);
    assert.ok(!semver.satisfies("4.0.9", range));
  });

  it("P07: takes the oldest Node.js that Node-RED 5 takes", () => {
    assert.ok(semver.satisfies("22.9.0", manifest.engines.node));
  });

  it("D01: has at most six dependencies", () => {
    assert.ok(Object.keys(manifest.dependencies ?? {}).length <= 6);
  });

  it("N01: prefixes every node type, and names files and node sets like it", () => {
    for (const [type, js] of Object.entries(manifest["node-red"].nodes)) {
      assert.match(type, /^abiquo-[a-z-]+$/);
      assert.equal(js, `dist/${type}.js`);
    }
  });

  it("N02: shows every node in an example", () => {
    const examples = filesBelow(folder).filter((path) => /^examples\/.*\.json$/.test(path));
    assert.notEqual(examples.length, 0, "there are no examples");
    const used = new Set(
      examples.flatMap((path) => {
        const flow: unknown = JSON.parse(readFileSync(join(folder, path), "utf8"));
        assert.ok(Array.isArray(flow), `${path} is not an array`);
        return flow.map(({ type }: { type: string }) => type);
      }),
    );
    const missing = entries().flatMap(([type, html]) => {
      const category = literal(property(registrationsIn(html)[0]!.definition, "category"));
      return category === "config" || used.has(type) ? [] : [type];
    });
    assert.deepEqual(missing, []);
  });

  it("has editor code that the scorecard's parser can read", () => {
    for (const [type, html] of entries()) {
      assert.doesNotMatch(html, /<script[^>]*\ssrc=/, `${type} loads a script from elsewhere`);
      assert.equal(scriptsOf(html).length, 1, `${type} has one script`);
      const registrations = registrationsIn(html);
      assert.deepEqual(
        registrations.map((found) => found.type),
        [type],
      );
      const { definition } = registrations[0]!;
      for (const part of walk(definition)) assert.notEqual(part.type, "SpreadElement", `${type} spreads in its definition`);
      const category = literal(property(definition, "category"));
      assert.ok(category === "config" || category === "Abiquo", `${type} is in category ${String(category)}`);
    }
  });
});
