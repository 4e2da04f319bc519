import assert from "node:assert/strict";
import { affordableTextLength } from "../../../nodes/lib/rules/regex.ts";
import { judge, outcomeOf, problemsOf, subject, TASK } from "./support.ts";

const expression = (value: string) => [{ field: "", op: "jsonata", value }];
const FACTS = {
  task: { ...TASK, requester: "" },
  details: { disks: [{ sizeInMb: 4 }, { sizeInMb: 6 }], vm: { cpu: 2 } },
};

async function whyOf(value: string, about = subject(FACTS)): Promise<string | undefined> {
  const verdict = await judge(expression(value), about);
  assert.equal(verdict.outcome, "review", value);
  return verdict.unjudged?.why;
}

describe("a JSONata condition", () => {
  it("holds when it yields true and fails when it yields false", async () => {
    assert.equal(await outcomeOf(expression("task.type = 'DEPLOY' and $sum(details.disks.sizeInMb) = 10"), subject(FACTS)), "continue");
    assert.equal(await outcomeOf(expression("group.count > 5")), "cancel");
    assert.equal(await outcomeOf([{ field: "", op: "", value: "group.count = 1", valueType: "jsonata" }]), "continue");
  });

  it("shows the facts it names", async () => {
    const verdict = await judge(expression("$$.task.type = 'DEPLOY' and $sum(details.disks.sizeInMb) = 10"), subject(FACTS));
    assert.deepEqual(verdict.facts, { "task.type": "DEPLOY", "details.disks.sizeInMb": FACTS.details.disks });
  });

  it("cannot be judged when a fact it names is absent, though JSONata would call it unequal", async () => {
    const verdict = await judge(expression("$not(details.vm.template = 'x')"), subject(FACTS));
    assert.deepEqual(verdict.unjudged, {
      rule: "only",
      field: "details.vm.template",
      why: "RULE_FACT_ABSENT",
      task: 0,
    });
    assert.equal(await whyOf("task.requester != 'bob'"), "RULE_FACT_ABSENT");
    assert.equal(await whyOf("group.cpu < 4"), "RULE_FACT_ABSENT");
  });

  it("may look after the absence of a fact itself", async () => {
    assert.equal(await outcomeOf(expression("$not($exists(details.nothing))"), subject(FACTS)), "continue");
    assert.equal(await outcomeOf(expression("(details.nothing ?? 3) = 3"), subject(FACTS)), "continue");
    assert.equal(await outcomeOf(expression("$exists(task.requester) and task.requester = ''"), subject(FACTS)), "continue");
  });

  it("cannot be judged when it fails or yields anything but true and false", async () => {
    assert.equal(await whyOf("task.type"), "RULE_EXPRESSION_NOT_BOOLEAN");
    assert.equal(await whyOf("nothing"), "RULE_EXPRESSION_NOT_BOOLEAN");
    assert.equal(await whyOf("task.type + 1 = 2"), "RULE_EXPRESSION_FAILED");
    assert.equal(await whyOf("$error('no')"), "RULE_EXPRESSION_FAILED");
  });

  it("reads the time it is given, not the clock", async () => {
    assert.equal(await outcomeOf(expression("$now() = '2026-11-23T14:30:00.000Z'")), "continue");
    assert.equal(await outcomeOf(expression("$now('[H01]:[m01]', '+0100') = '15:30'")), "continue");
    assert.equal(await outcomeOf(expression("$millis() = 1795444200000")), "continue");
  });

  it("must hold for each task of a group, and sees all of them", async () => {
    const deploy = { task: TASK };
    const undeploy = { task: { ...TASK, type: "UNDEPLOY" } };
    assert.equal(await outcomeOf(expression("task.type = 'DEPLOY'"), subject(deploy, deploy)), "continue");
    assert.equal(await outcomeOf(expression("task.type = 'DEPLOY'"), subject(deploy, undeploy)), "cancel");
    assert.equal(await outcomeOf(expression("$count(tasks[task.type = 'UNDEPLOY']) = 1"), subject(deploy, undeploy)), "continue");
  });

  it("is stopped and named when it runs away", async () => {
    const runaways = [
      "($f := function($x) { $f($x) }; $f(1))",
      "($f := function($x) { 1 + $f($x) }; $f(1))",
      "$count([1..1000000]) > 1",
      "$map([1..100000], function($x) { $x * 2 })[0] = 2",
      "($s := function($x, $n) { $n = 0 ? $x : $s($x & $x, $n - 1) }; $length($s('aaaa', 40)) > 3)",
      "$length($pad('x', 1000000000)) > 1",
      "$length($join([1..100000].('abcdefghijkl'))) > 1",
      "$length($join([1..40000].('abc'))) > 1",
      "$length($replace($pad('x', 99999), 'x', $pad('y', 99999))) > 1",
    ];
    for (const runaway of runaways) assert.equal(await whyOf(runaway), "RULE_EXPRESSION_RUNAWAY", runaway);
    const { outcome, unjudged } = await judge(expression(runaways[0] ?? ""));
    assert.equal(outcome, "review");
    assert.equal(unjudged?.rule, "only");
  });

  it("ends its rule when it runs away, as that has cost enough: no further task or expression is tried", async () => {
    const tasks = (...lists: number[][]) => subject(...lists.map((list) => ({ task: TASK, details: { list } })));
    const long = Array.from({ length: 50_000 }, () => 1);
    const runsOnLong = "$count($map(details.list, function($n) { $n > 0 })) > 1";
    const verdict = await judge(expression(runsOnLong), tasks(long, [1]));
    assert.deepEqual([verdict.outcome, verdict.unjudged?.task], ["review", 0]);
    const two = await judge([...expression(runsOnLong), ...expression("false")], tasks(long, [1, 1]));
    assert.deepEqual([two.outcome, two.unjudged?.why], ["review", "RULE_EXPRESSION_RUNAWAY"]);
    const after = await judge(
      [...expression(`details.list[0] = 0 ? 'no boolean' : ${runsOnLong}`), ...expression("false")],
      tasks([0], long),
    );
    assert.deepEqual([after.outcome, after.unjudged?.why, after.unjudged?.task], ["review", "RULE_EXPRESSION_RUNAWAY", 1]);
    // One that cannot be judged for another reason has cost nothing: what is false decides.
    assert.equal(await outcomeOf(expression(runsOnLong), tasks([1, 1], [1])), "cancel");
    assert.equal(await outcomeOf([...expression("task.type"), ...expression("false")]), "cancel");
    const failsFirst = await judge(expression("details.list[0] = 0 ? 'no boolean' : details.list[0] > 1"), tasks([0], [1]));
    assert.equal(failsFirst.outcome, "cancel");
  });

  it("spends the steps of a whole verdict once, over its tasks and its expressions", async () => {
    const some = "$count($map([1..8000], function($n) { $n > 0 })) > 1";
    const many = (count: number) => subject(...Array.from({ length: count }, () => ({ task: TASK })));
    assert.equal(await outcomeOf(expression(`${some} and task.type = 'DEPLOY'`), many(3)), "continue");
    assert.equal(await whyOf(`${some} and task.type = 'DEPLOY'`, many(30)), "RULE_EXPRESSION_RUNAWAY");
    assert.equal((await judge(Array.from({ length: 30 }, () => expression(some)).flat())).unjudged?.why, "RULE_EXPRESSION_RUNAWAY");
  });

  it("affords a group of five hundred, but not work that grows with its square", async () => {
    const many = subject(...Array.from({ length: 500 }, () => ({ task: TASK })));
    assert.equal(await outcomeOf(expression("task.type = 'DEPLOY' and $contains(task.requester, '@')"), many), "continue");
    assert.equal(await whyOf("$count($$.tasks[task.type = 'DEPLOY']) = 500", many), "RULE_EXPRESSION_RUNAWAY");
  });

  it("is judged once for the whole group when it reads nothing of a single task", async () => {
    const many = subject(...Array.from({ length: 500 }, () => ({ task: TASK })));
    assert.equal(await outcomeOf(expression("$count(tasks[task.type = 'DEPLOY']) = 500 and group.count = 500"), many), "continue");
    assert.equal(await outcomeOf(expression("($n := $count(tasks); $n > 400 and $now() != '')"), many), "continue");
    const why = (await judge(expression("$sum(tasks.details.vm.cpu) > 'x'"), many)).unjudged;
    assert.deepEqual(why, { rule: "only", field: "", why: "RULE_EXPRESSION_NOT_BOOLEAN" });
  });

  it("is judged for each task when anything of it may be reached", async () => {
    const deploy = { task: TASK };
    const undeploy = { task: { ...TASK, type: "UNDEPLOY" } };
    const isDeploy = [
      "$count(tasks) = 2 and $$.task.type = 'DEPLOY'",
      "$count(tasks[$$.task.type = 'DEPLOY']) = 2",
      "tasks[0].%.task.type = 'DEPLOY'",
      "$count(tasks) = 2 and *.type = 'DEPLOY'",
      "$count(tasks) = 2 and $.task.type = 'DEPLOY'",
      "$lookup('task').type = 'DEPLOY'",
      "($f := function() { task.type = 'DEPLOY' }; $f())",
      "$count($filter(tasks, function($t) { task.type = 'DEPLOY' })) = 2",
      "$count(tasks@$t.task[type = 'DEPLOY']) = 2",
    ];
    for (const value of isDeploy) {
      assert.equal(await outcomeOf(expression(value), subject(deploy, deploy)), "continue", value);
      assert.equal(await outcomeOf(expression(value), subject(deploy, undeploy)), "cancel", value);
    }
  });

  it("does not change what it reads", async () => {
    const before = JSON.stringify(FACTS);
    await judge(expression("$count(details ~> |disks|{'sizeInMb': 0}|) = 1"), subject(FACTS));
    assert.equal(JSON.stringify(FACTS), before);
  });

  it("evaluated many times at once keeps each evaluation's time and steps apart", async () => {
    const times = Array.from({ length: 50 }, (_none, index) => new Date(Date.UTC(2026, 0, 1 + index)));
    const outcomes = await Promise.all(times.map((at) => outcomeOf(expression(`$millis() = ${at.getTime()}`), { ...subject(), at })));
    assert.ok(outcomes.every((outcome) => outcome === "continue"));
  });

  it("may use a regular expression whose worst case is bounded, on texts that it affords", async () => {
    assert.equal(await outcomeOf(expression("$contains(task.requester, /^[^@]+@example\\.com$/i)")), "continue");
    assert.equal(await outcomeOf(expression("$replace(task.requester, /n+/, '') = 'a@example.com'")), "continue");
    const long = subject({ task: { requester: "a".repeat(5_000) } });
    assert.equal(await whyOf("$contains(task.requester, /a+b/)", long), "RULE_EXPRESSION_RUNAWAY");
  });

  it("is refused when it does not parse, makes code while running, or may backtrack without end", () => {
    const problemOf = (value: string) => problemsOf([{ when: expression(value), outcome: "review" }])[0];
    assert.deepEqual(problemOf("1 +")?.params, { error: "S0207", position: 3, token: "(end)" });
    assert.equal(problemOf("(".repeat(100_000))?.code, "RULE_EXPRESSION_INVALID");
    assert.equal(problemOf("($e := $eval; $e('1'))")?.code, "RULE_EXPRESSION_EVAL");
    assert.equal(problemOf("$contains(task.requester, /(a+)+$/)")?.code, "RULE_EXPRESSION_REGEX");
    assert.equal(problemOf(" ")?.code, "RULE_VALUE_MISSING");
  });
});

describe("the bound of a regular expression", () => {
  it("refuses repeated choices, back references, look-arounds and too many repetitions", () => {
    for (const pattern of [/(a|a)*b/, /(a?){30}b/, /(a+)\1/, /(?<n>a)\k<n>/, /(?=a*)b/, /(?<!a)b/, /a*a*a*a*a*a*b/, /(?:x*y)+/]) {
      assert.equal(affordableTextLength(pattern), undefined, pattern.source);
    }
  });

  it("affords less text the more a pattern can backtrack", () => {
    const lengths = [/^abc$/, /^a*$/, /a*b/, /^a*b*c$/, /a*b*c/].map((pattern) => affordableTextLength(pattern) ?? 0);
    assert.deepEqual(
      lengths,
      lengths.toSorted((a, b) => b - a),
    );
    assert.ok(lengths.every((length) => length >= 200));
  });

  it("takes a pattern for bound to the start of the text only where all of it is", () => {
    for (const [bound, free] of [
      [/^x|a*b*c/, /x|a*b*c/],
      [/^(?:x)|a*b/, /(?:x)|a*b/],
      [/^a*b/m, /a*b/],
    ] as const) {
      assert.equal(affordableTextLength(bound), affordableTextLength(free), bound.source);
    }
    assert.ok((affordableTextLength(/^a*b/) ?? 0) > (affordableTextLength(/a*b/) ?? 0));
  });

  it("understands classes, escapes, groups, names and counted repetitions", () => {
    for (const pattern of [/[(*+\]]+/, /\(\*x?/, /(?:ab)+c/, /(?<year>\d{4})-(\d\d)/, /^(dev|test)-[a-z]{2,8}$/, /x{2,}?/]) {
      assert.ok((affordableTextLength(pattern) ?? 0) > 1_000, pattern.source);
    }
  });
});
