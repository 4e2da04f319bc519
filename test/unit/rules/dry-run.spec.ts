import assert from "node:assert/strict";
import { type RuleSet, readRecordedTasks, readRuleSet, recordedTask, tryRules } from "../../../nodes/lib/rules/index.ts";
import { AT } from "./support.ts";

const rules = (list: object[], more: object = {}): RuleSet => readRuleSet({ rules: list, ...more }, { otherwise: "review", scope: "task" });
const small = (cpu: number): object => ({
  name: "small",
  when: [{ field: "details.virtualmachine.cpu", op: "lte", value: cpu }],
  outcome: "continue",
});
const task = (taskId: string, more: object = {}): object => ({ taskId, type: "DEPLOY", createdAt: "2026-03-02T10:00:00Z", ...more });

describe("recorded tasks", () => {
  const ids = (value: unknown): unknown[] =>
    readRecordedTasks(value, AT).tasks.map(({ facts }) => (facts["task"] as { taskId: string }).taskId);

  it("are read from messages, from what they hold, from groups and from bare tasks", () => {
    assert.deepEqual(
      ids([{ abiquo: { task: task("a") } }, { task: task("b") }, { tasks: [{ task: task("c") }, { task: task("d") }] }, task("e")]),
      ["a", "b", "c", "d", "e"],
    );
    assert.deepEqual(ids({ abiquo: { task: task("a") } }), ["a"]);
  });

  it("say by position what is no task, and half a group is none", () => {
    assert.deepEqual(
      readRecordedTasks([task("a"), {}, null, { tasks: [{ task: task("b") }, {}] }, { type: "DEPLOY" }], AT).wrong,
      [1, 2, 3, 4],
    );
  });

  it("are judged at the moment of their decision, else of their making, else now", () => {
    const moments = readRecordedTasks(
      [{ task: task("a"), decision: { at: "2026-03-03T08:00:00Z" } }, task("b"), task("c", { createdAt: "" })],
      AT,
    ).tasks.map(({ at }) => at.toISOString());
    assert.deepEqual(moments, ["2026-03-03T08:00:00.000Z", "2026-03-02T10:00:00.000Z", AT.toISOString()]);
  });

  it("know their group, or count themselves", () => {
    const groups = readRecordedTasks(
      [{ task: task("a"), group: { id: "g", count: 5, cpu: 8 } }, { tasks: [{ task: task("b") }, { task: task("c") }] }, task("d")],
      AT,
    ).tasks.map(({ group }) => group);
    assert.deepEqual(groups, [
      { id: "g", count: 5, cpu: 8 },
      { id: "b", count: 2 },
      { id: "b", count: 2 },
      { id: "d", count: 1 },
    ]);
  });

  it("take facts of an earlier decision in place of details that were not kept, and keep those that were", () => {
    const facts = {
      "details.virtualmachine.cpu": 4,
      "details.virtualmachine.ram": 512,
      "group.cpu": 9,
      "details.user.name": ["a", "b"],
      time: { day: "mon" },
      "details.__proto__.x": 1,
    };
    const { facts: known, group } = recordedTask(
      { task: task("a"), details: { virtualmachine: { cpu: 2 } }, decision: { facts } },
      { id: "g", count: 1 },
      AT,
    );
    assert.deepEqual(known["details"], { virtualmachine: { cpu: 2, ram: 512 } });
    assert.deepEqual(group, { id: "g", count: 1, cpu: 9 });
    assert.equal(({} as { x?: number }).x, undefined);
  });
});

describe("rules on trial", () => {
  const { tasks } = readRecordedTasks(
    [2, 4, 8].map((cpu) => ({ task: task(`t${cpu}`), details: { virtualmachine: { cpu } }, group: { id: "g", count: 3 } })),
    AT,
  );

  it("tell outcome, rule and facts of each task, and count the outcomes", async () => {
    const { tried, counts, differing } = await tryRules(tasks, rules([small(4)]));
    assert.deepEqual(
      tried.map(({ verdict }) => [verdict.outcome, verdict.rule, verdict.facts["details.virtualmachine.cpu"]]),
      [
        ["continue", "small", 2],
        ["continue", "small", 4],
        ["review", undefined, 8],
      ],
    );
    assert.deepEqual(counts, { continue: 2, cancel: 0, review: 1 });
    assert.equal(differing, 0);
    assert.ok(tried.every(({ before }) => before === undefined));
  });

  it("tell which outcomes differ from those of other rules", async () => {
    const { tried, differing } = await tryRules(tasks, rules([small(4)]), rules([small(2)]));
    assert.deepEqual(
      tried.map(({ before, differs }) => [before?.outcome, differs]),
      [
        ["continue", false],
        ["review", true],
        ["review", false],
      ],
    );
    assert.equal(differing, 1);
  });

  it("see another rule with the same outcome as no difference", async () => {
    const renamed = rules([{ name: "other", when: [], outcome: "review" }]);
    assert.equal((await tryRules(tasks, rules([]), renamed)).differing, 0);
  });

  it("judge a group together in scope group, and beside rules of scope task", async () => {
    const { tried, differing } = await tryRules(tasks, rules([small(4)], { scope: "group" }), rules([small(4)]));
    assert.deepEqual(
      tried.map(({ verdict }) => verdict.outcome),
      ["review", "review", "review"],
    );
    assert.equal(differing, 2);
  });

  it("see a group as large as it was, though not all of its tasks were recorded, and never smaller than what was", async () => {
    const large = rules([{ name: "large", when: [{ field: "group.count", op: "gte", value: 3 }], outcome: "cancel" }], { scope: "group" });
    const recorded = (count: number, members: number): ReturnType<typeof readRecordedTasks>["tasks"] =>
      readRecordedTasks(
        Array.from({ length: members }, (_, at) => ({ task: task(`m${at}`), group: { id: "g", count } })),
        AT,
      ).tasks;
    assert.equal((await tryRules(recorded(3, 1), large)).counts.cancel, 1);
    assert.equal((await tryRules(recorded(1, 3), large)).counts.cancel, 3);
    assert.equal((await tryRules(recorded(2, 2), large)).counts.cancel, 0);
  });

  it("judge tasks of one group together and no others, in the order of the record", async () => {
    const both = rules([{ name: "deploys", when: [{ field: "task.type", op: "eq", value: "DEPLOY" }], outcome: "continue" }], {
      scope: "group",
    });
    const records = [
      ["a", "x", "DEPLOY"],
      ["b", "y", "UNDEPLOY"],
      ["c", "x", "DEPLOY"],
      ["d", "y", "DEPLOY"],
    ].map(([taskId = "", id, type]) => ({ task: task(taskId, { type }), group: { id, count: 2 } }));
    const { tried } = await tryRules(readRecordedTasks(records, AT).tasks, both);
    assert.deepEqual(
      tried.map(({ verdict }) => verdict.outcome),
      ["continue", "review", "continue", "review"],
    );
  });

  it("say of a fact that nobody recorded that it is missing", async () => {
    const { tried } = await tryRules(readRecordedTasks(task("x"), AT).tasks, rules([small(4)]));
    assert.equal(tried[0]?.verdict.outcome, "review");
    assert.equal(tried[0]?.verdict.unjudged?.why, "RULE_FACT_ABSENT");
  });

  it("see the time of each task, and not of the trial", async () => {
    const morning = rules([
      { name: "morning", when: [{ field: "time", op: "in", value: { to: "12:00", timeZone: "UTC" } }], outcome: "cancel" },
    ]);
    assert.equal((await tryRules(tasks, morning)).counts.cancel, 3);
  });
});
