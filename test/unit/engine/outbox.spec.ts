import assert from "node:assert/strict";
import type { LaneReport } from "../../../nodes/lib/engine/index.ts";
import { type Answering, error, failed, idIn, isAnswer, notWaiting, ok, taskIn, unknownTask, Workshop } from "./support.ts";

/** Abiquo's answer while it is overloaded. */
const busy = { status: 503, body: "<html></html>" };
/** The longest that a failed attempt waits before the second one, in ms. */
const SECOND_TRY = 2_000;
/** The longest that an open circuit waits after the third failure, in ms. */
const AFTER_THREE = 8_000;

describe("the outbox", () => {
  let shop: Workshop;

  const open = async (options: Parameters<typeof Workshop.open>[0] = {}): Promise<void> => {
    shop = await Workshop.open(options);
  };
  afterEach(() => shop.close());

  const times = (): number[] => shop.requests.all.filter(({ request }) => isAnswer(request)).map(({ at }) => at);

  it("delivers a decision with its text, and says who decided and that Abiquo has taken it", async () => {
    await open();
    await shop.receive("t1", "t2");
    await shop.answer("continue", "t1");
    await shop.answer("cancel", "t2");
    assert.deepEqual(await shop.port.outcomes(2), ["t1 as asked: continued", "t2 as asked: cancelled"]);
    assert.deepEqual(shop.sent, ["continue t1", "cancel t2"]);
    assert.equal(shop.requests.all[0]?.request.body, "continue by Ana");
    const result = shop.port.left.all[0]?.results[0];
    assert.deepEqual(result?.entry?.answer, { outcome: "continued", by: "Ana", at: new Date(shop.clock.now()).toISOString(), attempts: 1 });
    assert.deepEqual(await shop.at("delivered"), ["t1", "t2"]);
  });

  describe("at a pace", () => {
    it("sends so many answers a second, the first one at once", async () => {
      await open({ pace: 2 });
      await shop.receive("t1", "t2", "t3", "t4");
      for (const id of ["t1", "t2", "t3", "t4"]) await shop.answer("continue", id);
      for (let count = 1; count < 4; count++) {
        await shop.port.left.have(count);
        assert.deepEqual((await shop.clock.waits.have(count)).slice(count - 1), [500]);
        assert.equal(shop.requests.all.length, count);
        shop.clock.advance(500);
      }
      await shop.port.left.have(4);
      assert.deepEqual(times(), [0, 500, 1_000, 1_500]);
    });

    it("does not make up for the time in which there was nothing to send", async () => {
      await open({ pace: 2 });
      await shop.receive("t1", "t2", "t3");
      shop.clock.advance(10_000);
      await shop.answer("continue", ["t1", "t2", "t3"]);
      await shop.requests.have(1);
      shop.clock.advance(500);
      await shop.requests.have(2);
      shop.clock.advance(500);
      await shop.port.left.have(1);
      assert.deepEqual(times(), [10_000, 10_500, 11_000]);
      assert.deepEqual(shop.clock.waits.all, [500, 500]);
    });

    it("makes up for a timer that rings a little late", async () => {
      await open({ pace: 2 });
      await shop.receive("t1", "t2", "t3");
      await shop.answer("continue", ["t1", "t2", "t3"]);
      await shop.requests.have(1);
      shop.clock.oversleep(500, 15);
      await shop.clock.waits.have(2);
      assert.deepEqual(shop.clock.waits.all, [500, 485]);
    });

    it("may be slower than one a second", async () => {
      await open({ pace: 0.1 });
      await shop.receive("t1", "t2");
      await shop.answer("continue", ["t1", "t2"]);
      await shop.requests.have(1);
      assert.deepEqual(shop.clock.waits.all, [10_000]);
      shop.clock.advance(10_000);
      await shop.port.left.have(1);
      assert.deepEqual(times(), [0, 10_000]);
    });

    it("goes on after a redeploy that came while an answer waited for its turn", async () => {
      await open({ pace: 1 });
      await shop.receive("t1", "t2");
      await shop.answer("continue", "t1");
      await shop.port.left.have(1);
      await shop.answer("continue", "t2");
      shop.engine.disconnect(shop.connection);
      await shop.engine.connect(shop.connection);
      shop.clock.advance(1_000);
      await shop.port.left.have(2);
      assert.deepEqual(shop.sent, ["continue t1", "continue t2"]);
    });

    it("of 0 is no pace: 40 answers leave at once, 32 of them at a time once Abiquo has taken a few", async () => {
      await open();
      shop.place = (id) => ({ datacenter: String(Number(id.slice(1)) % 10) });
      const first = Array.from({ length: 8 }, (_, index) => `f${index}`);
      const ids = Array.from({ length: 40 }, (_, index) => `t${index}`);
      await shop.receive(...first, ...ids);
      await shop.answer("continue", first);
      await shop.port.left.have(1);
      const gate = Promise.withResolvers<void>();
      let underWay = 0;
      let most = 0;
      shop.answering = async () => {
        most = Math.max(most, ++underWay);
        await gate.promise;
        underWay--;
        return ok;
      };
      await shop.answer("continue", ids);
      await shop.requests.have(first.length + 32);
      gate.resolve();
      await shop.port.left.have(2);
      assert.equal(most, 32);
      assert.deepEqual(new Set(times()), new Set([0]));
    });
  });

  describe("when Abiquo does not take an answer for now", () => {
    for (const [name, reply] of [
      ["is overloaded", busy],
      ["asks to come later", { status: 429 }],
      ["cuts the connection", "reset"],
    ] as const) {
      it(`tries again when it ${name}, and then says in how many attempts`, async () => {
        await open();
        await shop.receive("t1");
        shop.next(reply);
        await shop.answer("continue", "t1");
        await shop.clock.waits.have(1);
        assert.equal(shop.requests.all.length, 1);
        shop.clock.advance(SECOND_TRY);
        assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
        assert.equal(shop.port.left.all[0]?.results[0]?.entry?.answer?.attempts, 2);
      });
    }

    it("waits longer each time, up to a minute", async () => {
      await open({ answering: (request) => (isAnswer(request) ? busy : taskIn("QUEUEING")(request)) });
      await shop.receive("t1");
      await shop.answer("continue", "t1");
      for (let attempt = 1; attempt <= 8; attempt++) {
        const wait = (await shop.clock.waits.have(attempt)).at(-1) ?? 0;
        const longest = Math.min(60_000, 1_000 * 2 ** attempt);
        assert.ok(wait >= longest / 2 && wait <= longest, `${wait} after attempt ${attempt}`);
        shop.clock.advance(wait);
      }
    });

    it("comes back when Abiquo says, not before", async () => {
      await open();
      await shop.receive("t1");
      shop.next({ status: 429, headers: { "Retry-After": "7" } });
      await shop.answer("continue", "t1");
      assert.deepEqual(await shop.clock.waits.have(1), [7_000]);
      shop.clock.advance(7_000);
      await shop.port.left.have(1);
      assert.deepEqual(times(), [0, 7_000]);
    });

    it("does not take Retry-After: 0 for leave to come back without a pause", async () => {
      await open();
      await shop.receive("t1");
      shop.next({ status: 429, headers: { "Retry-After": "0" } });
      await shop.answer("continue", "t1");
      const [wait = 0] = await shop.clock.waits.have(1);
      assert.ok(wait >= 1_000, String(wait));
    });

    it("begins again with one answer at a time, and twice as many after each that is taken", async () => {
      await open();
      shop.place = (id) => ({ datacenter: id });
      const ids = Array.from({ length: 15 }, (_, index) => `t${index}`);
      await shop.receive(...ids);
      shop.answering = () => busy;
      await shop.answer("continue", ids);
      await shop.clock.waits.have(3);
      assert.equal(shop.requests.all.length, 3);
      let underWay = 0;
      const together: number[] = [];
      shop.answering = async () => {
        together.push(++underWay);
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
        underWay--;
        return ok;
      };
      shop.clock.advance(AFTER_THREE);
      await shop.port.left.have(1);
      assert.equal(together[0], 1);
      assert.ok(
        together.slice(1, 3).every((count) => count <= 2),
        together.join(),
      );
      assert.ok(
        together.slice(3, 7).every((count) => count <= 8),
        together.join(),
      );
      assert.equal(together.length, 15);
    });
  });

  describe("when Abiquo refuses the credentials", () => {
    const refuse: Answering = () => ({ status: 401 });

    for (const count of [5, 40]) {
      it(`stops after one request although ${count} answers are to leave, and keeps their callers`, async () => {
        await open({ answering: refuse });
        const ids = Array.from({ length: count }, (_, index) => `t${index}`);
        await shop.receive(...ids);
        await Promise.all(ids.map((id) => shop.answer("continue", id)));
        const halts = await shop.port.halts.have(count);
        assert.equal(shop.requests.all.length, 1);
        assert.deepEqual(new Set(halts.map(({ code }) => code)), new Set(["ABIQUO_UNAUTHORIZED"]));
        assert.deepEqual([shop.port.inFlight, shop.port.left.all.length, shop.port.stops.all.length], [count, 0, 0]);
        assert.equal((await shop.at("decided")).length, count);
      });
    }

    it("says so of an answer that comes later at once, without a request", async () => {
      await open({ answering: refuse });
      await shop.receive("t1", "t2");
      await shop.answer("continue", "t1");
      await shop.port.halts.have(1);
      const before = shop.port.halts.all.length;
      await shop.answer("cancel", "t2");
      await shop.port.halts.have(before + 1);
      assert.equal(shop.requests.all.length, 1);
    });

    it("says so of an answer that waits to be tried again, whatever request was refused", async () => {
      await open();
      await shop.receive("t1");
      shop.next(busy);
      await shop.answer("continue", "t1");
      await shop.clock.waits.have(1);
      shop.answering = refuse;
      await assert.rejects(shop.client.currentUser(), { code: "ABIQUO_UNAUTHORIZED" });
      shop.clock.advance(SECOND_TRY);
      await shop.port.halts.have(1);
      assert.deepEqual(shop.sent, ["continue t1"]);
    });

    it("shows its connection as stopped, since when and why, until they are renewed", async () => {
      await open({ answering: refuse });
      await shop.receive("t1");
      shop.clock.advance(1_000);
      await shop.answer("continue", "t1");
      await shop.port.halts.have(1);
      shop.clock.advance(5_000);
      const lane = (): LaneReport | undefined => shop.engine.lanes[0];
      const { state, since, why } = lane()?.circuit ?? {};
      assert.deepEqual([state, since, why?.code], ["stopped", shop.clock.start + 1_000, "ABIQUO_UNAUTHORIZED"]);
      assert.deepEqual([lane()?.connection, lane()?.waiting, lane()?.inFlight], ["connection", 1, 0]);
      shop.answering = () => ok;
      shop.client.resume();
      shop.engine.restart(shop.connection);
      await shop.port.left.have(1);
      assert.equal(lane()?.circuit.state, "closed");
    });

    it("delivers all of them to their callers once the credentials have proved to work", async () => {
      await open({ answering: refuse });
      const ids = Array.from({ length: 40 }, (_, index) => `t${index}`);
      await shop.receive(...ids);
      await Promise.all(ids.map((id) => shop.answer("continue", id)));
      await shop.port.halts.have(40);
      shop.answering = () => ok;
      shop.client.resume();
      shop.engine.restart(shop.connection);
      const left = await shop.port.left.have(40);
      assert.equal(new Set(left.map(({ caller }) => caller)).size, 40);
      assert.equal((await shop.at("delivered")).length, 40);
    });
  });

  describe("when Abiquo forbids one answer", () => {
    beforeEach(async () => {
      await open({ answering: (request) => (idIn(request) === "t1" ? error(403, "403-FORBIDDEN") : ok) });
      await shop.receive("t1", "t2");
      await shop.answer("continue", "t1");
      await shop.port.left.have(1);
    });

    it("parks that task with the reason, and goes on with the others", async () => {
      await shop.answer("continue", "t2");
      assert.deepEqual(await shop.port.outcomes(2), ["t1 ABIQUO_UNDELIVERABLE ABIQUO_FORBIDDEN", "t2 as asked: continued"]);
      assert.deepEqual(await shop.at("undeliverable"), ["t1"]);
    });

    it("sends it again when the same is asked again", async () => {
      shop.answering = () => ok;
      await shop.answer("continue", "t1");
      assert.deepEqual((await shop.port.outcomes(2))[1], "t1 as asked: continued");
      assert.deepEqual(await shop.at("undeliverable"), []);
    });

    it("sends it once, whoever asks again at the same time, and tells each of them", async () => {
      shop.answering = () => ok;
      await Promise.all(Array.from({ length: 5 }, () => shop.answer("continue", "t1")));
      assert.deepEqual((await shop.port.outcomes(6)).slice(1), Array(5).fill("t1 as asked: continued"));
      assert.deepEqual(shop.sent, ["continue t1", "continue t1"]);
    });

    it("sends it once when it is asked again, the process ends meanwhile, and it is asked once more", async () => {
      shop.next(() => new Promise<never>(() => undefined), notWaiting, taskIn("PENDING"));
      await shop.answer("continue", "t1");
      await shop.requests.have(2);
      await shop.restart();
      await shop.answer("continue", "t1");
      // Whether the one that asks after the stop comes before its end or after it, is chance.
      for (const outcome of await shop.port.outcomes(2)) assert.match(outcome, /^t1 as asked: (already-)?continued$/);
      // The second attempt was made before the stop; the third found out that Abiquo had taken it.
      assert.deepEqual(shop.sent, ["continue t1", "continue t1", "continue t1"]);
      await shop.answer("continue", "t1");
      assert.deepEqual((await shop.port.outcomes(3))[2], "t1 as asked: already-continued");
      assert.equal(shop.sent.length, 3);
    });

    it("is listed with its reason, in how many attempts, and since when", async () => {
      shop.clock.advance(60_000);
      const [listed] = await shop.engine.list({ stages: ["undeliverable"] }, ({ code, params }) => `${code} ${String(params["url"])}`);
      const { message, ...delivery } = listed?.entry.delivery ?? {};
      const since = new Date(shop.clock.start).toISOString();
      assert.deepEqual(delivery, { state: "undeliverable", attempts: 1, since, reason: "ABIQUO_FORBIDDEN" });
      assert.match(message ?? "", /^ABIQUO_FORBIDDEN \/api\/cloud\/.*\/continue$/);
    });

    it("does not send the opposite, and forgets who asked for it", async () => {
      await shop.answer("cancel", "t1");
      assert.deepEqual((await shop.port.outcomes(2))[1], "t1 not as asked: already-continued");
      assert.deepEqual(shop.sent, ["continue t1"]);
      await shop.restart();
      await shop.receive("t3");
      await shop.answer("continue", "t3");
      assert.deepEqual(await shop.port.outcomes(1), ["t3 as asked: continued"]);
    });
  });

  describe("when Abiquo says that a task is not waiting, or not known", () => {
    it("tries again while it is queueing after all", async () => {
      await open();
      await shop.receive("t1");
      shop.next(notWaiting, taskIn("QUEUEING"));
      await shop.answer("continue", "t1");
      await shop.clock.waits.have(1);
      shop.clock.advance(SECOND_TRY);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      assert.deepEqual(shop.sent, ["continue t1", "continue t1"]);
    });

    it("tries again while Abiquo may not show it yet, a minute after receipt", async () => {
      await open();
      await shop.receive("t1");
      shop.next(unknownTask, unknownTask);
      shop.clock.advance(59_999);
      await shop.answer("continue", "t1");
      await shop.clock.waits.have(1);
      shop.clock.advance(SECOND_TRY);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
    });

    it("calls it gone when it is not there after that minute", async () => {
      await open({ answering: () => unknownTask });
      await shop.receive("t1");
      shop.clock.advance(60_000);
      await shop.answer("continue", "t1");
      assert.deepEqual(await shop.port.outcomes(1), ["t1 not as asked: gone"]);
      assert.deepEqual(await shop.at("gone"), ["t1"]);
    });

    for (const [action, state, outcome] of [
      ["continue", "PENDING", "as asked: already-continued"],
      ["continue", "FINISHED_SUCCESSFULLY", "as asked: already-continued"],
      ["continue", "CANCELLED", "not as asked: already-cancelled"],
      ["cancel", "CANCELLED", "as asked: already-cancelled"],
      ["cancel", "STARTED", "not as asked: already-continued"],
      ["continue", "ABORTED", "not as asked: gone"],
    ] as const) {
      it(`to ${action} a task that is ${state} is ${outcome}, decided elsewhere`, async () => {
        await open({ answering: (request) => (isAnswer(request) ? notWaiting : taskIn(state)(request)) });
        await shop.receive("t1");
        await shop.answer(action, "t1");
        assert.deepEqual(await shop.port.outcomes(1), [`t1 ${outcome}`]);
        assert.equal(shop.port.left.all[0]?.results[0]?.entry?.answer?.by, undefined);
      });
    }

    it("takes the state that its decision leads to for its own work after an attempt without an answer", async () => {
      await open();
      await shop.receive("t1");
      shop.next("reset", notWaiting, taskIn("PENDING"));
      await shop.answer("continue", "t1");
      await shop.clock.waits.have(1);
      shop.clock.advance(SECOND_TRY);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      assert.equal(shop.port.left.all[0]?.results[0]?.entry?.answer?.by, "Ana");
      assert.deepEqual(await shop.at("delivered"), ["t1"]);
    });

    it("does not, where the state is the other one", async () => {
      await open();
      await shop.receive("t1");
      shop.next("reset", notWaiting, taskIn("CANCELLED"));
      await shop.answer("continue", "t1");
      await shop.clock.waits.have(1);
      shop.clock.advance(SECOND_TRY);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 not as asked: already-cancelled"]);
      assert.deepEqual(await shop.at("elsewhere"), ["t1"]);
    });

    it("tries again when the task cannot be read", async () => {
      await open();
      await shop.receive("t1");
      shop.next(notWaiting, failed, notWaiting, taskIn("PENDING"));
      await shop.answer("cancel", "t1");
      await shop.clock.waits.have(1);
      shop.clock.advance(SECOND_TRY);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 not as asked: already-continued"]);
    });

    it("parks the task when it may not be read", async () => {
      await open();
      await shop.receive("t1");
      shop.next(notWaiting, error(403, "403-FORBIDDEN"));
      await shop.answer("cancel", "t1");
      assert.deepEqual(await shop.port.outcomes(1), ["t1 ABIQUO_UNDELIVERABLE ABIQUO_FORBIDDEN"]);
    });
  });

  describe("when it is stopped", () => {
    it("finds out after the stop what an attempt under way has done", async () => {
      await open();
      await shop.receive("t1");
      shop.next(() => new Promise<never>(() => undefined));
      await shop.answer("continue", "t1");
      await shop.requests.have(1);
      shop.next(notWaiting, taskIn("PENDING"));
      await shop.restart();
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      assert.deepEqual(await shop.at("delivered"), ["t1"]);
    });

    it("waits after the stop for what was left of the pause before the next attempt", async () => {
      await open();
      await shop.receive("t1");
      shop.next({ status: 429, headers: { "Retry-After": "30" } });
      await shop.answer("continue", "t1");
      await shop.clock.waits.have(1);
      shop.clock.advance(10_000);
      await shop.restart();
      assert.equal((await shop.clock.waits.have(2))[1], 20_000);
      shop.clock.advance(20_000);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      assert.deepEqual(times(), [0, 30_000]);
    });

    it("loses no answer to a redeploy, at whatever moment the connection comes back", async () => {
      await open();
      const count = 30;
      await shop.receive(...Array.from({ length: count }, (_, index) => `t${index}`));
      for (let moment = 0; moment < count; moment++) {
        const before = shop.requests.all.length;
        shop.next(() => new Promise<never>(() => undefined));
        await shop.answer("continue", `t${moment}`);
        await shop.requests.have(before + 1);
        shop.engine.disconnect(shop.connection);
        for (let step = 0; step < moment; step++) await Promise.resolve();
        await shop.engine.connect(shop.connection);
        assert.deepEqual((await shop.port.outcomes(moment + 1))[moment], `t${moment} as asked: continued`);
      }
    });

    it("delivers by another connection to the same platform when its own is no more", async () => {
      await open();
      await shop.receive("t1");
      shop.next(busy);
      await shop.answer("continue", "t1");
      await shop.clock.waits.have(1);
      const other = shop.connect(0, "other");
      await shop.engine.connect(other);
      shop.engine.disconnect(shop.connection);
      shop.clock.advance(SECOND_TRY);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      shop.engine.disconnect(other);
    });

    it("goes on by another connection with what the refused credentials of its own keep waiting", async () => {
      await open();
      await shop.receive("t1");
      shop.next({ status: 401 });
      await shop.answer("continue", "t1");
      await shop.port.halts.have(1);
      const other = shop.connect(0, "other");
      await shop.engine.connect(other);
      shop.engine.disconnect(shop.connection);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      shop.engine.disconnect(other);
    });
  });
});
