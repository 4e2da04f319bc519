import assert from "node:assert/strict";
import { parsePolicy } from "../../../nodes/lib/approval/index.ts";
import {
  type ApprovalOutcome,
  type ApprovalPort,
  type Notification,
  type OpenedApproval,
  taskReferences,
} from "../../../nodes/lib/engine/index.ts";
import { MACHINE } from "../abiquo/support.ts";
import { failed, HOOK, isAnswer, Log, ok, taskIn, unknownTask, Workshop } from "./support.ts";

const LATER_THAN_SETTLED = 10 * 60_000;

describe("tasks that a message names", () => {
  let shop: Workshop;

  beforeEach(async () => {
    shop = await Workshop.open();
  });
  afterEach(() => shop.close());

  const place = (path: string): string => `${shop.client.base}/${path}`;
  const linksTo = (self: string): Record<string, string> => ({
    self,
    continue: `${self}/action/continue`,
    cancel: `${self}/action/cancel`,
    target: "",
    user: "",
  });
  /** `msg.abiquo` of a task, as anybody may write it. */
  const written = (taskId: string, links: Record<string, string>, task: object = {}): object => ({
    task: { taskId, type: "DEPLOY", createdAt: "", ...task },
    links,
  });
  const own = (taskId: string): Record<string, string> => linksTo(place(`${MACHINE}/tasks/${taskId}`));

  describe("and that the ledger does not know", () => {
    it("are answered by the links that Abiquo gives them", async () => {
      await shop.answer("continue", written("t9", { self: own("t9")["self"] ?? "" }));
      assert.deepEqual(await shop.port.outcomes(1), ["t9 as asked: continued"]);
      assert.deepEqual(shop.sent, ["continue t9"]);
    });

    for (const [name, links] of [
      ["another task's", (): Record<string, string> => own("t1")],
      ["no task's", (): Record<string, string> => linksTo(place("admin/enterprises/1"))],
      [
        "its own, with another action",
        (): Record<string, string> => ({ ...own("t9"), continue: place("cloud/virtualdatacenters/1/action/reset") }),
      ],
      ["its own, with the actions exchanged", (): Record<string, string> => ({ ...own("t9"), continue: own("t9")["cancel"] ?? "" })],
      ["its own, with those of another task", (): Record<string, string> => ({ ...own("t9"), continue: own("t1")["continue"] ?? "" })],
    ] as const) {
      it(`are refused with links that are ${name}, before anything is sent`, async () => {
        await shop.receive("t1");
        await assert.rejects(shop.answer("continue", written("t9", links())), { code: "ABIQUO_BAD_TASK" });
        await assert.rejects(shop.answer("continue", ["t1", written("t9", links())].flat()), { code: "ABIQUO_BAD_TASK" });
        assert.deepEqual(shop.requests.all, []);
        assert.deepEqual(await shop.at("received"), ["t1"]);
        assert.deepEqual((await shop.post(["t9"])).known, 0);
      });
    }

    it("never lead elsewhere", async () => {
      const evil = "http://192.0.2.1/x?/cloud/tasks/t9";
      await assert.rejects(shop.answer("continue", written("t9", linksTo(evil))), { code: "ABIQUO_BAD_LINK" });
      assert.deepEqual(shop.requests.all, []);
    });

    it("are gone where Abiquo does not know them either, and their webhook is news when it comes", async () => {
      const wrong = linksTo(place("cloud/virtualdatacenters/666/virtualappliances/6/virtualmachines/6/tasks/t9"));
      const known = new Set([`/api/${MACHINE}/tasks/t9`]);
      shop.answering = (request) =>
        known.has(request.url.replace(/\/action\/.*/, "")) ? (isAnswer(request) ? ok : taskIn("QUEUEING")(request)) : unknownTask;
      await shop.answer("continue", written("t9", wrong, { createdAt: "2020-01-01T00:00:00.000Z" }));
      assert.deepEqual(await shop.port.outcomes(1), ["t9 not as asked: gone"]);
      assert.deepEqual(shop.sent, []);
      const { arrivals, known: before } = await shop.post(["t9"]);
      assert.deepEqual([arrivals.length, before], [1, 0]);
      await shop.answer("cancel", "t9");
      await shop.port.left.have(2);
      assert.deepEqual(shop.sent, ["cancel t9"]);
    });

    it("are not tried for ever because they say that they are of tomorrow", async () => {
      shop.answering = (request) => (isAnswer(request) ? unknownTask : taskIn("QUEUEING")(request));
      const future = "2999-01-01T00:00:00.000Z";
      await shop.answer("continue", written("t9", own("t9"), { createdAt: future }));
      // The simulated one was made after the time at which this clock stands.
      const [kept] = await shop.engine.ledger.find(shop.client.base, ["t9"]);
      assert.equal(kept?.receivedAt, shop.clock.now());
      shop.answering = () => unknownTask;
      await shop.clock.waits.have(1);
      shop.clock.advance(LATER_THAN_SETTLED);
      assert.deepEqual(await shop.port.outcomes(1), ["t9 not as asked: gone"]);
    });

    it("are not decided while Abiquo cannot be asked, and are when it can be", async () => {
      shop.answering = () => failed;
      await assert.rejects(shop.answer("continue", written("t9", own("t9"))), { code: "ABIQUO_FAILED" });
      shop.answering = (request) => (isAnswer(request) ? ok : taskIn("QUEUEING")(request));
      await shop.answer("continue", written("t9", own("t9")));
      assert.deepEqual(await shop.port.outcomes(1), ["t9 as asked: continued"]);
      assert.deepEqual(shop.sent, ["continue t9"]);
    });
  });

  describe("and that the ledger knows", () => {
    it("are answered by the ledger's links, whatever the message says", async () => {
      await shop.receive("t1", "t2");
      await shop.restart();
      await shop.answer("continue", [written("t1", own("t2")), written("t2", linksTo(place("admin/enterprises/1")))]);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 as asked: continued", "t2 as asked: continued"]);
      assert.deepEqual(shop.sent.toSorted(), ["continue t1", "continue t2"]);
    });

    it("end where an old store has links for them that are another task's", async () => {
      const { base } = shop.client;
      const stored = (taskId: string, links: object): Parameters<typeof shop.engine.ledger.receive>[0][number] => ({
        api: base,
        taskId,
        connection: "connection",
        source: HOOK,
        group: { id: taskId, index: 0, count: 1 },
        summary: JSON.stringify({ taskId }),
        links: JSON.stringify(links),
        payload: "{}",
        receivedAt: shop.clock.now(),
      });
      await shop.engine.ledger.receive([stored("t1", own("t2")), stored("t3", { self: own("t3")["self"] })]);
      await shop.answer("continue", ["t1", "t3"]);
      assert.deepEqual(await shop.port.outcomes(1), ["t1 ABIQUO_UNDELIVERABLE ABIQUO_BAD_TASK", "t3 as asked: continued"]);
      assert.deepEqual(shop.sent, ["continue t3"]);
    });
  });

  it("are decided by the flow where the message proposes what is no decision", async () => {
    await shop.receive("t1", "t2", "t3");
    const proposals = [
      { action: "continue", by: { name: "x" } },
      { action: "continue", by: "Zoe", rule: 7, reason: ["x"], facts: 3, cause: { sql: "x" } },
      "continue",
    ];
    await shop.answer(
      "continue",
      proposals.map((decision, index) => ({ ...written(`t${index + 1}`, own(`t${index + 1}`)), decision })),
    );
    const [left] = await shop.port.left.have(1);
    const decisions = left?.results.map((result) => result.entry?.decision);
    assert.deepEqual(
      decisions?.map((made) => [made?.by, made?.cause, made?.reason]),
      [
        ["Ana", "vote", undefined],
        ["Zoe", "rule", undefined],
        ["Ana", "vote", undefined],
      ],
    );
  });

  it("are taken whole only from the namespace of these nodes, and are ids anywhere else", () => {
    const value = [written("t1", own("t2")), "t3", { tasks: [written("t4", own("t4"))] }];
    assert.deepEqual(taskReferences(value, "elsewhere"), [{ id: "t1" }, { id: "t3" }, { id: "t4" }]);
  });

  describe("to people", () => {
    const told = new Log<{ readonly opened: OpenedApproval; readonly notification: Notification }>();
    const port: ApprovalPort = {
      notify: (opened, notification) => {
        told.add({ opened, notification });
        return Promise.resolve(true);
      },
      leave: (_outcome: ApprovalOutcome) => undefined,
      report: () => undefined,
      count: () => undefined,
    };
    const ask = async (tasks: unknown): Promise<void> => {
      await shop.engine.approvals.attach("managers", port);
      await shop.engine.ask({
        key: "managers",
        connection: shop.connection,
        scope: "task",
        title: "",
        references: taskReferences(tasks),
        messageFor: (entries) => JSON.stringify(entries),
        terms: {
          policy: parsePolicy({ levels: [{ name: "Managers", approvers: ["mia@example.com"], need: "any" }], allowSelfApproval: true }),
          language: "en-US",
          timeZone: "UTC",
          linkValidity: 1_000,
          publicUrl: "",
        },
      });
    };

    it("are shown as the ledger knows them", async () => {
      await shop.receive("t1");
      await ask(written("t1", own("t2"), { type: "a harmless one" }));
      shop.clock.advance(0);
      const [first] = await told.have(1);
      assert.deepEqual([first?.opened.request.subject.type, first?.opened.record.tasks[0]?.taskId], ["DEPLOY", "t1"]);
    });

    it("are not shown with links that are not their own, nor when nobody knows them", async () => {
      await assert.rejects(ask(written("t9", own("t1"))), { code: "ABIQUO_BAD_TASK" });
      shop.answering = () => unknownTask;
      await assert.rejects(ask(written("t9", own("t9"))), { code: "TASK_UNKNOWN" });
      assert.deepEqual(await shop.at("asked"), []);
    });
  });
});
