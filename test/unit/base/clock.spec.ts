import assert from "node:assert/strict";
import { type Clock, every, signalAfter, sleep, steadyNow, systemClock, timestamp } from "../../../nodes/lib/base/clock.ts";
import { TurnedClock } from "./turned-clock.ts";

describe("a sleep", () => {
  it("lasts as long as it was said, and no longer", async () => {
    const clock = new TurnedClock();
    let isOver = false;
    const over = sleep(clock, 50).then(() => (isOver = true));
    clock.turn(49);
    await Promise.resolve();
    assert.ok(!isOver);
    clock.turn(1);
    await over;
  });

  it("ends with the signal's reason, and leaves no timer and no listener", async () => {
    const clock = new TurnedClock();
    const abort = new AbortController();
    const asleep = sleep(clock, 50, { signal: abort.signal });
    const reason = new Error("closed");
    abort.abort(reason);
    await assert.rejects(asleep, reason);
    assert.equal(clock.waiting, 0);
    await assert.rejects(sleep(clock, 50, { signal: abort.signal }), reason);
    assert.equal(clock.waiting, 0);
  });

  it("keeps the process alive only where somebody waits for it", () => {
    const awaited: (boolean | undefined)[] = [];
    const clock: Clock = {
      ...systemClock,
      after(_ms, _run, isAwaited) {
        awaited.push(isAwaited);
        return () => undefined;
      },
    };
    void sleep(clock, 1, { isAwaited: true });
    void sleep(clock, 1);
    assert.deepEqual(awaited, [true, false]);
  });
});

describe("a signal that comes in time", () => {
  it("is not there before, and says that time is out", () => {
    const clock = new TurnedClock();
    const signal = signalAfter(clock, 10);
    clock.turn(9);
    assert.ok(!signal.aborted);
    clock.turn(1);
    assert.throws(() => signal.throwIfAborted(), { name: "TimeoutError" });
  });
});

describe("the time for ages", () => {
  it("goes on with the time that has passed, and is not ahead of it where the wall clock was set", () => {
    let [wall, passed] = [5_000, 100];
    const now = steadyNow({ ...systemClock, now: () => wall, monotonic: () => passed });
    assert.equal(now(), 5_000);
    [wall, passed] = [5_070, 170];
    assert.equal(now(), 5_070);
    wall = 90_000;
    assert.equal(now(), 5_070);
    wall = 2_000;
    assert.equal(now(), 2_000);
  });
});

describe("what is done again and again", () => {
  it("goes on until it is ended, also from within", () => {
    const clock = new TurnedClock();
    let times = 0;
    const end = every(clock, 10, () => {
      times += 1;
      if (times === 3) end();
    });
    clock.turn(25);
    assert.equal(times, 2);
    clock.turn(100);
    assert.equal(times, 3);
    assert.equal(clock.waiting, 0);
  });
});

describe("the clock of the system", () => {
  it("calls off what it was to do", async () => {
    systemClock.after(1, assert.fail)();
    await new Promise<void>((done) => systemClock.after(5, done, true));
  });

  it("tells the time as text", () => {
    assert.equal(timestamp(new TurnedClock(0)), "1970-01-01T00:00:00.000Z");
  });
});
