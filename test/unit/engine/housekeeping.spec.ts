import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Housekeeping } from "../../../nodes/lib/engine/housekeeping.ts";
import type { Observation } from "../../../nodes/lib/engine/observer.ts";
import { type Ledger, openLedger } from "../../../nodes/lib/ledger/index.ts";
import { StillClock } from "./support.ts";

const API = "https://cloud.example.com/api";
const DAY = 24 * 60 * 60_000;

describe("the housekeeping of a ledger", () => {
  let folder: string;
  let ledger: Ledger;
  const clock = new StillClock();

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "housekeeping-"));
    ledger = await openLedger({ engine: "sqlite", file: join(folder, "ledger.sqlite") });
  });

  afterEach(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true });
  });

  it("tells the head of the audit once a day", async () => {
    await receive(1, "t1");
    const told: Observation[] = [];
    const heard = (): Promise<void> => new Promise((resolve) => (hear = resolve));
    let hear = (): void => undefined;
    const housekeeping = new Housekeeping(ledger, 0, clock, (observation) => {
      told.push(observation);
      hear();
    });
    for (const [wait, task] of [
      [10 * 60_000, "t2"],
      [DAY, "t3"],
    ] as const) {
      const next = heard();
      clock.advance(wait);
      await next;
      const { seq, hash } = await ledger.auditHead();
      assert.deepEqual(told.splice(0), [{ kind: "head", head: `${seq}:${hash}` }]);
      await receive(0, task);
    }
    housekeeping.close();
  });

  async function clean(keep: number): Promise<void> {
    const housekeeping = new Housekeeping(ledger, keep, clock);
    await housekeeping.run();
    housekeeping.close();
  }

  async function receive(daysAgo: number, ...ids: string[]): Promise<void> {
    await ledger.receive(
      ids.map((taskId, index) => ({
        api: API,
        taskId,
        connection: "connection",
        source: "hook",
        group: { id: ids[0] ?? "", index, count: ids.length },
        summary: "{}",
        links: "{}",
        payload: JSON.stringify({ taskId }),
        receivedAt: clock.now() - daysAgo * DAY,
      })),
    );
  }

  async function answer(daysAgo: number, ...ids: string[]): Promise<void> {
    const reportedAt = clock.now() - daysAgo * DAY;
    for (const taskId of ids) {
      const key = { api: API, taskId };
      const proposal = { ...key, connection: "c", action: "continue", by: "me", cause: "rule", at: reportedAt, text: "" } as const;
      const submission = {
        id: `of ${taskId}`,
        node: "deleted",
        action: "continue",
        message: "{}",
        tasks: [key],
        createdAt: clock.now() - 60 * DAY,
      } as const;
      await ledger.decide({ proposals: [proposal], submission });
      await ledger.report({ ...key, delivery: "delivered", reportedAt, outcome: "continued", attempts: 1, uncertain: false, nextAt: 0 });
    }
  }

  it("drops the copies of what Abiquo sent 30 days after the answer, however long that took, and keeps the answers", async () => {
    await receive(90, "old", "new");
    await answer(31, "old");
    await answer(29, "new");
    await clean(0);
    const left = await ledger.list({ stages: ["delivered"] });
    assert.deepEqual(
      left.map(({ task }) => [task.taskId, task.payload]),
      [
        ["old", "{}"],
        ["new", '{"taskId":"new"}'],
      ],
    );
    assert.deepEqual(
      (await ledger.audit({ api: API, taskId: "old" })).map(({ event }) => event),
      ["received", "decided", "delivered"],
    );
  });

  it("empties the message of an approval once all its tasks are answered, and not while one of them still waits", async () => {
    const approved = async (id: string, ...tasks: string[]): Promise<void> => {
      await receive(41, ...tasks);
      const keys = tasks.map((taskId) => ({ api: API, taskId }));
      const of = {
        id,
        key: "managers",
        api: API,
        connection: "c",
        createdAt: clock.now(),
        request: "{}",
        message: `message of ${id}`,
        type: "",
        search: "",
      };
      await ledger.approvals.open({ ...of, tasks: keys });
      await ledger.approvals.change({ id, version: 0, status: "approved", state: "{}", waiting: [], notifications: [], at: clock.now() });
    };
    await approved("whole", "t1", "t2");
    await approved("half", "t3", "t4");
    await answer(31, "t1", "t2", "t3");
    await clean(0);
    assert.equal(await ledger.approvals.message("whole"), "{}");
    assert.equal(await ledger.approvals.message("half"), "message of half");
    await answer(31, "t4");
    await clean(0);
    assert.equal(await ledger.approvals.message("half"), "{}");
  });

  it("never touches a task that still waits, however old", async () => {
    await receive(4_000, "waiting");
    await clean(1);
    const [waiting] = await ledger.receivedBy("hook");
    assert.equal(waiting?.payload, '{"taskId":"waiting"}');
  });

  it("deletes settled tasks with all that belongs to them once they were kept long enough, more than one step holds", async () => {
    const ids = Array.from({ length: 1_500 }, (_, index) => `t${index}`);
    await receive(11, ...ids);
    await receive(11, "younger");
    await answer(11, "t0");
    await answer(9, "younger");
    for (const taskId of ids) await ledger.move({ api: API, taskId, from: ["received"], to: "gone" });
    await clean(10);
    assert.deepEqual(
      (await ledger.find(API, [...ids, "younger"])).map(({ taskId }) => taskId),
      ["younger"],
    );
    assert.deepEqual(await ledger.audit({ api: API, taskId: "t0" }), []);
    assert.equal((await ledger.decisions([{ api: API, taskId: "t0" }])).size, 0);
  });

  it("forgets the messages of deleted nodes once their tasks are answered, and not before", async () => {
    await receive(60, "answered", "open");
    await answer(31, "answered");
    const key = { api: API, taskId: "open" };
    const submission = {
      id: "waits",
      node: "deleted",
      action: "continue",
      message: "{}",
      tasks: [key],
      createdAt: clock.now() - 60 * DAY,
    } as const;
    await ledger.decide({
      proposals: [{ ...key, connection: "c", action: "continue", by: "me", cause: "rule", at: clock.now(), text: "" }],
      submission,
    });
    await clean(0);
    assert.deepEqual(
      (await ledger.submissionsOf("deleted")).map(({ id }) => id),
      ["waits"],
    );
  });

  it("comes by itself ten minutes after the start, and then every day", async () => {
    const cuts: number[] = [];
    const prune = async ({ payloadsBefore }: { payloadsBefore: number }): Promise<number> => {
      cuts.push(payloadsBefore + 30 * DAY - clock.start);
      return 0;
    };
    const start = clock.sinceStart;
    const auditHead = (): ReturnType<Ledger["auditHead"]> => ledger.auditHead();
    const housekeeping = new Housekeeping({ prune, shrink: async () => 0, auditHead }, 0, clock);
    clock.advance(10 * 60_000 - 1);
    assert.deepEqual(cuts, []);
    clock.advance(2 * DAY + 1);
    const first = start + 10 * 60_000;
    assert.deepEqual(cuts, [first, first + DAY, first + 2 * DAY]);
    housekeeping.close();
    clock.advance(DAY);
    assert.equal(cuts.length, 3);
  });
});
