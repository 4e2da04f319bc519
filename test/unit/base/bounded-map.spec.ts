import assert from "node:assert/strict";
import { BoundedMap } from "../../../nodes/lib/base/bounded-map.ts";
import { getOrCreate } from "../../../nodes/lib/base/get-or-create.ts";
import { grouped } from "../../../nodes/lib/base/grouped.ts";
import { once } from "../../../nodes/lib/base/once.ts";

describe("a bounded map", () => {
  it("gives up the entry that was set longest ago", () => {
    const map = new BoundedMap<string, number>(2).set("a", 1).set("b", 2).set("a", 3).set("c", 4);
    assert.deepEqual(
      [...map],
      [
        ["a", 3],
        ["c", 4],
      ],
    );
  });
});

describe("an entry of a map", () => {
  it("is created when it is asked for first", () => {
    const map = new Map<string, object>();
    const created = getOrCreate(map, "a", () => ({}));
    assert.equal(getOrCreate(map, "a", assert.fail), created);
    assert.equal(map.get("a"), created);
  });
});

describe("groups", () => {
  it("keep the order of their first items, and of the items in them", () => {
    assert.deepEqual(
      [...grouped([3, 1, 4, 5], (number) => number % 2)],
      [
        [1, [3, 1, 5]],
        [0, [4]],
      ],
    );
  });
});

describe("what is done once", () => {
  it("is not done again, nor while it is being done", () => {
    let times = 0;
    const act = once(() => {
      times += 1;
      act();
    });
    act();
    act();
    assert.equal(times, 1);
  });
});
