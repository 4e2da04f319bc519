import assert from "node:assert/strict";
import type { NotificationRecord } from "../../../nodes/lib/ledger/index.ts";
import { ask, attachDesk, type Desk, HOUR, idle, KEY, MINUTE, openWithDesk, policy } from "./approvals-support.ts";
import type { Workshop } from "./support.ts";

const MIA = "mia@example.com";
const LEAVER = "leaver@example.com";
const LONGEST_PAUSE = 10 * MINUTE;

describe("telling people of approvals", () => {
  let shop: Workshop;
  let desk: Desk;

  beforeEach(async () => {
    ({ shop, desk } = await openWithDesk());
  });

  afterEach(() => shop.close());

  /** As a mail server that refuses does, while the node waits for it. */
  function refuse(isRefused: (person: string) => boolean): void {
    desk.atNotify = async (record) => {
      if (isRefused(record.person)) await shop.engine.approvals.notified(record.id, { failed: true });
    };
  }

  const toldTo = (person: string): string[] =>
    desk.told.all.filter(({ notification }) => notification.person.email === person).map(({ notification: { kind } }) => kind);

  /** Until everybody who is to be asked is known, what time moves has moved, and nothing is left that may be told now. */
  async function rest(): Promise<void> {
    const { ledger } = shop.engine;
    const isAtWork = async (): Promise<boolean> => {
      const now = shop.clock.now();
      // In this order: each makes work for those behind it.
      for (const work of [
        () => ledger.approvals.opening([KEY]),
        () => ledger.approvals.due([KEY], now, 1),
        () => ledger.notifications.due(KEY, now, 1),
      ])
        if ((await work()).length > 0) return true;
      return false;
    };
    do {
      shop.clock.advance(0);
      await idle(shop);
    } while (await isAtWork());
    await idle(shop);
  }

  async function pass(ms: number, step = MINUTE): Promise<void> {
    for (let passed = 0; passed < ms; passed += step) {
      shop.clock.advance(step);
      await rest();
    }
  }

  async function asked(ids: readonly string[], approvers: string, more: object = {}): Promise<void> {
    await shop.receive(...ids);
    await ask(shop, ids, { policy: policy({ approvers, ...more }) });
    await rest();
  }

  const ids = (count: number, name = "t"): string[] => Array.from({ length: count }, (_, index) => `${name}${index}`);

  for (const count of [99, 100, 250]) {
    it(`tells the others at once, while ${count} messages to one mailbox fail`, async () => {
      refuse((person) => person === LEAVER);
      await asked(ids(count), LEAVER);
      await asked(["last"], MIA);
      assert.deepEqual(toldTo(MIA), ["asked"]);
    });
  }

  it("tells the others at once, while messages to a hundred mailboxes fail", async () => {
    refuse((person) => person.startsWith("gone"));
    await asked(
      ["t"],
      ids(120, "gone")
        .map((name) => `${name}@example.com`)
        .join(),
    );
    await asked(["last"], MIA);
    assert.deepEqual(toldTo(MIA), ["asked"]);
  });

  it("tells the others at once, while more and more comes for a mailbox that fails", async () => {
    refuse((person) => person === LEAVER);
    await asked(ids(5), LEAVER);
    await asked(ids(150, "more"), LEAVER);
    const tried = toldTo(LEAVER).length;
    await asked(["last"], MIA);
    assert.deepEqual(toldTo(MIA), ["asked"]);
    assert.ok(tried <= 3, `tried ${tried} times`);
  });

  it("tries a mailbox that fails once a pause, however much waits for it, with longer and longer pauses up to ten minutes", async () => {
    refuse((person) => person === LEAVER);
    await asked(ids(30), LEAVER);
    const tries: number[] = [];
    for (let half = 0; half < 120; half++) {
      const before = toldTo(LEAVER).length;
      await pass(MINUTE / 2, MINUTE / 2);
      tries.push(toldTo(LEAVER).length - before);
    }
    assert.ok(Math.max(...tries) <= 1, "never two at once");
    const total = tries.reduce((sum, each) => sum + each, 0);
    assert.ok(total >= 6 && total <= 11, `${total} tries in an hour`);
    assert.ok(tries.slice(-20).includes(1), "and never given up");
  });

  it("tells eight people at once, and each of them one message after the other", async () => {
    const inFlight: NotificationRecord[] = [];
    const ends: (() => void)[] = [];
    let most = 0;
    desk.atNotify = async (record) => {
      assert.ok(!inFlight.some(({ person }) => person === record.person), "two messages to one mailbox at once");
      inFlight.push(record);
      most = Math.max(most, inFlight.length);
      await new Promise<void>((done) => ends.push(done));
      inFlight.splice(inFlight.indexOf(record), 1);
    };
    const people = ids(20, "p").map((name) => `${name}@example.com`);
    await shop.receive("t1", "t2");
    for (const id of ["t1", "t2"]) await ask(shop, [id], { policy: policy({ approvers: people.join() }) });
    while (desk.told.all.length < 40) {
      await idle(shop);
      ends.shift()?.();
    }
    for (const end of ends) end();
    await rest();
    assert.equal(most, 8);
    const approvalsOf = (person: string): string[] =>
      desk.told.all.filter(({ record }) => record.person === person).map(({ approval }) => approval);
    const inOrder = approvalsOf(people[0] as string);
    assert.equal(new Set(inOrder).size, 2);
    for (const person of people) assert.deepEqual(approvalsOf(person), inOrder);
  });

  it("tells everything within ten minutes after the end of an outage, each message once", async () => {
    refuse(() => true);
    await asked(ids(40), `${LEAVER}, ${MIA}`);
    await pass(2 * HOUR, 5 * MINUTE);
    desk.atNotify = undefined;
    const before = desk.told.all.length;
    await pass(LONGEST_PAUSE + MINUTE);
    const told = desk.told.all.slice(before).map(({ record }) => record.id);
    assert.equal(told.length, 80);
    assert.equal(new Set(told).size, 80);
  });

  it("tells at once what failed when what is behind the node was deployed, and after a restart", async () => {
    refuse(() => true);
    await asked(["t1"], MIA);
    await pass(HOUR, 5 * MINUTE);
    desk.atNotify = undefined;
    const before = desk.told.all.length;
    await shop.engine.approvals.resume(KEY);
    await rest();
    assert.equal(desk.told.all.length, before + 1);
    desk.isClosing = true;
    await shop.restart();
    desk = await attachDesk(shop);
    await rest();
    assert.deepEqual(desk.told.all, []);
  });

  it("does not let a message that cannot be made keep others from the same mailbox, nor from other ones", async () => {
    await shop.receive("t1");
    await ask(shop, ["t1"], { policy: policy({ approvers: LEAVER }) });
    desk.untellable = LEAVER;
    await rest();
    assert.ok(desk.reported.all.length >= 1);
    const broken = desk.told.all.length;
    desk.untellable = "";
    desk.untellableApproval = (await shop.engine.list({ stages: ["asked"] }))[0]?.entry.approval?.id ?? "";
    await asked(["t2"], LEAVER);
    await asked(["t3"], MIA);
    assert.deepEqual([desk.told.all.length - broken, toldTo(MIA)], [2, ["asked"]]);
    const reported = desk.reported.all.length;
    await pass(HOUR, 5 * MINUTE);
    assert.ok(desk.reported.all.length - reported <= 10, "told of no more than once a pause");
  });

  it("does not tell what has been superseded during an outage: four reminders and a withdrawal are a withdrawal", async () => {
    await asked(["t1"], MIA, { remindEvery: 10 });
    assert.deepEqual(toldTo(MIA), ["asked"]);
    let isDown = true;
    const tried: string[] = [];
    desk.atNotify = async (record) => {
      if (!isDown) return;
      tried.push(record.id);
      await shop.engine.approvals.notified(record.id, { failed: true });
    };
    await pass(45 * MINUTE);
    assert.ok(new Set(tried).size >= 1);
    await shop.answer("continue", "t1");
    await rest();
    isDown = false;
    const before = desk.told.all.length;
    await pass(2 * LONGEST_PAUSE);
    const after = desk.told.all.slice(before).map(({ notification: { kind, person } }) => `${kind} ${person.email}`);
    assert.deepEqual(after.toSorted(), ["withdrawn mia@example.com", "withdrawn requester@example.com"]);
  });

  it("reminds once of what is still open after an outage, with the deadline as it stands", async () => {
    await asked(["t1"], MIA, { remindEvery: 60, deadline: 30, onDeadline: "wait" });
    refuse(() => true);
    await pass(185 * MINUTE, 5 * MINUTE);
    desk.atNotify = undefined;
    const before = desk.told.all.length;
    await pass(LONGEST_PAUSE + MINUTE);
    const after = desk.told.all.slice(before).map(({ notification: { kind, dueAt } }) => [kind, dueAt]);
    assert.deepEqual(after, [["reminder", undefined]], "and none that has passed");
  });

  it("asks once, and reminds of nothing, where the question itself could not be told before", async () => {
    refuse(() => true);
    await asked(["t1"], MIA, { remindEvery: 10 });
    await pass(31 * MINUTE);
    desk.atNotify = undefined;
    const before = desk.told.all.length;
    await pass(6 * MINUTE);
    assert.deepEqual(
      desk.told.all.slice(before).map(({ notification: { kind } }) => kind),
      ["asked"],
    );
  });

  it("tells nobody of a level that has passed, and of the end only those who know of the request", async () => {
    const [ben, cid] = ["ben@example.com", "cid@example.com"];
    refuse((person) => person === ben);
    await shop.receive("t1");
    const levels = [
      { name: "One", approvers: [MIA, ben], need: "any" },
      { name: "Two", approvers: [cid], need: "any" },
    ];
    await ask(shop, ["t1"], { policy: policy({}, { levels }) });
    await rest();
    const [{ approval } = { approval: "" }] = desk.told.all;
    await shop.engine.approvals.vote(approval, { level: 0, action: "approve", by: MIA });
    await rest();
    desk.atNotify = undefined;
    const before = desk.told.all.length;
    await shop.engine.approvals.vote(approval, { level: 1, action: "approve", by: cid });
    await pass(2 * LONGEST_PAUSE);
    const after = desk.told.all.slice(before).map(({ notification: { kind, person } }) => `${kind} ${person.email}`);
    assert.deepEqual(after.toSorted(), [`decided ${cid}`, `decided ${MIA}`, "decided requester@example.com"]);
  });

  it("gives the end the name that a channel had not yet told when the end was written", async () => {
    let isFirst = true;
    desk.atNotify = async (record) => {
      if (!isFirst) return;
      isFirst = false;
      // The chat takes its time; meanwhile the vote comes.
      await shop.engine.approvals.vote(record.approval, { action: "approve", by: MIA });
      await shop.engine.approvals.notified(record.id, { ref: "chat-1" });
    };
    await asked(["t1"], MIA);
    const end = desk.told.all.find(({ notification: { kind, person } }) => kind === "decided" && person.email === MIA);
    assert.equal(end?.record.ref, "chat-1");
  });

  it("stops no clock of others when the computer's is set back", async () => {
    refuse((person) => person === LEAVER);
    await asked(["t1"], LEAVER);
    shop.clock.set(-24 * HOUR);
    desk.atNotify = undefined;
    const before = toldTo(LEAVER).length;
    await pass(LONGEST_PAUSE);
    assert.equal(toldTo(LEAVER).length, before + 1);
  });
});
