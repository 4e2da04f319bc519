import assert from "node:assert/strict";
import { equalJitter, exponential } from "../../../nodes/lib/base/backoff.ts";

describe("backoff", () => {
  it("doubles from the first pause to the longest", () => {
    const growth = { first: 100, longest: 1_000 };
    assert.deepEqual(
      [-1, 0, 1, 2, 3, 4, 5_000].map((doublings) => exponential(growth, doublings)),
      [100, 100, 200, 400, 800, 1_000, 1_000],
    );
  });

  it("has equal jitter: never less than half of the pause, never more than all of it", () => {
    assert.deepEqual(
      [0, 0.5, 0.999].map((random) => equalJitter(1_000, random)),
      [500, 750, 999.5],
    );
    const pauses = Array.from({ length: 200 }, () => equalJitter(1_000));
    assert.ok(pauses.every((pause) => pause >= 500 && pause < 1_000));
    assert.ok(new Set(pauses).size > 1);
  });
});
