import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./tarball.ts";

interface Fresh {
  readonly STAMP: string;
  sourcesNow(): string;
  isFresh(): boolean;
}

describe("What is built", () => {
  let folder: string;
  let fresh: Fresh;
  const at = (path: string): string => join(folder, path);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "fresh-build-"));
    for (const path of ["icons", "nodes/config", "scripts", "test/harness", "dist"]) mkdirSync(at(path), { recursive: true });
    for (const path of [
      "package.json",
      "package-lock.json",
      "tsconfig.json",
      "scripts/build.mjs",
      "scripts/lean.mjs",
      "nodes/config/index.ts",
      "icons/a.svg",
    ])
      writeFileSync(at(path), "0");
    copyFileSync(join(ROOT, "scripts", "fresh.mjs"), at("scripts/fresh.mjs"));
    fresh = (await import(pathToFileURL(at("scripts/fresh.mjs")).href)) as Fresh;
    writeFileSync(join(at("dist"), fresh.STAMP), fresh.sourcesNow());
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is fresh as long as nothing that it was made of changes", () => {
    writeFileSync(at("test/some.spec.ts"), "not built");
    assert.equal(fresh.isFresh(), true);
  });

  const changes: Record<string, () => void> = {
    "a source is longer": () => writeFileSync(at("nodes/config/index.ts"), "00"),
    "a source is older, as a checkout may bring it": () => utimesSync(at("nodes/config/index.ts"), 1, 1),
    "a source is new": () => writeFileSync(at("test/harness/index.ts"), ""),
    "a source is gone": () => rmSync(at("icons/a.svg")),
    "the way to build is another": () => writeFileSync(at("scripts/build.mjs"), "another"),
    "it was never built": () => rmSync(at("dist"), { recursive: true }),
  };
  for (const [name, change] of Object.entries(changes)) {
    it(`is stale when ${name}`, () => {
      change();
      assert.equal(fresh.isFresh(), false);
    });
  }
});
