import assert from "node:assert/strict";
import { Outbox } from "../../../nodes/lib/engine/outbox.ts";
import { Presence } from "../../../nodes/lib/engine/presence.ts";
import { Log, StillClock, Workshop } from "./support.ts";

const LEASE = 15_000;
const BEAT = LEASE / 3;

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

type Found = { readonly wasAway: boolean; readonly hasMore: boolean };

describe("the presence of one of several instances", () => {
  /** What the ledger answers from now on; a reason when it cannot be used. */
  let answer: Found | Error;
  let clock: StillClock;
  let presence: Presence;
  let heard: Log<"more" | "lost">;
  const beats = new Log<boolean>();

  beforeEach(() => {
    answer = { wasAway: false, hasMore: false };
    clock = new StillClock();
    heard = new Log();
    const ledger = {
      async stayPresent(ms: number): Promise<Found> {
        assert.equal(ms, LEASE);
        beats.add(true);
        if (answer instanceof Error) throw answer;
        return answer;
      },
    };
    presence = new Presence(ledger, clock, LEASE, { more: async () => heard.add("more"), lost: async () => heard.add("lost") });
  });

  afterEach(() => presence.close());

  /** One beat, with all that follows from it. */
  async function beat(): Promise<void> {
    const count = beats.all.length;
    clock.advance(BEAT);
    await beats.have(count + 1);
    await turn();
  }

  it("is certain as long as the ledger hears of it, and no longer than its lease", async () => {
    for (let count = 0; count < 10; count++) await beat();
    assert.ok(presence.isCertain);
    answer = new Error("no database");
    await beat();
    await beat();
    assert.ok(presence.isCertain);
    await beat();
    assert.ok(!presence.isCertain);
    answer = { wasAway: true, hasMore: false };
    await beat();
    assert.ok(presence.isCertain);
  });

  it("leaves to others what they may have taken, before it looks for more", async () => {
    answer = { wasAway: true, hasMore: false };
    await beat();
    assert.deepEqual(heard.all, ["lost", "more"]);
  });

  it("looks for more when it has taken some over, and once the ledger can be used again", async () => {
    await beat();
    assert.deepEqual(heard.all, []);
    answer = { wasAway: false, hasMore: true };
    await beat();
    answer = new Error("no database");
    await beat();
    answer = { wasAway: false, hasMore: false };
    await beat();
    await beat();
    assert.deepEqual(heard.all, ["more", "more"]);
  });

  it("ends when it is closed", async () => {
    await beat();
    const count = beats.all.length;
    presence.close();
    clock.advance(10 * LEASE);
    assert.equal(beats.all.length, count);
  });
});

describe("the outbox of an instance that may have lost its work", () => {
  let shop: Workshop;

  beforeEach(async () => {
    shop = await Workshop.open();
  });

  afterEach(() => shop.close());

  it("sends nothing until it is certain again", async () => {
    const { clock, connection, engine } = shop;
    const api = connection.client.base;
    await shop.receive("t1");
    const decision = { connection: connection.id, action: "continue", by: "Ana", cause: "rule", at: clock.now(), text: "" } as const;
    await engine.ledger.decide({ proposals: [{ api, taskId: "t1", ...decision }] });
    let isCertain = false;
    const nothing = (): void => undefined;
    const settled = new Log<string>();
    const events = { settled: () => settled.add("t1"), retried: nothing, stopped: nothing, halted: nothing, turned: nothing };
    const outbox = new Outbox(engine.ledger, api, events, clock, () => isCertain);
    await outbox.attach(connection);
    for (let second = 1; second <= 5; second++) {
      clock.advance(1_000);
      await turn();
    }
    assert.deepEqual(shop.sent, []);
    isCertain = true;
    clock.advance(1_000);
    await settled.have(1);
    assert.deepEqual(shop.sent, ["continue t1"]);
    outbox.detach(connection.id);
  });
});
