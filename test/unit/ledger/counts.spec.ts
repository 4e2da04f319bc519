import assert from "node:assert/strict";
import { type Ledger, openLedger, type Stage } from "../../../nodes/lib/ledger/index.ts";
import { API, newTask } from "../../support/tasks.ts";
import { onEachEngine } from "./engines.ts";

const NOW = 1_700_000_000_000;

/** A task that came so many seconds ago, and has got so far. */
interface Case {
  readonly owner: string;
  readonly age: number;
  readonly stage: Stage;
}

onEachEngine("What is counted of a ledger", (place) => {
  let ledger: Ledger;
  beforeEach(async () => {
    ledger = await openLedger(await place());
  });
  afterEach(() => ledger.close());

  const keep = async (cases: readonly Case[]): Promise<void> => {
    const tasks = cases.map(({ owner, age }, index) =>
      newTask(`t${index}`, { summary: owner === "damaged" ? "{" : JSON.stringify([1, { owner }]), receivedAt: NOW - age * 1_000 }),
    );
    await ledger.receive(tasks);
    for (const [index, { stage }] of cases.entries()) {
      if (stage !== "received") await ledger.move({ api: API, taskId: `t${index}`, from: ["received"], to: stage });
    }
  };

  it("agrees with what was put in: stages, ages and owners of what is open, and what has ended", async () => {
    const cases: Case[] = [
      { owner: "1", age: 10, stage: "received" },
      { owner: "1", age: 100, stage: "held" },
      { owner: "2", age: 1_000, stage: "held" },
      { owner: "2", age: 5_000, stage: "undeliverable" },
      { owner: "damaged", age: 20, stage: "asked" },
      { owner: "3", age: 9_000, stage: "gone" },
      { owner: "3", age: 9_000, stage: "elsewhere" },
      { owner: "3", age: 9_000, stage: "elsewhere" },
    ];
    await keep(cases);
    const counts = await ledger.openCounts({ moments: [50, 500, 20_000].map((age) => NOW - age * 1_000), owner: "owner" });
    const stages = [...counts.stages].sort((one, other) => one.stage.localeCompare(other.stage));
    assert.deepEqual(stages, [
      { stage: "asked", count: 1, oldest: NOW - 20_000 },
      { stage: "held", count: 2, oldest: NOW - 1_000_000 },
      { stage: "received", count: 1, oldest: NOW - 10_000 },
      { stage: "undeliverable", count: 1, oldest: NOW - 5_000_000 },
    ]);
    assert.deepEqual(counts.before, [2, 1, 0]);
    assert.deepEqual([...counts.owners].sort(), [
      ["", 1],
      ["1", 2],
      ["2", 2],
    ]);
    const ended = await ledger.endedCounts();
    assert.deepEqual(ended.map(({ stage, count }) => `${stage} ${count}`).sort(), ["elsewhere 2", "gone 1"]);
    assert.ok((await ledger.bytes()) > 0);
    assert.ok((await ledger.commitTimes()).counts.some((count) => count > 0));
    await ledger.probe();
    assert.equal(await ledger.shrink(10), 0);
  });

  it("reads beyond one page", async () => {
    await keep(Array.from({ length: 2_001 }, (_, index) => ({ owner: String(index % 2), age: index, stage: "received" })));
    const counts = await ledger.openCounts({ moments: [NOW], owner: "owner" });
    assert.deepEqual(counts.stages, [{ stage: "received", count: 2_001, oldest: NOW - 2_000_000 }]);
    assert.deepEqual(counts.before, [2_000]);
    assert.deepEqual(counts.owners.get("0"), 1_001);
  });
});
