import assert from "node:assert/strict";
import { forEachAtOnce, someAtOnce } from "../../../nodes/lib/base/concurrency.ts";

/** Work that ends when the spec says so. */
class Works {
  readonly begun: number[] = [];
  readonly #ends = new Map<number, PromiseWithResolvers<boolean>>();

  readonly begin = (item: number): Promise<boolean> => {
    this.begun.push(item);
    const end = Promise.withResolvers<boolean>();
    this.#ends.set(item, end);
    return end.promise;
  };

  async end(item: number, result: boolean | Error = false): Promise<void> {
    const end = this.#ends.get(item);
    if (result instanceof Error) end?.reject(result);
    else end?.resolve(result);
    await new Promise((turn) => setImmediate(turn));
  }
}

describe("work for several at once", () => {
  it("is begun for as many as may be, the next as soon as one is done", async () => {
    const works = new Works();
    const all = forEachAtOnce(2, [1, 2, 3, 4], works.begin);
    assert.deepEqual(works.begun, [1, 2]);
    await works.end(2);
    assert.deepEqual(works.begun, [1, 2, 3]);
    await works.end(1);
    await works.end(3);
    await works.end(4);
    await all;
    await forEachAtOnce(2, [], () => assert.fail());
  });

  it("is begun for no other once it has failed for one", async () => {
    const works = new Works();
    const failure = new Error("one");
    const all = assert.rejects(forEachAtOnce(2, [1, 2, 3, 4], works.begin), failure);
    await works.end(1, failure);
    await works.end(2);
    await all;
    assert.deepEqual(works.begun, [1, 2]);
  });

  it("is begun for no other once one is found", async () => {
    const works = new Works();
    const found = someAtOnce(2, new Set([1, 2, 3, 4]), works.begin);
    await works.end(1, true);
    await works.end(2);
    assert.equal(await found, true);
    assert.deepEqual(works.begun, [1, 2]);
    assert.equal(await someAtOnce(2, [1, 2], async () => false), false);
  });
});
