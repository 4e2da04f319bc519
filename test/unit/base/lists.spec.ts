import assert from "node:assert/strict";
import { entriesOf, splitList } from "../../../nodes/lib/base/lists.ts";

describe("lists in text", () => {
  it("are parted by commas, semicolons and line breaks, without blanks", () => {
    assert.deepEqual(splitList(" a , b c;d\r\n\n,;e"), ["a", "b c", "d", "e"]);
    assert.deepEqual(splitList(" ,;\n"), []);
  });

  it("may be JSON, and are none where it is not whole", () => {
    assert.deepEqual(entriesOf('["a, b", 5]'), ["a, b", 5]);
    assert.deepEqual(entriesOf("a, b"), ["a", "b"]);
    assert.equal(entriesOf('["a"'), undefined);
    assert.equal(entriesOf("[] []"), undefined);
  });
});
