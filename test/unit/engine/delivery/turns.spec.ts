import assert from "node:assert/strict";
import fc from "fast-check";
import { Turns } from "../../../../nodes/lib/engine/delivery/turns.ts";

interface Item {
  readonly enterprise: string;
  readonly datacenter: string;
  readonly id: number;
}

const none = (): boolean => false;

describe("turns", () => {
  const item = (enterprise: string, datacenter = "1", id = 0): Item => ({ enterprise, datacenter, id });
  const all = (turns: Turns<Item>): string => {
    const taken: string[] = [];
    for (let next = turns.take(none); next !== undefined; next = turns.take(none)) taken.push(next.enterprise + next.datacenter);
    return taken.join(" ");
  };

  it("go round the enterprises, and within each round its datacenters", () => {
    const turns = new Turns<Item>();
    for (const [enterprise, datacenter] of ["a1", "a1", "a2", "b1", "a2", "c1"].map((text) => [...text]))
      turns.add(item(enterprise ?? "", datacenter));
    assert.equal(turns.size, 6);
    assert.equal(all(turns), "a1 b1 c1 a2 a1 a2");
    assert.equal(turns.size, 0);
  });

  it("pass over what may not go, and leave it its place", () => {
    const turns = new Turns<Item>();
    for (const each of [item("a", "full"), item("b", "free"), item("b", "free")]) turns.add(each);
    assert.equal(turns.take((datacenter) => datacenter === "full")?.enterprise, "b");
    assert.equal(turns.take(none)?.enterprise, "a");
    assert.equal(
      turns.take((datacenter) => datacenter === "free"),
      undefined,
    );
    assert.equal(turns.size, 1);
  });

  it("keep the order of one datacenter, lose none and double none", () => {
    const items = fc.array(fc.record({ enterprise: fc.constantFrom("a", "b", "c"), datacenter: fc.constantFrom("1", "2") }));
    fc.assert(
      fc.property(items, (places) => {
        const turns = new Turns<Item>();
        places.forEach((place, id) => turns.add({ ...place, id }));
        const taken = turns.clear();
        assert.deepEqual(new Set(taken.map(({ id }) => id)).size, places.length);
        for (const group of Object.values(Object.groupBy(taken, ({ enterprise, datacenter }) => enterprise + datacenter))) {
          const ids = (group ?? []).map(({ id }) => id);
          assert.deepEqual(
            ids,
            ids.toSorted((one, other) => one - other),
          );
        }
      }),
    );
  });

  it("let no enterprise wait for more than one round of the others, however many each has and whenever they come", () => {
    // `undefined` takes; a text adds for that enterprise.
    const steps = fc.array(fc.option(fc.constantFrom("a", "b", "c", "d"), { nil: undefined }), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (script) => {
        const turns = new Turns<Item>();
        const waiting = new Map<string, number>();
        /** by who waits: who was taken how often since its own last turn */
        const overtaken = new Map<string, Map<string, number>>();
        for (const enterprise of script) {
          if (enterprise !== undefined) {
            turns.add(item(enterprise));
            if ((waiting.get(enterprise) ?? 0) === 0) overtaken.set(enterprise, new Map());
            waiting.set(enterprise, (waiting.get(enterprise) ?? 0) + 1);
            continue;
          }
          const taken = turns.take(none)?.enterprise;
          if (taken === undefined) continue;
          waiting.set(taken, (waiting.get(taken) ?? 0) - 1);
          overtaken.set(taken, new Map());
          for (const [who, count] of waiting) {
            if (count === 0 || who === taken) continue;
            const by = overtaken.get(who) ?? new Map<string, number>();
            by.set(taken, (by.get(taken) ?? 0) + 1);
            assert.ok((by.get(taken) ?? 0) <= 1, `${who} waits while ${taken} goes twice`);
          }
        }
      }),
    );
  });
});
