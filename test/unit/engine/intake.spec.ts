import assert from "node:assert/strict";
import { type AbiquoClient, taskFromDto } from "../../../nodes/lib/abiquo/index.ts";
import type { Fault } from "../../../nodes/lib/base/fault.ts";
import type { Arrival } from "../../../nodes/lib/engine/index.ts";
import { taskDto } from "../abiquo/support.ts";
import { DECISION, error, failed, HOOK, idIn, taskIn, unknownTask, Workshop } from "./support.ts";

describe("the intake", () => {
  let shop: Workshop;

  beforeEach(async () => {
    shop = await Workshop.open();
  });
  afterEach(() => shop.close());

  const ids = (arrivals: readonly Arrival[]): string[] => arrivals.map(({ key }) => key.taskId);
  const unsettled = (): Promise<Arrival[]> => shop.engine.intake.unsettled(HOOK, "connection");
  const emit = (arrivals: readonly Arrival[]): void => arrivals.forEach(({ key }) => shop.engine.intake.emitted(key));

  it("takes the tasks of one webhook as a group, in their order", async () => {
    const arrivals = await shop.receive("t1", "t2");
    assert.deepEqual(ids(arrivals), ["t1", "t2"]);
    assert.deepEqual(
      arrivals.map(({ index, abiquo: { group } }) => [index, group.count]),
      [
        [0, 2],
        [1, 2],
      ],
    );
    assert.equal(arrivals[0]?.abiquo.group.id, arrivals[1]?.abiquo.group.id);
    assert.deepEqual([arrivals[0]?.abiquo.connection, arrivals[0]?.abiquo.redelivered], ["connection", undefined]);
    assert.equal(arrivals[0]?.payload["taskId"], "t1");
    assert.deepEqual(await shop.at("received"), ["t1", "t2"]);
  });

  it("counts what it knows already, and hands over the rest", async () => {
    await shop.receive("t1", "t2");
    const { arrivals, known } = await shop.post(["t2", "t3"]);
    assert.deepEqual([ids(arrivals), known], [["t3"], 1]);
    assert.deepEqual((await shop.post(["t1", "t2", "t3"])).known, 3);
  });

  it("takes a task once however many webhooks bring it at the same time", async () => {
    const receipts = await Promise.all(Array.from({ length: 20 }, () => shop.post(["t1"])));
    assert.equal(receipts.filter(({ arrivals }) => arrivals.length === 1).length, 1);
  });

  describe("of a task that a sweep found", () => {
    const found = (...ids: string[]) => ids.map((id) => taskFromDto(taskDto(id), shop.client.base));

    it("says that it is adopted, each a group of its own, after a kill as well", async () => {
      const arrivals = await shop.engine.intake.adopt(HOOK, shop.connection, found("t1", "t2"));
      const marks = (all: readonly Arrival[]) => all.map(({ abiquo: { adopted, group, redelivered } }) => [adopted, group, redelivered]);
      assert.deepEqual(marks(arrivals), [
        [true, { id: "t1", count: 1 }, undefined],
        [true, { id: "t2", count: 1 }, undefined],
      ]);
      await shop.restart();
      assert.deepEqual(marks(await unsettled()), [
        [true, { id: "t1", count: 1 }, true],
        [true, { id: "t2", count: 1 }, true],
      ]);
    });

    it("leaves it to the webhook that came in the meantime", async () => {
      await shop.receive("t1");
      assert.deepEqual(ids(await shop.engine.intake.adopt(HOOK, shop.connection, found("t1", "t2"))), ["t2"]);
      assert.equal((await shop.post(["t1", "t2"])).known, 2);
      const again = await unsettled();
      assert.deepEqual(
        again.map(({ key, abiquo: { adopted } }) => [key.taskId, adopted]),
        [
          ["t1", undefined],
          ["t2", true],
        ],
      );
    });
  });

  describe("after a stop", () => {
    it("gives the flow again what came to no checkpoint, flagged, as the groups they were", async () => {
      const before = await shop.receive("t1", "t2");
      emit(before);
      await shop.restart();
      const again = await unsettled();
      assert.deepEqual(
        again.map(({ abiquo: { redelivered, group } }) => [redelivered, group]),
        before.map(({ abiquo: { group } }) => [true, group]),
      );
      assert.deepEqual(
        again.map(({ payload }) => payload),
        before.map(({ payload }) => payload),
      );
    });

    it("gives again what was never emitted, too", async () => {
      await shop.receive("t1");
      await shop.restart();
      assert.deepEqual(ids(await unsettled()), ["t1"]);
    });

    it("says which connection the node has now", async () => {
      await shop.receive("t1");
      const [arrival] = await shop.engine.intake.unsettled(HOOK, "another");
      assert.equal(arrival?.abiquo.connection, "another");
    });

    it("does not give one node's tasks to another", async () => {
      await shop.receive("t1");
      assert.deepEqual(await shop.engine.intake.unsettled("another webhook", "connection"), []);
    });

    it("gives no task again that was decided", async () => {
      emit(await shop.receive("t1", "t2"));
      shop.next(failed);
      await shop.answer("continue", "t1");
      await shop.restart();
      assert.deepEqual(ids(await unsettled()), ["t2"]);
    });
  });

  describe("once the settling time has passed", () => {
    /** Writes are done in order, so what was asked for before this one is on disk after it. */
    const written = async (): Promise<void> => {
      await shop.engine.ledger.note({ api: shop.client.base, taskId: "t1", at: shop.clock.now(), event: "seen", actor: "" });
    };

    it("counts a task as held by the flow: listed as held, not emitted again", async () => {
      emit(await shop.receive("t1"));
      shop.clock.advance(59_000);
      await written();
      assert.deepEqual(await shop.at("received"), ["t1"]);
      shop.clock.advance(1_000);
      await written();
      assert.deepEqual(await shop.at("held"), ["t1"]);
      await shop.restart();
      assert.deepEqual(await unsettled(), []);
    });

    for (const by of [-3_600_000, 3_600_000]) {
      it(`counts the time that has passed, although the clock was set by ${by / 60_000} minutes`, async () => {
        emit(await shop.receive("t1"));
        shop.clock.set(by);
        shop.clock.advance(59_000);
        await written();
        assert.deepEqual(await shop.at("received"), ["t1"]);
        shop.clock.advance(1_000);
        await written();
        assert.deepEqual(await shop.at("held"), ["t1"]);
      });
    }

    it("counts from the last emission", async () => {
      const arrivals = await shop.receive("t1");
      emit(arrivals);
      shop.clock.advance(30_000);
      emit(arrivals);
      shop.clock.advance(59_000);
      await written();
      assert.deepEqual(await shop.at("received"), ["t1"]);
      shop.clock.advance(1_000);
      await written();
      assert.deepEqual(await shop.at("held"), ["t1"]);
    });

    it("holds nothing that was not emitted, or was decided meanwhile", async () => {
      const [first, second] = await shop.receive("t1", "t2");
      if (second !== undefined) emit([second]);
      await shop.answer("cancel", "t2");
      await shop.port.left.have(1);
      shop.clock.advance(120_000);
      await written();
      assert.deepEqual([await shop.at("received"), await shop.at("held"), await shop.at("delivered")], [[first?.key.taskId], [], ["t2"]]);
    });

    it("lets a held task be decided, and gives its decision's author", async () => {
      emit(await shop.receive("t1"));
      shop.clock.advance(60_000);
      await written();
      await shop.answer("continue", "t1");
      await shop.port.left.have(1);
      const [listed] = await shop.engine.list({ stages: ["delivered"] });
      assert.equal(listed?.entry.decision?.by, DECISION.by);
    });
  });

  describe("reading a task back from Abiquo", () => {
    const stop = new AbortController();
    let arrival: Arrival;

    beforeEach(async () => {
      arrival = (await shop.receive("t1"))[0] as Arrival;
    });

    /** What is handed on, in the batches in which it is; rejects with what is given up. */
    async function verify(
      arrivals: readonly Arrival[] = [arrival],
      signal = stop.signal,
      connection = shop.connection,
    ): Promise<(readonly Arrival[])[]> {
      const batches: (readonly Arrival[])[] = [];
      const faults: Fault[] = [];
      for await (const batch of shop.engine.intake.verified(arrivals, connection, signal, (fault) => faults.push(fault)))
        batches.push(batch);
      if (faults[0] !== undefined) throw faults[0];
      return batches;
    }

    it("says what Abiquo has, not what the webhook said", async () => {
      shop.next(() => ({ headers: { "Content-Type": "application/json" }, body: taskDto("t1", { ownerId: "as Abiquo has it" }) }));
      const [[task] = []] = await verify();
      assert.equal(task?.abiquo.task?.taskId, "t1");
      assert.equal(task?.payload["ownerId"], "as Abiquo has it");
      assert.equal(shop.requests.all[0]?.request.method, "GET");
    });

    it("says nothing of a task that no longer waits, which the ledger then knows", async () => {
      shop.next(taskIn("CANCELLED"));
      assert.deepEqual(await verify(), []);
      assert.deepEqual(await shop.at("elsewhere"), ["t1"]);
    });

    it("gives up on what Abiquo shows as no task at all, instead of looking for ever", async () => {
      shop.answering = () => ({ headers: { "Content-Type": "application/json" }, body: taskDto("t1", { taskId: "", type: "" }) });
      await assert.rejects(verify(), { code: "ABIQUO_BAD_TASK" });
      assert.equal(shop.requests.all.length, 1);
    });

    it("keeps no task back for another that Abiquo does not know, and hands that one on by itself once it does", async () => {
      const arrivals = await shop.receive("a", "b", "c");
      const unknown = new Set(["b"]);
      shop.answering = (request) => (unknown.has(idIn(request)) ? unknownTask : taskIn("QUEUEING")(request));
      const batches = shop.engine.intake.verified(arrivals, shop.connection, stop.signal, () => assert.fail());
      assert.deepEqual(ids((await batches.next()).value ?? []), ["a", "c"]);
      const later = batches.next();
      await shop.clock.waits.have(1);
      unknown.clear();
      shop.clock.advance(2_000);
      assert.deepEqual(ids((await later).value ?? []), ["b"]);
      assert.equal((await batches.next()).done, true);
      assert.equal(shop.requests.all.length, 4);
    });

    it("asks again for a minute while Abiquo does not show the task", async () => {
      shop.next(unknownTask, unknownTask);
      const verifying = verify();
      for (let count = 1; count <= 2; count++) {
        assert.equal((await shop.clock.waits.have(count)).at(-1), 2_000);
        shop.clock.advance(2_000);
      }
      assert.deepEqual((await verifying).map(ids), [["t1"]]);
    });

    it("gives up after that, and calls the task gone", async () => {
      shop.answering = () => unknownTask;
      const verifying = assert.rejects(verify(), { code: "TASK_UNKNOWN" });
      for (let count = 1; count <= 30; count++) {
        await shop.clock.waits.have(count);
        shop.clock.advance(2_000);
      }
      await verifying;
      assert.deepEqual(await shop.at("gone"), ["t1"]);
    });

    it("waits, longer each time, while Abiquo cannot be asked", async () => {
      shop.answering = () => failed;
      const verifying = verify();
      for (const [index, wait] of [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000].entries()) {
        assert.equal((await shop.clock.waits.have(index + 1)).at(-1), wait);
        shop.answering = index < 6 ? () => failed : taskIn("QUEUEING");
        shop.clock.advance(wait);
      }
      assert.deepEqual((await verifying).map(ids), [["t1"]]);
    });

    it("waits while the credentials are refused, without asking again, and goes on once they work", async () => {
      shop.next(error(401, "401-UNAUTHORIZED"));
      const verifying = verify();
      await shop.clock.waits.have(1);
      shop.clock.advance(2_000);
      await shop.clock.waits.have(2);
      assert.equal(shop.requests.all.length, 1);
      shop.connection.client.resume();
      shop.clock.advance(4_000);
      assert.deepEqual((await verifying).map(ids), [["t1"]]);
    });

    it("reads 32 tasks at once however many wait, and the others after them", async () => {
      const arrivals = await shop.receive(...Array.from({ length: 100 }, (_, index) => `many${index}`));
      let open = 0;
      let most = 0;
      const client = {
        async readTask() {
          most = Math.max(most, ++open);
          await new Promise((turn) => setImmediate(turn));
          open--;
          return { task: { state: "QUEUEING" } };
        },
      };
      const connection = { ...shop.connection, client: client as unknown as AbiquoClient };
      const read = await Promise.all([
        verify(arrivals.slice(0, 50), stop.signal, connection),
        verify(arrivals.slice(50), stop.signal, connection),
      ]);
      assert.deepEqual([read.flat(2).length, most], [100, 32]);
    });

    it("tells when it may not be read, and keeps the task", async () => {
      shop.next(error(403, "403-FORBIDDEN"));
      await assert.rejects(verify(), { code: "ABIQUO_FORBIDDEN" });
      assert.deepEqual(await shop.at("received"), ["t1"]);
    });

    it("ends with its node, in a pause too", async () => {
      const node = new AbortController();
      shop.answering = () => failed;
      const ended = assert.rejects(verify([arrival], node.signal));
      await shop.clock.waits.have(1);
      node.abort();
      await ended;
      assert.equal(shop.requests.all.length, 1);
    });
  });
});
