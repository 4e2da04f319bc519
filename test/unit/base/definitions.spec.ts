import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MIGRATIONS, type Migrations, migrated, versionOf } from "../../../nodes/lib/base/definitions.ts";

/** A made-up type, whose minutes became seconds and whose list became text since. */
const STEPS: Migrations = {
  timer: [
    ({ minutes, ...rest }) => ({ ...rest, seconds: Number(minutes) * 60 }),
    ({ days, ...rest }) => ({ ...rest, days: (days as string[]).join(",") }),
  ],
  plain: [],
};

const OLD = Object.freeze({ id: "1", type: "timer", minutes: 2, days: ["mon", "tue"] });

describe("the definition of a node", () => {
  it("of 0.1.0, which has no version, is brought forward step by step", () => {
    assert.deepEqual(migrated("timer", OLD, STEPS), { id: "1", type: "timer", seconds: 120, days: "mon,tue", version: 3 });
  });

  it("is brought forward from the version it has", () => {
    const second = { id: "1", type: "timer", seconds: 5, days: ["wed"], version: 2 };
    assert.deepEqual(migrated("timer", second, STEPS), { id: "1", type: "timer", seconds: 5, days: "wed", version: 3 });
  });

  it("of the present version is left as it is, with its version or without", () => {
    const third = Object.freeze({ id: "1", type: "timer", seconds: 5, days: "wed", version: 3 });
    assert.equal(migrated("timer", third, STEPS), third);
    const plain = Object.freeze({ id: "2", type: "plain", name: "" });
    assert.equal(migrated("plain", plain, STEPS), plain);
  });

  it("has a version as a number or as the text of an editor's field", () => {
    const second = { id: "1", type: "timer", seconds: 5, days: ["wed"], version: "2" };
    assert.equal(migrated("timer", second, STEPS)["seconds"], 5);
  });

  it("of a newer version is refused", () => {
    assert.throws(() => migrated("timer", { ...OLD, version: 4 }, STEPS), { code: "NODE_NEWER" });
    assert.throws(() => migrated("plain", { version: 2 }, STEPS), { code: "NODE_NEWER" });
  });

  for (const version of [0, -1, 1.5, "one", "", null, true, {}]) {
    it(`is refused with the version ${JSON.stringify(version)}`, () => {
      assert.throws(() => migrated("timer", { ...OLD, version }, STEPS), { code: "CONFIG_INVALID", params: { property: "version" } });
    });
  }

  it("of every type of the palette has a version", () => {
    const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8")) as {
      "node-red": { nodes: object };
    };
    assert.deepEqual(Object.keys(MIGRATIONS).sort(), Object.keys(manifest["node-red"].nodes).sort());
    for (const [type, steps] of Object.entries(MIGRATIONS)) assert.equal(versionOf(type), steps.length + 1);
  });
});
