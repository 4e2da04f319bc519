import assert from "node:assert/strict";
import fc from "fast-check";
import { compileRules, type RuleOptions, RulesFault } from "../../../nodes/lib/rules/index.ts";
import { problemsOf } from "./support.ts";

function conditionCode(condition: unknown): string | undefined {
  return problemsOf([{ name: "", when: [condition], outcome: "review", reason: "" }])[0]?.code;
}

describe("rules that cannot be used", () => {
  it("are refused with every problem at once, each with its place", () => {
    const problems = problemsOf(
      [
        { name: "a", when: [{ field: "task.type", op: "like", value: "x" }], outcome: "approve", reason: "" },
        "nonsense",
        { name: "c", outcome: "review" },
        { name: "d", when: [[], { field: "task.type", op: "eq", value: "" }], outcome: "review" },
      ],
      { otherwise: "maybe", scope: "all" },
    );
    assert.deepEqual(
      problems.map(({ rule, condition, code }) => [rule, condition, code]),
      [
        [-1, undefined, "RULES_OTHERWISE_UNKNOWN"],
        [-1, undefined, "RULES_SCOPE_UNKNOWN"],
        [0, undefined, "RULE_OUTCOME_UNKNOWN"],
        [0, 0, "RULE_OP_UNKNOWN"],
        [1, undefined, "RULE_NOT_AN_OBJECT"],
        [2, undefined, "RULE_CONDITIONS_NOT_A_LIST"],
        [3, 0, "RULE_CONDITION_NOT_AN_OBJECT"],
        [3, 1, "RULE_VALUE_MISSING"],
      ],
    );
  });

  it("are refused when they are no list", () => {
    for (const rules of [{}, 5, "nonsense", '{"a":1}']) assert.equal(problemsOf(rules)[0]?.code, "RULES_NOT_A_LIST");
  });

  it("are refused when a field names nothing a rule may read", () => {
    const fields = ["payload.x", "task", "group.size", "group.count.x", "task..type", "task.__proto__", "details.constructor.name"];
    for (const field of [...fields, "__proto__.x", "task.a b", "time.hour", "details.x.prototype"]) {
      assert.equal(conditionCode({ field, op: "eq", value: "1" }), "RULE_FIELD_REFUSED", field);
    }
    assert.equal(conditionCode({ field: "", op: "eq", value: "1" }), "RULE_FIELD_MISSING");
  });

  it("are refused when a value does not suit its operator", () => {
    const field = "task.type";
    assert.equal(conditionCode({ field, op: "gt", value: "many" }), "RULE_VALUE_NOT_A_NUMBER");
    assert.equal(conditionCode({ field, op: "gt", value: "many", valueType: "num" }), "RULE_VALUE_NOT_A_NUMBER");
    assert.equal(conditionCode({ field, op: "in", value: " , " }), "RULE_VALUE_NOT_A_LIST");
    assert.equal(conditionCode({ field, op: "in", value: [{}] }), "RULE_VALUE_NOT_A_LIST");
    assert.equal(conditionCode({ field, op: "between", value: "8,4" }), "RULE_VALUE_NOT_A_RANGE");
    assert.equal(conditionCode({ field, op: "between", value: "4" }), "RULE_VALUE_NOT_A_RANGE");
    assert.equal(conditionCode({ field, op: "in", value: '{"a":1,"a":2}' }), "RULE_VALUE_NOT_A_LIST");
    assert.equal(conditionCode({ field, op: "between", value: '{"from":1,"to":5,"to":9}' }), "RULE_VALUE_NOT_A_RANGE");
    assert.equal(conditionCode({ field, op: "match", value: " " }), "RULE_VALUE_MISSING");
    assert.equal(conditionCode({ field, op: "match", value: "*".repeat(257) }), "RULE_VALUE_TOO_LONG");
    assert.equal(conditionCode({ field, op: "eq", value: {} }), "RULE_VALUE_MISSING");
    assert.equal(conditionCode({ field, op: "eq", value: "maybe", valueType: "bool" }), "RULE_VALUE_NOT_A_BOOLEAN");
    assert.equal(conditionCode({ field, op: "in", value: "[", valueType: "json" }), "RULE_VALUE_NOT_JSON");
    assert.equal(conditionCode({ field, op: "eq", value: "x", valueType: "msg" }), "RULE_VALUE_TYPE_REFUSED");
    assert.equal(conditionCode({ field, op: "eq", value: "x", valueType: "jsonata" }), "RULE_VALUE_TYPE_REFUSED");
  });

  it("never throw anything but their fault, whatever the configuration holds", () => {
    const options: RuleOptions = { otherwise: "review", scope: "task" };
    const text = fc.oneof(fc.string(), fc.constantFrom("eq", "in", "between", "match", "jsonata", "time", "task.type", "num", "json"));
    const condition = fc.record({ field: text, op: text, value: fc.anything(), valueType: text }, { requiredKeys: [] });
    const rule = fc.record({
      name: fc.anything(),
      when: fc.array(fc.oneof(condition, fc.anything())),
      outcome: fc.constantFrom("review", "x"),
    });
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.array(fc.oneof(rule, fc.anything()))), (rules) => {
        try {
          compileRules(rules, options);
        } catch (error) {
          assert.ok(error instanceof RulesFault);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
