import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { FlowGraph, type FlowNode } from "../../nodes/lib/node-red/flow-graph.ts";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, type Sent, sink } from "./support.ts";

const require = createRequire(import.meta.url);
const core = join(dirname(require.resolve("@node-red/nodes/package.json")), "core");
const coreNodes = ["common/60-link", "common/05-junction", "common/25-catch", "common/24-complete", "function/10-function"].map(
  (file) => require(join(core, `${file}.js`)) as (RED: NodeAPI) => void,
);

/** Nodes that hand on what they get, or fail, and the ids of those that got something. */
function witnesses(): { register: (RED: NodeAPI) => void; reached: Set<string> } {
  const reached = new Set<string>();
  const register = (RED: NodeAPI): void => {
    RED.nodes.registerType("pass", function (this: Node, definition: NodeDef) {
      RED.nodes.createNode(this, definition);
      this.on("input", (message, send, done) => {
        reached.add(this.id);
        send(message);
        done();
      });
    });
    RED.nodes.registerType("fail", function (this: Node, definition: NodeDef) {
      RED.nodes.createNode(this, definition);
      this.on("input", (_message, _send, done) => {
        reached.add(this.id);
        done(new Error("on purpose"));
      });
    });
  };
  return { register, reached };
}

describe("what a deploy restarts below abiquo-webhook-in", () => {
  let abiquo: SimulatedAbiquo;

  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
  });

  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
  });

  const at = (z: string, id: string, type: string, ports: readonly (readonly string[])[], more: object = {}): object => ({
    id,
    type,
    z,
    x: 1,
    y: 1,
    wires: ports,
    ...more,
  });
  const pass = (id: string, to: readonly string[] = [], more: object = {}): object => at("tab", id, "pass", [to], more);
  const hook = (z: string, to: readonly string[]): object =>
    at(z, "hook", "abiquo-webhook-in", [to], { connection: "config", path: "/hook", auth: "none", catchUp: 0 });

  async function load(
    nodes: readonly object[],
  ): Promise<{ flow: Flow; reached: Set<string>; flows: readonly object[]; post: () => Promise<string> }> {
    const { register, reached } = witnesses();
    const flows = [
      ...around(abiquo, "nobody").slice(0, 1),
      { id: "tab2", type: "tab", label: "Second" },
      { id: "off", type: "tab", label: "Off", disabled: true },
      ...nodes,
    ];
    const flow = await Flow.load([], { modules: [...coreNodes, register] });
    await flow.deploy(flows, "full", credentials(abiquo));
    const url = `${await flow.serve()}/hook`;
    return {
      flow,
      reached,
      flows,
      async post() {
        const tasks = abiquo.hold();
        assert.equal((await abiquo.post(tasks, { url })).status, 200);
        return tasks[0]?.taskId ?? "";
      },
    };
  }

  /** Compares what the graph says with what Node-RED does: `last` gets the message after all others. */
  async function agreesWithNodeRed(nodes: readonly object[], start = "hook"): Promise<void> {
    const { flow, reached, flows, post } = await load([...nodes, sink("last")]);
    await post();
    await flow.inbox("last").first();
    const graph = new FlowGraph([{ id: "tab", type: "tab" }, ...flows] as FlowNode[]);
    const running: string[] = [];
    flow.RED.nodes.eachNode(({ id, type, z }) => {
      if (type === "pass" || type === "fail") running.push(...(z === "sub" ? ["one", "two"].map((instance) => `${instance}-${id}`) : [id]));
    });
    const told = running.filter((id) => graph.meetsBelow(start, (each) => each === id, new Set()));
    assert.deepEqual(told.sort(), [...reached].sort());
  }

  it("is found behind wires and junctions, in the direction of the wires, and not in disabled nodes", () =>
    agreesWithNodeRed([
      hook("tab", ["a", "joint"]),
      pass("a", ["b"]),
      at("tab", "joint", "junction", [["c"]]),
      pass("b"),
      pass("c", ["off-node", "last"]),
      pass("off-node", ["behind"], { d: true }),
      pass("behind"),
      pass("beside", ["b"]),
    ]));

  it("is found behind links, those of other tabs and calls included", () =>
    agreesWithNodeRed([
      hook("tab", ["a"]),
      pass("a", ["out", "call", "code"]),
      at("tab", "out", "link out", [], { mode: "link", links: ["in"] }),
      at("tab2", "in", "link in", [["b"]], { links: ["out"] }),
      at("tab2", "b", "pass", [[]]),
      at("tab", "call", "link call", [["c"]], { links: ["in2"], linkType: "static" }),
      at("tab2", "in2", "link in", [["d"]], { links: [] }),
      at("tab2", "d", "pass", [["return"]]),
      at("tab2", "return", "link out", [], { mode: "return", links: [] }),
      pass("c", ["dynamic"]),
      at("tab", "dynamic", "function", [["call3"]], { func: "msg.target = 'third'; return msg;", outputs: 1 }),
      at("tab", "call3", "link call", [["e"]], { links: [], linkType: "dynamic" }),
      at("tab", "in3", "link in", [["f"]], { name: "third", links: [] }),
      pass("f", ["return3"]),
      at("tab", "return3", "link out", [], { mode: "return", links: [] }),
      pass("e", ["last"]),
      at("tab2", "in4", "link in", [["g"]], { links: ["unused"] }),
      at("tab2", "unused", "link out", [], { mode: "link", links: ["in4"] }),
    ]));

  it("is found in subflows and behind them", () =>
    agreesWithNodeRed([
      {
        id: "sub",
        type: "subflow",
        name: "Sub",
        in: [{ x: 1, y: 1, wires: [{ id: "s1" }] }],
        out: [
          { x: 1, y: 1, wires: [{ id: "s2", port: 0 }] },
          { x: 1, y: 2, wires: [{ id: "s3", port: 0 }] },
        ],
        env: [],
      },
      at("sub", "s1", "pass", [["s2"]]),
      at("sub", "s2", "pass", [[]]),
      at("sub", "s3", "pass", [[]]),
      hook("tab", ["one"]),
      at("tab", "one", "subflow:sub", [["a"], ["b"]]),
      at("tab", "two", "subflow:sub", [["c"], ["d"]]),
      pass("a", ["last"]),
      pass("b"),
      pass("c"),
      pass("d"),
    ]));

  it("is found from within a subflow, and in one that only hands on", () =>
    agreesWithNodeRed(
      [
        { id: "source", type: "subflow", name: "Source", in: [], out: [{ x: 1, y: 1, wires: [{ id: "hook", port: 0 }] }], env: [] },
        hook("source", []),
        at("tab", "inst", "subflow:source", [["a"]]),
        {
          id: "through",
          type: "subflow",
          name: "Through",
          in: [{ x: 1, y: 1, wires: [] }],
          out: [{ x: 1, y: 1, wires: [{ id: "through", port: 0 }] }],
          env: [],
        },
        pass("a", ["thru"]),
        at("tab", "thru", "subflow:through", [["b"]]),
        pass("b", ["last"]),
        pass("c", ["b"]),
      ],
      "inst-hook",
    ));

  it("is found behind the catch and complete nodes that are in charge of a node", () =>
    agreesWithNodeRed([
      { id: "group", type: "group", z: "tab", nodes: ["fails", "catches"] },
      hook("tab", ["fails", "a"]),
      at("tab", "fails", "fail", [[]], { g: "group" }),
      at("tab", "catches", "catch", [["b"]], { scope: "group", g: "group" }),
      pass("b"),
      at("tab", "elsewhere", "catch", [["c"]], { scope: ["other"] }),
      pass("c"),
      pass("other"),
      pass("a"),
      at("tab", "completes", "complete", [["d"]], { scope: ["a"] }),
      pass("d", ["late"]),
      at("tab", "late", "function", [["last"]], { func: "setTimeout(() => node.send(msg), 100);", outputs: 1 }),
      at("tab", "completes-other", "complete", [["e"]], { scope: ["other"] }),
      pass("e"),
    ]));

  it("is what a task is sent again for, once each time, and nothing else is", async () => {
    const nodes = (names: Record<string, string>): object[] =>
      [
        { id: "sub", type: "subflow", name: "Sub", in: [{ x: 1, y: 1, wires: [{ id: "inner" }] }], out: [], env: [] },
        at("sub", "inner", "pass", [[]]),
        hook("tab", ["out", "inst", "decide"]),
        at("tab", "out", "link out", [], { mode: "link", links: ["in"] }),
        at("tab2", "in", "link in", [["behind"]], { links: ["out"] }),
        at("tab2", "behind", "pass", [["sink"]]),
        at("tab2", "beside", "pass", [["sink"]]),
        at("tab2", "sink", "sink", []),
        at("tab", "inst", "subflow:sub", []),
        node("decide", "abiquo-task-decision", ["", "", "ask"], { rules: [], otherwise: "review" }),
        node("ask", "abiquo-continue", ["answered", ""], { task: "nobody" }),
        sink("answered"),
      ].map((each) => ({ ...each, name: names[(each as { id: string }).id] ?? "" }));
    const { flow, flows, post } = await load(nodes({}));
    const id = await post();
    await flow.inbox("sink").first();
    const isFirst = ({ abiquo: a }: Sent): boolean => a?.task?.taskId === id;
    /** After this deploy the flow has had the task so often. */
    const deployed = async (names: Record<string, string>, emissions: number, what: string): Promise<void> => {
      await flow.deploy([...flows.slice(0, flows.length - nodes({}).length), ...nodes(names)], "nodes", credentials(abiquo));
      await flow.inbox("sink").have(emissions, isFirst);
      const later = await post();
      await flow.inbox("sink").first(({ abiquo: a }) => a?.task?.taskId === later);
      assert.equal(flow.inbox("sink").all.filter(isFirst).length, emissions, what);
    };
    await deployed({ beside: "1" }, 1, "beside");
    await deployed({ beside: "1", behind: "2" }, 2, "behind a link");
    await deployed({ beside: "1", behind: "2", inner: "3" }, 3, "in a subflow");
    // What is behind a checkpoint has nothing of a task that has not come to it.
    await deployed({ beside: "1", behind: "2", inner: "3", answered: "4" }, 3, "behind a checkpoint");
    await deployed({ beside: "1", behind: "2", inner: "3", answered: "4", ask: "5" }, 4, "a checkpoint");
    const flags = flow
      .inbox("sink")
      .all.filter(isFirst)
      .map(({ abiquo: a }) => a?.redelivered);
    assert.deepEqual(flags, [undefined, true, true, true]);
  });
});
