import assert from "node:assert/strict";
import { HeldLease } from "../../../nodes/lib/engine/held-lease.ts";
import { TurnedClock } from "../base/turned-clock.ts";

describe("a lease that is held", () => {
  let clock: TurnedClock;
  /** how long it was asked for, each time */
  let asked: number[];
  let isFree: boolean;
  let lease: HeldLease;

  beforeEach(() => {
    clock = new TurnedClock();
    asked = [];
    isFree = true;
    const ledger = {
      async acquireLease(_name: string, ms: number) {
        asked.push(ms);
        return isFree;
      },
      releaseLease: () => Promise.reject(new Error("disk full")),
    };
    lease = new HeldLease(ledger, clock, { name: "work", ms: 100, least: 60 });
  });

  it("is asked for again once no more than the least is left of it", async () => {
    assert.ok(await lease.isHeld());
    clock.turn(39);
    assert.ok(await lease.isHeld());
    assert.deepEqual(asked, [100]);
    clock.turn(1);
    assert.ok(await lease.isHeld());
    assert.deepEqual(asked, [100, 100]);
  });

  it("is kept for longer where it is needed for longer", async () => {
    assert.ok(await lease.extend(1_000));
    clock.turn(1_039);
    assert.ok(await lease.isHeld());
    assert.deepEqual(asked, [1_100]);
    clock.turn(1);
    assert.ok(await lease.isHeld());
    assert.deepEqual(asked, [1_100, 100]);
  });

  it("is asked for each time while it is another's, and after it was given back", async () => {
    isFree = false;
    assert.ok(!(await lease.isHeld()));
    assert.ok(!(await lease.isHeld()));
    isFree = true;
    assert.ok(await lease.isHeld());
    await lease.release();
    assert.ok(await lease.isHeld());
    assert.equal(asked.length, 4);
  });
});
