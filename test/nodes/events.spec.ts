import assert from "node:assert/strict";
import type { CloudEvent } from "../../nodes/lib/engine/index.ts";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, SECRET, sink } from "./support.ts";

describe("the node abiquo-events", () => {
  let abiquo: SimulatedAbiquo;

  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
  });

  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
  });

  it("tells the life of a task, event by event", async () => {
    const flow = await load({ kinds: ["receipt", "decision", "delivery"] });
    await flow.status("events", "status.waiting");
    const { tasks } = await abiquo.submit();
    const [task] = tasks;
    const events = (await flow.inbox("told").have(3)).map(({ payload, topic }) => ({ ...(payload as CloudEvent), topic }));
    assert.deepEqual(
      events.map(({ type, subject }) => [type, subject]),
      ["received", "decided", "delivered"].map((what) => [`com.abiquo.workflow.task.${what}`, task?.taskId]),
    );
    assert.deepEqual(
      events.map(({ topic }) => topic),
      events.map(({ type }) => type),
    );
    assert.equal(events[0]?.data["tenant"], "2");
  });

  it("says what is wrong with kinds that there are not", async () => {
    const flow = await load({ kinds: ["everything"] });
    assert.equal((await flow.status("events", "abiquo-config.status.invalid")).fill, "red");
  });

  async function load(events: object): Promise<Flow> {
    const flow = await Flow.load(
      [
        ...around(abiquo, "continue"),
        node("events", "abiquo-events", ["told"], events),
        node("hook", "abiquo-webhook-in", ["continue"], { path: "/hook" }),
        node("continue", "abiquo-continue", ["answered", ""]),
        ...["told", "answered"].map(sink),
      ],
      { credentials: credentials(abiquo, { hook: { secret: SECRET } }) },
    );
    abiquo.setEndpoint(`${await flow.serve()}/hook/${SECRET}`);
    return flow;
  }
});
