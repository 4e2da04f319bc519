import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { about, decide, eventually, idsOf, Sink, startUnderTest, VERSIONS } from "./under-test.ts";

for (const version of VERSIONS) {
  describe(`going on, on ${version.name}`, function () {
    this.timeout(60_000);
    let abiquo: SimulatedAbiquo;
    let sink: Sink;
    let nodeRed: NodeRedProcess;

    before(async () => {
      abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
      sink = await Sink.start();
      nodeRed = await startUnderTest(version.nodeRed, abiquo, sink, { settings: { abiquoConfigSettle: 1 } });
    });

    after(async () => {
      await nodeRed.stop();
      await abiquo.close();
      await sink.close();
    });

    function stageOf(taskId: string): unknown {
      const ledger = new DatabaseSync(join(nodeRed.userDir, "abiquo-workflow.sqlite"), { readOnly: true });
      try {
        return ledger.prepare("SELECT stage FROM task WHERE task_id = ?").get(taskId)?.["stage"];
      } finally {
        ledger.close();
      }
    }

    const arrivals = (id: string): number => sink.of("arrived").filter(about(id)).length;

    it("counts a task as held by the flow after the settling time, and does not emit it again", async () => {
      const id = (await abiquo.submit({ type: "RECONFIGURE" })).tasks[0]?.taskId ?? "";
      await eventually(() => stageOf(id) === "held");
      await nodeRed.kill("SIGKILL");
      await nodeRed.start();
      const next = (await abiquo.submit({ type: "RECONFIGURE" })).tasks[0]?.taskId ?? "";
      await sink.have("arrived", 1, about(next));
      assert.equal(arrivals(id), 1);
      await decide(nodeRed, "cancel", id);
      await eventually(() => abiquo.task(id)?.state === "CANCELLED");
    });

    it("takes a webhook that comes as soon as Node-RED listens, before its flows run", async () => {
      await nodeRed.kill("SIGKILL");
      const tasks = abiquo.hold({ type: "RECONFIGURE" });
      const starting = nodeRed.start();
      let status: number | undefined;
      while (status === undefined)
        status = await abiquo.post(tasks).then(
          (answer) => answer.status,
          () => undefined,
        );
      assert.equal(status, 200);
      await starting;
      await sink.have("arrived", 1, about(tasks[0]?.taskId ?? ""));
    });

    if (version === VERSIONS[0])
      it("tries a few of 300 answers while Abiquo is away, and delivers all of them when it is back", async () => {
        const tasks = abiquo.hold({ type: "RECONFIGURE", count: 300 });
        assert.equal((await abiquo.post(tasks)).status, 200);
        const ids = tasks.map(({ taskId }) => taskId);
        await sink.have("arrived", 300, (report) => idsOf(report).every((id) => ids.includes(id)));
        const away = abiquo.inject({ match: { action: "continue" }, status: 503 });
        await Promise.all(ids.map((id) => decide(nodeRed, "continue", id)));
        // Each of the failures up to here opens the circuit or is one of those that were in flight with them.
        await eventually(() => away.hits >= 3);
        assert.ok(away.hits <= 32 + 3, String(away.hits));
        away.remove();
        await sink.have("answered", 300, (report) => idsOf(report).every((id) => ids.includes(id)), 40_000);
        assert.ok(ids.every((id) => abiquo.task(id)?.state === "PENDING"));
        assert.equal(abiquo.answers.filter(({ taskId, applied }) => applied && ids.includes(taskId)).length, 300);
      });

    it("delivers what a refused sign-in has kept back, once the connection was tested", async () => {
      const id = (await abiquo.submit({ type: "RECONFIGURE" })).tasks[0]?.taskId ?? "";
      await sink.have("arrived", 1, about(id));
      abiquo.inject({ match: { action: "continue" }, status: 401, times: 1 });
      await decide(nodeRed, "continue", id);
      await sink.have("fault", 1, ({ body }) => body.error?.code === "ABIQUO_UNAUTHORIZED");
      const credentials = Object.fromEntries(Object.keys(abiquo.credentials.oauth).map((name) => [name, "__PWRD__"]));
      const test = (headers: Record<string, string>): Promise<Response> =>
        nodeRed.admin("abiquo-config/config/test", {
          method: "POST",
          headers: { "Content-Type": "application/json", ...headers },
          body: JSON.stringify({ url: abiquo.url, auth: "oauth1", credentials }),
        });
      assert.equal((await test({})).status, 400);
      assert.equal(abiquo.task(id)?.state, "QUEUEING");
      const verdict = (await (await test({ "Node-RED-API-Version": "v2" })).json()) as Record<string, unknown>;
      assert.deepEqual([verdict["ok"], verdict["user"]], [true, "workflow"], JSON.stringify(verdict));
      await eventually(() => abiquo.task(id)?.state === "PENDING");
    });

    it("tells a task that Abiquo has forgotten by the second port, once a minute has passed since its receipt", async () => {
      const id = (await abiquo.submit({ type: "RECONFIGURE" })).tasks[0]?.taskId ?? "";
      await sink.have("arrived", 1, about(id));
      await nodeRed.kill("SIGTERM");
      const ledger = new DatabaseSync(join(nodeRed.userDir, "abiquo-workflow.sqlite"));
      ledger.prepare("UPDATE task SET received_at = received_at - 120000 WHERE task_id = ?").run(id);
      ledger.close();
      await nodeRed.start();
      abiquo.trim(id);
      await decide(nodeRed, "continue", id);
      const [gone] = await sink.have("otherwise");
      assert.equal(gone?.body.abiquo?.answer?.outcome, "gone");
    });
  });
}
