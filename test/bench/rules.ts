// Rules evaluated a second: a hundred rules, none of which matches, so that each task meets them all.
import { type CompiledRules, compileRules, type RuleSubject } from "../../nodes/lib/rules/index.ts";

const RULES = 100;
const SECONDS = 1;
const ROUNDS = 5;

/** What people write, in turns. */
const SHAPES = {
  plain: [
    (n: number) => [
      { field: "task.type", op: "eq", value: "UNDEPLOY" },
      { field: "task.enterpriseId", op: "eq", value: n },
    ],
    (n: number) => [{ field: "task.requester", op: "match", value: `*-${n}@example.com` }],
    (n: number) => [
      { field: "details.virtualmachine.cpu", op: "gt", value: 100 + n },
      { field: "details.virtualmachine.ram", op: "lte", value: n },
    ],
    (n: number) => [{ field: "task.virtualDatacenterId", op: "in", value: [1000 + n, 2000 + n, 3000 + n] }],
    (n: number) => [{ field: "group.count", op: "between", value: [1000 + n, 2000 + n] }],
    () => [{ field: "time", op: "in", value: { days: ["sat", "sun"], from: "09:00", to: "18:00", timeZone: "Europe/Madrid" } }],
  ],
  expressions: [(n: number) => [{ field: "", op: "jsonata", value: `task.type = "UNDEPLOY" and $number(task.enterpriseId) = ${n}` }]],
};

const subject: RuleSubject = {
  tasks: [
    {
      task: { taskId: "t1", type: "DEPLOY", requester: "ana@example.com", enterpriseId: "7", virtualDatacenterId: "3" },
      details: { virtualmachine: { cpu: 2, ram: 2048 } },
    },
  ],
  group: { id: "g", count: 1 },
  at: new Date("2026-11-23T10:00:00Z"),
};

/** Prints the medians of a few rounds. */
export async function benchRules(): Promise<void> {
  const table: Record<string, object> = {};
  for (const [name, shapes] of Object.entries(SHAPES)) {
    const list = Array.from({ length: RULES }, (_, n) => ({
      name: `r${n}`,
      when: shapes[n % shapes.length]?.(n) ?? [],
      outcome: "continue",
      reason: "",
    }));
    const rules = compileRules(list, { otherwise: "review", scope: "task" });
    const rates: number[] = [];
    // The first round only warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      const rate = await tasksPerSecond(rules);
      if (round > 0) rates.push(rate);
    }
    const median = rates.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
    table[name] = { "tasks/s": Math.round(median), "rules/s": Math.round(median * RULES) };
  }
  console.table(table);
  console.log(`${RULES} rules a task, none of which matches; medians of ${ROUNDS} rounds`);
}

async function tasksPerSecond(rules: CompiledRules): Promise<number> {
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < SECONDS * 1000) {
    const verdict = await rules.evaluate(subject);
    if (verdict.outcome !== "review" || verdict.unjudged !== undefined) throw new Error("every rule must be judged, and none match");
    count += 1;
  }
  return count / ((performance.now() - start) / 1000);
}
