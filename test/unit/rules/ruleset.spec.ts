import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { readRuleSet, RULE_FAULTS, RulesFault, type RuleProblem } from "../../../nodes/lib/rules/index.ts";
import { NotJson, parseLocated } from "../../../nodes/lib/rules/located.ts";
import { AT, TASK } from "./support.ts";

const DEFAULTS = { otherwise: "review", scope: "task" } as const;

function problemsIn(source: unknown): readonly RuleProblem[] {
  try {
    readRuleSet(source, DEFAULTS);
    return [];
  } catch (error) {
    assert.ok(error instanceof RulesFault);
    for (const { code, params } of error.problems) assert.deepEqual(Object.keys(params), RULE_FAULTS[code]);
    return error.problems;
  }
}

const shownProblems = (source: string): string[] =>
  problemsIn(source).map(({ line, column, name, code }) => `${line}:${column} ${name ?? "-"} ${code}`);

describe("a set of rules from elsewhere", () => {
  const judge = async (source: unknown): Promise<string> => {
    const { rules } = readRuleSet(source, DEFAULTS);
    return (await rules.evaluate({ tasks: [{ task: TASK }], group: { id: "g", count: 1 }, at: AT })).outcome;
  };
  const everything = { name: "all", when: [], outcome: "cancel" };

  it("is a list of rules, or an object with what holds when none matches; as a value or as JSON", async () => {
    assert.equal(await judge([everything]), "cancel");
    assert.equal(await judge(JSON.stringify([everything])), "cancel");
    assert.equal(await judge({ otherwise: "continue", rules: [] }), "continue");
    assert.equal(await judge(`\uFEFF{ "rules": [] }`), "review");
  });

  it("says its scope itself, or takes the one it is given", () => {
    assert.equal(readRuleSet({ scope: "group", rules: [] }, DEFAULTS).scope, "group");
    assert.equal(readRuleSet([], { otherwise: "review", scope: "group" }).scope, "group");
  });

  it("gives its time zone to the conditions that have none", async () => {
    const hours = (timeZone: string): object => ({
      timeZone,
      rules: [{ when: [{ field: "time", op: "in", value: { from: "14:30", to: "14:31" } }], outcome: "continue" }],
    });
    assert.equal(await judge(hours("UTC")), "continue");
    assert.equal(await judge(hours("Asia/Tokyo")), "review");
  });

  it("points at every mistake by line, column and the rule's name", () => {
    const text = [
      "{",
      '  "otherwise": "maybe",',
      '  "rules": [',
      '    { "name": "Small", "when": [], "outcom": "continue", "outcome": "go" },',
      '    { "when": [{ "field": "task.type", "op": "like", "value": "x" },',
      '               { "field": "details.", "op": "eq", "value": "x" },',
      '               { "field": "group.cpu", "op": "gt", "value": "many" }], "outcome": "cancel" },',
      '    { "name": 5, "when": "x", "outcome": "cancel" }',
      "  ]",
      "}",
    ].join("\n");
    assert.deepEqual(shownProblems(text), [
      "2:16 - RULES_OTHERWISE_UNKNOWN",
      "4:36 Small RULES_KEY_UNKNOWN",
      "4:69 Small RULE_OUTCOME_UNKNOWN",
      "8:15 - RULES_NOT_TEXT",
      "8:26 - RULE_CONDITIONS_NOT_A_LIST",
      "5:46 - RULE_OP_UNKNOWN",
      "6:27 - RULE_FIELD_REFUSED",
      "7:61 - RULE_VALUE_NOT_A_NUMBER",
    ].toSorted((a, b) => order(a) - order(b)));
    function order(shown: string): number {
      return Number(shown.split(":")[0]);
    }
  });

  it("points at the place where a text stops being JSON", () => {
    assert.deepEqual(shownProblems('[\n  { "name": "a",\r\n    "when" []'), ["3:12 - RULES_NOT_JSON"]);
    assert.deepEqual(shownProblems("[1,]"), ["1:4 - RULES_NOT_JSON"]);
    assert.deepEqual(shownProblems("["), ["1:2 - RULES_NOT_JSON"]);
    assert.deepEqual(shownProblems("[".repeat(50_000)), ["1:102 - RULES_NOT_JSON"]);
  });

  it("is refused when it is neither a list nor an object with one", () => {
    for (const source of [undefined, null, 7, true, {}, { rules: {} }, "7", '"x"']) {
      assert.ok(problemsIn(source).some(({ code }) => code === "RULES_NOT_A_LIST"), JSON.stringify(source));
    }
  });

  it("has no time zone that does not exist", () => {
    assert.deepEqual(problemsIn({ timeZone: "Mars", rules: [] }).map(({ code }) => code), ["RULE_TIME_ZONE_UNKNOWN"]);
  });
});

describe("JSON with places", () => {
  const parsed = (text: string): unknown => {
    try {
      return [JSON.parse(text)];
    } catch {
      return "none";
    }
  };
  const located = (text: string): unknown => {
    try {
      return [parseLocated(text).value];
    } catch (error) {
      assert.ok(error instanceof NotJson);
      return "none";
    }
  };

  it("is what JSON.parse takes it for, right or damaged", () => {
    const damage = fc.tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom("", ",", "]", "}", '"', "\\", "1", "\n", "-", "e", "nul"));
    fc.assert(
      fc.property(damage, ([text, at, piece]) => {
        const place = at % (text.length + 1);
        const damaged = text.slice(0, place) + piece + text.slice(place + (at % 2));
        assert.deepEqual(located(text), parsed(text));
        assert.deepEqual(located(damaged), parsed(damaged));
      }),
      { numRuns: 5_000 },
    );
  });

  it("knows where each value starts", () => {
    const at = parseLocated('{"a": [1,\n  {"b\\u0063": true}]}');
    assert.deepEqual(at.placeOf(["a", 1, "bc"]), { line: 2, column: 15 });
    assert.deepEqual(at.placeOf(["a", 7, "x"]), { line: 1, column: 7 });
  });
});

describe("the published schema", () => {
  const schema = JSON.parse(readFileSync(new URL("../../../nodes/lib/rules/rules.schema.json", import.meta.url), "utf8")) as object;
  const accepts = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: false }).compile(schema);

  /** What only a compiler can tell. */
  const BEYOND = new Set(["RULE_EXPRESSION_INVALID", "RULE_EXPRESSION_EVAL", "RULE_EXPRESSION_REGEX", "RULE_TIME_ZONE_UNKNOWN", "RULE_TIME_INVALID", "RULE_VALUE_NOT_A_RANGE"]);

  const scalar = fc.constantFrom<unknown>("DEPLOY", "10", "2.5", " 7 ", "-3", 10, 0, -2.5, true, false, "true", "false");
  const odd = fc.constantFrom<unknown>("", " ", null, {}, [], [null], [[1]], ["a", ""], { from: 1 }, { from: "x", to: 2 });
  const value = fc.oneof(
    { weight: 6, arbitrary: scalar },
    { weight: 2, arbitrary: odd },
    { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }) },
    fc.constantFrom<unknown>("a,b", ",", "1,2", " 1 , 2.5 ", "x*", "x".repeat(257), { from: 1, to: "2" }, [3, 9], ["1", 2]),
    fc.record(
      {
        days: fc.constantFrom<unknown>([], ["mon"], ["sat", "sun"], ["someday"]),
        from: fc.constantFrom("09:00", "9:00", "25:00", "09:60"),
        to: fc.constantFrom("18:00", "24:00", "24:01", "x"),
        timeZone: fc.constantFrom("Europe/Madrid", "Mars"),
      },
      { requiredKeys: [] },
    ),
  );
  const field = fc.constantFrom<unknown>(
    "task.type", "details.disks[0].sizeInMb", "details.vm.cpu", "group.count", "time", "time", "", "task", "group.disk", "task.__proto__.x",
    "task.constructor", "task.prototypes", "task..x", "other.x", " task.type ", 7,
  );
  const op = fc.constantFrom<unknown>("eq", "neq", "lt", "gte", "in", "nin", "between", "match", "jsonata", "like", "", 1);
  const valueType = fc.constantFrom<unknown>("", "str", "num", "bool", "jsonata", "msg", 3);
  const condition = fc.oneof(
    { weight: 12, arbitrary: fc.record({ field, op, value, valueType }, { requiredKeys: ["field", "op", "value"] }) },
    { weight: 2, arbitrary: fc.record({ field: fc.constant("task.type"), op: fc.constant("eq"), value: fc.constant("DEPLOY"), note: fc.constant("x") }, { requiredKeys: ["field", "op", "value"] }) },
    fc.constantFrom<unknown>(null, "x", [], {}, { field: "task.type", op: "eq" }),
  );
  const rule = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record(
        {
          name: fc.constantFrom<unknown>("a", "", 7),
          when: fc.array(condition, { maxLength: 2 }),
          outcome: fc.constantFrom<unknown>("continue", "cancel", "review", "continue", "maybe"),
          reason: fc.constantFrom<unknown>("because", null),
          extra: fc.constant(1),
        },
        { requiredKeys: ["when", "outcome"] },
      ),
    },
    fc.constantFrom<unknown>(null, "x", [], {}, { when: {}, outcome: "cancel" }, { when: [] }, { outcome: "cancel" }),
  );
  const list = fc.array(rule, { maxLength: 2 });
  const set = fc.record(
    {
      rules: list,
      otherwise: fc.constantFrom<unknown>("review", "continue", "maybe"),
      scope: fc.constantFrom<unknown>("task", "group", "all"),
      timeZone: fc.constantFrom<unknown>("UTC", "Mars", 1),
      description: fc.constant("x"),
      other: fc.constant(1),
    },
    { requiredKeys: ["rules"] },
  );

  it("agrees with the parser on generated rules, but for what only a compiler can tell", () => {
    let taken = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: list as fc.Arbitrary<unknown> }, set, fc.constantFrom<unknown>(null, 1, "x", {})), (source) => {
        const text = JSON.stringify(source);
        const codes = problemsIn(text).map((problem) => problem.code);
        if (accepts(JSON.parse(text))) {
          assert.deepEqual(codes.filter((code) => !BEYOND.has(code)), []);
          taken += 1;
        } else {
          assert.notDeepEqual(codes, []);
          refused += 1;
        }
      }),
      { numRuns: 20_000 },
    );
    assert.ok(taken > 500 && refused > 500, `${taken} taken, ${refused} refused`);
  });
});
