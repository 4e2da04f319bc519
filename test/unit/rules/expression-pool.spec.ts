import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { EXPRESSION_LIMITS, type ExpressionJob } from "../../../nodes/lib/rules/expression-job.ts";
import { ExpressionThreads } from "../../../nodes/lib/rules/expression-pool.ts";
import { type Ended, ExpressionThread } from "../../../nodes/lib/rules/expression-thread.ts";
import { compileRules, type RuleSubject, type Verdict } from "../../../nodes/lib/rules/index.ts";
import { AT, judge, outcomeOf, subject, TASK } from "./support.ts";

const expression = (value: string) => [{ field: "", op: "jsonata", value }];
const disks = (count: number): object => ({ task: TASK, details: { disks: Array.from({ length: count }, (_, at) => ({ sizeInMb: at })) } });

/** One step of JSONata, whose work grows with the square of the disks. */
const SQUARE = "$count($distinct(details.disks)) > 0";
/** A structure of thirty nested parts, each of which holds the next one twice: to look through it takes 2^30 steps. */
const TWICE = "$twice := function($part, $left) { $left = 0 ? $part : $twice({'a': $part, 'b': $part}, $left - 1) }";
const SHARED = `(${TWICE}; $twice(1, 30) = $twice(1, 30))`;

describe("expressions of many tasks", function () {
  this.timeout(180_000);

  it("have their own time each, however many are judged at once", async () => {
    const rules = compileRules(
      [{ name: "", when: expression("$sum($map([1..2000], function($n) { $n % 7 })) > 0"), outcome: "continue", reason: "" }],
      {
        otherwise: "cancel",
        scope: "task",
      },
    );
    const verdicts = await Promise.all(Array.from({ length: 500 }, () => rules.evaluate(subject())));
    assert.deepEqual([...new Set(verdicts.map(({ outcome }) => outcome))], ["continue"]);
  });

  it("are judged though one of them is stopped", async () => {
    const rules = compileRules([{ name: "", when: expression(SQUARE), outcome: "continue", reason: "" }], {
      otherwise: "cancel",
      scope: "task",
    });
    const verdicts = await Promise.all(
      Array.from({ length: 100 }, (_, at) => rules.evaluate(subject(disks(at === 7 ? 60_000 : 2) as never))),
    );
    assert.deepEqual(
      verdicts.flatMap(({ unjudged }, at) => (unjudged === undefined ? [] : [[at, unjudged.why]])),
      [[7, "RULE_EXPRESSION_RUNAWAY"]],
    );
  });

  it("name the task of the group on which one ran away", async () => {
    const { outcome, unjudged } = await judge(expression(SQUARE), subject(disks(2) as never, disks(1) as never, disks(60_000) as never));
    assert.deepEqual([outcome, unjudged?.why, unjudged?.task], ["review", "RULE_EXPRESSION_RUNAWAY", 2]);
  });
});

describe("an expression that JSONata itself would not end", function () {
  this.timeout(180_000);

  for (const [how, value] of [
    ["comparing what shares its parts", SHARED],
    ["writing out what shares its parts", `(${TWICE}; $length($string($twice(1, 30))) > 3)`],
    ["sorting out doubles of many", "$count($distinct([1..30000].{'a': $})) > 1"],
  ] as const) {
    it(`is stopped: ${how}`, async () => {
      assert.equal((await judge(expression(value))).unjudged?.why, "RULE_EXPRESSION_RUNAWAY");
    });
  }

  it("keeps nobody else waiting meanwhile, neither plain rules nor other expressions", async () => {
    const ended: string[] = [];
    const note = (name: string) => (verdict: Verdict) => {
      ended.push(name);
      return verdict.outcome;
    };
    const runaway = judge(expression(SHARED)).then(note("runaway"));
    const others = [
      judge([{ field: "task.type", op: "eq", value: "DEPLOY" }]).then(note("plain")),
      judge(expression("task.type = 'DEPLOY'")).then(note("expression")),
    ];
    assert.deepEqual(await Promise.all([runaway, ...others]), ["review", "continue", "continue"]);
    assert.equal(ended.at(-1), "runaway");
  });
});

describe("threads for expressions", function () {
  this.timeout(180_000);

  const job = (text: string, facts: object = { task: TASK }): ExpressionJob => ({
    text,
    tasks: [facts as never],
    group: { id: "g", count: 1 },
    at: AT.getTime(),
    steps: EXPRESSION_LIMITS.steps,
  });

  it("go no further than to the first task for which it is false, or on which it runs away", async () => {
    const threads = new ExpressionThreads();
    const over = async (...values: unknown[]): Promise<unknown> => {
      const tasks = values.map((value) => ({ value }));
      return (await threads.judge({ ...job("value = 'run' ? $count([1..1000000]) > 1 : value"), tasks })).truths;
    };
    assert.deepEqual(await over(true, 5, false, true), [true, "RULE_EXPRESSION_NOT_BOOLEAN", false]);
    assert.deepEqual(await over(true, "run", true), [true, "RULE_EXPRESSION_RUNAWAY"]);
  });

  const LIMITS = { processorTime: 150, memory: 32 };

  it("count processor time, and not the time on the clock of a machine that is busy with other things", async () => {
    assert.deepEqual((await new ExpressionThreads(undefined, LIMITS).judge(job(SQUARE, disks(8_000)))).truths, ["RULE_EXPRESSION_RUNAWAY"]);
    assert.deepEqual((await new ExpressionThreads(() => 0, LIMITS).judge(job(SQUARE, disks(8_000)))).truths, [true]);
  });

  it("count the time of each evaluation anew, however long a thread has been at work", async () => {
    const threads = new ExpressionThreads(undefined, { ...LIMITS, processorTime: 300 });
    const started = process.cpuUsage();
    const replies = await Promise.all(Array.from({ length: 100 }, () => threads.judge(job(SQUARE, disks(1_200)))));
    assert.ok(replies.every(({ truths }) => truths[0] === true));
    assert.ok(process.cpuUsage(started).user > 800_000, "it must take long enough to show");
  });

  it("give each expression its turn, however many wait for another", async () => {
    const threads = new ExpressionThreads();
    const ended: string[] = [];
    const run = (text: string): Promise<void> => threads.judge(job(text)).then(() => void ended.push(text));
    const many = Array.from({ length: 500 }, () => run("$sum([1..200]) > 0"));
    await Promise.all([...many, run("task.type = 'DEPLOY'")]);
    assert.ok(ended.indexOf("task.type = 'DEPLOY'") < 250, String(ended.indexOf("task.type = 'DEPLOY'")));
  });

  for (const [when, how] of [
    ["is still at it", "AT_WORK"],
    ["has gone on to another meanwhile", "PAST_IT"],
  ] as const) {
    it(`say of one that was ended for an evaluation whether it ${when}`, async () => {
      const ended = new Promise<Ended>((resolve) => {
        const thread = new ExpressionThread(
          EXPRESSION_LIMITS,
          () => undefined,
          (_thread, why) => resolve(why),
        );
        thread.give([{ job: job(SHARED), resolve: () => undefined }]);
        const endOnceBegun = (): void => {
          if (thread.begun === 0) return void setImmediate(endOnceBegun);
          if (how === "AT_WORK") thread.charge(0);
          thread.end();
        };
        endOnceBegun();
      });
      assert.equal(await ended, how);
    });
  }

  it("do not take one look that came late for a long evaluation", async () => {
    let looks = 0;
    const threads = new ExpressionThreads(() => (looks++ === 0 ? 0 : 1_000_000), LIMITS);
    assert.deepEqual((await threads.judge(job(SQUARE, disks(4_000)))).truths, [true]);
    assert.ok(looks > 1, "it must have been looked at");
  });

  it("stop what needs too much memory, and go on", async () => {
    const threads = new ExpressionThreads(() => 0, LIMITS);
    const before = process.resourceUsage().maxRSS;
    const greedy = await threads.judge(job("$count([1..20000].$string([1..9999])) > 1"));
    assert.deepEqual(greedy.truths, ["RULE_EXPRESSION_RUNAWAY"]);
    assert.ok(process.resourceUsage().maxRSS - before < 500_000, "kilobytes: long before Node.js itself would end it");
    assert.ok(greedy.steps >= EXPRESSION_LIMITS.steps, "the steps of what was stopped are spent");
    assert.deepEqual((await threads.judge(job("task.type = 'DEPLOY'"))).truths, [true]);
  });

  it("judge what a flow put among the facts though it cannot be copied", async () => {
    const about: RuleSubject = subject({ task: { ...TASK, tell: () => "no" }, details: { at: 5 } });
    assert.equal(await outcomeOf(expression("details.at = 5"), about), "continue");
    const circle: Record<string, unknown> = { tell: () => "no" };
    circle["self"] = circle;
    assert.equal(
      (await judge(expression("task.type = 'DEPLOY'"), subject({ task: { ...TASK, circle } }))).unjudged?.why,
      "RULE_EXPRESSION_FAILED",
    );
  });

  const MEET = `rules.compileRules([{ name: "", when: [{ field: "", op: "jsonata", value: "task.type = 'DEPLOY'" }], outcome: "continue", reason: "" }], { otherwise: "cancel", scope: "task" })
    .evaluate({ tasks: [{ task: { type: "DEPLOY" } }], group: { id: "g", count: 1 }, at: new Date() })
    .then(({ outcome, unjudged }) => console.log(outcome, unjudged?.why ?? ""))`;
  /** What a process of its own makes of an expression, and how it ends by itself. */
  const inProcess = (module: string, ...flags: string[]): Promise<[string, number | null]> =>
    new Promise((resolve, reject) => {
      const url = new URL(`../../../${module}`, import.meta.url).href;
      const flagsToo = ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--disable-warning=SecurityWarning", ...flags];
      const child = spawn(process.execPath, [...flagsToo, "-e", `import(${JSON.stringify(url)}).then((rules) => ${MEET})`]);
      let out = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (out += part.toString("utf8")));
      child.on("error", reject);
      child.on("close", (code) => resolve([out.trim(), code]));
    });

  for (const module of ["nodes/lib/rules/index.ts", "dist/lib/rules/index.js"]) {
    it(`leave the process free to end: ${module}`, async () => {
      assert.deepEqual(await inProcess(module), ["continue", 0]);
    });
  }

  it("are fewer where no further one can be started, and judge as well", async () => {
    let started = 0;
    const threads = new ExpressionThreads(undefined, EXPRESSION_LIMITS, (...listeners) => {
      if (started++ > 0) throw new Error("no thread left");
      return new ExpressionThread(EXPRESSION_LIMITS, ...listeners);
    });
    const replies = await Promise.all(Array.from({ length: 100 }, () => threads.judge(job("task.type = 'DEPLOY'"))));
    assert.ok(replies.every(({ truths }) => truths[0] === true));
    assert.equal(started, 2, "it is tried once, not with each task");
  });

  it("that cannot be started send their tasks to review", async () => {
    assert.deepEqual(await inProcess("dist/lib/rules/index.js", "--permission", "--allow-fs-read=*"), [
      "review RULE_EXPRESSION_UNAVAILABLE",
      0,
    ]);
  });
});
