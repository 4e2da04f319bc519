import assert from "node:assert/strict";
import type { OpenTask } from "../../../nodes/lib/ledger/index.ts";
import { ask, type Desk, MINUTE, openWithDesk } from "./approvals-support.ts";
import { error, failed, isAnswer, notWaiting, taskIn, unknownTask, type Workshop } from "./support.ts";

describe("what was decided elsewhere", () => {
  let shop: Workshop;
  let desk: Desk;

  beforeEach(async () => {
    ({ shop, desk } = await openWithDesk());
  });
  afterEach(() => shop.close());

  const open = async (): Promise<readonly OpenTask[]> => (await shop.engine.ledger.openTasks(shop.client.base)).rows;
  const check = async (): Promise<string[]> => {
    const settled = await shop.engine.elsewhere.check(shop.connection, await open());
    return settled.map(({ taskId, found }) => `${taskId} ${found}`);
  };
  const asked = async (...ids: string[]): Promise<void> => {
    await shop.receive(...ids);
    await ask(shop, ids);
    await desk.told.have(ids.length);
  };

  it("leaves alone what still waits in Abiquo", async () => {
    await asked("t1");
    assert.deepEqual(await check(), []);
    assert.deepEqual(await shop.at("asked"), ["t1"]);
  });

  for (const [state, action, outcome] of [
    ["CANCELLED", "cancel", "already-cancelled"],
    ["PENDING", "continue", "already-continued"],
    ["STARTED", "continue", "already-continued"],
    ["FINISHED_SUCCESSFULLY", "continue", "already-continued"],
    ["FINISHED_UNSUCCESSFULLY", "continue", "already-continued"],
    ["ACK_ERROR", "continue", "already-continued"],
  ] as const) {
    it(`withdraws the approval of a task that is ${state}, tells its people, and says that Abiquo decided`, async () => {
      await asked("t1");
      shop.answering = taskIn(state);
      assert.deepEqual(await check(), ["t1 elsewhere"]);
      const [left] = await desk.left.have(1);
      assert.equal(left?.port, "withdrawn");
      const [entry] = left?.entries ?? [];
      assert.deepEqual([entry?.decision?.action, entry?.decision?.by, entry?.answer?.outcome], [action, "Abiquo", outcome]);
      const [first, ...withdrawn] = await desk.lines(3);
      assert.equal(first, "asked mia@example.com");
      assert.deepEqual(withdrawn.toSorted(), ["withdrawn mia@example.com", "withdrawn requester@example.com"]);
      assert.deepEqual(await shop.at("elsewhere"), ["t1"]);
    });
  }

  it("is settled once by two who find it at the same time", async () => {
    await asked("t1");
    shop.answering = taskIn("CANCELLED");
    const both = await Promise.all([check(), check()]);
    assert.deepEqual(both.flat(), ["t1 elsewhere"]);
    await desk.left.have(1);
    assert.equal(desk.left.all.length, 1);
  });

  it("of a task that Abiquo no longer knows is its end, though nobody knows which", async () => {
    await asked("t1");
    shop.clock.advance(MINUTE);
    shop.answering = () => unknownTask;
    assert.deepEqual(await check(), ["t1 gone"]);
    const [left] = await desk.left.have(1);
    assert.deepEqual([left?.port, left?.entries[0]?.decision, left?.entries[0]?.answer?.outcome], ["withdrawn", undefined, "gone"]);
    assert.deepEqual(await shop.at("gone"), ["t1"]);
  });

  for (const by of [0, 3_600_000]) {
    it(`is not believed of a task that came less than a minute ago, though the clock was set by ${by / MINUTE} minutes`, async () => {
      await shop.receive("t1");
      shop.clock.advance(MINUTE - 1);
      shop.clock.set(by);
      shop.answering = () => unknownTask;
      assert.deepEqual(await check(), []);
      shop.clock.advance(1);
      assert.deepEqual(await check(), ["t1 gone"]);
    });
  }

  it("is told to a flow that decides afterwards, without asking Abiquo again", async () => {
    await shop.receive("t1", "t2");
    shop.answering = taskIn("CANCELLED");
    await check();
    await shop.answer("cancel", "t1");
    await shop.answer("continue", "t2");
    assert.deepEqual(await shop.port.outcomes(2), ["t1 as asked: already-cancelled", "t2 not as asked: already-cancelled"]);
    assert.deepEqual(shop.sent, []);
  });

  it("is left to whoever delivers our own answer, so that its outcome comes once", async () => {
    await shop.receive("t1");
    assert.deepEqual(await check(), []);
    const taken = Promise.withResolvers<void>();
    shop.answering = (request) => (isAnswer(request) ? taken.promise.then(() => notWaiting) : taskIn("CANCELLED")(request));
    const tasks = await open();
    await shop.answer("continue", "t1");
    assert.deepEqual(await open(), []);
    assert.deepEqual(await shop.engine.elsewhere.check(shop.connection, tasks), []);
    taken.resolve();
    assert.deepEqual(await shop.port.outcomes(1), ["t1 not as asked: already-cancelled"]);
    assert.equal(shop.port.left.all.length, 1);
  });

  it("ends an answer that Abiquo refused", async () => {
    await shop.receive("t1");
    shop.next(error(403, "403-FORBIDDEN"));
    await shop.answer("continue", "t1");
    await shop.port.left.have(1);
    assert.deepEqual(await shop.at("undeliverable"), ["t1"]);
    shop.answering = taskIn("CANCELLED");
    assert.deepEqual(await check(), ["t1 elsewhere"]);
    assert.deepEqual(await shop.at("elsewhere"), ["t1"]);
    await shop.answer("continue", "t1");
    assert.equal((await shop.port.outcomes(2))[1], "t1 not as asked: already-cancelled");
    assert.equal(shop.sent.length, 1);
  });

  it("is no news while Abiquo does not answer, or does not let the task be read", async () => {
    await shop.receive("t1");
    shop.answering = () => failed;
    await assert.rejects(check(), { code: "ABIQUO_FAILED" });
    shop.answering = () => error(403, "403-FORBIDDEN");
    assert.deepEqual(await check(), []);
    assert.deepEqual(await shop.at("received"), ["t1"]);
  });

  it("leaves a group open while one of its tasks waits", async () => {
    await shop.receive("t1", "t2");
    await ask(shop, ["t1", "t2"], { scope: "group" });
    await desk.told.have(1);
    shop.answering = (request) => taskIn(request.url.endsWith("/t1") ? "CANCELLED" : "QUEUEING")(request);
    assert.deepEqual(await check(), ["t1 elsewhere"]);
    assert.equal(desk.left.all.length, 0);
    shop.answering = taskIn("PENDING");
    assert.deepEqual(await check(), ["t2 elsewhere"]);
    const [left] = await desk.left.have(1);
    assert.deepEqual(
      left?.entries.map(({ decision }) => decision?.action),
      ["cancel", "continue"],
    );
  });
});
