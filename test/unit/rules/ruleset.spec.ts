import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { FACT_OPS } from "../../../nodes/lib/rules/grammar.ts";
import { RULE_FAULTS, type RuleProblem, RulesFault, readRuleSet } from "../../../nodes/lib/rules/index.ts";
import { NotJson, parseLocated } from "../../../nodes/lib/rules/located-json.ts";
import { rulesSchema } from "../../../nodes/lib/rules/schema.ts";
import { AT, problemsOf, TASK } from "./support.ts";

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
    assert.deepEqual(
      shownProblems(text),
      [
        "2:16 - RULES_OTHERWISE_UNKNOWN",
        "4:36 Small RULES_KEY_UNKNOWN",
        "4:69 Small RULE_OUTCOME_UNKNOWN",
        "8:15 - RULES_NOT_TEXT",
        "8:26 - RULE_CONDITIONS_NOT_A_LIST",
        "5:46 - RULE_OP_UNKNOWN",
        "6:27 - RULE_FIELD_REFUSED",
        "7:61 - RULE_VALUE_NOT_A_NUMBER",
      ].toSorted((a, b) => order(a) - order(b)),
    );
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
      assert.ok(
        problemsIn(source).some(({ code }) => code === "RULES_NOT_A_LIST"),
        JSON.stringify(source),
      );
    }
  });

  it("says each thing once: a second key of the same name is pointed at, wherever it is", () => {
    const text = [
      '{ "otherwise": "review",',
      '  "rules": [',
      '    { "name": "small", "when": [{ "field": "task.type", "op": "eq", "value": "UNDEPLOY" }], "when": [], "outcome": "continue" },',
      '    { "when": [{ "field": "task.type", "op": "eq", "value": "UNDEPLOY", "value": "DEPLOY" }], "outcome": "continue" },',
      '    { "when": [{ "field": "time", "op": "in", "value": { "from": "08:00", "fr\\u006fm": "09:00" } }], "outcome": "cancel" }',
      "  ],",
      '  "otherwise": "continue" }',
    ].join("\n");
    assert.deepEqual(shownProblems(text), [
      "7:3 - RULES_KEY_TWICE",
      "3:93 small RULES_KEY_TWICE",
      "4:73 - RULES_KEY_TWICE",
      "5:75 - RULES_KEY_TWICE",
    ]);
    const inText = [{ when: [{ field: "time", op: "in", value: '{"from":"08:00","from":"09:00"}' }], outcome: "cancel" }];
    assert.deepEqual(
      problemsIn(inText).map(({ code }) => code),
      ["RULE_TIME_INVALID"],
    );
    assert.deepEqual(
      problemsOf('[{"when":[],"outcome":"cancel","outcome":"continue"}]').map(({ code }) => code),
      ["RULES_KEY_TWICE"],
    );
  });

  it("knows every key of hours, also where they are JSON in a text", () => {
    for (const value of [{ form: "08:00" }, '{"form":"08:00"}']) {
      assert.deepEqual(
        problemsIn([{ when: [{ field: " time", op: "in", value }], outcome: "cancel" }]).map(({ code }) => code),
        ["RULES_KEY_UNKNOWN"],
      );
    }
  });

  it("may begin with a byte order mark, which moves no column", () => {
    assert.deepEqual(shownProblems("\uFEFF[1]"), shownProblems("[1]"));
    assert.deepEqual(shownProblems("\uFEFF[1,]"), shownProblems("[1,]"));
  });

  it("has no time zone that does not exist", () => {
    assert.deepEqual(
      problemsIn({ timeZone: "Mars", rules: [] }).map(({ code }) => code),
      ["RULE_TIME_ZONE_UNKNOWN"],
    );
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
  const accepts = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: false }).compile(rulesSchema);

  /** Whether it is a matter for the reader only: the content of an expression or of JSON in a text, a zone's name, the order of ends. */
  function isBeyond({ code, rule, condition }: RuleProblem, source: unknown): boolean {
    if (["RULE_EXPRESSION_INVALID", "RULE_EXPRESSION_EVAL", "RULE_EXPRESSION_REGEX", "RULE_TIME_ZONE_UNKNOWN"].includes(code)) return true;
    const rules = (Array.isArray(source) ? source : (source as { rules: unknown[] }).rules) as {
      when: { value: unknown; valueType?: unknown }[];
    }[];
    const { value: given, valueType: type } = rules[rule]?.when[condition ?? -1] ?? { value: undefined };
    if (typeof given === "string")
      return type === "json" || /^\s*[[{]/.test(given) || (code === "RULE_VALUE_NOT_A_RANGE" && given.includes(","));
    return code === "RULE_TIME_INVALID" || code === "RULE_VALUE_NOT_A_RANGE";
  }

  const scalar = fc.constantFrom<unknown>(
    "DEPLOY",
    "10",
    "2.5",
    " 7 ",
    "+4",
    "1e3",
    "0x10",
    ".5",
    "5.",
    "-3",
    "9".repeat(400),
    10,
    0,
    -2.5,
    true,
    false,
    "true",
    "false",
    "\u00a0x\u00a0",
  );
  const odd = fc.constantFrom<unknown>("", " ", "\u00a0", null, {}, [], [null], [[1]], ["a", ""], { from: 1 }, { from: "x", to: 2 });
  const days = fc.constantFrom<unknown>(
    [],
    ["mon"],
    ["sat", "sun"],
    ["someday"],
    ["Monday", " FRI "],
    ["mon", 1],
    "mon, Tue",
    "mon,",
    "",
    null,
    {},
    3,
    true,
  );
  const hour = fc.constantFrom<unknown>("09:00", "9:00", " 7:30 ", "25:00", "09:60", "24:00", "24:01", "x", "", null, 9, {});
  const hours = fc.record(
    {
      days,
      from: hour,
      to: hour,
      timeZone: fc.constantFrom<unknown>("Europe/Madrid", "Mars", "", null, 1, {}),
      form: fc.constant("09:00"),
    },
    { requiredKeys: [] },
  );
  const plainValue = fc.oneof(
    { weight: 6, arbitrary: scalar },
    { weight: 2, arbitrary: odd },
    { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }) },
    fc.constantFrom<unknown>(
      "a,b",
      ",",
      "1,2",
      ",1,,2,",
      " 1 , 2.5 ",
      "1,2,3",
      "[dev] team, x",
      "{x",
      "x*",
      "x".repeat(257),
      "😀".repeat(200),
      ` ${"x".repeat(256)} `,
      { from: 1, to: "2" },
      { from: 1, to: 2, step: 1 },
      [3, 9],
      ["1", 2],
    ),
    hours,
  );
  const value = fc.oneof(
    { weight: 5, arbitrary: plainValue },
    plainValue.map((plain) => JSON.stringify(plain)),
    plainValue.map((plain) => JSON.stringify(JSON.stringify(plain))),
  );
  const field = fc.constantFrom<unknown>(
    "task.type",
    "details.disks[0].sizeInMb",
    "details.vm.cpu",
    "group.count",
    "time",
    "time",
    "",
    "task",
    "group.disk",
    "task.__proto__.x",
    "task.constructor",
    "task.prototypes",
    "task..x",
    "task.a[0]b",
    "task[0].x",
    "task.[0]",
    "details.a[0][1]",
    "group[0]",
    "other.x",
    " task.type ",
    " time ",
    "\u00a0task.type",
    7,
  );
  const op = fc.constantFrom<unknown>(...FACT_OPS, "jsonata", "like", "", 1);
  const valueType = fc.constantFrom<unknown>("", "str", "num", "num", "bool", "json", "json", "jsonata", "msg", 3);
  const condition = fc.oneof(
    { weight: 12, arbitrary: fc.record({ field, op, value, valueType }, { requiredKeys: ["field", "op", "value"] }) },
    {
      weight: 3,
      arbitrary: fc.record(
        {
          field: fc.constant("time"),
          op: fc.constantFrom("in", "nin"),
          value: fc.oneof(
            hours,
            hours.map((plain) => JSON.stringify(plain)),
          ),
          valueType,
        },
        { requiredKeys: ["field", "op", "value"] },
      ),
    },
    { weight: 1, arbitrary: fc.record({ field, op, value, valueType }, { requiredKeys: [] }) },
    {
      weight: 2,
      arbitrary: fc.record(
        { field: fc.constant("task.type"), op: fc.constant("eq"), value: fc.constant("DEPLOY"), note: fc.constant("x") },
        { requiredKeys: ["field", "op", "value"] },
      ),
    },
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
  /** One condition, whose mistakes no other can hide. */
  const single: fc.Arbitrary<unknown> = condition.map((one) => [{ when: [one], outcome: "review" }]);
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

  it("refuses nothing that the reader takes, and takes what it refuses only where nobody but the reader can tell, over generated rules", () => {
    let taken = 0;
    let refused = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          { weight: 12, arbitrary: single },
          { weight: 4, arbitrary: list as fc.Arbitrary<unknown> },
          set,
          fc.constantFrom<unknown>(null, 1, "x", {}),
        ),
        (source) => {
          const text = JSON.stringify(source);
          const problems = problemsIn(text);
          if (accepts(JSON.parse(text))) {
            assert.deepEqual(
              problems.filter((problem) => !isBeyond(problem, source)),
              [],
              "the schema takes what the reader refuses",
            );
            if (problems.length === 0) taken += 1;
          } else {
            assert.notDeepEqual(problems, [], "the schema refuses what the reader takes");
            refused += 1;
          }
        },
      ),
      { numRuns: 20_000 },
    );
    assert.ok(taken > 500 && refused > 500, `${taken} taken, ${refused} refused`);
  }).timeout(180_000);

  const verdicts = (condition: object): [boolean, boolean] => {
    const source = [{ when: [condition], outcome: "review" }];
    return [accepts(source), problemsIn(JSON.stringify(source)).length === 0];
  };

  it("takes every form that a value may have", () => {
    for (const condition of [
      { field: "task.type", op: "eq", value: '"DEPLOY"', valueType: "json" },
      { field: "task.type", op: "in", value: '["DEPLOY"]', valueType: "json" },
      { field: "task.cpu", op: "gt", value: "5", valueType: "json" },
      { field: "task.cpu", op: "gt", value: "1e3", valueType: "num" },
      { field: "task.x", op: "between", value: "[1,2]" },
      { field: "task.x", op: "match", value: "😀".repeat(200) },
      { field: "time", op: "in", value: { days: ["Monday", "tue"], from: "8:00" } },
      { field: "time", op: "in", value: { days: "mon,tue" } },
      { field: "time", op: "in", value: '{"from":"08:00"}' },
      { value: "true", valueType: "jsonata" },
    ])
      assert.deepEqual(verdicts(condition), [true, true], JSON.stringify(condition));
  });

  it("refuses what only looks like one", () => {
    for (const condition of [
      { field: "task.x", op: "between", value: "1,2", valueType: "json" },
      { field: "task.x", op: "gt", value: "many", valueType: "num" },
      { field: "task.x", op: "match", value: "😀".repeat(257) },
      { field: "details.disks[0]sizeInMb", op: "gt", value: 1 },
      { field: " time ", op: "in", value: { form: "08:00" } },
      { field: "time", op: "in", value: { timeZone: {} } },
      { field: "time", op: "in", value: { days: ["Mo"] } },
    ])
      assert.deepEqual(verdicts(condition), [false, false], JSON.stringify(condition));
  });
});
