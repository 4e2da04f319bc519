import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { harnessApi } from "../../scripts/harness-api.ts";
import { evidenceTables } from "../harness/api/evidence.ts";
import { ROOT } from "./tarball.ts";

describe("The documentation", () => {
  const page = (file: string): string => readFileSync(join(ROOT, "docs", file), "utf8");

  it("of the simulated Abiquo holds the tables that its code makes (npm run docs)", () => {
    assert.ok(page("simulator.md").includes(`<!-- tables: begin -->\n${evidenceTables()}\n<!-- tables: end -->`));
  });

  it("of the harness holds the declarations that it exports (npm run docs)", () => {
    assert.ok(page("harness.md").includes(`<!-- api: begin -->\n${harnessApi()}\n<!-- api: end -->`));
  });
});
