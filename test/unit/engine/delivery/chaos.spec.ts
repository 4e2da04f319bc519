import assert from "node:assert/strict";
import fc from "fast-check";
import type { Received, Reply } from "../../abiquo/support.ts";
import { error, idIn, isAnswer, notWaiting, ok, taskIn, Workshop } from "../support.ts";

const BEHAVIOURS = ["ok", "503", "429", "500", "page", "reset before", "reset after", "401"] as const;
type Behaviour = (typeof BEHAVIOURS)[number];

const FAILURES: Readonly<Record<Exclude<Behaviour, "ok" | "reset after">, Reply | "reset">> = {
  "503": { status: 503, headers: { "Retry-After": "30" } },
  "429": { status: 429 },
  "500": { status: 500, body: "" },
  page: { status: 404, headers: { "Content-Type": "text/html" }, body: "<html>Back soon</html>" },
  "reset before": "reset",
  "401": { status: 401 },
};

/** An Abiquo whose answers go wrong in every way, and which does what it is told once. */
class Platform {
  readonly decided = new Map<string, string>();
  readonly script: Behaviour[];
  count = 0;

  constructor(script: readonly Behaviour[]) {
    this.script = [...script];
  }

  answer(request: Received): Reply | "reset" {
    this.count++;
    const behaviour = this.script.shift() ?? "ok";
    if (behaviour !== "ok" && behaviour !== "reset after") return FAILURES[behaviour];
    const id = idIn(request);
    const state = this.decided.get(id);
    if (!isAnswer(request)) return taskIn(state === undefined ? "QUEUEING" : state)(request) as Reply;
    if (state !== undefined) return notWaiting;
    this.decided.set(id, request.url.endsWith("continue") ? "PENDING" : "CANCELLED");
    return behaviour === "reset after" ? "reset" : ok;
  }
}

describe("whatever Abiquo does", () => {
  let shop: Workshop;
  before(async () => {
    shop = await Workshop.open();
  });
  after(() => shop.close());

  /** Lets what is under way arrive, the time pass, and somebody renew credentials, until so many messages have left. */
  const deliverAll = async (count: number, platform: Platform): Promise<void> => {
    for (let round = 0; shop.port.left.all.length < count; round++) {
      assert.ok(round < 2_000, "it stands still");
      let before = -1;
      while (before !== platform.count) {
        before = platform.count;
        await shop.engine.list({ stages: ["decided"] });
      }
      if (shop.client.halted !== undefined) {
        shop.client.resume();
        shop.engine.restart(shop.connection);
      }
      shop.clock.advance(5_000);
    }
  };

  it("delivers each decision once, and says so once", async () => {
    let run = 0;
    const scripts = fc.array(fc.constantFrom(...BEHAVIOURS), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(scripts, fc.integer({ min: 1, max: 12 }), async (script, size) => {
        const [from, prefix] = [shop.port.left.all.length, `r${run++}-`];
        const platform = new Platform(script);
        shop.answering = (request) => platform.answer(request);
        shop.place = (id) => ({ enterprise: id.slice(-1), datacenter: id.slice(-1) });
        const ids = Array.from({ length: size }, (_, index) => `${prefix}${index}`);
        await shop.receive(...ids);
        await Promise.all(ids.map((id, index) => shop.answer(index % 3 === 0 ? "cancel" : "continue", id)));
        await deliverAll(from + size, platform);
        const expected = ids.map((id, index) => `${id} as asked: ${index % 3 === 0 ? "cancelled" : "continued"}`);
        assert.deepEqual((await shop.port.outcomes(from + size)).slice(from).toSorted(), expected.toSorted());
        assert.equal(platform.decided.size, size);
      }),
      { numRuns: 25 },
    );
    assert.deepEqual(await shop.at("decided", "undeliverable", "elsewhere", "gone"), []);
  });

  it("sends one now and then while it is away, however many wait, and then all", async () => {
    const from = shop.port.left.all.length;
    let isAway = true;
    let count = 0;
    shop.answering = (request) => {
      count++;
      if (isAway) return { status: 503, body: "" };
      return isAnswer(request) ? ok : taskIn("QUEUEING")(request);
    };
    shop.place = (id) => ({ enterprise: String(Number(id.slice(1)) % 7), datacenter: id });
    const ids = Array.from({ length: 300 }, (_, index) => `a${index}`);
    await shop.receive(...ids);
    await Promise.all(ids.map((id) => shop.answer("continue", id)));
    for (let minute = 0; minute < 10; minute++) {
      for (let second = 0; second < 60; second += 2) {
        shop.clock.advance(2_000);
        await shop.engine.list({ stages: ["undeliverable"] });
      }
    }
    // As many as were in flight when it went; then one after 4 s at the least, 8 s, 16 s, and two a minute.
    assert.ok(count <= 32 + 3 + 20, String(count));
    const tried = count;
    isAway = false;
    shop.clock.advance(60_000);
    await shop.port.left.have(from + 300);
    assert.equal(count - tried, 300);
  });

  it("tells a refusal apart from being away: it holds up nothing", async () => {
    const from = shop.port.left.all.length;
    shop.answering = (request) => (idIn(request).startsWith("bad") ? error(403, "403-FORBIDDEN") : ok);
    const ids = Array.from({ length: 20 }, (_, index) => `${index % 2 === 0 ? "bad" : "good"}${index}`);
    await shop.receive(...ids);
    await Promise.all(ids.map((id) => shop.answer("continue", id)));
    await shop.port.left.have(from + 20);
    assert.deepEqual(shop.engine.lanes[0]?.circuit.state, "closed");
  });
});
