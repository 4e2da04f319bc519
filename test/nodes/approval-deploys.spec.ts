import assert from "node:assert/strict";
import { once } from "node:events";
import type { Node, NodeAPI, NodeDef } from "node-red";
import type { ConfigNode } from "../../nodes/lib/node-red/connection.ts";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, type Sent, sink } from "./support.ts";

describe("the node abiquo-approval in a deploy that leaves it alone", () => {
  let abiquo: SimulatedAbiquo;

  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
  });

  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
  });

  const PORTS = ["mail", "approved", "rejected", "withdrawn", "vote"];
  const levels = [{ name: "Managers", approvers: "mia@example.com", need: "any", onDeadline: "wait" }];
  const flows = (config: object = {}): object[] => [
    ...around(abiquo, "ask", config),
    node("hook", "abiquo-webhook-in", ["ask"], { path: "/hook", auth: "none" }),
    node("ask", "abiquo-approval", PORTS, { connection: "", levels }),
    ...PORTS.map(sink),
  ];
  const approvalIn = (message: Sent): { id: string; level: number } =>
    (message.abiquo as unknown as { approval: { id: string; level: number } }).approval;

  it("tells people, takes votes and lets outcomes leave by the connection's successor", async () => {
    const flow = await Flow.load(flows(), { credentials: credentials(abiquo) });
    const url = `${await flow.serve()}/hook`;
    await abiquo.post(abiquo.hold(), { url });
    const before = approvalIn(await flow.inbox("mail").first());
    await flow.deploy(flows({ timeout: 6 }), "nodes", credentials(abiquo));
    await abiquo.post(abiquo.hold(), { url });
    // What was being told when the connection closed may be told once more.
    const after = approvalIn(await flow.inbox("mail").first((message) => approvalIn(message).id !== before.id));
    for (const { id, level } of [before, after]) {
      flow.send("ask", { abiquo: { connection: "config", vote: { id, level, action: "approve", by: "mia@example.com" } } });
    }
    await flow.inbox("vote").have(2);
    const left = await flow.inbox("approved").have(2);
    assert.deepEqual(new Set(left.map((message) => approvalIn(message).id)), new Set([before.id, after.id]));
    assert.deepEqual(flow.inbox("faults").all, []);
  });

  it("carries on the requests of a key that another node had, once that one is deleted", async () => {
    const first = node("first", "abiquo-approval", PORTS, { key: "managers", levels });
    const second = node("ask", "abiquo-approval", PORTS, { key: "managers", levels });
    const rest = [...flows().filter((each) => (each as { id: string }).id !== "ask"), second];
    const flow = await Flow.load([...rest.slice(0, -1), first, second], { credentials: credentials(abiquo) });
    assert.equal((await flow.status("ask", "status.keyTaken")).fill, "red");
    await flow.deploy(rest, "nodes", credentials(abiquo));
    await abiquo.post(abiquo.hold(), { url: `${await flow.serve()}/hook` });
    await flow.inbox("mail").first();
  });

  it("tells nobody into nodes that are being restarted, but once these are there again", async () => {
    const gate = Promise.withResolvers<void>();
    const slow = (RED: NodeAPI): void =>
      RED.nodes.registerType("slow", function (this: Node, definition: NodeDef) {
        RED.nodes.createNode(this, definition);
        this.on("close", (done: () => void) => void gate.promise.then(done));
      });
    const named = (name: string): object[] => flows().map((each) => ((each as { id: string }).id === "mail" ? { ...each, name } : each));
    const slowNode = (name: string): object => ({ id: "slow", type: "slow", z: "tab", x: 1, y: 1, name, wires: [] });
    const flow = await Flow.load([...named(""), slowNode("")], { credentials: credentials(abiquo), modules: [slow] });
    const url = `${await flow.serve()}/hook`;
    const stopping = once(flow.RED.events, "flows:stopping");
    const deploying = flow.deploy([...named("changed"), slowNode("changed")], "nodes", credentials(abiquo));
    await stopping;
    await abiquo.post(abiquo.hold(), { url });
    await flow.status("ask", "status.waiting");
    const engine = await (flow.RED.nodes.getNode("config") as ConfigNode).abiquo.engine;
    // Somebody is to be told by now, or has been told in vain.
    for (const end = Date.now() + 3_000; (await engine.ledger.notifications.due("ask", Date.now(), 10)).length === 0 && Date.now() < end; );
    gate.resolve();
    await deploying;
    await flow.inbox("mail").first();
  });
});
