import assert from "node:assert/strict";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, sink } from "./support.ts";

describe("A node whose definition a newer release wrote", () => {
  let abiquo: SimulatedAbiquo;

  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
  });
  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
  });

  it("says so, tells each message, and leaves the other nodes at work", async () => {
    const flow = await Flow.load(
      [
        ...around(abiquo, "list"),
        node("newer", "abiquo-list-pending", [""], { scope: "all", emit: "task", version: 2 }),
        node("list", "abiquo-list-pending", ["out"], { scope: "me", emit: "list", version: 1 }),
        sink("out"),
      ],
      { credentials: credentials(abiquo) },
    );
    assert.equal((await flow.status("newer", "status.invalid")).fill, "red");
    flow.send("newer", { payload: "please" });
    assert.equal((await flow.fault(({ source }) => source.id === "newer")).code, "NODE_NEWER");
    abiquo.hold({ user: "workflow" });
    flow.send("list", {});
    assert.equal((await flow.inbox("out").first()).abiquo?.tasks?.length, 1);
  });

  it("is told by those who need it, when it is a connection", async () => {
    const flow = await Flow.load(
      [
        ...around(abiquo, "list", { version: 7 }),
        node("list", "abiquo-list-pending", ["out"], { scope: "all", emit: "list" }),
        sink("out"),
      ],
      { credentials: credentials(abiquo) },
    );
    flow.send("list", {});
    assert.equal((await flow.fault(({ source }) => source.id === "list")).code, "NODE_NEWER");
    assert.deepEqual(abiquo.requests, []);
  });
});
