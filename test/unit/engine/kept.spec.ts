import assert from "node:assert/strict";
import { keptLinks, keptPayload, keptSummary } from "../../../nodes/lib/abiquo/kept.ts";
import { type Codec, readOrWhy } from "../../../nodes/lib/base/codec.ts";
import { keptKeyRing, keptNotification, keptRequest, keptState } from "../../../nodes/lib/engine/approvals/kept.ts";
import { keptMessage } from "../../../nodes/lib/engine/kept-message.ts";
import { keptFacts, keptFault, tasksIn, tasksText } from "../../../nodes/lib/ledger/kept.ts";

/** By the name that faults give it. */
const KINDS: Readonly<Record<string, Codec<unknown>>> = {
  message: keptMessage,
  "approval.request": keptRequest,
  "approval.state": keptState,
  "notification.body": keptNotification,
  "setting.link-keys": keptKeyRing,
  "decision.fault": keptFault,
  "decision.facts": keptFacts,
  "task.summary": keptSummary,
  "task.links": keptLinks,
  "payload.body": keptPayload,
};

const DAMAGED = ["", "{", "null", "5", '"text"', "[1]", "[1,null]", "[1,5]", '[0,{"a":1}]'];

describe("Each kind of thing that the ledger keeps", () => {
  for (const [what, kept] of Object.entries(KINDS)) {
    it(`${what}: of a newer release is told as that, however it looks`, () => {
      for (const value of [{}, [], null, { id: "1" }]) {
        const reading = readOrWhy(() => kept.read(JSON.stringify([kept.version + 1, value])));
        assert.ok("unread" in reading);
        assert.deepEqual([reading.unread.code, reading.unread.params], ["KEPT_NEWER", { what }]);
      }
    });

    it(`${what}: is told as unreadable where it is damaged`, () => {
      for (const text of DAMAGED) {
        const reading = readOrWhy(() => kept.read(text));
        assert.ok("unread" in reading, text);
        assert.deepEqual([reading.unread.code, reading.unread.params], ["KEPT_UNREADABLE", { what }], text);
      }
    });
  }

  it("request.tasks: leaves a request with the reason and no tasks, beside others that are read", () => {
    const keys = [{ api: "http://one.example/api", taskId: "1" }];
    assert.deepEqual(tasksIn(tasksText(keys)), { tasks: keys });
    assert.deepEqual(tasksIn('[2,[["a","b"]]]'), { tasks: [], unread: { code: "KEPT_NEWER", params: { what: "request.tasks" } } });
    for (const text of ["{", "{}", "null", '[1,[["a"]]]', '[1,[["a",5]]]', '[1,["a"]]']) {
      assert.deepEqual(tasksIn(text), { tasks: [], unread: { code: "KEPT_UNREADABLE", params: { what: "request.tasks" } } }, text);
    }
  });
});
