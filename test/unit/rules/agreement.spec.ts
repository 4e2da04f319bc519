import assert from "node:assert/strict";
import fc from "fast-check";
import { type Condition, compileRules, type Outcome, type Rule, type RuleSubject } from "../../../nodes/lib/rules/index.ts";
import { AT } from "./support.ts";

/*
 * A naive interpreter: reads the rules as the documentation says them, for one task or a group, without any
 * preparation. Slow, plain, and written apart from the code that it checks.
 */

type Truth = true | false | "unknown";

function naiveFact(path: string, task: Record<string, unknown>, about: RuleSubject): unknown {
  let value: unknown = path.startsWith("group.") ? { group: about.group } : task;
  for (const key of path.split(".")) {
    value = Object.getOwnPropertyDescriptor(Object(value ?? {}), key)?.value as unknown;
  }
  return value;
}

const isNumeral = (value: unknown): boolean => typeof value === "number" || /^-?\d+(\.\d+)?$/.test(String(value));

function same(a: unknown, b: unknown): boolean {
  if (typeof a !== "boolean" && typeof b !== "boolean" && isNumeral(a) && isNumeral(b)) return Number(a) === Number(b);
  return String(a).toUpperCase() === String(b).toUpperCase();
}

function naiveList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : String(value).split(",");
}

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Goes back to the moment when the range must have begun, and looks which day that was. */
function naiveTime({ days, from = "00:00", to = "24:00" }: { days?: string[]; from?: string; to?: string }, at: Date): boolean {
  const minutes = (hour: string): number => Number(hour.slice(0, 2)) * 60 + Number(hour.slice(3));
  const now = at.getUTCHours() * 60 + at.getUTCMinutes();
  const length = (minutes(to) - minutes(from) + 1440) % 1440 || 1440;
  const since = (now - minutes(from) + 1440) % 1440;
  const began = DAYS[new Date(at.getTime() - since * 60_000).getUTCDay()] as string;
  return since < length && (days === undefined || days.length === 0 || days.includes(began));
}

function naiveCondition(condition: Condition, task: Record<string, unknown>, about: RuleSubject): Truth {
  const { op, value } = condition;
  if (condition.field === "time") return naiveTime(value as object, about.at) === (op === "in");
  const fact = naiveFact(condition.field, task, about);
  if (fact === undefined || fact === null || fact === "") return "unknown";
  if (typeof fact === "object") return "unknown";
  switch (op) {
    case "eq":
      return same(fact, value);
    case "neq":
      return !same(fact, value);
    case "in":
      return naiveList(value).some((item) => same(fact, item));
    case "nin":
      return !naiveList(value).some((item) => same(fact, item));
    case "match": {
      if (typeof fact === "boolean") return "unknown";
      const pattern = String(value).replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
      return new RegExp(`^${pattern}$`, "i").test(String(fact));
    }
  }
  if (typeof fact === "boolean" || !isNumeral(fact)) return "unknown";
  const number = Number(fact);
  switch (op) {
    case "lt":
      return number < Number(value);
    case "lte":
      return number <= Number(value);
    case "gt":
      return number > Number(value);
    case "gte":
      return number >= Number(value);
    default: {
      const [low, high] = naiveList(value);
      return Number(low) <= number && number <= Number(high);
    }
  }
}

function naiveRule(rule: Rule, about: RuleSubject): Truth {
  const truths = rule.when.flatMap((condition) => about.tasks.map((task) => naiveCondition(condition, task, about)));
  if (truths.includes(false)) return false;
  return truths.includes("unknown") ? "unknown" : true;
}

function naiveVerdict(
  rules: readonly Rule[],
  about: RuleSubject,
  otherwise: Outcome,
): { outcome: Outcome; index?: number; stuck?: string } {
  for (const [index, rule] of rules.entries()) {
    const truth = naiveRule(rule, about);
    if (truth === "unknown") return { outcome: "review", stuck: rule.name };
    if (truth) return { outcome: rule.outcome, index };
  }
  return { outcome: otherwise };
}

const scalar = fc.constantFrom<string | number | boolean>(
  "DEPLOY",
  "deploy",
  "a.b",
  "aXb",
  "1",
  1,
  "10",
  10,
  "10.0",
  2.5,
  "-3",
  true,
  "true",
);
const fact = fc.oneof({ weight: 8, arbitrary: scalar }, fc.constantFrom<unknown>(undefined, null, "", [1], { a: 1 }));
const number = fc.constantFrom<string | number>(0, 1, "1", 10, "10", -3, "2.5", 50);
const taskField = fc.constantFrom("task.type", "task.enterpriseId", "task.requester", "details.vm.cpu", "details.vm");
const field = fc.oneof({ weight: 5, arbitrary: taskField }, fc.constantFrom("group.count", "group.cpu"));

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ field, op: fc.constantFrom("eq", "neq"), value: scalar }),
  fc.record({ field, op: fc.constantFrom("lt", "lte", "gt", "gte"), value: number }),
  fc.record({
    field,
    op: fc.constantFrom("in", "nin"),
    value: fc.array(scalar, { minLength: 1, maxLength: 3 }).chain((list) => fc.constantFrom<unknown>(list, list.join(","))),
  }),
  fc.record({
    field,
    op: fc.constant("between"),
    value: fc
      .tuple(number, number)
      .map((ends) => ends.toSorted((a, b) => Number(a) - Number(b)))
      .chain((ends) => fc.constantFrom<unknown>(ends, ends.join(","))),
  }),
  fc.record({ field, op: fc.constant("match"), value: fc.constantFrom("*", "d*", "*PL?Y", "a.b", "a?b", "1*", "?0") }),
  fc.record({
    field: fc.constant("time"),
    op: fc.constantFrom("in", "nin"),
    value: fc.record(
      {
        days: fc.subarray(DAYS),
        from: fc.constantFrom("00:00", "09:00", "22:00"),
        to: fc.constantFrom("06:00", "18:30", "24:00"),
        timeZone: fc.constant("UTC"),
      },
      { requiredKeys: ["timeZone"] },
    ),
  }),
);

const outcome = fc.constantFrom<Outcome>("continue", "cancel", "review");
const rules: fc.Arbitrary<Rule[]> = fc
  .array(fc.record({ when: fc.array(condition, { maxLength: 3 }), outcome }), { maxLength: 6 })
  .map((list) => list.map((rule, index) => ({ ...rule, name: `r${index}`, reason: "" })));

const taskFacts = fc.record({
  task: fc.record({ type: fact, enterpriseId: fact, requester: fact }, { requiredKeys: [] }),
  details: fc.option(fc.record({ vm: fc.record({ cpu: fact }, { requiredKeys: [] }) }), { nil: undefined }),
});

const subject: fc.Arbitrary<RuleSubject> = fc
  .record({
    tasks: fc.array(taskFacts, { minLength: 1, maxLength: 3 }),
    cpu: fc.option(fc.nat(20), { nil: undefined }),
    minutes: fc.nat(7 * 1440),
  })
  .map(({ tasks, cpu, minutes }) => ({
    tasks,
    group: { id: "g", count: tasks.length, ...(cpu === undefined ? {} : { cpu }) },
    at: new Date(AT.getTime() + minutes * 60_000),
  }));

/** Each set of rules judges so many subjects. */
const SUBJECTS = 5;

describe("compiled rules", () => {
  it("agree with a naive interpreter on 100,000 verdicts of random rule sets on random tasks", async () => {
    let matched = 0;
    let stuck = 0;
    let judged = 0;
    await fc.assert(
      fc.asyncProperty(
        rules,
        fc.array(subject, { minLength: SUBJECTS, maxLength: SUBJECTS }),
        outcome,
        async (list, subjects, otherwise) => {
          const byScope = {
            task: compileRules(list, { otherwise, scope: "task" }),
            group: compileRules(list, { otherwise, scope: "group" }),
          };
          for (const about of subjects) {
            const expected = naiveVerdict(list, about, otherwise);
            const actual = await byScope[about.tasks.length === 1 ? "task" : "group"].evaluate(about);
            assert.equal(actual.outcome, expected.outcome);
            assert.equal(actual.index, expected.index);
            assert.equal(actual.unjudged?.rule, expected.stuck);
            if (expected.index !== undefined) matched += 1;
            if (expected.stuck !== undefined) stuck += 1;
            judged += 1;
          }
        },
      ),
      { numRuns: Number(process.env["RULES_RUNS"] ?? 100_000) / SUBJECTS },
    );
    assert.ok(matched > judged / 20 && stuck > judged / 20, "the random rules must reach every kind of verdict");
  }).timeout(120_000);
});
