import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compileRules,
  type FactCause,
  type FactSource,
  type Rule,
  type RuleSubject,
  type Scope,
  type Verdict,
} from "../../../nodes/lib/rules/index.ts";
import { AT, TASK } from "./support.ts";

type Facts = Record<string, unknown>;

/** A subject that knows its tasks only, and a source that knows more; `asked` says in which order. */
class Elsewhere implements FactSource {
  readonly asked: string[] = [];
  readonly subject: RuleSubject;
  readonly #tasks: Facts[];
  readonly #details: readonly Facts[];
  readonly #total: number | undefined;
  readonly #out: ReadonlySet<string>;

  /** @param out parts that cannot be had: `role`, or `role 1` for one task */
  constructor(details: readonly Facts[], total?: number, out: readonly string[] = []) {
    this.#details = details;
    this.#total = total;
    this.#out = new Set(out);
    this.#tasks = details.map((_, index) => ({ task: { ...TASK, taskId: `t${index}` } }));
    this.subject = { tasks: this.#tasks, group: { id: "g", count: details.length }, at: AT };
  }

  async load(field: string, task: number | undefined): Promise<FactCause | undefined> {
    this.asked.push(task === undefined ? field : `${field} ${task}`);
    await Promise.resolve();
    const [root = "", part = "all"] = field.split(".");
    if (this.#out.has(part) || this.#out.has(`${part} ${task}`)) return { code: "DETAIL_NO_LINK", params: { rel: part } };
    if (root === "group") {
      if (this.#total !== undefined) this.subject.group.cpu = this.#total;
    } else if (task !== undefined) {
      const facts = this.#tasks[task] as Facts;
      facts["details"] = { ...(facts["details"] as Facts | undefined), [part]: this.#details[task]?.[part] };
    }
    return undefined;
  }

  judge(rules: readonly Partial<Rule>[], scope: Scope = this.#details.length === 1 ? "task" : "group"): Promise<Verdict> {
    const whole = rules.map((rule) => ({ name: "", reason: "", ...rule }));
    return compileRules(whole, { otherwise: "review", scope }).evaluate(this.subject, this);
  }
}

const cpuUpTo = (value: number): Rule["when"][number] => ({ field: "details.virtualmachine.cpu", op: "lte", value });
const roleIs = (value: string): Rule["when"][number] => ({ field: "details.role.name", op: "eq", value });
const vm = (cpu: number, role = "USER"): Facts => ({ virtualmachine: { cpu }, role: { name: role } });

describe("facts that a subject lacks", () => {
  it("are loaded when a rule names them, and used", async () => {
    const elsewhere = new Elsewhere([vm(2)]);
    const verdict = await elsewhere.judge([{ name: "small", when: [cpuUpTo(4)], outcome: "continue" }]);
    assert.equal(verdict.outcome, "continue");
    assert.deepEqual(verdict.facts, { "details.virtualmachine.cpu": 2 });
    assert.deepEqual(elsewhere.asked, ["details.virtualmachine.cpu 0"]);
  });

  it("are loaded in the order of rules and conditions, and none after the outcome is certain", async () => {
    const elsewhere = new Elsewhere([vm(8)]);
    const verdict = await elsewhere.judge([
      { when: [cpuUpTo(4), roleIs("USER")], outcome: "continue" },
      { when: [roleIs("USER")], outcome: "cancel" },
      { when: [{ field: "details.user.nick", op: "eq", value: "ana" }], outcome: "continue" },
    ]);
    assert.equal(verdict.outcome, "cancel");
    assert.deepEqual(elsewhere.asked, ["details.virtualmachine.cpu 0", "details.role.name 0"]);
  });

  it("are not loaded for a rule that does not match whatever they are", async () => {
    const elsewhere = new Elsewhere([vm(2)]);
    await elsewhere.judge([{ when: [cpuUpTo(4), { field: "task.type", op: "eq", value: "UNDEPLOY" }], outcome: "continue" }]);
    assert.deepEqual(elsewhere.asked, []);
  });

  it("are loaded for no further task of a group once one decides", async () => {
    const elsewhere = new Elsewhere(Array.from({ length: 100 }, (_, index) => vm(index === 0 ? 8 : 2)));
    const verdict = await elsewhere.judge([{ when: [cpuUpTo(4)], outcome: "continue" }]);
    assert.equal(verdict.outcome, "review");
    assert.ok(elsewhere.asked.length < 20, String(elsewhere.asked.length));
  });

  it("are loaded for few further tasks of a group once an expression is false for one", async () => {
    const rule = { when: [{ field: "", op: "jsonata", value: "details.virtualmachine.cpu <= 4" }], outcome: "continue" as const };
    for (const first of [0, 5]) {
      const elsewhere = new Elsewhere(Array.from({ length: 100 }, (_, index) => vm(index === first ? 8 : 2)));
      assert.equal((await elsewhere.judge([rule])).outcome, "review");
      assert.ok(elsewhere.asked.length <= 2 * first + 1, String(elsewhere.asked.length));
    }
    const all = new Elsewhere(Array.from({ length: 100 }, () => vm(2)));
    assert.equal((await all.judge([rule])).outcome, "continue");
    assert.equal(all.asked.length, 100);
  });

  it("that cannot be had end the evaluation with the rule, the fact, the task and the cause", async () => {
    const elsewhere = new Elsewhere([vm(2), vm(2)], undefined, ["virtualmachine 1"]);
    const verdict = await elsewhere.judge([
      { name: "large", when: [{ field: "details.virtualmachine.cpu", op: "gt", value: 8 }, roleIs("USER")], outcome: "cancel" },
      { name: "all", when: [], outcome: "continue" },
    ]);
    // The first machine is not large: that alone settles the first rule.
    assert.equal(verdict.outcome, "continue");
    const small = await new Elsewhere([vm(2), vm(2)], undefined, ["virtualmachine 1"]).judge([
      { name: "small", when: [cpuUpTo(4)], outcome: "cancel" },
      { name: "all", when: [], outcome: "continue" },
    ]);
    assert.equal(small.outcome, "review");
    const cause = { code: "DETAIL_NO_LINK", params: { rel: "virtualmachine" } };
    assert.deepEqual(small.unjudged, { rule: "small", field: "details.virtualmachine.cpu", why: "RULE_FACT_UNAVAILABLE", task: 1, cause });
  });

  it("that nobody has stay absent", async () => {
    const { unjudged } = await new Elsewhere([{}]).judge([{ name: "small", when: [cpuUpTo(4)], outcome: "continue" }]);
    assert.equal(unjudged?.why, "RULE_FACT_ABSENT");
    assert.equal(unjudged?.cause, undefined);
  });

  it("include totals, after everything else", async () => {
    const elsewhere = new Elsewhere([vm(2), vm(3)], 5);
    const rules = [{ when: [{ field: "group.cpu", op: "lte", value: 10 }, roleIs("USER")], outcome: "continue" as const }];
    assert.equal((await elsewhere.judge(rules)).outcome, "continue");
    assert.deepEqual(elsewhere.asked, ["details.role.name 0", "details.role.name 1", "group.cpu"]);
    const { unjudged } = await new Elsewhere([vm(2), vm(3)], 5, ["cpu"]).judge(rules);
    assert.deepEqual([unjudged?.field, unjudged?.why], ["group.cpu", "RULE_FACT_UNAVAILABLE"]);
  });

  for (const [text, asked] of [
    ["details.virtualmachine.cpu <= 4", ["details.virtualmachine.cpu 0", "details.virtualmachine.cpu 1"]],
    ["$sum(tasks.details.virtualmachine.cpu) <= 4", ["details.virtualmachine.cpu 0", "details.virtualmachine.cpu 1"]],
    [
      "$count($filter(tasks, function($t) { $t.details.virtualmachine.cpu > 4 })) = 0",
      ["details.virtualmachine.cpu 0", "details.virtualmachine.cpu 1"],
    ],
    ["group.cpu <= 4", ["group.cpu"]],
  ] as const) {
    it(`are loaded for the expression ${text}`, async () => {
      const rule = { when: [{ field: "", op: "jsonata", value: text }], outcome: "continue" as const };
      const elsewhere = new Elsewhere([vm(2), vm(2)], 4);
      assert.equal((await elsewhere.judge([rule])).outcome, "continue");
      assert.deepEqual(elsewhere.asked, asked);
      const out = new Elsewhere([vm(2), vm(2)], 4, ["virtualmachine 1", "cpu"]);
      assert.equal((await out.judge([rule])).unjudged?.why, "RULE_FACT_UNAVAILABLE");
    });
  }

  for (const [text, asked] of [
    ["$lookup(details, 'role').name != 'ADMIN'", "details 0"],
    ["($d := details; $d.role.name != 'ADMIN')", "details 0"],
    ["$lookup(group, 'cpu') != 99", "group"],
  ] as const) {
    it(`are all loaded for the expression ${text}, which does not say which of them it means`, async () => {
      const rule = { when: [roleIs("USER"), { field: "", op: "jsonata", value: text }], outcome: "continue" as const };
      const elsewhere = new Elsewhere([vm(2)], 4);
      await elsewhere.judge([rule]);
      assert.equal(elsewhere.asked.at(-1), asked);
      const out = await new Elsewhere([vm(2)], 4, ["all"]).judge([rule]);
      assert.deepEqual([out.outcome, out.unjudged?.why], ["review", "RULE_FACT_UNAVAILABLE"]);
    });
  }

  it("are not replaced by an expression's own value for absent ones when they cannot be had", async () => {
    const rule = { when: [{ field: "", op: "jsonata", value: "(details.virtualmachine.cpu ?? 0) <= 4" }], outcome: "continue" as const };
    assert.equal((await new Elsewhere([vm(2)], undefined, ["virtualmachine"]).judge([rule])).outcome, "review");
    assert.equal((await new Elsewhere([{}]).judge([rule])).outcome, "continue");
  });

  it("lead to the verdict that they would have led to had the subject held them, over random rules, tasks and losses", async () => {
    const condition = fc.oneof(
      fc.integer({ min: 1, max: 9 }).map(cpuUpTo),
      fc.constantFrom("USER", "ADMIN").map(roleIs),
      fc.constantFrom("DEPLOY", "UNDEPLOY").map((value) => ({ field: "task.type", op: "eq", value })),
      fc.integer({ min: 1, max: 20 }).map((value) => ({ field: "group.cpu", op: "gt", value })),
      fc.integer({ min: 1, max: 9 }).map((value) => ({ field: "", op: "jsonata", value: `details.virtualmachine.cpu >= ${value}` })),
    );
    const rule = fc.record({
      when: fc.array(condition, { maxLength: 3 }),
      outcome: fc.constantFrom("continue" as const, "cancel" as const),
    });
    const machine = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom("USER", "ADMIN")).map(([cpu, role]) => vm(cpu, role));
    const lost = fc.subarray(["virtualmachine 0", "virtualmachine 1", "role 0", "role", "cpu"]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(rule, { maxLength: 4 }),
        fc.array(machine, { minLength: 1, maxLength: 3 }),
        lost,
        async (rules, machines, out) => {
          const total = machines.reduce((sum, { virtualmachine }) => sum + (virtualmachine as { cpu: number }).cpu, 0);
          const elsewhere = new Elsewhere(machines, total, out);
          const loaded = await elsewhere.judge(rules, "group");
          const isLost = (part: string, task: number): boolean => out.includes(part) || out.includes(`${part} ${task}`);
          const tasks = machines.map((details, index) => ({
            task: { ...TASK, taskId: `t${index}` },
            details: Object.fromEntries(Object.entries(details).filter(([part]) => !isLost(part, index))),
          }));
          const group = { id: "g", count: machines.length, ...(out.includes("cpu") ? {} : { cpu: total }) };
          const whole = rules.map((one) => ({ name: "", reason: "", ...one }));
          const held = await compileRules(whole, { otherwise: "review", scope: "group" }).evaluate({ tasks, group, at: AT });
          assert.equal(loaded.outcome, held.outcome);
          assert.equal(loaded.rule, held.rule);
          assert.equal(loaded.unjudged?.rule, held.unjudged?.rule);
          assert.equal(new Set(elsewhere.asked).size <= machines.length * 2 + 1, true);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
