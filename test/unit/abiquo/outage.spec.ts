import assert from "node:assert/strict";
import { Outage } from "../../../nodes/lib/abiquo/outage.ts";

describe("an outage", () => {
  it("is told once, when it has lasted half a minute", () => {
    const outage = new Outage();
    assert.deepEqual(
      [0, 10_000, 29_999, 30_000, 60_000, 900_000].map((now) => outage.failed(now)),
      [false, false, false, true, false, false],
    );
  });

  it("is told anew after an answer came in between, and not for failures with answers between them", () => {
    const outage = new Outage();
    for (const now of [0, 40_000, 80_000]) {
      assert.equal(outage.failed(now), false);
      outage.answered();
    }
    assert.deepEqual(
      [100_000, 130_000, 140_000].map((now) => outage.failed(now)),
      [false, true, false],
    );
    outage.answered();
    assert.deepEqual(
      [200_000, 230_000].map((now) => outage.failed(now)),
      [false, true],
    );
  });
});
