import assert from "node:assert/strict";
import { type AnswerCall, Engine } from "../../../nodes/lib/engine/index.ts";
import { ask } from "./approvals-support.ts";
import { DECISION, error, failed, HOOK, idIn, isAnswer, NODE, notWaiting, ok, Port, taskIn, Workshop } from "./support.ts";

describe("requests to answer tasks", () => {
  let shop: Workshop;

  beforeEach(async () => {
    shop = await Workshop.open();
  });
  afterEach(() => shop.close());

  it("leave once, with an outcome for each task of a group, in its order", async () => {
    await shop.receive("t1", "t2", "t3", "t4");
    shop.answering = (request) => {
      if (!isAnswer(request)) return taskIn("CANCELLED")(request);
      return { t2: notWaiting, t3: error(403, "403-FORBIDDEN") }[idIn(request)] ?? ok;
    };
    await shop.answer("continue", ["t1", "t2", "t3", "t4"]);
    assert.deepEqual(await shop.port.outcomes(1), [
      "t1 as asked: continued",
      "t2 not as asked: already-cancelled",
      "t3 ABIQUO_UNDELIVERABLE ABIQUO_FORBIDDEN",
      "t4 as asked: continued",
    ]);
    assert.equal(shop.port.left.all.length, 1);
  });

  it("name a task as often as they like, and a group by its id", async () => {
    const [first] = await shop.receive("t1", "t2");
    await shop.answer("cancel", [first?.abiquo.group.id, "t1", "t1"]);
    assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: cancelled", "t2 as asked: cancelled"]);
    assert.deepEqual(shop.sent.sort(), ["cancel t1", "cancel t2"]);
  });

  it("hand back the caller and the message they came with, as long as the process lives", async () => {
    await shop.receive("t1");
    await shop.answer("continue", "t1");
    const [request] = await shop.port.left.have(1);
    assert.equal(request?.caller, 'caller of "t1"');
    assert.deepEqual(JSON.parse(request?.message ?? ""), { about: "t1" });
    assert.equal(request?.redelivered, false);
  });

  it("are told at once when the task was answered the same way before, and by whom", async () => {
    await shop.receive("t1");
    await shop.answer("continue", "t1");
    await shop.port.left.have(1);
    await shop.answer("continue", "t1", { decision: { action: "continue", by: "Bob", cause: "rule", at: "" } });
    assert.equal((await shop.port.outcomes(2))[1], "t1 as asked: already-continued");
    assert.equal(shop.port.left.all[1]?.results[0]?.entry?.decision?.by, "Ana");
    assert.deepEqual(shop.sent, ["continue t1"]);
  });

  it("for the same wait together for one answer; who wants the opposite is told at once", async () => {
    await shop.receive("t1");
    const taken = Promise.withResolvers<void>();
    shop.next(() => taken.promise.then(() => ok));
    await shop.answer("continue", "t1");
    await shop.answer("cancel", "t1");
    assert.deepEqual(await shop.port.outcomes(1), ["t1 not as asked: already-continued"]);
    await shop.answer("continue", "t1");
    taken.resolve();
    assert.deepEqual((await shop.port.outcomes(3)).slice(1), ["t1 as asked: continued", "t1 as asked: continued"]);
    assert.deepEqual(shop.sent, ["continue t1"]);
  });

  it("of 50 parallel opposite ones let one decision win", async () => {
    await shop.receive("t1");
    await Promise.all(Array.from({ length: 50 }, (_, index) => shop.answer(index % 2 === 0 ? "continue" : "cancel", "t1")));
    const outcomes = await shop.port.outcomes(50);
    assert.equal(outcomes.filter((outcome) => outcome.includes(" not as asked")).length, 25);
    assert.equal(shop.sent.length, 1);
  });

  it("wait for a node that attaches later", async () => {
    await shop.receive("t1");
    await shop.answer("continue", "t1", { node: "later" });
    await shop.requests.have(1);
    const port = new Port();
    await shop.engine.attach("later", port);
    assert.deepEqual(await port.outcomes(1), ["t1 as asked: continued"]);
    assert.deepEqual(shop.port.left.all, []);
  });

  it("leave after a restart as redelivered, without their caller", async () => {
    await shop.receive("t1", "t2");
    shop.answering = () => failed;
    await shop.answer("continue", ["t1", "t2"]);
    await shop.clock.waits.have(2);
    shop.answering = () => ok;
    await shop.restart();
    shop.clock.advance(2_000);
    assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued", "t2 as asked: continued"]);
    const [request] = shop.port.left.all;
    assert.deepEqual(
      [JSON.parse(request?.message ?? ""), request?.redelivered, request?.caller],
      [{ about: ["t1", "t2"] }, true, undefined],
    );
  });

  it("do not leave twice when their node is deployed again at once", async () => {
    await shop.receive("t1", "t2");
    await shop.answer("continue", "t1");
    await shop.port.left.have(1);
    shop.engine.detach(NODE, shop.port);
    const port = new Port();
    await shop.engine.attach(NODE, port);
    await shop.answer("continue", "t2");
    assert.deepEqual(await port.outcomes(1), ["t2 as asked: continued"]);
  });

  it("leave once when their node is deployed again while they are written", async () => {
    await shop.receive("t1", "t2");
    const answering = shop.answer("continue", "t1");
    shop.engine.detach(NODE, shop.port);
    const port = new Port();
    await shop.engine.attach(NODE, port);
    await answering;
    await port.left.have(1);
    await shop.answer("continue", "t2");
    assert.deepEqual(await port.outcomes(2), ["t1 as asked: continued", "t2 as asked: continued"]);
  });

  it("have left for good once they left, whenever the process ends after that", async () => {
    await shop.receive("t1", "t2");
    await shop.answer("continue", "t1");
    await shop.port.left.have(1);
    await shop.restart();
    await shop.answer("continue", "t2");
    assert.deepEqual(await shop.port.outcomes(1), ["t2 as asked: continued"]);
  });

  for (const successor of ["another node", "another process"]) {
    it(`stay when their node is closing and refuses them, and leave by ${successor}`, async () => {
      await shop.receive("t1", "t2");
      const taken = Promise.withResolvers<void>();
      shop.next(() => taken.promise.then(() => ok));
      await shop.answer("continue", "t1");
      const closing = shop.port;
      closing.isClosing = true;
      taken.resolve();
      await closing.refused.have(1);
      // What has left before is forgotten by now.
      await shop.answer("continue", "t2", { node: "other" });
      await shop.requests.have(2);
      if (successor === "another process") await shop.restart();
      else await shop.engine.attach(NODE, (shop.port = new Port()));
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      assert.deepEqual(closing.left.all, []);
    });
  }

  it("keep their callers when a predecessor of their node detaches late", async () => {
    await shop.receive("t1", "t2");
    const old = shop.port;
    await shop.engine.attach(NODE, (shop.port = new Port()));
    const taken = Promise.withResolvers<void>();
    shop.next(() => taken.promise.then(() => ok));
    await shop.answer("continue", "t1");
    shop.engine.detach(NODE, old);
    taken.resolve();
    const [left] = await shop.port.left.have(1);
    assert.equal(left?.caller, 'caller of "t1"');
  });

  it("are refused as a whole when they name a task that nobody knows", async () => {
    await shop.receive("t1");
    await assert.rejects(shop.answer("continue", ["t1", "nobody"]), { code: "TASK_UNKNOWN", params: { taskId: "nobody" } });
    assert.deepEqual(await shop.at("received"), ["t1"]);
    assert.deepEqual(shop.requests.all, []);
  });

  describe("once they are on disk", () => {
    /** A second engine on the same ledger, of which some reads fail as often as told. */
    async function stumbling(
      name: "decisions" | "about",
      failures: number,
    ): Promise<{ engine: Engine; port: Port; stumbles: () => number }> {
      let left = failures;
      const stumble = (target: object): object =>
        new Proxy(target, {
          get: (own, key) =>
            key === name && left > 0
              ? async () => {
                  left--;
                  throw new Error("disk I/O error");
                }
              : Reflect.get(own, key),
        });
      const { ledger } = shop.engine;
      const approvals = stumble(ledger.approvals);
      const engine = new Engine(
        new Proxy(stumble(ledger), { get: (own, key) => (key === "approvals" ? approvals : Reflect.get(own, key)) }) as typeof ledger,
        { settle: 60_000, clock: shop.clock },
      );
      const port = new Port();
      await engine.attach("second", port);
      engines.push(engine);
      return { engine, port, stumbles: () => failures - left };
    }
    const engines: Engine[] = [];

    afterEach(() => {
      for (const engine of engines.splice(0)) {
        engine.intake.close();
        engine.approvals.close();
        engine.disconnect(shop.connection);
      }
    });

    const call = (action: "continue" | "cancel", id: string): Omit<AnswerCall, "id"> => ({
      node: "second",
      connection: shop.connection,
      action,
      references: [{ id }],
      decision: DECISION,
      text: () => "",
      message: "{}",
    });

    it("are answered once and not told as undecided, whatever fails in withdrawing the open approval, which is done later", async () => {
      await shop.receive("t1");
      const { engine, port, stumbles } = await stumbling("about", 1);
      await engine.connect(shop.connection);
      await ask(shop, ["t1"]);
      await port.await("caller", (id) => engine.answer({ ...call("continue", "t1"), id }));
      await port.left.have(1);
      assert.deepEqual([stumbles(), port.left.all.length, port.left.all[0]?.caller], [1, 1, "caller"]);
      const withdrawn = new Promise<void>((resolve) => {
        const { overtake } = engine.approvals;
        engine.approvals.overtake = async (keys) => overtake.call(engine.approvals, keys).then(resolve);
      });
      shop.clock.advance(5_000);
      await withdrawn;
    });

    it("wait for what is under way elsewhere, also when that cannot be read at once", async () => {
      await shop.receive("t1");
      shop.answering = () => failed;
      await shop.answer("continue", "t1");
      const { engine, port, stumbles } = await stumbling("decisions", 1);
      await port.await("caller", (id) => engine.answer({ ...call("continue", "t1"), id }));
      assert.equal(stumbles(), 1);
      shop.answering = () => ok;
      await engine.connect(shop.connection);
      shop.clock.advance(5_000);
      assert.deepEqual(await port.outcomes(1), ["t1 as asked: continued"]);
    });
  });

  it("decide nothing when the ledger cannot be written", async () => {
    const [arrival] = await shop.receive("t1");
    await shop.engine.ledger.close();
    await assert.rejects(shop.answer("continue", [arrival?.abiquo]), { code: "LEDGER_UNAVAILABLE" });
    assert.deepEqual(shop.requests.all, []);
  });

  it("may bring a task that the ledger does not know, whose webhook then is no news", async () => {
    const [arrival] = await shop.receive("t1");
    await shop.restart();
    const stranger = JSON.parse(JSON.stringify(arrival?.abiquo).replaceAll("t1", "t9")) as object;
    await shop.answer("continue", stranger);
    assert.deepEqual(await shop.port.outcomes(1), ["t9 as asked: continued"]);
    assert.deepEqual(await shop.post(["t9"]), { arrivals: [], known: 1 });
  });

  it("take over what the message proposes only where that is what is done", async () => {
    const [one, two] = await shop.receive("t1", "t2");
    const proposal = { action: "continue", by: "a rule", cause: "rule", rule: "small", at: "2027-01-15T08:00:00.000Z" };
    await shop.answer("continue", { ...one?.abiquo, decision: proposal });
    await shop.answer("cancel", { ...two?.abiquo, decision: proposal });
    const left = await shop.port.left.have(2);
    assert.deepEqual(
      left.map(({ results }) => results[0]?.entry?.decision?.by),
      ["a rule", "Ana"],
    );
    assert.deepEqual(
      shop.requests.all.map(({ request }) => request.body),
      ["continue by a rule", "cancel by Ana"],
    );
  });

  it("never mix two platforms, though their tasks have the same id", async () => {
    const other = await Workshop.open();
    try {
      await shop.engine.connect(other.connection);
      await shop.receive("t1");
      await shop.post(["t1"], other.connection);
      await shop.answer("continue", "t1");
      await shop.answer("cancel", "t1", { connection: other.connection });
      assert.deepEqual(await shop.port.outcomes(2), ["t1 as asked: continued", "t1 as asked: cancelled"]);
      assert.deepEqual([shop.sent, other.sent], [["continue t1"], ["cancel t1"]]);
      shop.engine.disconnect(other.connection);
    } finally {
      await other.close();
    }
  });

  it("write down what happened to their tasks", async () => {
    await shop.receive("t1");
    await shop.answer("continue", "t1");
    await shop.port.left.have(1);
    await shop.restart();
    const audit = await shop.engine.ledger.audit({ api: shop.client.base, taskId: "t1" });
    assert.deepEqual(
      audit.map(({ event, actor }) => [event, actor]),
      [
        ["received", HOOK],
        ["decided", "Ana"],
        ["delivered", "outbox"],
      ],
    );
  });
});
