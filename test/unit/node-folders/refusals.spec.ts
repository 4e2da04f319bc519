import assert from "node:assert/strict";
import { Refusals } from "../../../nodes/webhook-in/refusals.ts";
import { StillClock } from "../engine/support.ts";

describe("calls that a webhook refuses", () => {
  it("are told once a minute, counted by status, and not at all while there are none", () => {
    const clock = new StillClock();
    const told: string[] = [];
    const refusals = new Refusals((count, statuses) => told.push(`${count} (${statuses})`), clock);
    clock.advance(120_000);
    for (let call = 0; call < 50; call++) refusals.add(401);
    refusals.add(403);
    clock.advance(59_999);
    assert.deepEqual(told, []);
    clock.advance(1);
    assert.deepEqual(told, ["51 (401: 50, 403: 1)"]);
    clock.advance(600_000);
    refusals.add(429);
    refusals.flush();
    clock.advance(600_000);
    assert.deepEqual(told, ["51 (401: 50, 403: 1)", "1 (429: 1)"]);
  });
});
