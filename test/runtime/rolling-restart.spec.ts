import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { about, credentials, decide, eventually, flows, idsOf, SECRET, Sink, startUnderTest, VERSIONS } from "./under-test.ts";

// What guarantees 1 to 3 say of a stop holds where the next process is started before the last one has ended.
for (const version of VERSIONS) {
  describe(`A rolling restart on ${version.name}`, function () {
    this.timeout(120_000);
    let folder: string;
    let abiquo: SimulatedAbiquo;
    let [before, after]: (Sink | undefined)[] = [];
    let processes: NodeRedProcess[] = [];

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "abiquo-rolling-"));
      abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
      [before, after] = [await Sink.start(), await Sink.start()];
      processes = [];
    });

    afterEach(async () => {
      await Promise.all(processes.map((each) => each.stop()));
      await Promise.all([abiquo.close(), before?.close(), after?.close()]);
      rmSync(folder, { recursive: true, force: true });
    });

    async function startOne(sink: Sink): Promise<NodeRedProcess> {
      const store = { id: "store", type: "abiquo-store", engine: "sqlite", file: join(folder, "shared.sqlite") };
      const nodes = [...flows(sink, abiquo, { config: { store: "store" } }), store];
      const started = await startUnderTest(version.nodeRed, abiquo, sink, { flows: nodes, credentials: credentials(abiquo) });
      processes.push(started);
      return started;
    }

    async function held(sink: Sink): Promise<string> {
      const { tasks, webhook } = await abiquo.submit({ type: "RECONFIGURE" });
      assert.ok("status" in webhook && webhook.status === 200, JSON.stringify(webhook));
      const id = tasks[0]?.taskId ?? "";
      await sink.have("arrived", 1, about(id));
      return id;
    }

    it("hands all that waits to the next process, and answers each task once", async () => {
      const [old, next] = [before as Sink, after as Sink];
      const first = await startOne(old);
      const waiting = await held(old);
      const decided = await held(old);
      const outage = abiquo.inject({ match: { action: "cancel" }, hang: true, effect: "before" });
      await decide(first, "cancel", decided);
      await eventually(() => outage.hits > 0);

      const second = await startOne(next);
      // Abiquo still posts to the first, and what the second cannot keep it does not take.
      const [early] = abiquo.hold({ type: "DEPLOY" });
      assert.ok(early !== undefined);
      const refused = await abiquo.post([early], { url: `${second.nodeUrl}hook/${SECRET}` });
      assert.equal(refused.status, 503);
      const taken = await abiquo.post([early], { url: `${first.nodeUrl}hook/${SECRET}` });
      assert.equal(taken.status, 200);
      await old.have("arrived", 1, about(early.taskId));

      outage.remove();
      await first.stop();
      await next.have("arrived", 2);
      assert.deepEqual(new Set(next.of("arrived").flatMap(idsOf)), new Set([waiting, early.taskId]));
      const [answered] = await next.have("answered", 1, about(decided));
      assert.equal(answered?.body.abiquo?.answer?.outcome, "cancelled");

      await decide(second, "continue", [waiting, early.taskId]);
      await next.have("answered", 2);
      const applied = abiquo.answers.filter((answer) => answer.applied).map(({ taskId, action }) => `${action} ${taskId}`);
      assert.deepEqual(applied.sort(), [`cancel ${decided}`, `continue ${early.taskId}`, `continue ${waiting}`].sort());
      await held(next);
    });
  });
}
