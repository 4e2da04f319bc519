import assert from "node:assert/strict";
import fc from "fast-check";
import { parseBallot, parseCommand } from "../../../nodes/lib/approval/index.ts";
import { Fault } from "../../../nodes/lib/base/fault.ts";

const refuses = (code: string, field: string) => (error: unknown) =>
  error instanceof Fault && error.code === code && error.params["field"] === field;

describe("a vote in a message", () => {
  it("needs an action and a person, whose name may be a number", () => {
    assert.deepEqual(parseBallot({ action: "approve", by: 12345 }), { action: "approve", by: "12345" });
  });

  it("may name level, reason and exceptions, as text too", () => {
    assert.deepEqual(parseBallot({ action: "approve", by: " anna@x.com ", level: "1", reason: " small ", except: "t1, t2" }), {
      action: "approve",
      by: "anna@x.com",
      level: 1,
      reason: "small",
      except: ["t1", "t2"],
    });
  });

  it("may name the first level, whose number is 0", () => {
    for (const level of [0, "0"]) assert.equal(parseBallot({ action: "approve", by: "anna@x.com", level }).level, 0);
  });

  const mistakes: readonly (readonly [field: string, given: unknown])[] = [
    ["action", undefined],
    ["action", { by: "anna@x.com" }],
    ["action", { action: "Approve!", by: "anna@x.com" }],
    ["by", { action: "approve", by: " " }],
    ["level", { action: "approve", by: "anna@x.com", level: -1 }],
    ["level", { action: "approve", by: "anna@x.com", level: "boss" }],
    ["except", { action: "approve", by: "anna@x.com", except: [{}] }],
    ["except", { action: "approve", by: "anna@x.com", except: true }],
  ];
  for (const [field, given] of mistakes) {
    it(`is refused for ${JSON.stringify(given)}`, () => {
      assert.throws(() => parseBallot(given), refuses("APPROVAL_VOTE_INVALID", field));
    });
  }
});

describe("a command in a message", () => {
  it("is understood with what each action needs", () => {
    assert.deepEqual(parseCommand({ action: "reassign", to: "dora@x.com", by: "admin", more: 1 }), {
      action: "reassign",
      to: { email: "dora@x.com" },
      by: "admin",
    });
    assert.deepEqual(parseCommand({ action: "reassign", to: { email: "dora@x.com", name: "Dora" }, from: "U1", by: "admin" }), {
      action: "reassign",
      to: { email: "dora@x.com", name: "Dora" },
      from: "U1",
      by: "admin",
    });
    assert.deepEqual(parseCommand({ action: "bypass", by: "boss", reason: "down", outcome: "" }), {
      action: "bypass",
      by: "boss",
      reason: "down",
    });
    assert.deepEqual(parseCommand({ action: "freeze" }), { action: "freeze", by: "", reason: "" });
    assert.deepEqual(parseCommand({ action: "unfreeze", by: "admin" }), { action: "unfreeze", by: "admin" });
  });

  const mistakes: readonly (readonly [field: string, given: unknown])[] = [
    ["action", "withdraw"],
    ["action", { action: "approve", by: "admin" }],
    ["to", { action: "reassign", by: "admin" }],
    ["to", { action: "delegate", by: "anna@x.com", to: "role:ADMIN" }],
    ["to", { action: "delegate", by: "anna@x.com", to: "dora" }],
    ["outcome", { action: "bypass", by: "boss", reason: "down", outcome: "continue" }],
  ];
  for (const [field, given] of mistakes) {
    it(`is refused for ${JSON.stringify(given)}`, () => {
      assert.throws(() => parseCommand(given), refuses("APPROVAL_COMMAND_INVALID", field));
    });
  }
});

describe("what a message says", () => {
  it("never fails otherwise than by naming what is wrong", () => {
    const fields = fc.dictionary(fc.constantFrom("action", "by", "to", "from", "level", "except", "reason", "outcome"), fc.anything());
    const actions = fc.constantFrom("approve", "reject", "reassign", "delegate", "bypass", "freeze");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          fields,
          fc.tuple(fields, actions).map(([given, action]) => ({ ...given, action })),
        ),
        (given) => {
          for (const parse of [parseBallot, parseCommand]) {
            try {
              parse(given);
            } catch (error) {
              assert.ok(error instanceof Fault, String(error));
            }
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
