import assert from "node:assert/strict";
import { Spared } from "../../../nodes/lib/base/spared.ts";
import { StillClock } from "../engine/support.ts";

describe("what is read sparingly", () => {
  const spare = (ms: number): { spared: Spared<number>; clock: StillClock; reads: () => number } => {
    const clock = new StillClock();
    let count = 0;
    const read = async (): Promise<number> => {
      clock.advance(ms);
      return ++count;
    };
    return { spared: new Spared(read, clock, 1_000), clock, reads: () => count };
  };

  it("is shared by those who ask together, and kept for a while", async () => {
    const { spared, clock, reads } = spare(0);
    assert.deepEqual(await Promise.all([spared.get(), spared.get()]), [1, 1]);
    clock.advance(999);
    assert.equal(await spared.get(), 1);
    clock.advance(1);
    assert.equal(await spared.get(), 2);
    assert.equal(reads(), 2);
  });

  it("is read for a fiftieth of the time at the most", async () => {
    const { spared, clock, reads } = spare(1_000);
    await spared.get();
    clock.advance(49_999);
    await spared.get();
    assert.equal(reads(), 1);
    clock.advance(1);
    await spared.get();
    assert.equal(reads(), 2);
  });

  it("is read again at once after it could not be", async () => {
    let isThere = false;
    const spared = new Spared(
      async () => {
        if (!isThere) throw new Error("not there");
        return 1;
      },
      new StillClock(),
      1_000,
    );
    await assert.rejects(spared.get());
    isThere = true;
    assert.equal(await spared.get(), 1);
  });
});
