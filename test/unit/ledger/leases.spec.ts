import assert from "node:assert/strict";
import { type Ledger, openLedger } from "../../../nodes/lib/ledger/index.ts";
import { sharedPostgres } from "../../support/postgres.ts";
import { API, newTask } from "../../support/tasks.ts";
import { onEachEngine } from "./engines.ts";

const NAME = "sweep https://cloud.example.com/api";
const LONG = 60_000;

onEachEngine("A lease", (place) => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openLedger(await place());
  });

  afterEach(() => ledger.close());

  it("is its holder's until that gives it back, and can be kept for longer", async () => {
    assert.equal(await ledger.acquireLease(NAME, LONG), true);
    assert.equal(await ledger.acquireLease(NAME, LONG), true);
    await ledger.releaseLease(NAME);
    assert.equal(await ledger.acquireLease(NAME, LONG), true);
  });
});

describe("A lease, of two instances on one database", () => {
  let one: Ledger;
  let other: Ledger;

  beforeEach(async () => {
    const url = await (await sharedPostgres()).database();
    [one, other] = await Promise.all([openLedger({ engine: "postgres", url }), openLedger({ engine: "postgres", url })]);
  });

  afterEach(() => Promise.all([one.close(), other.close()]));

  it("is that of one only, whoever asks and how often", async () => {
    const asked = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : other).acquireLease(NAME, LONG));
    const answers = await Promise.all(asked);
    const winners = new Set(answers.flatMap((has, index) => (has ? [index % 2] : [])));
    assert.equal(winners.size, 1);
    assert.equal(answers.filter(Boolean).length, 10);
  });

  it("is the other's once it was given back, and once its time is over", async () => {
    assert.equal(await one.acquireLease(NAME, LONG), true);
    await other.releaseLease(NAME);
    assert.equal(await other.acquireLease(NAME, LONG), false);
    await one.releaseLease(NAME);
    assert.equal(await other.acquireLease(NAME, 0), true);
    assert.equal(await one.acquireLease(NAME, LONG), true);
  });

  it("leaves those of other names alone", async () => {
    assert.equal(await one.acquireLease(NAME, LONG), true);
    assert.equal(await other.acquireLease("another", LONG), true);
  });
});

describe("The work of an instance", () => {
  const LEASE = 60_000;
  let one: Ledger;
  let other: Ledger;
  let url: string;

  beforeEach(async () => {
    url = await (await sharedPostgres()).database();
    [one, other] = await Promise.all([openLedger({ engine: "postgres", url }), openLedger({ engine: "postgres", url })]);
  });

  afterEach(() => Promise.all([one.close(), other.close()]));

  const key = (taskId: string) => ({ api: API, taskId });

  /** A received task, one that is decided with the message that waits for it, and an approval with something to tell. */
  async function begin(ledger: Ledger): Promise<void> {
    await ledger.receive([newTask("received"), newTask("decided"), newTask("asked")]);
    await ledger.decide({
      proposals: [{ ...key("decided"), connection: "config", action: "continue", by: "Ana", cause: "rule", at: 2, text: "" }],
      submission: { id: "r1", node: "yes", action: "continue", message: "{}", tasks: [key("decided")], createdAt: 2 },
    });
    const approval = { id: "a1", key: "managers", api: API, connection: "config", createdAt: 3, request: "{}", message: "{}" };
    await ledger.approvals.open({ ...approval, type: "DEPLOY", search: "", tasks: [key("asked")] });
    await ledger.approvals.change({ ...change, notifications: [{ id: "n1", person: "ana@example.com", body: "{}" }] });
  }
  const change = { id: "a1", version: 0, status: "open", state: "{}", nextWake: 5, waiting: [], notifications: [], at: 4 } as const;

  /** All that a start, or a takeover, finds to do. */
  async function workOf(ledger: Ledger): Promise<string[]> {
    return [
      ...(await ledger.receivedBy("hook")).map(({ taskId }) => taskId),
      ...(await ledger.undelivered(API)).map(({ task }) => task.taskId),
      ...(await ledger.submissionsOf("yes")).map(({ id }) => id),
      ...(await ledger.approvals.due(["managers"], 10, 10)),
      ...(await ledger.notifications.due("managers", 10, 10)).map(({ id }) => id),
    ];
  }
  const ALL = ["received", "decided", "r1", "a1", "n1"];

  it("is nobody else's while it is there", async () => {
    await begin(one);
    assert.deepEqual(await other.stayPresent(LEASE, true), { wasAway: false, hasMore: false });
    assert.deepEqual(await workOf(one), ALL);
    assert.deepEqual(await workOf(other), []);
    assert.deepEqual(await other.deliveredByOthers([key("decided")]), [key("decided")]);
  });

  it("is another's as a whole once its lease is over, which it then finds out", async () => {
    await begin(one);
    await one.stayPresent(0, false);
    assert.deepEqual(await other.stayPresent(LEASE, false), { wasAway: false, hasMore: true });
    assert.deepEqual(await workOf(other), ALL);
    assert.deepEqual(await one.stayPresent(LEASE, false), { wasAway: true, hasMore: false });
    assert.deepEqual(await workOf(one), []);
  });

  it("goes to one of those that look at the same time", async () => {
    await begin(one);
    await one.close();
    const looks = await Promise.all(Array.from({ length: 5 }, () => other.stayPresent(LEASE, true)));
    assert.equal(looks.filter(({ hasMore }) => hasMore).length, 1);
    assert.deepEqual(await workOf(other), ALL);
  });

  it("is taken over at the next start when nothing but the work is left", async () => {
    await begin(one);
    const server = await sharedPostgres();
    await Promise.all([one.close(), other.close()]);
    await server.query("delete from lease", new URL(url).pathname.slice(1));
    one = await openLedger({ engine: "postgres", url });
    assert.deepEqual(await workOf(one), ALL);
  });

  it("that is an approval is carried on by whoever changed it last", async () => {
    await begin(one);
    assert.ok(await other.approvals.change({ ...change, version: 1, nextWake: 7 }));
    assert.deepEqual(await one.approvals.due(["managers"], 10, 10), []);
    assert.deepEqual(await other.approvals.due(["managers"], 10, 10), ["a1"]);
    assert.equal(await other.approvals.nextWake(["managers"], 0), 7);
  });
});
