import assert from "node:assert/strict";
import { pathInList, ruleProblems } from "../../../nodes/lib/rules/settings.ts";

const CONDITION = { field: "task.type", op: "eq", value: "DEPLOY" };
const rule = (...when: unknown[]): object => ({ name: "", when, outcome: "review", reason: "" });

function told(rules: unknown): string[] {
  return (ruleProblems(rules) ?? []).map((problem) => `${pathInList(problem).join(".")} ${problem.code}`);
}

describe("what a dialog says of rules", () => {
  it("is what the node would say, each with its path", () => {
    const problems = told([
      rule(CONDITION),
      7,
      { ...rule(), outcome: "perhaps" },
      { outcome: "review" },
      rule(CONDITION, 7, { ...CONDITION, op: "is" }, { ...CONDITION, field: "secret" }, { ...CONDITION, op: "gt" }),
      rule({ ...CONDITION, valueType: "date" }, { field: "", op: "jsonata", value: "(" }),
    ]);
    assert.deepEqual(problems, [
      "1 RULE_NOT_AN_OBJECT",
      "2.outcome RULE_OUTCOME_UNKNOWN",
      "3.when RULE_CONDITIONS_NOT_A_LIST",
      "4.when.1 RULE_CONDITION_NOT_AN_OBJECT",
      "4.when.2.op RULE_OP_UNKNOWN",
      "4.when.3.field RULE_FIELD_REFUSED",
      "4.when.4.value RULE_VALUE_NOT_A_NUMBER",
      "5.when.0.valueType RULE_VALUE_TYPE_REFUSED",
      "5.when.1.value RULE_EXPRESSION_INVALID",
    ]);
    assert.equal(ruleProblems("[}"), undefined);
    assert.equal(ruleProblems({}), undefined);
    assert.equal(ruleProblems('[{"when":[],"when":[],"outcome":"continue"}]'), undefined);
  });

  it("is not known yet where a variable stands, and is all the same beside it", () => {
    assert.deepEqual(told("${RULES}"), []);
    assert.deepEqual(told(["${RULE}", { ...rule(), outcome: "$(OUTCOME)" }, { ...rule(), when: "${WHEN}" }]), []);
    const conditions = [
      "${CONDITION}",
      { ...CONDITION, op: "${OP}" },
      { ...CONDITION, field: "${FIELD}" },
      { ...CONDITION, valueType: "${TYPE}" },
    ];
    assert.deepEqual(told([rule(...conditions, { ...CONDITION, op: "gt", value: "${COUNT}" })]), []);
    assert.deepEqual(told([rule({ field: "time", op: "in", value: { timeZone: "${ZONE}" } })]), []);
    assert.deepEqual(told([rule("${CONDITION}", { ...CONDITION, op: "is" })]), ["0.when.1.op RULE_OP_UNKNOWN"]);
  });

  it("is wrong with a variable within JSON text, which Node-RED leaves as it is", () => {
    assert.deepEqual(told(JSON.stringify([{ ...rule(), outcome: "${OUTCOME}" }])), ["0.outcome RULE_OUTCOME_UNKNOWN"]);
  });
});
