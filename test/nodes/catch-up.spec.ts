import assert from "node:assert/strict";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import type { Privilege } from "../harness/world/privileges.ts";
import { around, closeFlow, credentials, Flow, node, sink } from "./support.ts";

/** In minutes: an eighth of a second. */
const OFTEN = 0.002;
const OLD_MS = 130_000;

describe("catching up, in the node abiquo-webhook-in", () => {
  let abiquo: SimulatedAbiquo;

  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
  });

  const start = async (privileges?: readonly Privilege[]): Promise<void> => {
    abiquo = await startAbiquo({
      webhook: "http://127.0.0.1:9/",
      recordRequests: true,
      ...(privileges === undefined ? {} : { privileges }),
    });
  };
  /** Tasks whose webhook was lost some time ago. */
  const lost = (count = 1): string[] => {
    abiquo.moveClock(-OLD_MS);
    const tasks = abiquo.hold({ count, type: "RECONFIGURE" });
    abiquo.moveClock(OLD_MS);
    return tasks.map(({ taskId }) => taskId);
  };
  const load = (hook: object): Promise<Flow> =>
    Flow.load(
      [...around(abiquo, "hook"), node("hook", "abiquo-webhook-in", ["out"], { path: "/hook", auth: "none", ...hook }), sink("out")],
      { credentials: credentials(abiquo) },
    );
  const lists = (): number => abiquo.requests.filter(({ path }) => path.includes("/action/pendingtasks")).length;
  const another = async (): Promise<void> => {
    const before = lists();
    while (lists() < before + 3) await abiquo.waitFor("request");
  };

  for (const emit of ["task", "group"] as const) {
    it(`sends on a task whose webhook was lost, by itself and marked, with emit = ${emit}`, async () => {
      await start();
      const ids = lost(2);
      const flow = await load({ catchUp: OFTEN, emit });
      const found = await flow.inbox("out").have(2);
      const tasks = found.map(({ abiquo: own }) => own?.task ?? own?.tasks?.[0]?.task);
      assert.deepEqual(new Set(tasks.map((task) => task?.taskId)), new Set(ids));
      for (const [index, { abiquo: own, topic, parts }] of found.entries()) {
        assert.deepEqual(
          [own?.adopted, own?.redelivered, own?.group, topic],
          [true, undefined, { id: tasks[index]?.taskId, count: 1 }, "RECONFIGURE"],
        );
        assert.deepEqual(parts?.count, emit === "task" ? 1 : undefined);
      }
      await another();
      assert.equal(flow.inbox("out").all.length, 2);
    });
  }

  it("looks only into the enterprises that are named", async () => {
    await start();
    lost();
    const flow = await load({ catchUp: OFTEN, enterprises: "1, 3" });
    await another();
    assert.equal(flow.inbox("out").all.length, 0);
    assert.ok(abiquo.requests.every(({ path }) => !path.includes("/enterprises/2/") && !path.startsWith("/api/admin/enterprises?")));
  });

  it("is off at 0", async () => {
    await start();
    lost();
    const flow = await load({ catchUp: 0 });
    await flow.status("hook", "listening");
    assert.equal(lists(), 0);
  });

  it("says once which privilege the role lacks, and takes webhooks as before", async () => {
    await start(["WORKFLOW_OVERRIDE"]);
    const flow = await load({ catchUp: OFTEN });
    const fault = await flow.fault(({ code }) => code === "SWEEP_NOT_ALLOWED");
    assert.match(fault.message, /ENTERPRISE_ENUMERATE/);
    await flow.status("hook", "catchUpNotAllowed");
    abiquo.setEndpoint(`${await flow.serve()}/hook`);
    await abiquo.submit();
    const { abiquo: own } = await flow.inbox("out").first();
    assert.equal(own?.adopted, undefined);
    const asked = (): number => abiquo.requests.filter(({ path }) => path.startsWith("/api/admin/enterprises?")).length;
    while (asked() < 4) await abiquo.waitFor("request");
    assert.equal(flow.inbox("faults").all.length, 1);
  });
});
