import assert from "node:assert/strict";
import { compileRules, type RuleSubject } from "../../../nodes/lib/rules/index.ts";
import { AT, judge, outcomeOf, subject, TASK } from "./support.ts";

const YES = "continue";
const NO = "cancel";
const UNKNOWN = "review";

async function compare(fact: unknown, op: string, value: unknown, valueType = ""): Promise<string> {
  return outcomeOf([{ field: "task.fact", op, value, valueType }], subject({ task: { fact } }));
}

async function table(op: string, rows: readonly (readonly [fact: unknown, value: unknown, expected: string])[]): Promise<void> {
  for (const [fact, value, expected] of rows) {
    assert.equal(await compare(fact, op, value), expected, `${JSON.stringify(fact)} ${op} ${JSON.stringify(value)}`);
  }
}

describe("a condition on a fact", () => {
  it("finds numbers equal by value however they are written", () =>
    table("eq", [
      ["10", 10, YES],
      [10, "10", YES],
      ["10.0", " 10 ", YES],
      ["10", "1e1", NO],
      ["007", "7", NO],
      [10, 11, NO],
    ]));

  it("keeps long ids apart that are the same number only when rounded", () => table("eq", [["9007199254740993", "9007199254740992", NO]]));

  it("finds text equal without regard to case and outer blanks", () =>
    table("eq", [
      ["DEPLOY", "deploy", YES],
      [" Ann ", "ann", YES],
      ["DEPLOY\u00a0", "DEPLOY", YES],
      ["\u2003Ann", "ann\ufeff", YES],
      ["DEPLOY", "UNDEPLOY", NO],
      [true, "true", YES],
      [false, "true", NO],
    ]));

  it("is the opposite with neq, except that what is unknown stays unknown", () =>
    table("neq", [
      ["10", 10, NO],
      ["a", "b", YES],
      [undefined, "b", UNKNOWN],
    ]));

  it("orders numbers and numerals", async () => {
    await table("lt", [
      ["9", "10", YES],
      [10, 10, NO],
    ]);
    await table("lte", [
      [10, 10, YES],
      [11, 10, NO],
    ]);
    await table("gt", [
      ["10.5", 10, YES],
      [10, 10, NO],
    ]);
    await table("gte", [
      [10, "10", YES],
      ["-1", 0, NO],
    ]);
  });

  it("reads a list as array, JSON or comma-separated text", () =>
    table("in", [
      ["10", [10, 20], YES],
      ["10", "[10, 20]", YES],
      ["10", "10, 20", YES],
      ["undeploy", "DEPLOY,UNDEPLOY,", YES],
      ["10", 10, YES],
      ["3", "10,20", NO],
    ]));

  it("is outside a list with nin", () =>
    table("nin", [
      ["3", "10,20", YES],
      ["20", "10,20", NO],
    ]));

  it("is between two ends, both included, in any spelling", () =>
    table("between", [
      [4, [4, 8], YES],
      ["8", "4,8", YES],
      [6, { from: 4, to: "8" }, YES],
      [6, '{"from":4,"to":8}', YES],
      [9, "[4,8]", NO],
    ]));

  it("matches wildcards on text and numbers", () =>
    table("match", [
      ["Ann@Example.com", "*@example.com", YES],
      [42, "4?", YES],
      ["bob", "a*", NO],
    ]));

  it("cannot be judged when the fact is absent: missing, null, empty or blank", async () => {
    for (const op of ["eq", "neq", "lt", "gt", "in", "nin", "match"]) {
      await table(op, [
        [undefined, "5", UNKNOWN],
        [null, "5", UNKNOWN],
        ["", "5", UNKNOWN],
        ["  ", "5", UNKNOWN],
      ]);
    }
  });

  it("cannot be judged when the fact is of the wrong kind", async () => {
    await table("gt", [
      ["many", 5, UNKNOWN],
      [true, 5, UNKNOWN],
      [Number.NaN, 5, UNKNOWN],
    ]);
    await table("eq", [
      [["a"], "a", UNKNOWN],
      [{ a: 1 }, "a", UNKNOWN],
    ]);
    await table("match", [[false, "f*", UNKNOWN]]);
  });

  it("takes its value as its type says", async () => {
    assert.equal(await compare("10", "eq", "10", "num"), YES);
    assert.equal(await compare("5", "in", "5,6", "num"), YES);
    assert.equal(await compare(true, "eq", "true", "bool"), YES);
    assert.equal(await compare("b", "in", '["a","b"]', "json"), YES);
    assert.equal(await compare("10", "eq", "10", "str"), YES);
  });

  it("reads list positions, and own properties only", async () => {
    const facts = { task: { type: "X" }, details: { disks: [{ sizeInMb: 5 }] } };
    assert.equal(await outcomeOf([{ field: "details.disks[0].sizeInMb", op: "eq", value: 5 }], subject(facts)), YES);
    assert.equal(await outcomeOf([{ field: "details.disks.0.sizeInMb", op: "eq", value: 5 }], subject(facts)), YES);
    assert.equal(await outcomeOf([{ field: "task.toString", op: "match", value: "*" }], subject(facts)), UNKNOWN);
    const inherited = subject({ task: Object.create({ type: "X" }) as unknown });
    assert.equal(await outcomeOf([{ field: "task.type", op: "eq", value: "X" }], inherited), UNKNOWN);
    assert.equal(await outcomeOf([{ field: "", op: "jsonata", value: "task.type = 'X'" }], inherited), UNKNOWN);
    assert.equal(await outcomeOf([{ field: "task.type.length", op: "eq", value: 1 }], subject(facts)), UNKNOWN);
  });
});

describe("a rule", () => {
  const rules = (list: unknown[], scope: "task" | "group" = "task") => compileRules(list, { otherwise: "review", scope });

  it("wins when it is the first to match, and is named with its reason and the facts it used", async () => {
    const verdict = await rules([
      { name: "big", when: [{ field: "group.count", op: "gt", value: 10 }], outcome: "review", reason: "" },
      {
        name: "own",
        when: [{ field: "task.enterpriseId", op: "eq", value: 10 }],
        outcome: "continue",
        reason: "our tenant",
      },
      { name: "rest", when: [], outcome: "cancel", reason: "" },
    ]).evaluate(subject());
    assert.deepEqual(verdict, {
      outcome: "continue",
      rule: "own",
      index: 1,
      reason: "our tenant",
      facts: { "task.enterpriseId": "10" },
    });
  });

  it("always matches without conditions, and is called by its position when it has no name", async () => {
    const verdict = await rules([{ name: " ", when: [], outcome: "cancel", reason: "" }]).evaluate(subject());
    assert.deepEqual(verdict, { outcome: "cancel", rule: "rule 1", index: 0, facts: {} });
  });

  it("leaves the outcome to otherwise when none matches, with every fact that was looked at", async () => {
    const when = [
      { field: "task.type", op: "eq", value: "UNDEPLOY" },
      { field: "group.count", op: "gt", value: 2 },
    ];
    const verdict = await rules([{ name: "a", when, outcome: "cancel", reason: "" }]).evaluate(subject());
    assert.deepEqual(verdict, { outcome: "review", facts: { "task.type": "DEPLOY", "group.count": 1 } });
  });

  it("that cannot be judged ends the evaluation with a review, naming the fact", async () => {
    const verdict = await rules([
      { name: "guard", when: [{ field: "details.vm.cpu", op: "gt", value: 8 }], outcome: "cancel", reason: "" },
      { name: "rest", when: [], outcome: "continue", reason: "" },
    ]).evaluate(subject());
    assert.deepEqual(verdict, {
      outcome: "review",
      facts: {},
      unjudged: { rule: "guard", field: "details.vm.cpu", why: "RULE_FACT_ABSENT", task: 0 },
    });
  });

  it("does not match when one condition is false, whatever is unknown before or after it", async () => {
    const unknown = { field: "details.vm.cpu", op: "gt", value: 8 };
    const isFalse = { field: "task.type", op: "eq", value: "UNDEPLOY" };
    const expression = { field: "", op: "jsonata", value: "task.type = 'UNDEPLOY'" };
    for (const when of [
      [unknown, isFalse],
      [isFalse, unknown],
      [unknown, expression],
      [expression, unknown],
    ]) {
      assert.equal(await outcomeOf(when), NO);
    }
  });

  it("reads its totals from the group and not from what the task says of it", async () => {
    const facts = { task: TASK, group: { count: 99, cpu: 1 } };
    assert.equal(await outcomeOf([{ field: "group.count", op: "eq", value: 1 }], subject(facts)), YES);
    assert.equal(await outcomeOf([{ field: "group.cpu", op: "eq", value: 1 }], subject(facts)), UNKNOWN);
  });

  it("may come as JSON text, and nothing is no rule", async () => {
    const text = JSON.stringify([{ name: "a", when: [], outcome: "cancel", reason: "" }]);
    assert.equal((await compileRules(text, { otherwise: "review", scope: "task" }).evaluate(subject())).outcome, "cancel");
    assert.equal((await compileRules("", { otherwise: "continue", scope: "task" }).evaluate(subject())).outcome, "continue");
  });

  it("names every fact of the set once, in order", () => {
    const compiled = rules([
      {
        when: [
          { field: "task.type", op: "eq", value: "A" },
          { field: "time", op: "in", value: { days: "mon" } },
        ],
        outcome: "review",
      },
      { when: [{ field: "", op: "jsonata", value: "task.type = 'B' and details.vm.cpu > 2" }], outcome: "review" },
    ]);
    assert.deepEqual(compiled.fields, ["task.type", "time", "details.vm.cpu"]);
  });

  it("of scope task refuses to judge several tasks as one", async () => {
    await assert.rejects(rules([]).evaluate(subject({ task: TASK }, { task: TASK })), RangeError);
  });
});

describe("a rule over a group", () => {
  const isDeploy = [{ field: "task.type", op: "eq", value: "DEPLOY" }];
  const deploy = { task: { ...TASK, type: "DEPLOY" } };
  const undeploy = { task: { ...TASK, type: "UNDEPLOY" } };
  const nameless = { task: { ...TASK, type: "" } };

  it("holds when it holds for each task", async () => {
    assert.equal(await outcomeOf(isDeploy, subject(deploy, deploy)), YES);
    assert.equal(await outcomeOf(isDeploy, subject(deploy, undeploy)), NO);
  });

  it("cannot be judged when one task lacks the fact, unless another makes it false", async () => {
    const verdict = await judge(isDeploy, subject(deploy, nameless));
    assert.equal(verdict.outcome, UNKNOWN);
    assert.deepEqual(verdict.unjudged, { rule: "only", field: "task.type", why: "RULE_FACT_ABSENT", task: 1 });
    assert.equal(await outcomeOf(isDeploy, subject(nameless, undeploy)), NO);
  });

  it("cannot be judged when there is no task", async () => {
    const empty: RuleSubject = { tasks: [], group: { id: "g", count: 0 }, at: AT };
    assert.equal(await outcomeOf(isDeploy, empty, { scope: "group" }), UNKNOWN);
    assert.equal(await outcomeOf([{ field: "", op: "jsonata", value: "true" }], empty, { scope: "group" }), UNKNOWN);
  });

  it("lists no more than twenty of them", async () => {
    const tasks = Array.from({ length: 30 }, (_, at) => ({ task: { ...TASK, requester: `person ${at}` } }));
    const { facts } = await judge([{ field: "task.requester", op: "match", value: "person*" }], subject(...tasks));
    assert.equal((facts["task.requester"] as string[]).length, 20);
  });

  it("lists the distinct values of a fact", async () => {
    const when = [{ field: "task.type", op: "in", value: "DEPLOY,UNDEPLOY" }];
    const verdict = await judge(when, subject(deploy, undeploy, deploy));
    assert.deepEqual(verdict.facts, { "task.type": ["DEPLOY", "UNDEPLOY"] });
  });
});
