import assert from "node:assert/strict";
import type { Observation } from "../../../nodes/lib/engine/index.ts";
import { error, ok, Workshop } from "./support.ts";

/** What is to be seen of it here: what kind, about which task, and what came of it. */
function brief(observation: Observation): string {
  switch (observation.kind) {
    case "received":
      return `received ${observation.taskIds.join("+")}, known ${observation.known}`;
    case "decided":
      return `decided ${observation.key.taskId}: ${observation.action} by ${observation.by} after ${Math.round(observation.ms)} ms`;
    case "retry":
      return `retry ${observation.key.taskId} after attempt ${observation.attempts}: ${observation.fault.code}`;
    case "settled":
      return `settled ${observation.key.taskId}: ${observation.outcome} after ${Math.round(observation.ms)} ms`;
    default:
      return observation.kind;
  }
}

describe("who observes the engine", () => {
  let shop: Workshop;
  beforeEach(async () => {
    shop = await Workshop.open();
  });
  afterEach(() => shop.close());

  it("hears of receipt, decision, each attempt that failed, and the end, with how long each took", async () => {
    await shop.receive("t1");
    await shop.receive("t1");
    shop.clock.advance(5_000);
    shop.next({ status: 503, body: "<html></html>" }, ok);
    await shop.answer("continue", "t1");
    const [wait = 0] = await shop.clock.waits.have(1);
    shop.clock.advance(wait);
    await shop.port.outcomes(1);
    assert.deepEqual(shop.observed.all.map(brief), [
      "received t1, known 0",
      "received , known 1",
      "decided t1: continue by Ana after 5000 ms",
      "retry t1 after attempt 1: ABIQUO_FAILED",
      `settled t1: continued after ${Math.round(wait)} ms`,
    ]);
  });

  it("hears of an answer that Abiquo refuses, with the reason", async () => {
    await shop.receive("t1");
    shop.next(error(403, "AUTH-3"));
    await shop.answer("cancel", "t1");
    await shop.port.outcomes(1);
    const end = shop.observed.all.at(-1);
    assert.equal(end === undefined ? "" : brief(end), "settled t1: refused after 0 ms");
    assert.ok(end?.kind === "settled" && end.fault !== undefined);
  });

  it("does not hear of a decision that was made before", async () => {
    await shop.receive("t1");
    await shop.answer("continue", "t1");
    await shop.port.outcomes(1);
    await shop.answer("cancel", "t1");
    await shop.port.outcomes(2);
    assert.equal(shop.observed.all.filter(({ kind }) => kind === "decided").length, 1);
  });
});
