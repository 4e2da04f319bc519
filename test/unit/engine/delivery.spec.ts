import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Credentials } from "../../../nodes/lib/abiquo/index.ts";
import type { Fault } from "../../../nodes/lib/base/fault.ts";
import { type Connection, Engine } from "../../../nodes/lib/engine/index.ts";
import type { Ledger } from "../../../nodes/lib/ledger/index.ts";
import type { Reply } from "../abiquo/support.ts";
import { DECISION, error, isAnswer, notWaiting, ok, Port, taskIn, unknownTask, Workshop } from "./support.ts";

const HOUR = 3_600_000;
/** The longest that a failed attempt waits before the second one, in ms. */
const SECOND_TRY = 2_000;
const busy: Reply = { status: 503, body: "<html></html>" };

describe("an answer on its way", () => {
  let shop: Workshop;

  const open = async (options: Parameters<typeof Workshop.open>[0] = {}): Promise<void> => {
    shop = await Workshop.open(options);
  };
  afterEach(() => shop.close());

  const delivery = async (): Promise<string | undefined> => (await shop.engine.ledger.undelivered(shop.client.base))[0]?.decision.delivery;

  describe("when somebody else answers in Abiquo's place", () => {
    const page = "<!DOCTYPE html><html><title>Back soon</title></html>";
    const html = { "Content-Type": "text/html" };
    const strangers: Record<string, Reply> = {
      "a servlet container without Abiquo": { status: 404, headers: html, body: page },
      "a proxy without a word": { status: 404 },
      "a maintenance page": { status: 200, headers: html, body: page },
      "a maintenance message in JSON": { status: 200, headers: { "Content-Type": "application/json" }, body: { status: "down" } },
      "a redirect to a sign-in": { status: 302, headers: { Location: "https://sso.example.com/" } },
      "a proxy that wants to be signed in to": { status: 407 },
      "a load balancer that waited in vain": { status: 408 },
    };
    for (const [name, reply] of Object.entries(strangers)) {
      it(`ends nothing and parks nothing: ${name}`, async () => {
        await open({ answering: () => reply });
        await shop.receive("t1");
        shop.clock.advance(HOUR);
        await shop.answer("continue", "t1");
        await shop.clock.waits.have(1);
        assert.deepEqual(await shop.at("decided"), ["t1"]);
        shop.answering = (request) => (isAnswer(request) ? ok : taskIn("QUEUEING")(request));
        shop.clock.advance(SECOND_TRY);
        assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      });

      it(`nor when the task is to be looked at: ${name}`, async () => {
        await open();
        await shop.receive("t1");
        shop.clock.advance(HOUR);
        shop.next(notWaiting, reply);
        await shop.answer("continue", "t1");
        await shop.clock.waits.have(1);
        assert.deepEqual(await shop.at("decided"), ["t1"]);
        shop.next(notWaiting, taskIn("CANCELLED"));
        shop.clock.advance(SECOND_TRY);
        assert.deepEqual(await shop.port.outcomes(1), ["t1 not as asked: already-cancelled"]);
      });
    }

    it("takes what Abiquo did meanwhile for its own work, since nobody has said that it was not", async () => {
      await open();
      await shop.receive("t1");
      shop.next({ status: 302 }, notWaiting, taskIn("PENDING"));
      await shop.answer("continue", "t1");
      await shop.clock.waits.have(1);
      shop.clock.advance(SECOND_TRY);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      assert.deepEqual(await shop.at("delivered"), ["t1"]);
    });

    describe("for long", () => {
      /** The longest wait of `count` attempts. */
      const attempts = async (count: number): Promise<void> => {
        for (let attempt = 1; attempt <= count; attempt++) {
          const waits = await shop.clock.waits.have(attempt);
          await between();
          shop.clock.advance(waits[attempt - 1] ?? 0);
        }
      };
      let between: () => Promise<void>;
      const now = performance.now.bind(performance);
      afterEach(() => {
        performance.now = now;
      });

      it("tells the caller once while others get through, and goes on", async () => {
        await open({ answering: (request) => (isAnswer(request) ? { status: 404 } : taskIn("QUEUEING")(request)) });
        between = async () =>
          void (await shop.client.readTask(
            `${shop.client.base}/cloud/virtualdatacenters/1/virtualappliances/1/virtualmachines/1/tasks/t0`,
          ));
        await shop.receive("t1");
        await shop.answer("continue", "t1");
        await attempts(11);
        await shop.clock.waits.have(12);
        assert.deepEqual(
          (await shop.port.stops.have(1)).map(({ fault }) => fault.code),
          ["ABIQUO_UNEXPECTED_ANSWER"],
        );
        await attempts(14);
        assert.equal(shop.port.stops.all.length, 1);
        shop.answering = () => ok;
        shop.clock.advance(60_000);
        assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      });

      it("leaves it to the connection to tell of an outage, once for all answers", async () => {
        await open({ answering: () => ({ status: 404 }) });
        const outages: Fault[] = [];
        shop.client.onOutage = (fault) => outages.push(fault);
        between = async () => void (performance.now = () => now() + 31_000);
        await shop.receive("t1");
        await shop.answer("continue", "t1");
        await attempts(14);
        await shop.clock.waits.have(15);
        assert.deepEqual([outages.length, shop.port.stops.all.length], [1, 0]);
      });

      it("tells the caller too where an outage is over and this answer still does not get through", async () => {
        await open({ answering: () => ({ status: 404 }) });
        between = async () => void (performance.now = () => now() + 31_000);
        await shop.receive("t1");
        await shop.answer("continue", "t1");
        await attempts(13);
        shop.answering = (request) => (isAnswer(request) ? { status: 404 } : taskIn("QUEUEING")(request));
        between = async () =>
          void (await shop.client.readTask(
            `${shop.client.base}/cloud/virtualdatacenters/1/virtualappliances/1/virtualmachines/1/tasks/t0`,
          ));
        await attempts(15);
        assert.deepEqual(
          (await shop.port.stops.have(1)).map(({ fault }) => fault.code),
          ["ABIQUO_UNEXPECTED_ANSWER"],
        );
      });
    });

    for (const code of ["TASK-1", "VM-1", "EN-0"]) {
      it(`but believes Abiquo's own error: ${code}`, async () => {
        await open({ answering: () => error(404, code) });
        await shop.receive("t1");
        shop.clock.advance(HOUR);
        await shop.answer("continue", "t1");
        assert.deepEqual(await shop.port.outcomes(1), ["t1 not as asked: gone"]);
      });
    }
  });

  describe("while somebody sets the clock", () => {
    for (const [name, by] of [
      ["back", -HOUR],
      ["forth", HOUR],
    ] as const) {
      it(`keeps its pace when it is set ${name}`, async () => {
        await open({ pace: 2 });
        await shop.receive("t1", "t2", "t3");
        await shop.answer("continue", "t1");
        await shop.port.left.have(1);
        shop.clock.set(by);
        await shop.answer("continue", ["t2", "t3"]);
        await shop.clock.waits.have(1);
        shop.clock.advance(500);
        await shop.requests.have(2);
        await shop.clock.waits.have(2);
        shop.clock.advance(500);
        await shop.port.left.have(2);
        assert.deepEqual(
          shop.requests.all.map(({ at }) => at),
          [0, 500, 1_000],
        );
      });

      it(`still gives Abiquo a minute to show the task when it is set ${name}, and no more`, async () => {
        await open({ answering: () => unknownTask });
        await shop.receive("t1");
        shop.clock.set(by);
        await shop.answer("continue", "t1");
        for (let attempt = 1; shop.clock.sinceStart < 60_000; attempt++) {
          const waits = await shop.clock.waits.have(attempt);
          assert.equal(shop.port.left.all.length, 0, `${shop.clock.sinceStart} ms after receipt`);
          shop.clock.advance(waits.at(-1) ?? 0);
        }
        assert.deepEqual(await shop.port.outcomes(1), ["t1 not as asked: gone"]);
        assert.ok(shop.clock.sinceStart <= 120_000);
      });
    }

    it("waits an hour at the most for what the clock says is a year ahead", async () => {
      await open();
      await shop.receive("t1");
      shop.next(busy);
      await shop.answer("continue", "t1");
      await shop.clock.waits.have(1);
      shop.clock.set(-365 * 24 * HOUR);
      await shop.restart();
      shop.clock.advance(HOUR);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
    });
  });

  describe("among several connections to one platform", () => {
    const basic = (username: string, password = "p"): { credentials: Credentials } => ({
      credentials: { kind: "basic", username, password },
    });
    const usersWhoAnswered = (): string[] =>
      shop.requests.all
        .filter(({ request }) => isAnswer(request))
        .map(({ request }) => Buffer.from(String(request.headers.authorization).slice(6), "base64").toString().split(":")[0] ?? "");
    /** Long enough for whatever is under way to arrive, if anything is. */
    const written = async (): Promise<void> => void (await shop.engine.list({ stages: ["decided"] }));

    let own: Connection;
    let other: Connection;
    beforeEach(async () => {
      await open();
      own = shop.connect(0, "own", basic("ana"));
      other = shop.connect(0, "other", basic("eve"));
      shop.engine.disconnect(shop.connection);
      await shop.engine.connect(own);
      await shop.engine.connect(other);
      await shop.post(["t1"], own);
    });
    afterEach(() => [own, other].forEach((connection) => shop.engine.disconnect(connection)));

    it("never leaves in the name of another user while its own connection restarts, whatever that one may do", async () => {
      shop.answering = (request) => (String(request.headers.authorization).includes(btoa("eve:p")) ? error(403, "403-FORBIDDEN") : ok);
      shop.next(busy);
      await shop.answer("continue", "t1", { connection: own });
      await shop.clock.waits.have(1);
      shop.engine.disconnect(own);
      shop.clock.advance(SECOND_TRY);
      await written();
      await shop.engine.connect(own);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      assert.deepEqual(usersWhoAnswered(), ["ana", "ana"]);
    });

    it("leaves by one that signs in as the same user, also after a restart without its own", async () => {
      shop.next(busy);
      await shop.answer("continue", "t1", { connection: own });
      await shop.clock.waits.have(1);
      await shop.restart();
      shop.engine.disconnect(shop.connection);
      await shop.engine.connect(other);
      const same = shop.connect(0, "same", basic("ana", "renewed"));
      shop.clock.advance(SECOND_TRY);
      await written();
      assert.equal(shop.requests.all.length, 1);
      await shop.engine.connect(same);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      assert.deepEqual(usersWhoAnswered(), ["ana", "ana"]);
      shop.engine.disconnect(same);
    });

    it("is not parked by what is refused to one that stands in, and waits for its own", async () => {
      const same = shop.connect(0, "same", basic("ana"));
      await shop.engine.connect(same);
      shop.next(busy, error(403, "403-FORBIDDEN"));
      await shop.answer("continue", "t1", { connection: own });
      await shop.clock.waits.have(1);
      shop.engine.disconnect(own);
      shop.clock.advance(SECOND_TRY);
      const waits = await shop.clock.waits.have(2);
      assert.deepEqual(await shop.at("decided"), ["t1"]);
      await shop.engine.connect(own);
      shop.clock.advance(waits[1] ?? 0);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      shop.engine.disconnect(same);
    });

    it("leaves in the name of whom its connection signed in as last", async () => {
      shop.engine.disconnect(own);
      own = shop.connect(0, "own", basic("bob"));
      await shop.engine.connect(own);
      shop.next(busy);
      await shop.answer("continue", "t1", { connection: own });
      await shop.clock.waits.have(1);
      await shop.restart();
      shop.engine.disconnect(shop.connection);
      const [former, same] = [shop.connect(0, "former", basic("ana")), shop.connect(0, "same", basic("bob"))];
      await shop.engine.connect(former);
      shop.clock.advance(SECOND_TRY);
      await written();
      await shop.engine.connect(same);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      assert.deepEqual(usersWhoAnswered(), ["bob", "bob"]);
      for (const connection of [former, same]) shop.engine.disconnect(connection);
    });

    it("leaves by the one of the same user that Abiquo lets in", async () => {
      const refused = shop.connect(0, "refused", basic("ana"));
      shop.next({ status: 401 });
      await assert.rejects(refused.client.currentUser());
      shop.next(busy);
      await shop.answer("continue", "t1", { connection: own });
      await shop.clock.waits.have(1);
      const same = shop.connect(0, "same", basic("ana"));
      for (const connection of [refused, same]) await shop.engine.connect(connection);
      shop.engine.disconnect(own);
      shop.clock.advance(SECOND_TRY);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      for (const connection of [refused, same]) shop.engine.disconnect(connection);
    });

    it("tells its caller when there is none for a minute, and leaves by the one that is asked to answer again", async () => {
      shop.next(busy);
      await shop.answer("continue", "t1", { connection: own });
      await shop.clock.waits.have(1);
      shop.engine.disconnect(own);
      shop.clock.advance(SECOND_TRY);
      await written();
      assert.equal(shop.port.stops.all.length, 0);
      shop.clock.advance(60_000);
      const [stop] = await shop.port.stops.have(1);
      assert.deepEqual([stop?.fault.code, stop?.fault.params], ["ANSWER_WITHOUT_CONNECTION", { taskId: "t1" }]);
      await shop.answer("continue", "t1", { connection: other });
      assert.deepEqual(await shop.port.outcomes(2), ["t1 as asked: continued", "t1 as asked: continued"]);
      assert.deepEqual(usersWhoAnswered(), ["ana", "eve"]);
    });

    it("counts as left behind unless one of its own user is there", async () => {
      shop.next(busy);
      await shop.answer("continue", "t1", { connection: own });
      await shop.clock.waits.have(1);
      const same = shop.connect(0, "same", basic("ana"));
      const left = async (...connections: Connection[]): Promise<number[]> =>
        (await shop.engine.leftBehind(connections)).map(({ decisions }) => decisions);
      assert.deepEqual([await left(own), await left(other, same), await left(other), await left()], [[], [], [1], [1]]);
      const [work] = await shop.engine.leftBehind([]);
      assert.deepEqual(work, { api: shop.client.base, connection: "own", decisions: 1, requests: 0 });
    });

    it("stays with its own connection while that is there, whoever is asked to answer again", async () => {
      shop.next(busy);
      await shop.answer("continue", "t1", { connection: own });
      await shop.clock.waits.have(1);
      await shop.answer("continue", "t1", { connection: other });
      shop.clock.advance(SECOND_TRY);
      await shop.port.outcomes(2);
      assert.deepEqual(usersWhoAnswered(), ["ana", "ana"]);
    });

    it("stays with the one that took it over, also after a stop", async () => {
      shop.next(busy, busy);
      await shop.answer("continue", "t1", { connection: own });
      await shop.clock.waits.have(1);
      shop.engine.disconnect(own);
      shop.clock.advance(SECOND_TRY);
      await written();
      await shop.answer("continue", "t1", { connection: other });
      await shop.requests.have(2);
      await written();
      await shop.restart();
      shop.engine.disconnect(shop.connection);
      await shop.engine.connect(other);
      shop.clock.advance(60_000);
      await shop.requests.have(3);
      assert.deepEqual(usersWhoAnswered(), ["ana", "eve", "eve"]);
    });
  });

  describe("on disk", () => {
    it("is sending while a later attempt is under way, so that a kill leaves it for one that may have been made", async () => {
      await open();
      await shop.receive("t1");
      shop.next(busy, () => new Promise<never>(() => undefined));
      await shop.answer("continue", "t1");
      await shop.clock.waits.have(1);
      assert.equal(await delivery(), "waiting");
      shop.clock.advance(SECOND_TRY);
      await shop.requests.have(2);
      assert.equal(await delivery(), "sending");
    });

    it("is taken up after a stop while it waits, although no node asks for it", async () => {
      await open();
      await shop.receive("t1");
      shop.next(busy);
      await shop.answer("continue", "t1");
      await shop.clock.waits.have(1);
      await shop.stop();
      shop.clock.advance(SECOND_TRY);
      await shop.start({ withNode: false });
      await shop.requests.have(2);
      assert.deepEqual(shop.sent, ["continue t1", "continue t1"]);
    });

    it("is not parked by a connection that closes under it", async () => {
      await open();
      await shop.receive("t1");
      shop.next(() => new Promise<never>(() => undefined));
      await shop.answer("continue", "t1");
      await shop.requests.have(1);
      await shop.client.close();
      await shop.clock.waits.have(1);
      assert.equal(await delivery(), "waiting");
    });

    it("is Abiquo's doing or ours, nobody knows, after a redeploy that cut an attempt short", async () => {
      await open();
      await shop.receive("t1");
      shop.next(() => new Promise<never>(() => undefined), notWaiting, taskIn("PENDING"));
      await shop.answer("continue", "t1");
      await shop.requests.have(1);
      shop.engine.disconnect(shop.connection);
      await shop.engine.connect(shop.connection);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued"]);
      assert.deepEqual(await shop.at("delivered"), ["t1"]);
    });

    describe("that does not take everything", () => {
      let refuses: (news: Parameters<Ledger["report"]>[0]) => boolean;
      let engine: Engine;
      const port = new Port();
      beforeEach(async () => {
        await open();
        refuses = () => false;
        const { ledger } = shop.engine;
        const report: Ledger["report"] = async (news) => {
          if (refuses(news)) throw new Error("disk I/O error");
          await ledger.report(news);
        };
        engine = new Engine(new Proxy(ledger, { get: (target, name) => (name === "report" ? report : Reflect.get(target, name)) }), {
          settle: 60_000,
          clock: shop.clock,
        });
        shop.engine.disconnect(shop.connection);
        await engine.connect(shop.connection);
        await engine.attach("other", port);
        await shop.receive("t1");
      });
      afterEach(() => {
        engine.disconnect(shop.connection);
        engine.intake.close();
        engine.approvals.close();
      });
      const answer = (): Promise<void> =>
        engine.answer({
          id: randomUUID(),
          node: "other",
          connection: shop.connection,
          action: "continue",
          references: [{ id: "t1" }],
          decision: DECISION,
          text: () => "",
          message: "{}",
        });

      it("is not sent while that it is sent cannot be written", async () => {
        shop.next(busy);
        await answer();
        const waits = await shop.clock.waits.have(1);
        refuses = () => true;
        shop.clock.advance(waits[0] ?? 0);
        await shop.clock.waits.have(2);
        assert.equal(shop.requests.all.length, 1);
        refuses = () => false;
        shop.next(() => new Promise<never>(() => undefined));
        shop.clock.advance(60_000);
        await shop.requests.have(2);
        assert.equal(await delivery(), "sending");
      });

      it("is sent again when what came of it cannot be written, and then known for its own work", async () => {
        refuses = ({ delivery: news }) => news === "delivered";
        await answer();
        await shop.clock.waits.have(1);
        refuses = () => false;
        shop.next(notWaiting, taskIn("PENDING"));
        shop.clock.advance(SECOND_TRY);
        assert.deepEqual(await port.outcomes(1), ["t1 as asked: continued"]);
        assert.deepEqual(await shop.at("delivered"), ["t1"]);
      });
    });
  });
});
