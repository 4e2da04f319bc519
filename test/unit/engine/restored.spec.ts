import assert from "node:assert/strict";
import { HOOK, idIn, isAnswer, notWaiting, ok, taskIn, Workshop } from "./support.ts";

describe("a store that was put back from a copy", () => {
  let shop: Workshop;
  /** what Abiquo has of a task */
  let states: Record<string, string>;
  let isAway: boolean;

  beforeEach(async () => {
    shop = await Workshop.open();
    await shop.receive("delivered", "waiting", "cancelled", "open");
    // What the store still has to deliver: Abiquo has taken one of them since the copy was made.
    shop.answering = () => ({ status: 503, body: "" });
    for (const id of ["delivered", "waiting"]) await shop.answer("continue", id);
    await shop.clock.waits.have(2);
    await shop.engine.ledger.settings.replace("restored", "", "2027-01-15T08:00:00.000Z");
    states = { delivered: "PENDING", cancelled: "CANCELLED" };
    isAway = false;
    shop.answering = (request) => {
      if (isAway) return { status: 500, body: "" };
      const state = states[idIn(request)];
      if (!isAnswer(request)) return taskIn(state ?? "QUEUEING")(request);
      return state === undefined ? ok : notWaiting;
    };
  });
  afterEach(() => shop.close());

  const since = (count: number): string[] =>
    shop.requests.all.slice(count).map(({ request }) => `${request.method} ${request.url.split("/").at(-1)} ${idIn(request)}`);

  it("is compared with Abiquo before anything is sent, and then goes on with what truly waits", async () => {
    const before = shop.requests.all.length;
    await shop.restart();
    shop.clock.advance(60_000);
    assert.deepEqual((await shop.port.outcomes(2)).toSorted(), ["delivered as asked: continued", "waiting as asked: continued"]);
    const sent = since(before);
    assert.deepEqual(
      sent.filter((line) => line.startsWith("POST")),
      ["POST continue waiting"],
    );
    assert.ok(sent.indexOf("GET cancelled cancelled") < sent.indexOf("POST continue waiting"), sent.join());
    assert.ok(sent.indexOf("GET waiting waiting") < sent.indexOf("POST continue waiting"), sent.join());
    assert.deepEqual(await shop.at("elsewhere"), ["cancelled"]);
    const left = await shop.engine.intake.unsettled(HOOK, shop.connection.id);
    assert.deepEqual(
      left.map(({ key }) => key.taskId),
      ["open"],
    );
  });

  it("is held back while Abiquo is away, and whoever would send something waits", async () => {
    isAway = true;
    const before = shop.requests.all.length;
    const restarted = shop.restart();
    await shop.requests.have(before + 2);
    await shop.clock.waits.have(3);
    let isCompared = false;
    const compared = shop.engine.compared().then(() => void (isCompared = true));
    await shop.engine.list({ stages: ["gone"] });
    assert.equal(isCompared, false);
    isAway = false;
    shop.clock.advance(60_000);
    await compared;
    await restarted;
    shop.clock.advance(60_000);
    await shop.port.left.have(2);
    assert.deepEqual(
      since(before).filter((line) => line.startsWith("POST")),
      ["POST continue waiting"],
    );
  });

  it("is compared once, also when the process ends after that", async () => {
    await shop.restart();
    shop.clock.advance(60_000);
    await shop.port.left.have(2);
    const before = shop.requests.all.length;
    await shop.restart();
    await shop.engine.compared();
    assert.equal(shop.requests.all.length, before);
  });
});
