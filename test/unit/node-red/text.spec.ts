import assert from "node:assert/strict";
import type { NodeAPI } from "node-red";
import { translated } from "../../../nodes/lib/node-red/text.ts";

describe("texts of the catalogues", () => {
  const RED = { _: (key: string, params: object) => `${key} ${JSON.stringify(params)}` } as unknown as NodeAPI;

  it("are not mixed up where the same words belong to different values", () => {
    const texts = [
      { by: "Ana", rule: "B C" },
      { by: "Ana B", rule: "C" },
    ].map((params) => translated(RED, "answer.continueByRule", params));
    assert.deepEqual(texts, ['answer.continueByRule {"by":"Ana","rule":"B C"}', 'answer.continueByRule {"by":"Ana B","rule":"C"}']);
  });
});
