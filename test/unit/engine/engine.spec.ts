import assert from "node:assert/strict";
import { join } from "node:path";
import { Engine } from "../../../nodes/lib/engine/index.ts";
import { error, ok, Workshop } from "./support.ts";

describe("the engine", () => {
  let shop: Workshop;

  beforeEach(async () => {
    shop = await Workshop.open();
  });
  afterEach(() => shop.close());

  it("lists tasks by stage, oldest first, as messages show them", async () => {
    await shop.receive("t1", "t2", "t3");
    shop.next(error(403, "403-FORBIDDEN"));
    await shop.answer("cancel", "t2");
    await shop.port.left.have(1);
    const listed = await shop.engine.list({ stages: ["received", "undeliverable"] });
    assert.deepEqual(
      listed.map(({ key }) => key.taskId),
      ["t1", "t2", "t3"],
    );
    const [waiting, refused] = listed;
    assert.equal(waiting?.entry.decision, undefined);
    assert.deepEqual([refused?.entry.decision?.action, refused?.entry.decision?.by, refused?.entry.answer], ["cancel", "Ana", undefined]);
    assert.ok(waiting?.entry.links.continue.startsWith(`${shop.client.base}/`));
    assert.equal((waiting?.payload as { taskId: string } | undefined)?.taskId, "t1");
    assert.deepEqual(await shop.at("undeliverable"), ["t2"]);
  });

  it("lists the tasks of one platform, as many as asked for", async () => {
    await shop.receive("t1", "t2", "t3");
    const stages = ["received"] as const;
    assert.equal((await shop.engine.list({ stages, limit: 2 })).length, 2);
    assert.equal((await shop.engine.list({ stages, api: shop.client.base })).length, 3);
    assert.equal((await shop.engine.list({ stages, api: "https://other.example.com/api" })).length, 0);
    assert.equal((await shop.engine.list({ stages, filter: "t3" })).length, 1);
  });

  it("takes a decision while no connection is attached, and delivers it once one is", async () => {
    await shop.receive("t1");
    shop.engine.disconnect(shop.connection);
    await shop.answer("continue", "t1");
    assert.deepEqual(await shop.at("decided"), ["t1"]);
    assert.deepEqual(shop.sent, []);
    await shop.engine.connect(shop.connection);
    assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
  });

  it("says why a ledger cannot be opened", async () => {
    const file = join("no", "such", "folder", "ledger.sqlite");
    await assert.rejects(Engine.open({ engine: "sqlite", file }, { settle: 60_000 }), { code: "LEDGER_UNAVAILABLE" });
  });

  it("closes in the middle of its work, and another one goes on", async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `t${index}`);
    await shop.receive(...ids);
    const gate = Promise.withResolvers<void>();
    shop.answering = () => gate.promise.then(() => ok);
    await shop.answer("continue", ids);
    await shop.requests.have(1);
    shop.answering = () => ok;
    await shop.restart();
    gate.resolve();
    const outcomes = await shop.port.outcomes(1);
    assert.deepEqual(
      outcomes,
      ids.map((id) => `${id} as asked: continued`),
    );
    assert.equal((await shop.at("delivered")).length, 20);
  });
});
