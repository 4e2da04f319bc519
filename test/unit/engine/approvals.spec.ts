import assert from "node:assert/strict";
import type { RawPolicy } from "../../../nodes/lib/approval/index.ts";
import { ask as askAs, attachDesk, cloud, Desk, HOUR, idle, json, KEY, MINUTE, openWithDesk, policy, user } from "./approvals-support.ts";
import { type Answering, error, Workshop } from "./support.ts";

describe("approvals at work", () => {
  let shop: Workshop;
  let desk: Desk;

  beforeEach(async () => {
    ({ shop, desk } = await openWithDesk());
  });

  afterEach(() => shop.close());

  const ask = (tasks: unknown, own?: RawPolicy, scope?: "task" | "group"): Promise<void> =>
    askAs(shop, tasks, { ...(own === undefined ? {} : { policy: own }), ...(scope === undefined ? {} : { scope }) });

  /** A request about tasks that just came. */
  async function asked(ids: string[] = ["t1"], own?: RawPolicy, scope?: "task" | "group"): Promise<string> {
    await shop.receive(...ids);
    const before = desk.told.all.length;
    await ask(ids, own, scope);
    const told = await desk.told.have(before + 1);
    return told.at(-1)?.approval ?? "";
  }

  async function restart(): Promise<void> {
    desk.isClosing = true;
    await shop.restart();
    desk = await attachDesk(shop);
  }

  it("ask about a task once, however often the message comes, and again after the request is closed", async () => {
    const id = await asked();
    await ask(["t1"]);
    await ask("t1");
    assert.deepEqual(await shop.at("asked"), ["t1"]);
    await shop.engine.approvals.vote(id, { action: "reject", by: "mia@example.com" });
    await desk.left.have(1);
    await ask(["t1"]);
    const told = await desk.told.have(4);
    assert.notEqual(told.at(-1)?.approval, id);
  });

  it("say of a listed task by which request, and at which level, people are asked, and whose answer it waits for", async () => {
    const two = policy({ need: "all", approvers: "mia@example.com, ben@example.com", deadline: 60 });
    const id = await asked(["t1", "t2"], two, "group");
    const listed = async () => (await shop.engine.list({ stages: ["asked"] })).map(({ entry }) => entry.approval);
    const dueAt = new Date(shop.clock.now() + HOUR).toISOString();
    const waiting = { id, level: 0, waitingFor: ["mia@example.com", "ben@example.com"], dueAt, machine: {} };
    assert.deepEqual(await listed(), [waiting, waiting]);
    await shop.engine.approvals.vote(id, { action: "approve", by: "mia@example.com" });
    assert.deepEqual(
      (await listed()).map((request) => request?.waitingFor),
      [["ben@example.com"], ["ben@example.com"]],
    );
  });

  it("say nothing of a listed task's request before the people to ask are known", async () => {
    shop.answering = () => error(503, "BUSY");
    await shop.receive("t1");
    await ask(["t1"]);
    const [listed] = await shop.engine.list({ stages: ["asked"] });
    assert.equal(listed?.entry.approval, undefined);
  });

  it("let a task that was decided meanwhile leave as withdrawn, and ask nobody", async () => {
    await shop.receive("t1");
    await shop.answer("continue", ["t1"]);
    await ask(["t1"]);
    const [outcome] = await desk.left.have(1);
    assert.equal(outcome?.port, "withdrawn");
    assert.equal(outcome?.entries[0]?.decision?.action, "continue");
    assert.equal(desk.told.all.length, 0);
  });

  it("keep the request while Abiquo cannot say who asked for it, tell so once, and ask when it can", async () => {
    shop.answering = () => error(503, "BUSY");
    await shop.receive("t1");
    await ask(["t1"]);
    assert.equal((await desk.reported.have(1))[0]?.code, "ABIQUO_FAILED");
    assert.deepEqual(await shop.at("asked"), ["t1"]);
    shop.answering = cloud();
    await shop.clock.waits.have(1);
    shop.clock.advance(MINUTE);
    assert.deepEqual(await desk.lines(1), ["asked mia@example.com"]);
    assert.equal(desk.reported.all.length, 1);
  });

  it("ask those who hold the role in the enterprise of the virtual datacenter, and may log in", async () => {
    await asked(["t1"], policy({ approvers: "role:ADMIN" }));
    assert.deepEqual(await desk.lines(1), ["asked ada@example.com"]);
  });

  it("do not ask the requester, and say visibly when nobody else is left", async () => {
    shop.answering = cloud("MIA@example.com");
    await shop.receive("t1");
    await ask(["t1"]);
    const [fault] = await desk.reported.have(1);
    assert.deepEqual([fault?.code, fault?.params["reason"]], ["APPROVAL_STUCK", "APPROVAL_NO_APPROVER"]);
    assert.equal(desk.told.all.length, 0);
  });

  it("do not ask the requester under another address of the same user, nor under the login as an alias", async () => {
    const answering: Answering = (request) =>
      /\/users\/\d+$/.test(request.url) ? json(user(2, "ada.private@example.com", "USER")) : cloud()(request);
    await shop.close();
    shop = await Workshop.open({ answering });
    await shop.engine.approvals.attach(KEY, desk);
    const levels = { approvers: ["role:ADMIN", { email: "private@example.com", aliases: ["Ada.Private"] }, "mia@example.com"] };
    const id = await asked(["t1"], policy(levels));
    assert.deepEqual(await desk.lines(1), ["asked mia@example.com"]);
    for (const by of ["ada@example.com", "private@example.com", "ada.private"]) {
      assert.equal((await shop.engine.approvals.vote(id, { action: "approve", by })).why, "SELF_APPROVAL", by);
    }
  });

  it("ask all the same where two people have one alias, which then means neither, and say so", async () => {
    const clashing = {
      approvers: [
        { email: "a@example.com", aliases: ["U1"] },
        { email: "b@example.com", aliases: ["U1"] },
      ],
    };
    const id = await asked(["t1"], policy(clashing));
    assert.deepEqual(await desk.lines(2), ["asked a@example.com", "asked b@example.com"]);
    assert.deepEqual(
      desk.reported.all.map(({ code, params }) => [code, params]),
      [["APPROVAL_ALIAS_AMBIGUOUS", { alias: "u1" }]],
    );
    const { approvals } = shop.engine;
    assert.equal((await approvals.vote(id, { action: "approve", by: "U1" })).why, "NOT_APPROVER");
    assert.equal((await approvals.vote(id, { action: "approve", by: "a@example.com" })).result, "counted");
  });

  it("fire a deadline once, however late the process wakes", async () => {
    await asked(["t1"], policy({ deadline: 60, onDeadline: "reject" }));
    shop.clock.oversleep(HOUR, 100 * HOUR);
    const [outcome] = await desk.left.have(1);
    assert.deepEqual([outcome?.port, outcome?.entries[0]?.decision?.cause], ["rejected", "deadline"]);
    await restart();
    assert.equal((await desk.left.have(1))[0]?.redelivered, true, "the flow may have lost it");
    shop.clock.advance(HOUR);
    await restart();
    assert.equal(desk.left.all.length, 0, "the flow has had it for long");
  });

  it("do nothing by time while no node has the key, and go on when one comes", async () => {
    await asked(["t1"], policy({ deadline: 60, onDeadline: "approve" }));
    shop.engine.approvals.detach(KEY, desk);
    shop.clock.advance(2 * HOUR);
    assert.deepEqual(await shop.at("asked"), ["t1"]);
    assert.equal(desk.left.all.length, 0);
    const another = new Desk();
    await shop.engine.approvals.attach(KEY, another);
    shop.clock.advance(0);
    assert.equal((await another.left.have(1))[0]?.port, "approved");
  });

  it("tell after a restart what was not told before, under the same name", async () => {
    desk.isClosing = true;
    await shop.receive("t1");
    await ask(["t1"]);
    await restart();
    shop.clock.advance(0);
    const [first] = await desk.told.have(1);
    await shop.engine.approvals.notified(first?.record.id ?? "", { failed: true });
    const [, again] = await desk.told.have(2);
    assert.equal(again?.record.id, first?.record.id);
    assert.equal(again?.notification.kind, "asked");
  });

  it("tell the others when one cannot be told, say so, and try again later", async () => {
    desk.untellable = "mia@example.com";
    await shop.receive("t1");
    await ask(["t1"], policy({ approvers: "mia@example.com, ben@example.com" }));
    assert.deepEqual(await desk.lines(1), ["asked ben@example.com"]);
    assert.equal((await desk.reported.have(1))[0]?.message, "no letter");
    desk.untellable = "";
    shop.clock.advance(MINUTE);
    assert.deepEqual(await desk.lines(2), ["asked ben@example.com", "asked mia@example.com"]);
  });

  it("do not take for told what a channel reports as failed while it is being told", async () => {
    await shop.receive("t1");
    desk.atNotify = (record) => shop.engine.approvals.notified(record.id, { failed: true });
    await ask(["t1"]);
    await desk.told.have(2);
    desk.atNotify = undefined;
    while (desk.told.all.length < 3) {
      shop.clock.advance(MINUTE);
      await idle(shop);
    }
    const told = await desk.told.have(3);
    assert.equal(new Set(told.map(({ record }) => record.id)).size, 1);
  });

  it("tell a channel that fails once more at once, and then after a pause, however fast it fails", async () => {
    await asked();
    const fails = async (): Promise<void> => {
      const { record } = desk.told.all.at(-1) ?? {};
      await shop.engine.approvals.notified(record?.id ?? "", { failed: true });
    };
    await fails();
    await desk.told.have(2);
    await fails();
    await fails();
    assert.equal(desk.told.all.length, 2);
    shop.clock.advance(MINUTE);
    await desk.told.have(3);
  });

  it("go on with the others when one cannot be read, and say so once", async () => {
    const level = { deadline: 60, onDeadline: "reject" };
    const broken = await asked(["t1"], policy(level));
    await asked(["t2"], policy(level));
    const { approvals } = shop.engine.ledger;
    const version = (await approvals.get(broken))?.version ?? 0;
    const at = shop.clock.now();
    await approvals.change({ id: broken, version, status: "open", state: "{", nextWake: at + HOUR, waiting: [], notifications: [], at });
    shop.clock.advance(HOUR);
    const [outcome] = await desk.left.have(1);
    assert.equal(outcome?.entries[0]?.task.taskId, "t2");
    await desk.reported.have(1);
    // The end of the second is told before.
    await desk.told.have(3);
    await asked(["t3"], policy(level));
    shop.clock.advance(HOUR);
    await desk.left.have(2);
    assert.equal(desk.reported.all.length, 1);
  });

  it("leave alone what a newer release wrote, say so to each vote, and go on with the others", async () => {
    const newer = await asked(["t1"]);
    const other = await asked(["t2"]);
    const { approvals } = shop.engine.ledger;
    const version = (await approvals.get(newer))?.version ?? 0;
    const state = '[2,{"votes":"in another form"}]';
    await approvals.change({ id: newer, version, status: "open", state, waiting: [], notifications: [], at: shop.clock.now() });
    const vote = { action: "approve", by: "mia@example.com" } as const;
    await assert.rejects(shop.engine.approvals.vote(newer, vote), { code: "KEPT_NEWER", params: { what: "approval.state" } });
    await shop.engine.approvals.vote(other, vote);
    const [outcome] = await desk.left.have(1);
    assert.equal(outcome?.entries[0]?.task.taskId, "t2");
    assert.deepEqual((await approvals.get(newer))?.state, state);
    const listed = await shop.engine.list({ stages: ["asked"] });
    assert.deepEqual(listed.find(({ key }) => key.taskId === "t1")?.entry.approval, undefined);
  });

  it("give later notifications the name that a channel has for the first", async () => {
    const id = await asked();
    const [first] = await desk.told.have(1);
    await shop.engine.approvals.notified(first?.record.id ?? "", { ref: "C1 17.5" });
    await shop.engine.approvals.vote(id, { action: "approve", by: "mia@example.com" });
    const told = await desk.told.have(2);
    const later = told.find(({ notification }) => notification.kind === "decided" && notification.person.email === "mia@example.com");
    assert.equal(later?.record.ref, "C1 17.5");
  });

  it("let one of 50 answers at once decide, and tell the others what holds", async () => {
    const people = Array.from({ length: 50 }, (_, index) => `p${index}@example.com`);
    const id = await asked(["t1"], policy({ approvers: people }));
    await desk.told.have(50);
    const votes = await Promise.all(
      people.map((by, index) => shop.engine.approvals.vote(id, { level: 0, action: index % 2 === 0 ? "approve" : "reject", by })),
    );
    assert.equal(votes.filter(({ result }) => result === "counted").length, 1);
    assert.equal(new Set(votes.map(({ decidedBy }) => decidedBy)).size, 1);
    assert.equal((await desk.left.have(1)).length, 1);
  });

  it("count a vote on what another instance changed meanwhile from the newer state", async () => {
    const id = await asked();
    const record = await shop.engine.ledger.approvals.get(id);
    const change = {
      id,
      version: record?.version ?? 0,
      status: "open",
      state: record?.state ?? "",
      waiting: ["mia@example.com"],
      notifications: [],
      at: 1,
    } as const;
    const [written, { result }] = await Promise.all([
      shop.engine.ledger.approvals.change(change),
      shop.engine.approvals.vote(id, { action: "approve", by: "mia@example.com" }),
    ]);
    assert.deepEqual([written, result], [true, "counted"]);
    assert.equal(await shop.engine.ledger.approvals.change(change), false);
  });

  it("are withdrawn once all their tasks are decided past them, and not before", async () => {
    await asked(["t1", "t2"], policy(), "group");
    await shop.answer("continue", ["t1"]);
    assert.equal(desk.left.all.length, 0);
    await shop.answer("cancel", ["t2"]);
    const [outcome] = await desk.left.have(1);
    assert.deepEqual([outcome?.port, outcome?.entries.length], ["withdrawn", 2]);
  });

  it("show the size of each machine, as far as the message's details tell it", async () => {
    const [arrival] = await shop.receive("t1");
    const details = {
      virtualmachine: { label: "web", cpu: 2, ram: 4_096 },
      disks: [{ sizeInMb: 10_240 }, { sizeInMb: 1_024 }],
      volumes: [{ sizeInMB: 2_048 }],
    };
    await ask({ ...arrival?.abiquo, details });
    const [{ approval = "" } = {}] = await desk.told.have(1);
    const opened = await shop.engine.approvals.get(approval);
    assert.deepEqual(opened?.request.subject.machines, [{ id: "t1", name: "web", cpu: 2, ramMb: 4_096, diskMb: 13_312 }]);
  });

  for (const [what, details] of [
    ["volumes are", { disks: [{ sizeInMb: 10_240 }] }],
    ["disks are", { volumes: [{ sizeInMB: 10_240 }] }],
    ["one disk's size is", { disks: [{ sizeInMb: 10_240 }, {}], volumes: [] }],
  ] as const) {
    it(`say that a machine stores more than is known where its ${what} not`, async () => {
      const [arrival] = await shop.receive("t1");
      await ask({ ...arrival?.abiquo, details });
      const [{ approval = "" } = {}] = await desk.told.have(1);
      const opened = await shop.engine.approvals.get(approval);
      assert.deepEqual(opened?.request.subject.machines, [{ id: "t1", diskMb: 10_240, diskIsPart: true }]);
    });
  }

  it("say that there is no such request", async () => {
    await assert.rejects(shop.engine.approvals.vote("none", { action: "approve", by: "mia@example.com" }), { code: "APPROVAL_UNKNOWN" });
  });
});
