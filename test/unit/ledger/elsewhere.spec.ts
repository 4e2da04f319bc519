import assert from "node:assert/strict";
import { type Finding, keyText, type Ledger, openLedger } from "../../../nodes/lib/ledger/index.ts";
import { API, newTask } from "../../support/tasks.ts";
import { onEachEngine } from "./engines.ts";

const key = (taskId: string) => ({ api: API, taskId });
const finding = (taskId: string, action?: "continue" | "cancel"): Finding => {
  const outcome = action === undefined ? "gone" : action === "continue" ? "already-continued" : "already-cancelled";
  return { ...key(taskId), connection: "config", action, outcome, by: "Abiquo", cause: "bypass", at: 5 };
};

onEachEngine("What a sweep asks of the ledger", (place) => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openLedger(await place());
  });
  afterEach(() => ledger.close());

  const stages = async (...ids: string[]): Promise<(string | undefined)[]> => {
    const tasks = await ledger.tasks(ids.map(key));
    return ids.map((id) => tasks.get(keyText(key(id)))?.stage);
  };

  it("is which tasks it does not know, also of a platform that it never heard of", async () => {
    assert.deepEqual(await ledger.strangers(API, ["a", "b"]), ["a", "b"]);
    await ledger.receive([newTask("a")]);
    assert.deepEqual(await ledger.strangers(API, ["a", "b"]), ["b"]);
    assert.deepEqual(await ledger.strangers("https://other.example.com/api", ["a"]), ["a"]);
  });

  it("is which tasks are open, page by page, without those whose answer is on its way", async () => {
    const ids = Array.from({ length: 1_100 }, (_, index) => `t${index}`);
    await ledger.receive(ids.map((id) => newTask(id)));
    await ledger.decide({
      proposals: [{ ...key("t7"), connection: "config", action: "cancel", by: "Ana", cause: "rule", at: 2, text: "" }],
    });
    const found: string[] = [];
    for (let page = await ledger.openTasks(API); ; page = await ledger.openTasks(API, page.next)) {
      found.push(...page.rows.map(({ taskId }) => taskId));
      if (page.next === undefined) break;
    }
    assert.deepEqual(
      found,
      ids.filter((id) => id !== "t7"),
    );
  });

  it("keeps whether a task was adopted", async () => {
    await ledger.receive([newTask("found", { adopted: true }), newTask("called")]);
    const tasks = await ledger.tasks([key("found"), key("called")]);
    assert.deepEqual(
      ["found", "called"].map((id) => tasks.get(keyText(key(id)))?.adopted),
      [true, undefined],
    );
  });

  it("settles what nobody here decided, once, and leaves alone what is being delivered and what it does not know", async () => {
    await ledger.receive(["went", "stopped", "trimmed", "ours"].map((id) => newTask(id)));
    await ledger.decide({
      proposals: [{ ...key("ours"), connection: "config", action: "cancel", by: "Ana", cause: "vote", at: 2, text: "" }],
    });
    const all = [
      finding("went", "continue"),
      finding("stopped", "cancel"),
      finding("trimmed"),
      finding("ours", "cancel"),
      finding("unknown"),
    ];
    assert.deepEqual(await ledger.settleElsewhere(all), ["elsewhere", "elsewhere", "gone", undefined, undefined]);
    assert.deepEqual(await ledger.settleElsewhere(all), [undefined, undefined, undefined, undefined, undefined]);
    assert.deepEqual(await stages("went", "stopped", "trimmed", "ours"), ["elsewhere", "elsewhere", "gone", "decided"]);
    const decisions = await ledger.decisions(["went", "ours", "trimmed"].map(key));
    const { by, outcome, delivery } = decisions.get(keyText(key("went"))) ?? {};
    assert.deepEqual([by, outcome, delivery], ["Abiquo", "already-continued", "elsewhere"]);
    assert.equal(decisions.get(keyText(key("ours")))?.by, "Ana");
    assert.equal(decisions.has(keyText(key("trimmed"))), false);
  });

  for (const [action, kinds] of [
    [undefined, ["received", "gone"]],
    ["cancel", ["received", "decided", "elsewhere"]],
  ] as const) {
    it(`tells the audit once of what is ${action ?? "gone"} in two looks that share a commit`, async () => {
      await ledger.receive([newTask("t")]);
      const found = await Promise.all([ledger.settleElsewhere([finding("t", action)]), ledger.settleElsewhere([finding("t", action)])]);
      assert.deepEqual(found, [[kinds.at(-1)], [undefined]]);
      assert.deepEqual(
        (await ledger.audit(key("t"))).map(({ event }) => event),
        kinds,
      );
    });
  }

  for (const [uncertain, action, found] of [
    [true, "continue", "delivered"],
    [false, "continue", "elsewhere"],
    [true, "cancel", "elsewhere"],
  ] as const) {
    it(`ends a refused continue as ${found} when Abiquo shows a ${action}, an attempt ${uncertain ? "without" : "with"} an answer`, async () => {
      await ledger.receive([newTask("t")]);
      await ledger.decide({
        proposals: [{ ...key("t"), connection: "config", action: "continue", by: "Ana", cause: "vote", at: 2, text: "" }],
      });
      await ledger.report({ ...key("t"), reportedAt: 3, delivery: "undeliverable", attempts: 1, uncertain, nextAt: 2 });
      assert.deepEqual(await ledger.settleElsewhere([finding("t", action)]), [found]);
      assert.deepEqual(await stages("t"), [found]);
    });
  }
});
