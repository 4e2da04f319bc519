import assert from "node:assert/strict";
import { type CloudEvent, EVENT_KINDS, EventFeed, type EventKind } from "../../../nodes/lib/engine/index.ts";
import type { Ledger } from "../../../nodes/lib/ledger/index.ts";
import { openSqlLedger } from "../../../nodes/lib/ledger/open.ts";
import { API, newTask } from "../../support/tasks.ts";
import { StillClock } from "./support.ts";

describe("a feed of events", () => {
  let ledger: Ledger;
  let clock: StillClock;
  let told: CloudEvent[];
  let isDone: (event: CloudEvent) => boolean;
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    ledger = await openSqlLedger({ engine: "sqlite", file: ":memory:" });
    clock = new StillClock();
    told = [];
    isDone = () => true;
  });

  afterEach(async () => {
    await end();
    await ledger.close();
  });

  it("tells what happens to a task, in order, each as a CloudEvent", async () => {
    await begin();
    await received("t1");
    await ledger.decide({
      proposals: [{ api: API, taskId: "t1", connection: "config", action: "continue", by: "Ben", cause: "vote", at: 2, text: "" }],
    });
    const attempt = { api: API, taskId: "t1", reportedAt: 3, attempts: 1, uncertain: false, nextAt: 0 };
    await ledger.report({ ...attempt, delivery: "delivered", outcome: "continued" });
    await have(3);
    const { store } = await ledger.auditHead();
    assert.deepEqual(
      told.map(({ type, subject }) => [type, subject]),
      ["received", "decided", "delivered"].map((what) => [`com.abiquo.workflow.task.${what}`, "t1"]),
    );
    assert.deepEqual(told[1], {
      specversion: "1.0",
      id: `${store}-2`,
      source: `urn:uuid:${store}`,
      type: "com.abiquo.workflow.task.decided",
      subject: "t1",
      time: "1970-01-01T00:00:00.002Z",
      datacontenttype: "application/json",
      data: { api: API, taskId: "t1", tenant: "7", by: "Ben", action: "continue", cause: "vote" },
    });
  });

  it("goes on where its flow had come to, and tells again, under the same id, what that was not done with", async () => {
    await begin();
    await received("t1");
    await have(1);
    isDone = ({ subject }) => subject !== "t2";
    await received("t2");
    await received("t3");
    await have(2);
    await end();
    const before = told.map(({ id }) => id);
    isDone = () => true;
    await begin();
    await have(4);
    assert.deepEqual(
      told.map(({ subject }) => subject),
      ["t1", "t2", "t2", "t3"],
    );
    assert.equal(told[2]?.id, before[1]);
  });

  it("begins with what happens from then on, and tells of its own platform and of the chosen kinds only", async () => {
    await received("before");
    await begin(["drift"], API);
    await received("t1");
    await received("t2", "https://other.example.com/api");
    for (const [taskId, api] of [
      ["t1", API],
      ["t2", "https://other.example.com/api"],
    ] as const) {
      await ledger.move({ api, taskId, from: ["received"], to: "gone", at: 5 });
    }
    await have(1);
    await round();
    assert.deepEqual(
      told.map(({ type, subject }) => `${type} ${subject}`),
      ["com.abiquo.workflow.task.gone t1"],
    );
  });

  it("tells the head of the audit once a day", async () => {
    await received("t1");
    await begin(["head"]);
    await have(1);
    const { seq, hash } = await ledger.auditHead();
    assert.deepEqual(told[0]?.data, { seq, hash, head: `${seq}:${hash}` });
    await round();
    assert.equal(told.length, 1);
    clock.advance(86_400_000);
    await have(2);
  });

  async function begin(kinds: readonly EventKind[] = EVENT_KINDS.filter((kind) => kind !== "head"), api?: string): Promise<void> {
    stop = new AbortController();
    const emit = async (event: CloudEvent): Promise<boolean> => {
      told.push(event);
      return isDone(event);
    };
    const report = (problem: unknown): void => assert.fail(String(problem));
    const feed = new EventFeed(ledger, clock, { key: "events", kinds: new Set(kinds), api, emit, report });
    await feed.begin();
    running = feed.run(stop.signal);
  }

  async function end(): Promise<void> {
    stop.abort();
    await running;
  }

  async function have(count: number): Promise<void> {
    while (told.length < count) await round();
  }

  /** Lets it look once more, and tell what there is. */
  async function round(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next));
    clock.advance(500);
    for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next));
  }

  async function received(taskId: string, api = API): Promise<void> {
    await ledger.receive([newTask(taskId, { api, about: { tenant: "7", type: "DEPLOY", requester: "Ana" } })]);
  }
});
