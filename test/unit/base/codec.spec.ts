import assert from "node:assert/strict";
import { codec, isNewer } from "../../../nodes/lib/base/codec.ts";
import { isListOf, isNumber, isOneOf, isRecord, isText, only, optional } from "../../../nodes/lib/base/shape.ts";

interface Place {
  readonly name: string;
  readonly kind: "room" | "hall";
  readonly seats?: readonly number[];
}

const isPlace = isRecord<Place>({
  name: isText,
  kind: isOneOf<"room" | "hall">({ room: true, hall: true }),
  seats: optional(isListOf(isNumber)),
});
const place: Place = { name: "north", kind: "hall", seats: [1, 2] };

describe("what outlives a release", () => {
  const first = codec("place.body", [], only(isPlace));

  it("comes back as it was kept", () => {
    assert.deepEqual(first.read(first.write(place)), place);
  });

  it("has its version with it", () => {
    assert.deepEqual(JSON.parse(first.write(place)), [1, place]);
  });

  it("has version 1 where 0.1.0 wrote none, whether an object or a list", () => {
    assert.deepEqual(first.read(JSON.stringify(place)), place);
    const pairs = codec("place.pairs", [], only(isListOf(isListOf(isText))));
    assert.deepEqual(pairs.read('[["a","1"],["b","2"]]'), [
      ["a", "1"],
      ["b", "2"],
    ]);
    assert.deepEqual(pairs.read("[]"), []);
  });

  it("is brought forward step by step, from the version it has", () => {
    const steps = [(old: unknown) => ({ title: old }), (old: unknown) => ({ ...(old as { title: string }), kind: "hall" })];
    const third = codec("place.body", steps, (value) => value);
    assert.deepEqual(third.read('"north"'), { title: "north", kind: "hall" });
    assert.deepEqual(third.read('[1,"north"]'), { title: "north", kind: "hall" });
    assert.deepEqual(third.read('[2,{"title":"south"}]'), { title: "south", kind: "hall" });
    assert.deepEqual(third.read('[3,{"title":"east","kind":"room"}]'), { title: "east", kind: "room" });
    assert.deepEqual(JSON.parse(third.write({ title: "west" })), [3, { title: "west" }]);
  });

  it("of a newer release is refused by name, however well it would fit", () => {
    assert.throws(() => first.read(JSON.stringify([2, place])), { code: "KEPT_NEWER", params: { what: "place.body" } });
  });

  for (const [what, text] of [
    ["no JSON", "{"],
    ["nothing", ""],
    ["another type", '{"name":1,"kind":"hall"}'],
    ["a value that no release wrote", '{"name":"north","kind":"garden"}'],
    ["a list with one bad entry", '{"name":"north","kind":"hall","seats":[1,"2"]}'],
    ["a null where a text belongs", '{"name":null,"kind":"hall"}'],
    ["a version that is none", '[0.5,{"name":"north","kind":"hall"}]'],
    ["a version below the first", '[0,{"name":"north","kind":"hall"}]'],
  ] as const) {
    it(`that is ${what} is refused as unreadable`, () => {
      assert.throws(() => first.read(text), { code: "KEPT_UNREADABLE", params: { what: "place.body" } });
    });
  }

  it("is unreadable where a step stumbles over it, and not an error of another kind", () => {
    const second = codec("place.body", [(old) => (old as { a: { b: unknown } }).a.b], (value) => value);
    assert.throws(() => second.read("{}"), { code: "KEPT_UNREADABLE" });
  });

  it("keeps properties that its reader does not know", () => {
    assert.deepEqual(first.read('{"name":"north","kind":"hall","floor":3}'), { name: "north", kind: "hall", floor: 3 });
  });

  it("tells a newer release's from what is damaged", () => {
    const caught = (text: string): unknown => {
      try {
        return first.read(text);
      } catch (error) {
        return error;
      }
    };
    assert.equal(isNewer(caught("[2,{}]")), true);
    assert.equal(isNewer(caught("{}")), false);
  });
});
