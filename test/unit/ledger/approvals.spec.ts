import assert from "node:assert/strict";
import {
  type ApprovalChange,
  type ApprovalStore,
  type InboxQuery,
  type Ledger,
  type NewApproval,
  openLedger,
} from "../../../nodes/lib/ledger/index.ts";
import { API, newTask } from "../../support/tasks.ts";
import { onEachEngine } from "./engines.ts";

const KEY = "managers";
const START = 1_700_000_000_000;
const ANA = "ana@example.com";
const BEN = "ben@example.com";

onEachEngine("the approvals of a ledger", (place) => {
  let ledger: Ledger;
  let store: ApprovalStore;

  beforeEach(async () => {
    ledger = await openLedger(await place());
    store = ledger.approvals;
  });

  afterEach(async () => {
    await ledger.close();
  });

  const task = (taskId: string): { api: string; taskId: string } => ({ api: API, taskId });

  async function receive(...ids: string[]): Promise<void> {
    await ledger.receive(ids.map((id) => newTask(id, { connection: "c", source: "webhook", receivedAt: START })));
  }

  function newApproval(id: string, tasks: readonly string[], change: Partial<NewApproval> = {}): NewApproval {
    return {
      id,
      key: KEY,
      api: API,
      connection: "c",
      createdAt: START,
      request: "{}",
      message: `message of ${id}`,
      type: "DEPLOY",
      search: "",
      tasks: tasks.map(task),
      ...change,
    };
  }

  function step(id: string, version: number, change: Partial<ApprovalChange> = {}): ApprovalChange {
    return { id, version, status: "open", state: "{}", waiting: [ANA], notifications: [], at: START, ...change };
  }

  /** An open request about a task of its own that waits for Ana. */
  async function asked(id: string, change: Partial<NewApproval> = {}, next: Partial<ApprovalChange> = {}): Promise<void> {
    await receive(id);
    await store.open(newApproval(id, [id], change));
    assert.ok(await store.change(step(id, 0, next)));
  }

  async function decide(taskId: string): Promise<void> {
    await ledger.decide({
      proposals: [{ ...task(taskId), connection: "c", action: "continue", by: "somebody", cause: "rule", at: START, text: "" }],
    });
  }

  describe("when opened", () => {
    it("hold their tasks, and ask about none twice under one key", async () => {
      await receive("t1", "t2");
      assert.deepEqual(await store.open(newApproval("a1", ["t1"])), { asked: [task("t1")], asking: [], decided: [] });
      const again = await Promise.all(["a2", "a3"].map((id) => store.open(newApproval(id, ["t1", "t2"]))));
      assert.deepEqual(
        again.map(({ asked: some }) => some.length),
        [1, 0],
      );
      assert.deepEqual(again[1], { asked: [], asking: [task("t1"), task("t2")], decided: [] });
      assert.equal(await store.get("a3"), undefined);
      assert.deepEqual(
        (await store.get("a2"))?.tasks.map(({ taskId, stage }) => [taskId, stage]),
        [["t2", "asked"]],
      );
    });

    it("ask again under another key, and again once closed", async () => {
      await receive("t1");
      await store.open(newApproval("a1", ["t1"]));
      assert.equal((await store.open(newApproval("a2", ["t1"], { key: "board" }))).asked.length, 1);
      await store.change(step("a1", 0, { status: "approved", waiting: [] }));
      assert.equal((await store.open(newApproval("a3", ["t1"]))).asked.length, 1);
    });

    it("tell what is decided already, and ask about the rest", async () => {
      await receive("t1", "t2");
      await decide("t1");
      assert.deepEqual(await store.open(newApproval("a1", ["t1", "t2"])), { asked: [task("t2")], asking: [], decided: [task("t1")] });
    });

    it("refuse a task of which nothing but its id is known, and keep nothing", async () => {
      await receive("t1");
      await assert.rejects(store.open(newApproval("a1", ["t1", "unheard"])), { code: "TASK_UNKNOWN" });
      assert.equal(await store.get("a1"), undefined);
      assert.equal(await store.count(KEY), 0);
    });

    it("keep the order of their tasks, and the message to resume", async () => {
      const ids = Array.from({ length: 700 }, (_, index) => `t${699 - index}`);
      await receive(...ids.toSorted());
      await store.open(newApproval("a1", ids.toSorted()));
      assert.deepEqual(
        (await store.get("a1"))?.tasks.map(({ taskId }) => taskId),
        ids.toSorted(),
      );
      assert.equal(await store.message("a1"), "message of a1");
    });
  });

  describe("when changed", () => {
    it("let the first of several changes of one version win, whole", async () => {
      await asked("a1");
      const notification = (by: string): { id: string; person: string; body: string } => ({ id: `n-${by}`, person: by, body: "{}" });
      const results = await Promise.all(
        [ANA, BEN].map((by) => store.change(step("a1", 1, { state: `by ${by}`, waiting: [by], notifications: [notification(by)] }))),
      );
      assert.deepEqual(results, [true, false]);
      const { state, version } = (await store.get("a1")) ?? {};
      assert.deepEqual([state, version], [`by ${ANA}`, 2]);
      assert.deepEqual(
        (await ledger.notifications.due(KEY, START, 10)).map(({ id }) => id),
        [`n-${ANA}`],
      );
      assert.equal((await inbox({ person: BEN })).total, 0);
    });

    it("leave every inbox when they close, and write so to the audit", async () => {
      await asked("a1", {}, { waiting: [ANA, BEN, ANA] });
      assert.equal((await inbox({ person: BEN })).total, 1);
      await store.change(step("a1", 1, { status: "rejected", waiting: [], closedBy: BEN, at: START + 5 }));
      for (const person of [ANA, BEN]) assert.equal((await inbox({ person })).total, 0);
      const events = (await ledger.audit(task("a1"))).map(({ event, actor }) => [event, actor]);
      assert.deepEqual(events.at(-1), ["rejected", BEN]);
    });
  });

  function inbox(query: Partial<InboxQuery> = {}): ReturnType<ApprovalStore["inbox"]> {
    return store.inbox({ person: ANA, text: "", type: "", offset: 0, limit: 50, ...query });
  }

  describe("in an inbox", () => {
    const idsOf = async (query: Partial<InboxQuery>): Promise<string[]> => (await inbox(query)).rows.map(({ id }) => id);

    it("come oldest first, page by page, each once", async () => {
      for (const [index, id] of ["a3", "a1", "a4", "a0", "a2"].entries()) await asked(id, { createdAt: START + (index < 3 ? index : 2) });
      const pages = await Promise.all([0, 2, 4, 6].map((offset) => idsOf({ offset, limit: 2 })));
      assert.deepEqual(pages, [["a3", "a1"], ["a0", "a2"], ["a4"], []]);
      const { matching, total } = await inbox({ offset: 4, limit: 2 });
      assert.deepEqual([matching, total], [5, 5]);
    });

    it("are found by every word of a search, wherever it stands, with no sign standing for others", async () => {
      await asked("a1", { search: "deploy web_shop 100% vm-17 ana ruiz" });
      await asked("a2", { search: "deploy webxshop vm-18 bob" });
      for (const [text, found] of [
        ["vm", ["a1", "a2"]],
        ["RUIZ  vm-17", ["a1"]],
        ["ruiz vm-18", []],
        ["web_shop", ["a1"]],
        ["100%", ["a1"]],
        ["%", ["a1"]],
        ["' or 1=1 --", []],
        [" ", ["a1", "a2"]],
      ] as const) {
        assert.deepEqual(await idsOf({ text }), found, text);
      }
      const { matching, total } = await inbox({ text: "ruiz" });
      assert.deepEqual([matching, total], [1, 2]);
    });

    it("are told apart by type and by whether an inbox has shown them, and count so", async () => {
      await asked("a1");
      await asked("a2", { type: "UNDEPLOY", createdAt: START + 10 });
      const { turn: upTo } = await inbox();
      // Neither the clock of who asks nor the age of a request says when it comes to a person.
      await asked("a3", { createdAt: START - 20 });
      const { rows, matching, total, types } = await inbox({ type: "DEPLOY", upTo });
      assert.deepEqual([rows.map(({ id }) => id), matching, total, types], [["a1"], 1, 3, ["DEPLOY", "UNDEPLOY"]]);
      assert.deepEqual(await idsOf({ upTo }), ["a1", "a2"]);
      assert.deepEqual(await idsOf({ upTo: -1 }), []);
      assert.deepEqual(await idsOf({ type: "ACTION" }), []);
    });

    it("have been shown while they wait on as they did, and not once they ask for something else", async () => {
      await asked("a1", {}, { waiting: [ANA, BEN] });
      const { turn: upTo } = await inbox();
      await store.change(step("a1", 1, { waiting: [ANA] }));
      assert.deepEqual(await idsOf({ upTo }), ["a1"]);
      await store.change(step("a1", 2, { waiting: [ANA], level: 1 }));
      assert.deepEqual(await idsOf({ upTo }), []);
      assert.deepEqual(await idsOf({}), ["a1"]);
      await store.change(step("a1", 3, { waiting: [ANA, BEN], level: 1 }));
      assert.deepEqual(await idsOf({ person: BEN, upTo }), []);
    });

    it("never mean what another has taken the place of", async () => {
      await asked("a1");
      const { turn: upTo } = await inbox();
      await store.change(step("a1", 1, { status: "approved", waiting: [] }));
      await asked("a2");
      assert.deepEqual(await idsOf({ upTo }), []);
    });
  });

  describe("that time moves", () => {
    it("are found by their keys only, the longest due first", async () => {
      await asked("a1", {}, { nextWake: START + 30 });
      await asked("a2", {}, { nextWake: START + 10 });
      await asked("a3", { key: "board" }, { nextWake: START + 1 });
      await asked("a4");
      assert.deepEqual(await store.due([KEY], START + 30, 10), ["a2", "a1"]);
      assert.deepEqual(await store.due([KEY], START + 30, 1), ["a2"]);
      assert.deepEqual(await store.due([KEY, "board"], START + 10, 10), ["a3", "a2"]);
      assert.equal(await store.nextWake([KEY], START), START + 10);
      assert.equal(await store.nextWake([KEY], START + 10), START + 30);
      assert.equal(await store.nextWake(["nobody's"], START), undefined);
    });

    it("are due as soon as they are opened", async () => {
      await receive("t1");
      await store.open(newApproval("a1", ["t1"]));
      assert.deepEqual(await store.due([KEY], START, 10), ["a1"]);
    });
  });

  describe("of a key", () => {
    it("are counted while they are open", async () => {
      await asked("a1");
      await asked("a2", { key: "board" });
      await receive("t3");
      await store.open(newApproval("a3", ["t3"]));
      assert.equal(await store.count(KEY), 2);
      await store.change(step("a1", 1, { status: "withdrawn", waiting: [] }));
      assert.equal(await store.count(KEY), 1);
    });

    it("are overtaken once nothing of theirs is left to decide", async () => {
      await receive("t1", "t2");
      await store.open(newApproval("a1", ["t1", "t2"]));
      await store.open(newApproval("a2", ["t2"], { key: "board" }));
      await decide("t1");
      assert.deepEqual(await store.overtaken(KEY), []);
      await ledger.move({ ...task("t2"), from: ["asked"], to: "held" });
      assert.deepEqual(await store.overtaken(KEY), [], "that the flow holds a task decides nothing");
      await decide("t2");
      assert.deepEqual(await store.overtaken(KEY), ["a1"]);
      const about = await store.about([task("t2"), task("unheard")]);
      assert.deepEqual(new Set(about.map(({ id, key }) => `${id} ${key.taskId}`)), new Set(["a1 t2", "a2 t2"]));
    });

    it("are unsettled while their outcome has led to no decision, and no request has come of it", async () => {
      for (const id of ["a1", "a2", "a3"]) await asked(id);
      await store.change(step("a1", 1, { status: "approved", waiting: [] }));
      await store.change(step("a2", 1, { status: "approved", waiting: [] }));
      const unsettled = async (): Promise<string[]> => (await store.unsettled(KEY)).map(({ id, taskIds }) => `${id}: ${taskIds.join()}`);
      assert.deepEqual(await unsettled(), ["a1: a1", "a2: a2"]);
      await decide("a1");
      // Somebody else asks about the same task: that says nothing of where this outcome is.
      await store.open(newApproval("a4", ["a2"], { key: "board", createdAt: START + 1 }));
      assert.deepEqual(await unsettled(), ["a2: a2"]);
      await store.open(newApproval("a5", ["a2"], { key: "directors", createdAt: START + 2, after: "a2" }));
      assert.deepEqual(await unsettled(), []);
    });

    it("leave to the flow what they settled, unless another asks about it or may have to tell it again", async () => {
      const stage = async (): Promise<string | undefined> => [...(await ledger.tasks([task("a1")])).values()][0]?.stage;
      await asked("a1");
      await store.open(newApproval("a2", ["a1"], { key: "board" }));
      await store.open(newApproval("a3", ["a1"], { key: "directors" }));
      await store.change(step("a1", 1, { status: "approved", waiting: [] }));
      await store.settle(["a1"]);
      assert.equal(await stage(), "asked", "two are open");
      await store.change(step("a2", 0, { status: "approved", waiting: [] }));
      await store.change(step("a3", 0, { status: "rejected", waiting: [] }));
      await store.settle(["a2"]);
      assert.equal(await stage(), "asked", "an outcome may be lost");
      assert.deepEqual(await store.unsettled("directors"), [{ id: "a3", taskIds: ["a1"] }]);
      await store.settle(["a3", "unheard"]);
      assert.equal(await stage(), "held");
      assert.deepEqual(await store.unsettled("directors"), []);
    });
  });

  describe("with something to notify people of", () => {
    const note = (id: string, person = ANA): { id: string; person: string; body: string } => ({ id, person, body: `"${id}"` });
    const due = async (limit = 10, now = START): Promise<string[]> => (await ledger.notifications.due(KEY, now, limit)).map(({ id }) => id);

    it("give it in order, once, and again what a channel could not deliver", async () => {
      await asked("a1", {}, { notifications: [note("n2"), note("n1", BEN)], at: START + 1 });
      await asked("a2", {}, { notifications: [note("n0")] });
      assert.deepEqual(
        [await due(), await due(2)],
        [
          ["n0", "n2", "n1"],
          ["n0", "n2"],
        ],
      );
      await ledger.notifications.sent("n0");
      await ledger.notifications.supersede(["n2", "unheard"]);
      assert.deepEqual(await due(), ["n1"]);
      await ledger.notifications.delay({ id: "n0", nextAt: START });
      await ledger.notifications.delay({ id: "unheard", nextAt: START });
      assert.deepEqual(await due(), ["n1", "n0"], "what has failed comes last");
      await store.change(step("a1", 1, { notifications: [note("n2"), note("n1", BEN)] }));
      assert.deepEqual(await due(), ["n1", "n0"], "the same notification is kept once");
    });

    it("put off all of a mailbox, in the name of its key alone", async () => {
      await asked("a1", {}, { notifications: [note("n1"), note("n2", BEN)] });
      await asked("a2", {}, { notifications: [note("n3")] });
      await asked("b1", { key: "board" }, { notifications: [note("n4")] });
      await ledger.notifications.delay({ id: "n1", mailbox: { key: KEY, person: ANA }, nextAt: START + 10 });
      assert.deepEqual([await due(), await due(10, START + 9)], [["n2"], ["n2"]]);
      assert.deepEqual(
        (await ledger.notifications.due("board", START, 10)).map(({ id }) => id),
        ["n4"],
      );
      assert.equal(await ledger.notifications.nextDue(KEY), 0);
      await ledger.notifications.sent("n2");
      assert.equal(await ledger.notifications.nextDue(KEY), START + 10);
      assert.deepEqual(await due(10, START + 10), ["n3", "n1"]);
      await ledger.notifications.delay({ mailbox: { key: KEY, person: ANA }, nextAt: START + 5 });
      assert.deepEqual(await due(10, START + 9), [], "never sooner");
      await ledger.notifications.retryNow(KEY);
      assert.deepEqual(await due(), ["n3", "n1"]);
    });

    it("wait for no clock that was ahead when they were put off", async () => {
      await asked("a1", {}, { notifications: [note("n1")] });
      await ledger.notifications.delay({ id: "n1", nextAt: START + 365 * 24 * 60 * 60_000 });
      assert.deepEqual(await due(), ["n1"]);
    });

    it("are found by approval and person, whatever became of them, with what channels called them", async () => {
      await asked("a1", {}, { notifications: [note("n1"), note("n2", BEN)] });
      await asked("a2", {}, { notifications: [note("n5")] });
      await ledger.notifications.reference("n1", "chat-17");
      await store.change(step("a1", 1, { notifications: [note("n3"), note("n4", BEN)], at: START + 1 }));
      const found = await ledger.notifications.about(["a1"], [ANA]);
      assert.deepEqual(
        found.map(({ id, state, ref }) => [id, state, ref]),
        [
          ["n1", "sent", "chat-17"],
          ["n3", "pending", undefined],
        ],
      );
      assert.equal((await ledger.notifications.get("n4"))?.key, KEY);
      assert.equal(await ledger.notifications.get("unheard"), undefined);
    });
  });

  it("keep a setting as first given, until it is replaced by who knows it", async () => {
    const [first = "", other] = await Promise.all(["one", "two"].map((value) => ledger.settings.get("keys", value)));
    assert.ok(["one", "two"].includes(first));
    assert.equal(other, first);
    await ledger.settings.replace("keys", "neither", "three");
    assert.equal(await ledger.settings.get("keys", ""), first);
    await ledger.settings.replace("keys", first, "three");
    assert.equal(await ledger.settings.get("keys", ""), "three");
  });
});
