import assert from "node:assert/strict";
import { isObject, parseJson, textOf } from "../../../nodes/lib/base/json.ts";
import { oneLine, shown } from "../../../nodes/lib/base/text.ts";

describe("text", () => {
  it("on one line has nothing in it that could end a header", () => {
    assert.equal(oneLine(" Ana\r\nBcc: x\u0000y\u0085z\t "), "Ana Bcc: x y z");
  });

  it("of any value is short enough to be shown", () => {
    assert.deepEqual([undefined, null, 5, "a", { a: [1] }].map(shown), ["", "null", "5", "a", '{"a":[1]}']);
    assert.equal(shown("x".repeat(81)), `${"x".repeat(79)}…`);
    assert.equal(shown("x".repeat(80)), "x".repeat(80));
  });
});

describe("JSON", () => {
  it("is understood, or nothing", () => {
    assert.deepEqual(parseJson('{"a":1}'), { a: 1 });
    for (const text of ["", "{", "undefined", "a"]) assert.equal(parseJson(text), undefined, text);
  });

  it("tells objects from lists and nothing, and text from what only looks like it", () => {
    assert.deepEqual([{}, [], null, "x", undefined].map(isObject), [true, false, false, false, false]);
    assert.deepEqual(["x", 5, Number.NaN, true, null, {}].map(textOf), ["x", "5", "", "", "", ""]);
  });
});
