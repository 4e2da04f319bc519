import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { evidenceTables } from "../../harness/api/evidence.ts";

describe("Documentation of the simulated Abiquo", () => {
  it("holds the tables that its code makes (npm run docs)", () => {
    const text = readFileSync(join(process.cwd(), "docs/simulator.md"), "utf8");
    assert.ok(text.includes(`<!-- tables: begin -->\n${evidenceTables()}\n<!-- tables: end -->`));
  });
});
