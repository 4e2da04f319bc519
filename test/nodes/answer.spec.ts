import assert from "node:assert/strict";
import { once } from "node:events";
import type { Node, NodeAPI, NodeDef } from "node-red";
import type { AbiquoMessage, Decision } from "../../nodes/lib/engine/index.ts";
import type { ConfigNode } from "../../nodes/lib/node-red/connection.ts";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, SECRET, type Sent, sink } from "./support.ts";

for (const action of ["continue", "cancel"] as const) {
  const opposite = action === "continue" ? "cancel" : "continue";
  const done = action === "continue" ? "continued" : "cancelled";
  const undone = action === "continue" ? "cancelled" : "continued";

  describe(`the node abiquo-${action}`, () => {
    let abiquo: SimulatedAbiquo;

    beforeEach(async () => {
      abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
    });

    afterEach(async () => {
      await closeFlow();
      await abiquo.close();
    });

    /** `answer` is the node under test, `opposite` the other one, and `hook` what makes tasks known. */
    async function load(answer: object = {}, hook: object = {}): Promise<Flow> {
      const flow = await Flow.load(
        [
          ...around(abiquo, "answer"),
          node("hook", "abiquo-webhook-in", ["arrived"], { path: "/hook", ...hook }),
          node("answer", `abiquo-${action}`, ["answered", "otherwise"], answer),
          node("opposite", `abiquo-${opposite}`, ["opposite-answered", "opposite-otherwise"]),
          ...["arrived", "answered", "otherwise", "opposite-answered", "opposite-otherwise"].map(sink),
        ],
        { credentials: credentials(abiquo, { hook: { secret: SECRET } }) },
      );
      abiquo.setEndpoint(`${await flow.serve()}/hook/${SECRET}`);
      return flow;
    }

    async function arrive(flow: Flow, count = 1): Promise<Sent[]> {
      const { tasks } = await abiquo.submit({ count });
      const ids = new Set(tasks.map(({ taskId }) => taskId));
      return flow.inbox("arrived").have(count, (message) => ids.has(message.abiquo?.task?.taskId ?? ""));
    }

    async function arriveOne(flow: Flow): Promise<Sent & { abiquo: AbiquoMessage; id: string }> {
      const [message] = await arrive(flow);
      return { ...(message as Sent), abiquo: message?.abiquo as AbiquoMessage, id: message?.abiquo?.task?.taskId ?? "" };
    }

    /** The message is done with, without an error. */
    async function completed(flow: Flow, count = 1): Promise<void> {
      assert.equal((await flow.inbox("completed").have(count)).length, count);
      assert.deepEqual(flow.inbox("faults").all, []);
    }

    const proposal = (change: Partial<Decision> = {}): Decision => ({
      action,
      by: "office hours",
      cause: "rule",
      at: "2026-01-02T03:04:05.000Z",
      ...change,
    });

    it(`answers the task of the message, and sends it on by port 1 once Abiquo has taken it`, async () => {
      const flow = await load();
      const { id, ...message } = await arriveOne(flow);
      flow.send("answer", { ...message, payload: "mine", other: { kept: true } });
      const out = await flow.inbox("answered").first();
      assert.equal(abiquo.task(id)?.state, action === "continue" ? "PENDING" : "CANCELLED");
      assert.equal(out._msgid, message._msgid);
      assert.equal(out.payload, "mine");
      assert.deepEqual(out["other"], { kept: true });
      assert.equal(out.topic, "DEPLOY");
      assert.equal(out.abiquo?.task?.taskId, id);
      assert.equal(out.abiquo?.answer?.outcome, done);
      assert.equal(out.abiquo?.answer?.attempts, 1);
      assert.equal(out.abiquo?.decision?.action, action);
      assert.equal(out.abiquo?.connection, "config");
      assert.ok(out.abiquo !== undefined && !("redelivered" in out.abiquo) && !("tasks" in out.abiquo));
      await completed(flow);
      assert.equal(flow.inbox("otherwise").all.length, 0);
      const status = await flow.status("answer", "status.sent");
      assert.deepEqual([status.fill, status.shape], ["green", "dot"]);
    });

    it("is done only after Abiquo has answered", async () => {
      const flow = await load();
      // The first request of all goes alone, since it finds out whether the credentials work.
      flow.send("opposite", { abiquo: (await arriveOne(flow)).abiquo });
      await flow.inbox("opposite-answered").first();
      const { id, ...message } = await arriveOne(flow);
      abiquo.inject({ match: { action, path: id }, hang: true, effect: "after", times: 1 });
      const heard = abiquo.waitFor("answer");
      flow.send("answer", message);
      await heard;
      assert.equal((await flow.status("answer", "status.sending")).fill, "blue");
      // Another message goes all the way meanwhile.
      const next = await arriveOne(flow);
      flow.send("answer", { abiquo: next.abiquo });
      await flow.inbox("completed").first();
      assert.deepEqual(
        flow.inbox("answered").all.map(({ abiquo: a }) => a?.task?.taskId),
        [next.id],
      );
      assert.equal(flow.inbox("completed").all.length, 1);
    });

    for (const [name, value] of [
      ["an id", (id: string) => id],
      ["an id in blanks", (id: string) => `  ${id}\n`],
      ["a list of one id", (id: string) => [id]],
      ["a task as Abiquo sent it", (id: string) => ({ taskId: id })],
    ] as const) {
      it(`answers a task named by ${name}`, async () => {
        const flow = await load({ task: "payload.task", taskType: "msg" });
        const { id } = await arriveOne(flow);
        flow.send("answer", { payload: { task: value(id) } });
        const out = await flow.inbox("answered").first();
        assert.equal(out.abiquo?.task?.taskId, id);
        assert.equal(out.abiquo?.links?.self.startsWith(abiquo.url), true);
        assert.equal(out.abiquo?.answer?.outcome, done);
        assert.equal(out.abiquo?.connection, "config");
        await completed(flow);
      });
    }

    it("answers all tasks of a group named by its id, in one message", async () => {
      const flow = await load({ task: "payload" });
      const arrived = await arrive(flow, 3);
      flow.send("answer", { payload: arrived[0]?.abiquo?.group?.id });
      const out = await flow.inbox("answered").first();
      assert.deepEqual(
        out.abiquo?.tasks?.map(({ task, answer }) => [task.taskId, answer?.outcome]),
        arrived.map(({ abiquo: a }) => [a?.task?.taskId, done]),
      );
      assert.equal(out.abiquo?.task, undefined);
      assert.equal(flow.inbox("answered").all.length, 1);
      await completed(flow);
    });

    it("answers what a list names, each task once, however often it is named", async () => {
      const flow = await load({ task: "payload" });
      const [one, two] = await arrive(flow, 2);
      const ids = [one, two].map((message) => message?.abiquo?.task?.taskId ?? "");
      flow.send("answer", { payload: [ids[1], ids[0], ids[1], one?.abiquo, one?.abiquo?.group?.id] });
      const out = await flow.inbox("answered").first();
      assert.deepEqual(
        out.abiquo?.tasks?.map(({ task }) => task.taskId),
        [ids[1], ids[0]],
      );
      assert.equal(abiquo.answers.length, 2);
    });

    it("answers a whole group message of webhook-in", async () => {
      const flow = await load({}, { emit: "group" });
      await abiquo.submit({ count: 3 });
      const group = await flow.inbox("arrived").first();
      flow.send("answer", group);
      const out = await flow.inbox("answered").first();
      assert.deepEqual(
        out.abiquo?.tasks?.map(({ answer }) => answer?.outcome),
        [done, done, done],
      );
      assert.deepEqual(out.abiquo?.group, group.abiquo?.group);
      await completed(flow);
    });

    it("answers a task that only the message knows, by links below the connection's URL", async () => {
      const flow = await load();
      const [task] = abiquo.hold();
      assert.ok(task);
      const path = `cloud/virtualdatacenters/7/virtualappliances/${task.virtualAppliance}/virtualmachines/${task.virtualMachine}/tasks/${task.taskId}`;
      const elsewhere = `http://192.0.2.1:1/api/${path}`;
      flow.send("answer", {
        abiquo: {
          connection: "config",
          task: { taskId: task.taskId, type: "DEPLOY", createdAt: new Date().toISOString() },
          links: { self: elsewhere, continue: `${elsewhere}/action/continue`, cancel: `${elsewhere}/action/cancel`, target: "", user: "" },
        },
      });
      const out = await flow.inbox("answered").first();
      assert.equal(out.abiquo?.answer?.outcome, done);
      assert.equal(out.abiquo?.links?.self, `${abiquo.url}/${path}`);
    });

    it("tells Catch of an id that nobody knows, and answers none of the others named with it", async () => {
      const flow = await load({ task: "payload" });
      const { id } = await arriveOne(flow);
      flow.send("answer", { payload: [id, "00000000-0000-4000-8000-000000000000"] });
      const fault = await flow.fault();
      assert.equal(fault.code, "TASK_UNKNOWN");
      assert.match(fault.message, /00000000-0000-4000-8000-000000000000/);
      assert.equal(fault.source.id, "answer");
      assert.equal((await flow.status("answer", "status.failed")).fill, "red");
      // What comes after it works, and shows that the first was not under way.
      flow.send("answer", { payload: id });
      await flow.inbox("answered").first();
      await flow.inbox("completed").first();
      assert.equal(abiquo.answers.length, 1);
      assert.equal(flow.inbox("completed").all.length, 1);
    });

    it("takes a whole task from its own namespace only: what else is in a message may come from outside", async () => {
      const flow = await load({ task: "payload" });
      const [task] = abiquo.hold();
      assert.ok(task);
      const self = `${abiquo.url}/cloud/virtualdatacenters/7/virtualappliances/${task.virtualAppliance}/virtualmachines/${task.virtualMachine}/tasks/${task.taskId}`;
      const links = { self, continue: `${self}/action/continue`, cancel: `${self}/action/cancel`, target: "", user: "" };
      flow.send("answer", { payload: { task: { taskId: task.taskId, type: "DEPLOY", createdAt: "" }, links } });
      const fault = await flow.fault();
      assert.deepEqual([fault.code, fault.source.id], ["TASK_UNKNOWN", "answer"]);
      assert.deepEqual(abiquo.answers, []);
    });

    for (const [name, message] of [
      ["no namespace", {}],
      ["an empty namespace", { abiquo: { connection: "config" } }],
      ["an empty list", { abiquo: { connection: "config", tasks: [] } }],
      ["a namespace that is none", { abiquo: 5 }],
    ] as const) {
      it(`tells Catch of a message with ${name}`, async () => {
        const flow = await load();
        flow.send("answer", message);
        assert.equal((await flow.fault()).code, "NO_TASK_IN_MESSAGE");
        assert.equal(flow.inbox("completed").all.length, 0);
      });
    }

    it("tells Catch of a task whose property cannot be worked out", async () => {
      const flow = await load({ task: "$error('no such thing')", taskType: "jsonata" });
      flow.send("answer", {});
      const fault = await flow.fault();
      assert.equal(fault.code, "EXPRESSION_FAILED");
      assert.match(fault.message, /no such thing/);
    });

    describe("keeps with the task", () => {
      it("a text made from the decision, with its reason", async () => {
        const flow = await load();
        const { id, ...message } = await arriveOne(flow);
        const decision = proposal({ by: "rules", rule: "small ones", reason: "It is small." });
        flow.send("answer", { ...message, abiquo: { ...message.abiquo, decision } });
        const out = await flow.inbox("answered").first();
        const text = abiquo.task(id)?.text ?? "";
        assert.match(text, new RegExp(`answer\\.${action}ByRule`));
        assert.match(text, /"by":"rules","rule":"small ones"/);
        assert.match(text, /It is small\.$/);
        assert.deepEqual({ ...out.abiquo?.decision, at: "" }, { ...decision, at: "" });
        assert.equal(abiquo.answers[0]?.contentType.startsWith("text/plain"), true);
      });

      it("a text that names the node when the message proposes nothing", async () => {
        const flow = await load({ name: "Approved by e-mail" });
        const { id, ...message } = await arriveOne(flow);
        flow.send("answer", message);
        const out = await flow.inbox("answered").first();
        assert.match(abiquo.task(id)?.text ?? "", /Approved by e-mail/);
        assert.equal(out.abiquo?.decision?.by, "Approved by e-mail");
        assert.equal(out.abiquo?.decision?.cause, "rule");
      });

      it("no part of a proposal of the opposite", async () => {
        const flow = await load();
        const { id, ...message } = await arriveOne(flow);
        const decision = proposal({ action: opposite, by: "the other rules", reason: "the other reason" });
        flow.send("answer", { ...message, abiquo: { ...message.abiquo, decision } });
        const out = await flow.inbox("answered").first();
        assert.equal(out.abiquo?.decision?.action, action);
        assert.doesNotMatch(abiquo.task(id)?.text ?? "", /other re|other ru/);
        assert.doesNotMatch(JSON.stringify(out.abiquo?.decision), /other re|other ru/);
      });

      it("a text of its own", async () => {
        const flow = await load({ message: "Go & see <ticket 5> ä", messageType: "str" });
        const { id, ...message } = await arriveOne(flow);
        flow.send("answer", message);
        await flow.inbox("answered").first();
        assert.equal(abiquo.task(id)?.text, "Go & see <ticket 5> ä");
      });

      it("a text from a property of the message", async () => {
        const flow = await load({ message: "payload.why", messageType: "msg" });
        const { id, ...message } = await arriveOne(flow);
        flow.send("answer", { ...message, payload: { why: "because" } });
        await flow.inbox("answered").first();
        assert.equal(abiquo.task(id)?.text, "because");
      });

      it("a text from an expression", async () => {
        const flow = await load({ message: "'ticket ' & $string(payload)", messageType: "jsonata" });
        const { id, ...message } = await arriveOne(flow);
        flow.send("answer", { ...message, payload: 17 });
        await flow.inbox("answered").first();
        assert.equal(abiquo.task(id)?.text, "ticket 17");
      });

      it("the text made from the decision where its own comes out empty", async () => {
        const flow = await load({ message: "payload.nothing", messageType: "msg" });
        const { id, ...message } = await arriveOne(flow);
        flow.send("answer", { ...message, payload: {} });
        await flow.inbox("answered").first();
        assert.match(abiquo.task(id)?.text ?? "", new RegExp(`answer\\.${action}`));
      });
    });

    describe("for a task that is decided already", () => {
      it("takes the same again as a success, without a second answer", async () => {
        const flow = await load();
        const { id, ...message } = await arriveOne(flow);
        flow.send("answer", message);
        const first = await flow.inbox("answered").first();
        flow.send("answer", { abiquo: { ...message.abiquo, decision: proposal({ by: "somebody later" }) }, payload: "again" });
        const again = await flow.inbox("answered").first(({ payload }) => payload === "again");
        assert.equal(again.abiquo?.answer?.outcome, `already-${done}`);
        assert.deepEqual(again.abiquo?.decision, first.abiquo?.decision);
        assert.equal(abiquo.answers.filter(({ taskId }) => taskId === id).length, 1);
        assert.equal(flow.inbox("otherwise").all.length, 0);
        await completed(flow, 2);
      });

      it("tells who decided the opposite, what and when, by port 2", async () => {
        const flow = await load();
        const { id, ...message } = await arriveOne(flow);
        const before = proposal({ action: opposite, by: "Ana", reason: "enough" });
        flow.send("opposite", { abiquo: { ...message.abiquo, decision: before } });
        const decided = await flow.inbox("opposite-answered").first();
        flow.send("answer", { ...message, payload: "later" });
        const out = await flow.inbox("otherwise").first();
        assert.equal(out.payload, "later");
        assert.equal(out.abiquo?.answer?.outcome, `already-${undone}`);
        assert.deepEqual(out.abiquo?.decision, decided.abiquo?.decision);
        assert.equal(out.abiquo?.decision?.by, "Ana");
        assert.equal(out.abiquo?.decision?.action, opposite);
        assert.ok(Date.parse(out.abiquo?.decision?.at ?? "") > Date.now() - 60_000);
        assert.equal(abiquo.answers.filter(({ taskId }) => taskId === id).length, 1);
        assert.equal((await flow.status("answer", "status.already")).fill, "yellow");
        await completed(flow);
      });

      it("tells that Abiquo's own user interface decided the opposite", async () => {
        const flow = await load();
        const { id, ...message } = await arriveOne(flow);
        abiquo.decideElsewhere(id, opposite);
        flow.send("answer", message);
        const out = await flow.inbox("otherwise").first();
        assert.equal(out.abiquo?.answer?.outcome, `already-${undone}`);
        assert.equal(out.abiquo?.answer?.by, undefined);
        await completed(flow);
      });

      it("sends on by port 1 what Abiquo's own user interface decided the same way", async () => {
        const flow = await load();
        const { id, ...message } = await arriveOne(flow);
        abiquo.decideElsewhere(id, action);
        flow.send("answer", message);
        const out = await flow.inbox("answered").first();
        assert.equal(out.abiquo?.answer?.outcome, `already-${done}`);
        await completed(flow);
      });

      it("lets one of both win when they come at the same time", async () => {
        const flow = await load();
        const { id, ...message } = await arriveOne(flow);
        flow.send("answer", structuredClone({ abiquo: message.abiquo }));
        flow.send("opposite", structuredClone({ abiquo: message.abiquo }));
        await flow.inbox("answered").first();
        const other = await flow.inbox("opposite-otherwise").first();
        assert.equal(other.abiquo?.answer?.outcome, `already-${done}`);
        assert.equal(abiquo.answers.filter(({ taskId }) => taskId === id).length, 1);
        assert.equal(flow.inbox("opposite-answered").all.length + flow.inbox("otherwise").all.length, 0);
      });
    });

    it("splits a group over its ports, one message each, and keeps details and the rest of the message", async () => {
      const flow = await load({}, { emit: "group" });
      const { tasks } = await abiquo.submit({ count: 3 });
      const group = await flow.inbox("arrived").first();
      abiquo.decideElsewhere(tasks[1]?.taskId ?? "", opposite);
      const entries = group.abiquo?.tasks?.map((entry, index) => ({ ...entry, details: { cpu: index } }));
      flow.send("answer", { ...group, abiquo: { ...group.abiquo, tasks: entries }, kept: { yes: 1 } });
      const answered = await flow.inbox("answered").first();
      const otherwise = await flow.inbox("otherwise").first();
      const shape = (message: Sent): unknown =>
        message.abiquo?.tasks?.map(({ task, answer, details }) => [task.taskId, answer?.outcome, details]);
      assert.deepEqual(shape(answered), [
        [tasks[0]?.taskId, done, { cpu: 0 }],
        [tasks[2]?.taskId, done, { cpu: 2 }],
      ]);
      assert.deepEqual(shape(otherwise), [[tasks[1]?.taskId, `already-${undone}`, { cpu: 1 }]]);
      assert.deepEqual([answered["kept"], otherwise["kept"]], [{ yes: 1 }, { yes: 1 }]);
      assert.deepEqual(answered.abiquo?.group, group.abiquo?.group);
      answered["kept"] = "changed";
      assert.deepEqual(otherwise["kept"], { yes: 1 });
      await completed(flow);
      assert.equal(flow.inbox("answered").all.length + flow.inbox("otherwise").all.length, 2);
    });

    it("passes over what is no task among those of a message, and tells Catch which these are", async () => {
      const flow = await load();
      const { id, ...message } = await arriveOne(flow);
      const { task, links } = message.abiquo;
      flow.send("answer", { abiquo: { connection: "config", tasks: [{}, { task, links }, null] } });
      const out = await flow.inbox("answered").first();
      assert.deepEqual(
        out.abiquo?.tasks?.map((entry) => entry.task.taskId),
        [id],
      );
      await flow.inbox("completed").first();
      assert.deepEqual(
        flow.inbox("faults").all.map(({ error: fault }) => [fault?.code, fault?.message.includes("1, 3")]),
        [["ENTRIES_WITHOUT_TASK", true]],
      );
      assert.equal(abiquo.answers.length, 1);
    });

    it("keeps the details of a single task", async () => {
      const flow = await load();
      const { id: _id, ...message } = await arriveOne(flow);
      flow.send("answer", { ...message, abiquo: { ...message.abiquo, details: { user: { nick: "ana" } } } });
      const out = await flow.inbox("answered").first();
      assert.deepEqual(out.abiquo?.details, { user: { nick: "ana" } });
    });

    it("tells of a task that is gone by port 2", async () => {
      const flow = await load();
      const [task] = abiquo.hold();
      assert.ok(task);
      abiquo.trim(task.taskId);
      const self = `${abiquo.url}/cloud/virtualdatacenters/7/virtualappliances/1/virtualmachines/1/tasks/${task.taskId}`;
      flow.send("answer", {
        abiquo: {
          connection: "config",
          task: { taskId: task.taskId, type: "DEPLOY", createdAt: new Date(Date.now() - 120_000).toISOString() },
          links: { self, continue: `${self}/action/continue`, cancel: `${self}/action/cancel`, target: "", user: "" },
        },
      });
      const out = await flow.inbox("otherwise").first();
      assert.equal(out.abiquo?.answer?.outcome, "gone");
      assert.equal((await flow.status("answer", "status.gone")).fill, "yellow");
      await completed(flow);
    });

    it("tells Catch once of what Abiquo refuses, and delivers it when told again", async () => {
      const flow = await load();
      const { id, ...message } = await arriveOne(flow);
      abiquo.inject({
        match: { action },
        status: 403,
        body: '{"code":"403-FORBIDDEN","message":"no"}',
        contentType: "application/json",
        times: 1,
      });
      flow.send("answer", message);
      const fault = await flow.fault();
      assert.equal(fault.code, "ABIQUO_UNDELIVERABLE");
      assert.ok(fault.message.includes(id));
      assert.equal((await flow.status("answer", "status.failed")).fill, "red");
      assert.equal(flow.inbox("completed").all.length, 0);
      assert.equal(flow.inbox("answered").all.length, 0);
      flow.send("answer", message);
      const out = await flow.inbox("answered").first();
      assert.equal(out.abiquo?.answer?.outcome, done);
      assert.equal(flow.inbox("faults").all.length, 1);
    });

    it("tells both ports and Catch of a group of which some are refused", async () => {
      const flow = await load({}, { emit: "group" });
      const { tasks } = await abiquo.submit({ count: 3 });
      const group = await flow.inbox("arrived").first();
      abiquo.decideElsewhere(tasks[1]?.taskId ?? "", opposite);
      abiquo.inject({
        match: { action, path: tasks[2]?.taskId ?? "" },
        status: 400,
        body: '{"code":"400","message":"no"}',
        contentType: "application/json",
      });
      flow.send("answer", group);
      assert.equal((await flow.inbox("answered").first()).abiquo?.tasks?.length, 1);
      assert.equal((await flow.inbox("otherwise").first()).abiquo?.tasks?.length, 1);
      assert.equal((await flow.fault()).code, "ABIQUO_UNDELIVERABLE");
    });

    it("waits while the credentials are refused, which its connection tells once, and answers when they work again", async () => {
      const flow = await load();
      const { id, ...message } = await arriveOne(flow);
      const refusal = abiquo.inject({ match: { action }, status: 401 });
      flow.send("answer", message);
      assert.equal((await flow.fault(({ source }) => source.id === "config")).code, "ABIQUO_UNAUTHORIZED");
      assert.equal((await flow.status("answer", "status.unauthorized")).fill, "red");
      assert.match(String((await flow.status("config", "status.stopped")).fill), /red/);
      // A second message waits with it, without a second request.
      flow.send("answer", { abiquo: message.abiquo, second: true });
      assert.equal(refusal.hits, 1);
      refusal.remove();
      await flow.deploy(
        [
          ...around(abiquo, "answer", { timeout: 6 }),
          node("hook", "abiquo-webhook-in", ["arrived"], { path: "/hook" }),
          node("answer", `abiquo-${action}`, ["answered", "otherwise"]),
          ...["arrived", "answered", "otherwise"].map(sink),
        ],
        "full",
        credentials(abiquo, { hook: { secret: SECRET } }),
      );
      const answered = await flow.inbox("answered").have(2);
      assert.deepEqual(
        answered.map(({ abiquo: a }) => a?.task?.taskId),
        [id, id],
      );
      assert.deepEqual(
        answered.map(({ abiquo: a }) => a?.redelivered),
        [true, true],
      );
      assert.equal(flow.inbox("faults").all.length, 1);
      assert.equal(abiquo.answers.filter(({ applied }) => applied).length, 1);
    });

    it("goes on after a deploy that cuts an attempt short, without done and without a second answer", async () => {
      const flow = await load();
      const { id, ...message } = await arriveOne(flow);
      abiquo.inject({ match: { action }, hang: true, effect: "after", times: 1 });
      const applied = abiquo.waitFor("answer", ({ taskId }) => taskId === id);
      flow.send("answer", { ...message, payload: "kept", req: { secret: "of the caller" }, res: {} });
      await applied;
      await flow.deploy(
        [
          ...around(abiquo, "answer", { timeout: 6 }),
          node("hook", "abiquo-webhook-in", ["arrived"], { path: "/hook" }),
          node("answer", `abiquo-${action}`, ["answered", "otherwise"], { name: "later" }),
          ...["arrived", "answered", "otherwise"].map(sink),
        ],
        "full",
        credentials(abiquo, { hook: { secret: SECRET } }),
      );
      const out = await flow.inbox("answered").first();
      assert.equal(out.abiquo?.answer?.outcome, done);
      assert.equal(out.abiquo?.redelivered, true);
      assert.equal(out.abiquo?.task?.taskId, id);
      assert.equal(out.payload, "kept");
      assert.equal(out["req"], undefined);
      assert.equal(abiquo.answers.filter(({ applied: changed }) => changed).length, 1);
      assert.equal(flow.inbox("completed").all.length, 0);
    });

    it("lets its message leave, and is done with it, after a deploy of the connection that it takes from the message", async () => {
      const flow = await load({ connection: "" });
      const { id, ...message } = await arriveOne(flow);
      const away = abiquo.inject({ match: { action }, status: 503 });
      flow.send("answer", { ...message, req: { url: "/caller" } });
      await flow.status("answer", "status.sending");
      await flow.deploy(
        [
          ...around(abiquo, "answer", { timeout: 6 }),
          node("hook", "abiquo-webhook-in", ["arrived"], { path: "/hook" }),
          node("answer", `abiquo-${action}`, ["answered", "otherwise"], { connection: "" }),
          node("opposite", `abiquo-${opposite}`, ["opposite-answered", "opposite-otherwise"]),
          ...["arrived", "answered", "otherwise", "opposite-answered", "opposite-otherwise"].map(sink),
        ],
        "nodes",
        credentials(abiquo, { hook: { secret: SECRET } }),
      );
      away.remove();
      const out = await flow.inbox("answered").first();
      assert.deepEqual([out.abiquo?.task?.taskId, out.abiquo?.answer?.outcome, out.abiquo?.redelivered], [id, done, undefined]);
      assert.deepEqual(out["req"], { url: "/caller" });
      await completed(flow);
      await flow.status("answer", "status.sent");
      // And so do those that come later.
      const later = await arriveOne(flow);
      flow.send("answer", { abiquo: later.abiquo });
      await flow.inbox("answered").have(2);
      await completed(flow, 2);
    });

    it("takes no result while it is closing: its successor lets the message leave", async () => {
      const flow = await load();
      const first = await arriveOne(flow);
      const second = await arriveOne(flow);
      const hanging = abiquo.inject({ match: { action }, latencyMs: 500, times: 1 });
      flow.send("answer", { abiquo: first.abiquo });
      await flow.status("answer", "status.sending");
      // Its close waits for what is being committed, and meanwhile Abiquo answers.
      const engine = await (flow.RED.nodes.getNode("config") as ConfigNode).abiquo.engine;
      const answer = engine.answer.bind(engine);
      const asked = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      engine.answer = async (call) => {
        asked.resolve();
        await gate.promise;
        return answer(call);
      };
      flow.send("answer", { abiquo: second.abiquo });
      await asked.promise;
      const answered = abiquo.waitFor("answer", ({ taskId }) => taskId === first.id);
      const deploying = flow.deploy(
        [
          ...around(abiquo, "answer"),
          node("hook", "abiquo-webhook-in", ["arrived"], { path: "/hook" }),
          node("answer", `abiquo-${action}`, ["new", "otherwise"], { name: "successor" }),
          node("opposite", `abiquo-${opposite}`, ["opposite-answered", "opposite-otherwise"]),
          ...["arrived", "answered", "new", "otherwise", "opposite-answered", "opposite-otherwise"].map(sink),
        ],
        "nodes",
        credentials(abiquo, { hook: { secret: SECRET } }),
      );
      await answered;
      while ((await engine.list({ stages: ["delivered"] })).length === 0);
      gate.resolve();
      await deploying;
      const out = await flow.inbox("new").have(2);
      assert.deepEqual(out.map(({ abiquo: a }) => a?.task?.taskId).sort(), [first.id, second.id].sort());
      assert.equal(flow.inbox("answered").all.length, 0);
      assert.equal(hanging.hits, 1);
    });

    it("lets nothing leave into nodes that are being restarted, but once these are there again", async () => {
      const gate = Promise.withResolvers<void>();
      const slow = (RED: NodeAPI): void =>
        RED.nodes.registerType("slow", function (this: Node, definition: NodeDef) {
          RED.nodes.createNode(this, definition);
          this.on("close", (closed: () => void) => void gate.promise.then(closed));
        });
      const flows = (name: string): object[] => [
        ...around(abiquo, "answer"),
        node("hook", "abiquo-webhook-in", ["arrived"], { path: "/hook" }),
        node("answer", `abiquo-${action}`, ["answered", "otherwise"]),
        { ...node("slow", "slow", []), name },
        { ...sink("answered"), name },
        ...["arrived", "otherwise"].map(sink),
      ];
      const secrets = credentials(abiquo, { hook: { secret: SECRET } });
      const flow = await Flow.load(flows(""), { credentials: secrets, modules: [slow] });
      abiquo.setEndpoint(`${await flow.serve()}/hook/${SECRET}`);
      const { id, ...message } = await arriveOne(flow);
      const engine = await (flow.RED.nodes.getNode("config") as ConfigNode).abiquo.engine;
      const stopping = once(flow.RED.events, "flows:stopping");
      const deploying = flow.deploy(flows("changed"), "nodes", secrets);
      await stopping;
      flow.send("answer", { ...message, req: { url: "/caller" } });
      while ((await engine.list({ stages: ["delivered"] })).length === 0);
      gate.resolve();
      await deploying;
      const out = await flow.inbox("answered").first();
      assert.deepEqual([out.abiquo?.task?.taskId, out.abiquo?.redelivered, out["req"]], [id, undefined, { url: "/caller" }]);
      await completed(flow);
      assert.equal(flow.inbox("answered").all.length, 1);
    });

    it("sends on what was under way when it got another connection", async () => {
      const flow = await load();
      const { id, ...message } = await arriveOne(flow);
      abiquo.inject({ match: { action }, hang: true, effect: "after", times: 1 });
      const applied = abiquo.waitFor("answer", ({ taskId }) => taskId === id);
      flow.send("answer", message);
      await applied;
      const config = around(abiquo, "answer")[0] as { id: string };
      await flow.deploy(
        [
          ...around(abiquo, "answer", { timeout: 6 }),
          { ...config, id: "another", url: `${abiquo.url}/another` },
          node("hook", "abiquo-webhook-in", ["arrived"], { path: "/hook" }),
          node("answer", `abiquo-${action}`, ["answered", "otherwise"], { connection: "another" }),
          ...["arrived", "answered", "otherwise"].map(sink),
        ],
        "full",
        { ...credentials(abiquo, { hook: { secret: SECRET } }), another: { ...abiquo.credentials.oauth } },
      );
      const out = await flow.inbox("answered").first();
      assert.equal(out.abiquo?.connection, "config");
      assert.equal(out.abiquo?.answer?.outcome, done);
    });

    describe("and its connection", () => {
      it("is the message's where the node names none", async () => {
        const flow = await load({ connection: "" });
        const { id: _id, ...message } = await arriveOne(flow);
        flow.send("answer", message);
        assert.equal((await flow.inbox("answered").first()).abiquo?.answer?.outcome, done);
      });

      it("is missing where neither the node nor the message names one", async () => {
        const flow = await load({ connection: "", task: "payload" });
        const { id } = await arriveOne(flow);
        flow.send("answer", { payload: id });
        assert.equal((await flow.fault()).code, "ABIQUO_NO_CONNECTION");
        assert.equal(abiquo.answers.length, 0);
      });

      it("is missing where the message names one that is not there", async () => {
        const flow = await load({ connection: "" });
        const { id: _id, ...message } = await arriveOne(flow);
        flow.send("answer", { ...message, abiquo: { ...message.abiquo, connection: "gone" } });
        assert.equal((await flow.fault()).code, "ABIQUO_NO_CONNECTION");
      });

      it("is not exchanged for another one that the message belongs to", async () => {
        const flow = await load();
        const { id, ...message } = await arriveOne(flow);
        flow.send("answer", { ...message, abiquo: { ...message.abiquo, connection: "another" } });
        assert.equal((await flow.fault()).code, "ABIQUO_OTHER_CONNECTION");
        assert.equal(abiquo.task(id)?.state, "QUEUEING");
      });

      it("tells its own fault when it is not usable", async () => {
        const flow = await Flow.load(
          [
            ...around(abiquo, "answer", { url: "cloud.example.com" }),
            node("answer", `abiquo-${action}`, ["answered", ""]),
            sink("answered"),
          ],
          { credentials: credentials(abiquo) },
        );
        flow.send("answer", { payload: "x" });
        assert.equal((await flow.fault()).code, "ABIQUO_BAD_URL");
      });
    });

    it("answers a thousand tasks at once, each once", async () => {
      const flow = await load();
      const { tasks } = await abiquo.submit({ count: 1_000 });
      const arrived = await flow.inbox("arrived").have(1_000, undefined, 30_000);
      for (const message of arrived) flow.send("answer", message);
      await flow.inbox("answered").have(1_000, undefined, 30_000);
      await flow.inbox("completed").have(1_000, undefined, 30_000);
      assert.equal(abiquo.answers.length, 1_000);
      assert.equal(new Set(abiquo.answers.map(({ taskId }) => taskId)).size, tasks.length);
    });
  });
}
