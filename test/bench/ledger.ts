// The ledger alone, as a task passes through it: received, decided, reported, forgotten, by many at once.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ledger, type NewTask, openLedger } from "../../nodes/lib/ledger/index.ts";

const TASKS = 6_000;
const AT_ONCE = 32;
const API = "https://cloud.example.com/api";

/** Prints how many tasks a second pass each step, and how long one waits for it. */
export async function benchLedger(rounds = 3): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const ledger = await openLedger({ engine: "sqlite", file: join(folder, "ledger.sqlite") });
  try {
    const table: Record<string, object> = {};
    // The first round only warms up.
    for (let round = 0; round <= rounds; round++) {
      for (const [name, step] of Object.entries(STEPS)) {
        const waits = await inTurns((index) => step(ledger, `${round}-${index}`));
        if (round > 0) table[`${name} ${round}`] = waits;
      }
    }
    console.table(table);
    console.log(`${TASKS} tasks, ${AT_ONCE} at once`);
  } finally {
    await ledger.close();
    rmSync(folder, { recursive: true });
  }
}

const STEPS: Readonly<Record<string, (ledger: Ledger, id: string) => Promise<unknown>>> = {
  receive: (ledger, id) => ledger.receive([taskOf(id)]),
  decide: (ledger, id) =>
    ledger.decide({
      proposals: [
        { api: API, taskId: id, connection: "config", action: "continue", by: "rule", cause: "rule", at: Date.now(), text: "Continued." },
      ],
      submission: { id, node: "yes", action: "continue", message: "{}", tasks: [{ api: API, taskId: id }], createdAt: Date.now() },
    }),
  report: (ledger, id) =>
    ledger.report({
      api: API,
      taskId: id,
      delivery: "delivered",
      outcome: "continued",
      attempts: 1,
      uncertain: false,
      nextAt: 0,
      reportedAt: Date.now(),
    }),
  forget: (ledger, id) => ledger.forget([id]),
};

async function inTurns(step: (index: number) => Promise<unknown>): Promise<object> {
  const waits: number[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < TASKS) {
      const start = performance.now();
      await step(next++);
      waits.push(performance.now() - start);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const seconds = (performance.now() - start) / 1_000;
  const at = (share: number): number => Number((waits.sort((a, b) => a - b)[Math.floor(waits.length * share)] ?? 0).toFixed(2));
  return { "tasks/s": Math.round(TASKS / seconds), "p50 ms": at(0.5), "p99 ms": at(0.99) };
}

function taskOf(taskId: string): NewTask {
  const self = `${API}/cloud/virtualdatacenters/7/virtualappliances/8/virtualmachines/9/tasks/${taskId}`;
  return {
    api: API,
    taskId,
    connection: "config",
    source: "hook",
    group: { id: taskId, index: 0, count: 1 },
    summary: JSON.stringify({ taskId, type: "DEPLOY", state: "QUEUEING", requester: "Ana Ruiz", createdAt: new Date().toISOString() }),
    links: JSON.stringify({ self, continue: `${self}/action/continue`, cancel: `${self}/action/cancel` }),
    payload: JSON.stringify({ taskId, type: "DEPLOY", state: "QUEUEING", links: [self, self, self] }),
    receivedAt: Date.now(),
  };
}
