import assert from "node:assert/strict";
import { type DeliveryNews, type Ledger, openLedger, type Proposal, type SubmissionRecord } from "../../../nodes/lib/ledger/index.ts";
import { API, newTask } from "../../support/tasks.ts";
import { onEachEngine } from "./engines.ts";

const KEY = { api: API, taskId: "t1" };

const task = newTask("t1");
const proposal: Proposal = { ...KEY, connection: "config", action: "continue", by: "Ana", cause: "rule", at: 2, text: "" };
const delivered: DeliveryNews = {
  ...KEY,
  reportedAt: 3,
  delivery: "delivered",
  outcome: "continued",
  attempts: 1,
  uncertain: false,
  nextAt: 2,
};
const submission = (id: string): SubmissionRecord => ({ id, node: "yes", action: "continue", message: "{}", tasks: [KEY], createdAt: 2 });

onEachEngine("A decision in the ledger", (place) => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openLedger(await place());
    await ledger.receive([task]);
  });

  afterEach(() => ledger.close());

  const stage = async (): Promise<string | undefined> => (await ledger.tasks([KEY])).values().next().value?.stage;
  const kept = async (): Promise<string[]> => (await ledger.submissionsOf("yes")).map(({ id }) => id);

  it("keeps the message that waits for it, and none for which all is settled already: nobody would ever forget that", async () => {
    await ledger.decide({ proposals: [proposal], submission: submission("first") });
    assert.deepEqual(await kept(), ["first"]);
    await ledger.decide({ proposals: [proposal], submission: submission("while it is sent") });
    assert.deepEqual((await kept()).sort(), ["first", "while it is sent"]);
    await ledger.report(delivered);
    await ledger.decide({ proposals: [proposal], submission: submission("late") });
    await ledger.decide({ proposals: [{ ...proposal, taskId: "unknown" }], submission: submission("about nothing") });
    assert.deepEqual((await kept()).sort(), ["first", "while it is sent"]);
    await ledger.forget(["first", "while it is sent"]);
    assert.deepEqual(await kept(), []);
  });

  it("is the one that was said to have won, of several in one commit", async () => {
    const rivals = ["Ana", "Bob", "Eva"].map((by, index): Proposal => ({ ...proposal, by, action: index === 0 ? "continue" : "cancel" }));
    const verdicts = (await Promise.all(rivals.map((rival) => ledger.decide({ proposals: [rival] })))).flat();
    const winners = rivals.filter((_rival, index) => verdicts[index]?.verdict === "won");
    const standing = (await ledger.decisions([KEY])).values().next().value;
    assert.deepEqual(
      winners.map(({ by }) => by),
      [standing?.by],
    );
    for (const verdict of verdicts) assert.equal(verdict.verdict !== "unknown" && verdict.decision.by, standing?.by);
  });

  it("moves its task when it is made and when it is settled, and no task that was settled otherwise meanwhile", async () => {
    assert.equal(await stage(), "received");
    await ledger.decide({ proposals: [proposal] });
    assert.equal(await stage(), "decided");
    await ledger.move({ ...KEY, from: ["decided"], to: "elsewhere" });
    await ledger.report(delivered);
    assert.equal(await stage(), "elsewhere");
  });

  it("keeps its task, whatever else is to be moved from where it no longer rests", async () => {
    await ledger.decide({ proposals: [proposal] });
    await ledger.move({ ...KEY, from: ["received", "asked"], to: "held" });
    assert.equal(await stage(), "decided");
    assert.equal((await ledger.undelivered(API)).length, 1);
  });

  it("says when it was settled, and keeps when its next attempt is due while it is not", async () => {
    await ledger.decide({ proposals: [proposal] });
    const decision = async (): Promise<object> => {
      const { settledAt, nextAt, delivery, uncertain } = [...(await ledger.decisions([KEY])).values()][0] ?? {};
      return { settledAt, nextAt, delivery, uncertain };
    };
    await ledger.report({ ...delivered, delivery: "waiting", uncertain: true, nextAt: 60_000, reportedAt: 10 });
    assert.deepEqual(await decision(), { settledAt: undefined, nextAt: 60_000, delivery: "waiting", uncertain: true });
    await ledger.report({ ...delivered, reportedAt: 20 });
    assert.deepEqual(await decision(), { settledAt: 20, nextAt: 2, delivery: "delivered", uncertain: false });
  });

  it("keeps apart what attempts of one commit say of the next one", async () => {
    await ledger.receive([{ ...task, taskId: "t2" }]);
    await ledger.decide({ proposals: [proposal, { ...proposal, taskId: "t2" }] });
    const waiting = { ...delivered, delivery: "waiting" as const };
    await Promise.all([ledger.report({ ...waiting, nextAt: 100 }), ledger.report({ ...waiting, taskId: "t2", nextAt: 200 })]);
    const nextAt = new Map((await ledger.undelivered(API)).map((each) => [each.task.taskId, each.decision.nextAt]));
    assert.deepEqual([nextAt.get("t1"), nextAt.get("t2")], [100, 200]);
  });
});
