import assert from "node:assert/strict";
import type { ConfigNode } from "../../nodes/lib/node-red/connection.ts";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, SECRET, type Sent, sink } from "./support.ts";

const MIA = "mia@example.com";
const levels = (approvers: string = MIA): object => ({ levels: [{ name: "Managers", approvers, need: "any" }] });

interface Told {
  readonly id: string;
  readonly kind: string;
  readonly person: { readonly email: string };
  readonly notification: string;
}

describe("the node abiquo-approval", () => {
  let abiquo: SimulatedAbiquo;

  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
  });

  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
  });

  const approval = (id: string, properties: object = {}): object[] => [
    node(
      id,
      "abiquo-approval",
      ["notify", "approved", "rejected", "withdrawn", "vote"].map((port) => `${id}-${port}`),
      { ...levels(), ...properties },
    ),
    ...["notify", "approved", "rejected", "withdrawn", "vote"].map((port) => sink(`${id}-${port}`)),
  ];

  const flowOf = (...nodes: object[]): object[] => [
    ...around(abiquo, "ask"),
    node("hook", "abiquo-webhook-in", ["arrived"], { path: "/hook" }),
    sink("arrived"),
    ...nodes,
  ];

  async function load(...nodes: object[]): Promise<Flow> {
    const config = { ...abiquo.credentials.oauth };
    const flow = await Flow.load(flowOf(...nodes), { credentials: credentials(abiquo, { hook: { secret: SECRET }, other: config }) });
    abiquo.setEndpoint(`${await flow.serve()}/hook/${SECRET}`);
    return flow;
  }

  /** What came from Abiquo in one POST. */
  async function arrive(flow: Flow, count: number, user = "ana"): Promise<Sent[]> {
    const before = flow.inbox("arrived").all.length;
    await abiquo.submit({ count, user });
    return (await flow.inbox("arrived").have(before + count)).slice(before);
  }

  const toldBy = ({ abiquo: told }: Sent): Told => (told as unknown as { approval: Told }).approval;
  const asked = async (flow: Flow, id: string, count = 1): Promise<Told[]> =>
    (await flow.inbox(`${id}-notify`).have(count, (message) => toldBy(message).kind === "asked")).map(toldBy);
  const vote = (id: string, more: object = {}): object => ({ vote: { id, level: 0, action: "approve", by: MIA, ...more } });
  const resultOf = async (flow: Flow, id: string, count = 1): Promise<Record<string, unknown>> => {
    const { abiquo: answered } = (await flow.inbox(`${id}-vote`).have(count)).at(-1) as Sent;
    return (answered as unknown as { vote: Record<string, unknown> }).vote;
  };

  describe("with one request for a group", () => {
    it("asks once about the tasks of one POST", async () => {
      const flow = await load(...approval("ask", { scope: "group" }));
      const [first, second] = await arrive(flow, 2);
      const tasks = [first, second].map((message) => ({ task: message?.abiquo?.task, links: message?.abiquo?.links }));
      flow.send("ask", { abiquo: { connection: "config", group: first?.abiquo?.group, tasks }, payload: [] });
      await asked(flow, "ask");
      await flow.inbox("completed").first();
      flow.send("ask", { abiquo: vote((await asked(flow, "ask"))[0]?.id ?? "") });
      const [left] = await flow.inbox("ask-approved").have(1);
      assert.equal(left?.abiquo?.tasks?.length, 2);
    });

    it("asks about each task of a list by itself, so that one tenant's approvers do not decide for another's", async () => {
      const flow = await load(...approval("ask", { scope: "group" }));
      const arrived = [...(await arrive(flow, 1, "ana")), ...(await arrive(flow, 1, "workflow"))];
      const tasks = arrived.map((message) => ({ task: message.abiquo?.task, links: message.abiquo?.links }));
      flow.send("ask", { abiquo: { connection: "config", tasks }, payload: arrived.map(({ payload }) => payload) });
      const requests = await asked(flow, "ask", 2);
      assert.equal(new Set(requests.map(({ id }) => id)).size, 2);
      flow.send("ask", { abiquo: vote(requests[0]?.id ?? "") });
      const [left] = await flow.inbox("ask-approved").have(1);
      const { taskId } = left?.abiquo?.task ?? assert.fail("one task, not a list");
      assert.deepEqual((left?.payload as { taskId: string } | undefined)?.taskId, taskId, "with its own payload");
      assert.equal(flow.inbox("ask-approved").all.length, 1);
    });
  });

  it("takes votes and commands, and what channels say, of messages of another connection to the same store", async () => {
    const other = {
      id: "other",
      type: "abiquo-config",
      name: "Other",
      url: abiquo.url,
      auth: "oauth1",
      timeout: 5,
      publicUrl: "https://flows.example.com/red",
    };
    const flow = await load(
      other,
      ...approval("ask"),
      ...approval("chat", { connection: "other" }),
      ...approval("open", { connection: "" }),
    );
    for (const [at, by] of ["chat", "ask", "open"].entries()) {
      const [task] = await arrive(flow, 1);
      flow.send("ask", { ...task });
      const { id, notification } = (await asked(flow, "ask", at + 1))[at] as Told;
      // The message's own connection is that of the chat, of the request, or none at all.
      for (const connection of ["other", "config", undefined]) {
        const before = flow.inbox(`${by}-vote`).all.length;
        flow.send(by, { abiquo: { connection, notified: { notification, ref: `message ${at}` } } });
        flow.send(by, { abiquo: { connection, control: { id, action: "unfreeze", by: "ops" } } });
        flow.send(by, { abiquo: { connection, ...vote(id) } });
        await flow.inbox(`${by}-vote`).have(before + 2);
        assert.ok(["counted", "repeated"].includes(String((await resultOf(flow, by, before + 2))["result"])), `${by} by ${connection}`);
      }
      await flow.inbox("ask-approved").have(at + 1);
    }
    assert.deepEqual(
      flow.inbox("faults").all.map(({ error }) => error?.message),
      [],
    );
  });

  it("reads the request that a vote is about once, in a node without a connection as well", async () => {
    const flow = await load(...approval("ask"), ...approval("open", { connection: "" }));
    const [task] = await arrive(flow, 1);
    flow.send("ask", { ...task });
    const [{ id } = { id: "" }] = await asked(flow, "ask");
    const { ledger } = await (flow.RED.nodes.getNode("config") as ConfigNode).abiquo.engine;
    const { get } = ledger.approvals;
    const reads: string[] = [];
    ledger.approvals.get = (read) => {
      reads.push(read);
      return get(read);
    };
    flow.send("open", { abiquo: vote(id) });
    assert.equal((await resultOf(flow, "open"))["result"], "counted");
    assert.deepEqual(reads, [id]);
  });

  it("tells what a vote was taken as when it leaves nothing to approve", async () => {
    const flow = await load(...approval("ask"));
    const [task] = await arrive(flow, 1);
    flow.send("ask", { ...task });
    const [{ id } = { id: "" }] = await asked(flow, "ask");
    flow.send("ask", { abiquo: vote(id, { except: [task?.abiquo?.task?.taskId] }) });
    const { action, result, countedAs } = await resultOf(flow, "ask");
    assert.deepEqual({ action, result, countedAs }, { action: "approve", result: "counted", countedAs: "reject" });
    await flow.inbox("ask-rejected").have(1);
  });

  describe("with a key that another node has", () => {
    const KEY = "managers";

    it("says so, asks nobody, and leaves the other its outcomes", async () => {
      // As an environment variable the editor cannot compare it.
      process.env["APPROVAL_KEY_OF_A_COPY"] = KEY;
      const flow = await load(...approval("ask", { key: KEY }), ...approval("copy", { key: "${APPROVAL_KEY_OF_A_COPY}" }));
      const fault = await flow.fault(({ source }) => source.id === "copy");
      assert.match(`${fault.code} ${fault.message}`, /APPROVAL_KEY_TAKEN/);
      await flow.status("copy", "status.keyTaken");
      const [mine, theirs] = await arrive(flow, 2);
      flow.send("copy", { ...theirs });
      await flow.inbox("faults").have(2, ({ error }) => error?.source.id === "copy");
      flow.send("ask", { ...mine });
      const [{ id } = { id: "" }] = await asked(flow, "ask");
      flow.send("copy", { abiquo: vote(id) });
      await flow.inbox("ask-approved").have(1);
      assert.equal((await resultOf(flow, "copy"))["result"], "counted", "votes come by any node");
      for (const port of ["notify", "approved", "rejected", "withdrawn"]) assert.deepEqual(flow.inbox(`copy-${port}`).all, []);
    });

    it("works once the other is gone", async () => {
      const flow = await load(...approval("ask", { key: KEY }), ...approval("copy", { key: KEY }));
      await flow.fault(({ source }) => source.id === "copy");
      await flow.deploy(flowOf(...approval("copy", { key: KEY })), "nodes", credentials(abiquo, { hook: { secret: SECRET } }));
      const [task] = await arrive(flow, 1);
      flow.send("copy", { ...task });
      await asked(flow, "copy");
    });

    it("and that is deployed anew in its place, works", async () => {
      const flow = await load(...approval("ask", { key: KEY }));
      const [task] = await arrive(flow, 1);
      flow.send("ask", { ...task });
      const [{ id } = { id: "" }] = await asked(flow, "ask");
      await flow.deploy(flowOf(...approval("next", { key: KEY })), "nodes", credentials(abiquo, { hook: { secret: SECRET } }));
      flow.send("next", { abiquo: vote(id) });
      await flow.inbox("next-approved").have(1);
      assert.deepEqual(flow.inbox("faults").all, []);
    });
  });
});
