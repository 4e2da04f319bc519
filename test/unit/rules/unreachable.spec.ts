import assert from "node:assert/strict";
import fc from "fast-check";
import { compileRules, unreachableRules } from "../../../nodes/lib/rules/index.ts";
import { AT } from "./support.ts";

type Conditions = readonly (readonly [field: string, op: string, value: unknown, valueType?: string])[];

const rule = (...conditions: Conditions): object => ({
  name: "",
  when: conditions.map(([field, op, value, valueType = ""]) => ({ field, op, value, valueType })),
  outcome: "continue",
  reason: "",
});
const found = (...rules: object[]): string[] =>
  unreachableRules(rules).map(({ rule: index, why, by, field }) => `${index} ${why} ${by ?? field}`);

describe("rules that can never decide", () => {
  it("come after one that always matches", () => {
    assert.deepEqual(found(rule(), rule(["task.type", "eq", "DEPLOY"])), ["1 COVERED 0"]);
  });

  it("come after one that asks for less", () => {
    const pairs: [Conditions[number], Conditions[number]][] = [
      [
        ["group.cpu", "lte", 8],
        ["group.cpu", "lt", "8"],
      ],
      [
        ["group.cpu", "gt", 2],
        ["group.cpu", "between", [3, 5]],
      ],
      [
        ["task.type", "in", ["DEPLOY", "UNDEPLOY"]],
        ["task.type", "eq", "deploy"],
      ],
      [
        ["task.type", "neq", "DEPLOY"],
        ["task.type", "nin", "DEPLOY, UNDEPLOY"],
      ],
      [
        ["task.type", "neq", "DEPLOY"],
        ["task.type", "eq", "UNDEPLOY"],
      ],
      [
        ["group.cpu", "neq", 9],
        ["group.cpu", "lt", 9],
      ],
      [
        ["task.requester", "match", "an*"],
        ["task.requester", "in", ["ana", "andy"]],
      ],
      [
        ["time", "in", { from: "09:00" }],
        ["time", "in", { from: "09:00" }],
      ],
    ];
    for (const [wide, narrow] of pairs) {
      assert.deepEqual(found(rule(wide), rule(narrow, ["task.userId", "eq", 1])), ["1 COVERED 0"], JSON.stringify(narrow));
    }
  });

  it("ask for what cannot be", () => {
    assert.deepEqual(found(rule(["group.cpu", "gt", 8], ["group.cpu", "lte", 8])), ["0 CONTRADICTION group.cpu"]);
    assert.deepEqual(found(rule(["task.type", "eq", "DEPLOY"], ["task.type", "eq", "UNDEPLOY"])), ["0 CONTRADICTION task.type"]);
  });

  it("are not those that have a case of their own", () => {
    const pairs: [Conditions[number], Conditions[number]][] = [
      [
        ["group.cpu", "lt", 8],
        ["group.cpu", "lte", 8],
      ],
      [
        ["group.cpu", "lt", 8],
        ["group.ram", "lt", 8],
      ],
      [
        ["task.type", "eq", "DEPLOY"],
        ["task.type", "match", "DEPLOY"],
      ],
      [
        ["group.id", "match", "1*"],
        ["group.id", "eq", "10"],
      ],
      [
        ["task.type", "neq", "DEPLOY"],
        ["task.type", "neq", "UNDEPLOY"],
      ],
    ];
    for (const [first, second] of pairs) assert.deepEqual(found(rule(first), rule(second)), [], JSON.stringify(second));
    assert.deepEqual(found(rule(["group.cpu", "gte", 8], ["group.cpu", "lte", 8])), []);
  });

  it("are known by what their values mean, however these are written", () => {
    const pairs: [Conditions[number], Conditions[number]][] = [
      [
        ["task.type", "in", '["DEPLOY","UNDEPLOY"]', "json"],
        ["task.type", "eq", '"deploy"', "json"],
      ],
      [
        ["task.type", "neq", '"DEPLOY"', "json"],
        ["task.type", "eq", "UNDEPLOY"],
      ],
      [
        ["group.cpu", "between", '{"from":1,"to":9}', "json"],
        ["group.cpu", "between", "[2,3]"],
      ],
      [
        ["group.cpu", "lt", "1e3", "num"],
        ["group.cpu", "lt", "10"],
      ],
      [
        ["details.disks[0].sizeInMb", "lt", 8],
        ["details.disks.0.sizeInMb", "eq", 7],
      ],
    ];
    for (const [wide, narrow] of pairs) assert.deepEqual(found(rule(wide), rule(narrow)), ["1 COVERED 0"], JSON.stringify(narrow));
    assert.deepEqual(found(rule(["task.type", "in", '["A"]'], ["task.type", "in", '["B"]'])), ["0 CONTRADICTION task.type"]);
  });

  it("are not those that decide once their values are read as they are meant", () => {
    const deploy: Conditions[number] = ["task.type", "eq", '"DEPLOY"', "json"];
    assert.deepEqual(found(rule(deploy, ["task.type", "neq", "UNDEPLOY"], ["task.type", "match", "DEP*"])), []);
    assert.deepEqual(found(rule(["task.type", "neq", '"DEPLOY"', "json"]), rule(["task.type", "eq", "DEPLOY"])), []);
    assert.deepEqual(found(rule(["task.type", "in", '["DEPLOY"]']), rule(["task.type", "eq", '["DEPLOY"]'])), []);
  });

  it("are not those that cannot be used at all", () => {
    assert.deepEqual(found(rule(["task.type", "like", "DEPLOY"]), rule(["task.type", "eq", "DEPLOY"])), []);
  });

  it("never decide on any random task", async () => {
    const number = fc.integer({ min: 0, max: 4 });
    const word = fc.constantFrom("a", "ab", "b", "1", "3");
    const inText = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<string> => values.map((value) => JSON.stringify(value));
    const condition = fc.oneof(
      fc.tuple(fc.constant("task.w"), fc.constantFrom("eq", "neq", "match"), inText(word), fc.constant("json")),
      fc.tuple(
        fc.constant("task.w"),
        fc.constantFrom("in", "nin"),
        inText(fc.array(word, { minLength: 1, maxLength: 2 })),
        fc.constantFrom("json", ""),
      ),
      fc.tuple(
        fc.constant("task.n"),
        fc.constant("between"),
        inText(fc.tuple(number, number).map((ends) => ends.toSorted())),
        fc.constantFrom("json", ""),
      ),
      fc.tuple(fc.constantFrom("task.n", "group.cpu"), fc.constantFrom("lt", "lte", "gt", "gte", "eq", "neq"), number),
      fc.tuple(
        fc.constant("task.n"),
        fc.constant("between"),
        fc.tuple(number, number).map((ends) => ends.toSorted()),
      ),
      fc.tuple(fc.constantFrom("task.w", "task.n"), fc.constantFrom("eq", "neq", "in", "nin"), word),
      fc.tuple(fc.constant("task.w"), fc.constantFrom("in", "nin"), fc.array(word, { minLength: 1, maxLength: 3 })),
      fc.tuple(fc.constantFrom("task.w", "task.n"), fc.constant("match"), fc.constantFrom("a*", "?", "*", "*b")),
    );
    const rules = fc.array(
      fc.array(condition, { maxLength: 3 }).map((when) => rule(...(when as Conditions))),
      { minLength: 1, maxLength: 4 },
    );
    const fact = fc.oneof(number, word, fc.constantFrom("3.0", undefined, true));
    let marked = 0;
    await fc.assert(
      fc.asyncProperty(rules, fc.array(fc.tuple(fact, fact, number), { minLength: 8, maxLength: 8 }), async (list, tasks) => {
        const never = new Set(unreachableRules(list).map((one) => one.rule));
        marked += never.size;
        const compiled = compileRules(list, { otherwise: "review", scope: "task" });
        for (const [n, w, cpu] of tasks) {
          const { index } = await compiled.evaluate({ tasks: [{ task: { n, w } }], group: { id: "g", count: 1, cpu }, at: AT });
          assert.ok(index === undefined || !never.has(index), `rule ${index} decided on ${JSON.stringify({ n, w, cpu })}`);
        }
      }),
      { numRuns: 8_000 },
    );
    assert.ok(marked > 500, `${marked} marked`);
  });
});
