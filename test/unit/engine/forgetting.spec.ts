import assert from "node:assert/strict";
import { Forgetting } from "../../../nodes/lib/engine/forgetting.ts";
import { StillClock } from "./support.ts";

const TURN = (): Promise<void> => new Promise((turn) => setImmediate(turn));

/** A ledger that forgets, or cannot. */
class Forgetful {
  readonly asked: string[][] = [];
  isBroken = false;

  async forget(ids: readonly string[]): Promise<void> {
    this.asked.push([...ids]);
    if (this.isBroken) throw new Error("broken");
  }
}

describe("Requests that have left", () => {
  let clock: StillClock;
  let ledger: Forgetful;
  let forgetting: Forgetting;

  beforeEach(() => {
    clock = new StillClock();
    ledger = new Forgetful();
    forgetting = new Forgetting(ledger, clock);
  });

  async function pass(ms: number): Promise<void> {
    clock.advance(ms);
    await TURN();
  }

  it("are forgotten soon, and together", async () => {
    forgetting.add("one");
    forgetting.add("other");
    assert.ok(forgetting.has("one"));
    await pass(100);
    assert.deepEqual(ledger.asked, [["one", "other"]]);
    assert.equal(forgetting.has("one"), false);
    forgetting.add("next");
    await pass(100);
    assert.deepEqual(ledger.asked.slice(1), [["next"]]);
  });

  it("are not taken for an earlier run's as long as the ledger has them", async () => {
    ledger.isBroken = true;
    forgetting.add("one");
    await pass(60_000);
    assert.ok(forgetting.has("one"));
  });

  it("that cannot be forgotten are tried again more and more seldom, by one timer, until they are", async () => {
    ledger.isBroken = true;
    const HOUR = 3_600_000;
    for (let second = 0; second < 3_600; second++) {
      if (second % 60 === 0) forgetting.add(`at ${second}`);
      await pass(1_000);
    }
    const tries = ledger.asked.length;
    assert.ok(tries >= 10 && tries <= 25, `${tries} tries in an hour`);
    ledger.isBroken = false;
    await pass(HOUR);
    assert.equal(ledger.asked.length, tries + 1);
    assert.equal(forgetting.has("at 0"), false);
    forgetting.add("next");
    await pass(100);
    assert.deepEqual(ledger.asked.at(-1), ["next"]);
  });

  it("are tried once more when the ledger closes, and never after that", async () => {
    ledger.isBroken = true;
    forgetting.add("one");
    await forgetting.close();
    assert.deepEqual(ledger.asked, [["one"]]);
    forgetting.add("other");
    await pass(24 * 3_600_000);
    assert.deepEqual(ledger.asked, [["one"]]);
    const idle = new Forgetting(ledger, clock);
    await idle.close();
    idle.add("late");
    await pass(24 * 3_600_000);
    assert.deepEqual(ledger.asked, [["one"]]);
  });
});
