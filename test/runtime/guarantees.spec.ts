import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import {
  about,
  credentials,
  decide,
  eventually,
  flows,
  idsOf,
  SECRET,
  Sink,
  startUnderTest,
  VERSIONS,
  webhook,
  webhooksAllTheTime,
} from "./under-test.ts";

for (const version of VERSIONS) {
  describe(`guarantees on ${version.name}`, function () {
    this.timeout(120_000);
    let abiquo: SimulatedAbiquo;
    let sink: Sink;
    let nodeRed: NodeRedProcess;

    before(async () => {
      abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
      sink = await Sink.start();
      nodeRed = await startUnderTest(version.nodeRed, abiquo, sink);
    });

    after(async () => {
      await nodeRed.stop();
      await abiquo.close();
      await sink.close();
    });

    beforeEach(() => {
      abiquo.clearFaults();
      abiquo.forget();
      sink.clear();
    });

    /** A task that Abiquo holds and the flow has got. */
    async function heldTask(): Promise<string> {
      const { tasks, webhook } = await abiquo.submit({ type: "RECONFIGURE" });
      assert.ok("status" in webhook && webhook.status === 200, JSON.stringify(webhook));
      const id = tasks[0]?.taskId ?? "";
      await sink.have("arrived", 1, about(id));
      return id;
    }

    async function killAndStart(): Promise<void> {
      await nodeRed.kill("SIGKILL");
      await nodeRed.start();
    }

    const appliedTo = (id: string) => abiquo.answers.filter(({ taskId, applied }) => taskId === id && applied);
    const actionsOn = (id: string) => new Set(abiquo.answers.filter(({ taskId }) => taskId === id).map(({ action }) => action));

    it("emits a task again, as redelivered, when it is killed after receipt", async () => {
      const id = await heldTask();
      sink.clear();
      await killAndStart();
      const [again] = await sink.have("arrived");
      assert.equal(again?.body.abiquo?.task?.taskId, id);
      assert.equal(again?.body.abiquo?.redelivered, true);
      await decide(nodeRed, "continue", id);
      await sink.have("answered");
      assert.equal(abiquo.task(id)?.state, "PENDING");
    });

    it("delivers a decision made before the kill, when Abiquo could not be reached", async () => {
      const id = await heldTask();
      const fault = abiquo.inject({ match: { action: "cancel" }, hang: true, effect: "before" });
      await decide(nodeRed, "cancel", id);
      await eventually(() => fault.hits > 0);
      await nodeRed.kill("SIGKILL");
      fault.remove();
      await nodeRed.start();
      const [answered] = await sink.have("answered");
      assert.equal(answered?.body.abiquo?.answer?.outcome, "cancelled");
      assert.equal(answered?.body.topic, "asked");
      assert.equal(abiquo.task(id)?.state, "CANCELLED");
      assert.equal(appliedTo(id).length, 1);
    });

    it("recognises its own answer when it is killed after Abiquo took it and before it said so", async () => {
      const id = await heldTask();
      abiquo.inject({ match: { action: "continue" }, hang: true, effect: "after", times: 1 });
      const taken = abiquo.waitFor("answer", ({ taskId }) => taskId === id);
      await decide(nodeRed, "continue", id);
      await taken;
      await killAndStart();
      const [answered] = await sink.have("answered");
      assert.equal(answered?.body.abiquo?.answer?.outcome, "continued");
      assert.equal(appliedTo(id).length, 1);
      assert.deepEqual(actionsOn(id), new Set(["continue"]));
    });

    it("answers no second time when it is killed after the answer was delivered", async () => {
      const id = await heldTask();
      await decide(nodeRed, "continue", id);
      await sink.have("answered");
      // Its message has left; whether that is noted yet is not, so it may come a second time.
      await killAndStart();
      const other = await heldTask();
      await decide(nodeRed, "continue", other);
      await sink.have("answered", 1, about(other));
      assert.equal(abiquo.answers.filter(({ taskId }) => taskId === id).length, 1);
    });

    for (const type of ["full", "flows", "nodes"] as const) {
      it(`loses and doubles nothing in a ${type} deploy while 60 tasks wait in each window`, async () => {
        const received: string[] = [];
        const asked: string[] = [];
        for (let index = 0; index < 60; index++) received.push(await heldTask());
        const fault = abiquo.inject({ match: { action: "continue" }, status: 503 });
        for (let index = 0; index < 60; index++) asked.push(await heldTask());
        await decide(nodeRed, "continue", asked);
        await eventually(() => fault.hits > 0);
        const changed = flows(sink, abiquo).map((node) => {
          const { id } = node as { id: string };
          if (id === "wait") return { ...node, timeout: String(2 + Math.random()) };
          return id === "hook" ? { ...node, name: `before ${type}` } : node;
        });
        const load = webhooksAllTheTime(abiquo);
        await eventually(() => load.taken.length > 20);
        await nodeRed.deploy(changed, type);
        const during = load.taken.length;
        await eventually(() => load.taken.length > during + 20);
        await load.end();
        fault.remove();
        const [answered] = await sink.have("answered");
        assert.equal(answered?.body.abiquo?.tasks?.length, 60);
        for (const id of load.taken) await sink.have("arrived", 1, about(id));
        // What the delay node had in memory is gone with it: the flow has it again, and not more often than that.
        for (const id of received) await sink.have("arrived", 2, about(id));
        const arrivals = Map.groupBy(sink.of("arrived").flatMap(idsOf), (id) => id);
        for (const id of [...received, ...load.taken])
          assert.ok((arrivals.get(id)?.length ?? 0) <= 2, `${id} arrived ${arrivals.get(id)?.length} times`);
        sink.clear();
        await decide(nodeRed, "cancel", received);
        await sink.have("answered");
        for (const id of [...received, ...asked]) assert.equal(appliedTo(id).length, 1, id);
        for (const id of received) assert.deepEqual(actionsOn(id), new Set(["cancel"]));
        for (const id of asked) assert.deepEqual(actionsOn(id), new Set(["continue"]));
      });
    }

    it("lets the first of opposite answers win, and tells the other who decided what", async () => {
      const id = await heldTask();
      await Promise.all(["continue", "cancel", "continue", "cancel"].map((action) => decide(nodeRed, action as "continue", id)));
      await eventually(() => sink.reports.filter(({ path }) => path === "answered" || path === "otherwise").length === 4);
      assert.equal(sink.of("answered").length, 2);
      const loser = sink.of("otherwise")[0]?.body.abiquo;
      assert.match(loser?.answer?.outcome ?? "", /^already-/);
      assert.ok(loser?.decision?.by);
      assert.ok(!Number.isNaN(Date.parse(loser?.decision?.at ?? "")));
      assert.equal(actionsOn(id).size, 1);
    });

    it("sees what was decided in Abiquo itself: the same way by port 1, the other way by port 2", async () => {
      const same = await heldTask();
      const other = await heldTask();
      abiquo.decideElsewhere(same, "continue");
      abiquo.decideElsewhere(other, "cancel");
      await decide(nodeRed, "continue", [same, other]);
      const [answered] = await sink.have("answered");
      const [otherwise] = await sink.have("otherwise");
      assert.equal(answered?.body.abiquo?.tasks?.[0]?.answer?.outcome, "already-continued");
      assert.equal(otherwise?.body.abiquo?.tasks?.[0]?.answer?.outcome, "already-cancelled");
    });

    it("tries again after errors that pass, and while Abiquo says TASK-2 of a task that still waits", async () => {
      const id = await heldTask();
      abiquo.inject({ match: { action: "continue" }, reset: true, times: 1 });
      abiquo.inject({ match: { action: "continue" }, status: 429, retryAfter: "0", times: 1 });
      const early = JSON.stringify({ collection: [{ code: "TASK-2", message: "not in the appropriate state" }] });
      abiquo.inject({ match: { action: "continue" }, status: 409, body: early, contentType: "application/json", times: 1 });
      await decide(nodeRed, "continue", id);
      const [answered] = await sink.have("answered");
      assert.equal(answered?.body.abiquo?.answer?.outcome, "continued");
      assert.equal(appliedTo(id).length, 1);
    });

    it("parks a task that Abiquo forbids to answer, lists it, and delivers it when asked again", async () => {
      const parked = await heldTask();
      const free = await heldTask();
      abiquo.inject({ match: { action: "continue", path: parked }, status: 403, times: 1 });
      await decide(nodeRed, "continue", parked);
      const [fault] = await sink.have("fault");
      assert.equal(fault?.body.error?.code, "ABIQUO_UNDELIVERABLE");
      await decide(nodeRed, "continue", free);
      await sink.have("answered");
      await decide(nodeRed, "continue", parked);
      await sink.have("answered", 2);
      assert.equal(abiquo.task(parked)?.state, "PENDING");
    });

    it("stops at a 401 after one request, keeps the decision, and goes on with new credentials", async () => {
      const id = await heldTask();
      const wrong = { ...credentials(abiquo), config: { ...abiquo.credentials.oauth, accessTokenSecret: "wrong" } };
      const post = (secrets: Record<string, Record<string, string>>) =>
        nodeRed.deploy(flows(sink, abiquo).map((node) => ({ ...node, credentials: secrets[(node as { id: string }).id] })));
      await post(wrong);
      sink.clear();
      const stop = abiquo.inject({ match: { path: id }, latencyMs: 1 });
      await decide(nodeRed, "continue", id);
      await sink.have("fault", 1, ({ body }) => body.error?.code === "ABIQUO_UNAUTHORIZED");
      await decide(nodeRed, "continue", id);
      assert.equal(stop.hits, 1);
      stop.remove();
      abiquo.signIn.unlock();
      await post(credentials(abiquo));
      await sink.have("answered", 2);
      assert.equal(abiquo.task(id)?.state, "PENDING");
    });

    it("takes a burst of 1,000 webhooks over 50 connections, each task once", async () => {
      const tasks = abiquo.hold({ type: "RECONFIGURE", count: 1_000 });
      let next = 0;
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          for (let task = tasks[next++]; task !== undefined; task = tasks[next++]) {
            const { status } = await abiquo.post([task]);
            assert.equal(status, 200);
          }
        }),
      );
      // Whatever an earlier deploy emits again arrives among them.
      const ours = new Set(tasks.map(({ taskId }) => taskId));
      const arrived = await sink.have("arrived", 1_000, (report) => idsOf(report).every((id) => ours.has(id)));
      const ids = arrived.flatMap(idsOf);
      assert.equal(new Set(ids).size, 1_000);
      assert.equal(ids.length, 1_000);
    });

    it("shows no secret in logs, exported flows, messages or the ledger", async () => {
      const { consumerSecret, accessTokenSecret } = abiquo.credentials.oauth;
      const exported = await (await nodeRed.admin("flows", { headers: { "Node-RED-API-Version": "v2" } })).text();
      const ledger = ["", "-wal"].map((end) => readFileSync(join(nodeRed.userDir, `abiquo-workflow.sqlite${end}`), "latin1")).join("");
      const places = { logs: nodeRed.logs(), exported, ledger, messages: JSON.stringify(sink.reports) };
      for (const [place, text] of Object.entries(places)) {
        for (const secret of [consumerSecret, accessTokenSecret, SECRET]) assert.ok(!text.includes(secret), place);
      }
    });
  });
}

describe("two connections in one Node-RED", function () {
  this.timeout(60_000);

  it("never mix two platforms, even where a task has the same id on both", async () => {
    const [one, two] = await Promise.all([
      startAbiquo({ webhook: "http://127.0.0.1:9/" }),
      startAbiquo({ webhook: "http://127.0.0.1:9/" }),
    ]);
    const sink = await Sink.start();
    const extra = [
      { id: "config2", type: "abiquo-config", url: two.url, auth: "basic", timeout: 5 },
      webhook("hook2", { connection: "config2", path: "/hook2", auth: "none", wires: [["cancel2", "continue-theirs"]] }),
      { id: "cancel2", type: "abiquo-cancel", z: "tab", connection: "", wires: [["answered-body"], []] },
      { id: "continue-theirs", type: "abiquo-continue", z: "tab", connection: "config", wires: [["answered-body"], []] },
    ];
    const nodeRed = await startUnderTest(VERSIONS[0].nodeRed, one, sink, {
      flows: [...flows(sink, one), ...extra],
      credentials: { ...credentials(one), config2: { ...two.credentials.basic } },
    });
    try {
      const [task] = one.hold({ type: "RECONFIGURE" });
      assert.ok(task);
      two.adopt(task);
      await one.post([task]);
      await sink.have("arrived");
      await two.post([task], { url: `${nodeRed.nodeUrl}hook2` });
      const [fault] = await sink.have("fault");
      assert.equal(fault?.body.error?.code, "ABIQUO_OTHER_CONNECTION");
      await sink.have("answered");
      assert.equal(one.task(task.taskId)?.state, "QUEUEING");
      assert.equal(two.task(task.taskId)?.state, "CANCELLED");
      assert.equal(one.answers.length, 0);
    } finally {
      await nodeRed.stop();
      await Promise.all([one.close(), two.close(), sink.close()]);
    }
  });
});
