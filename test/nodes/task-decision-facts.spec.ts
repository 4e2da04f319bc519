import assert from "node:assert/strict";
import type { TaskEntry } from "../../nodes/lib/engine/index.ts";
import { type SimTask, type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, sink } from "./support.ts";

const PORTS = ["continue", "cancel", "review"] as const;

const SMALL = {
  name: "small machines of users",
  when: [
    { field: "details.role.name", op: "eq", value: "USER", valueType: "str" },
    { field: "details.virtualmachine.cpu", op: "lte", value: "4", valueType: "num" },
    { field: "details.virtualmachine.ram", op: "lte", value: "8192", valueType: "num" },
  ],
  outcome: "continue",
  reason: "Small enough.",
};

describe("the node abiquo-task-decision, with rules over facts that are in Abiquo", () => {
  let abiquo: SimulatedAbiquo;

  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1/", recordRequests: true, seed: 7 });
  });

  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
  });

  const load = (properties: object): Promise<Flow> =>
    Flow.load([...around(abiquo, "decide"), node("decide", "abiquo-task-decision", PORTS, properties), ...PORTS.map(sink)], {
      credentials: credentials(abiquo),
    });

  function entryOf(task: SimTask): object {
    const machine = `cloud/virtualdatacenters/${task.virtualDatacenter}/virtualappliances/${task.virtualAppliance}/virtualmachines/${task.virtualMachine}`;
    const self = `${abiquo.url}/${machine}/tasks/${task.taskId}`;
    const user = `${abiquo.url}/admin/enterprises/${task.enterprise}/users/${task.user.id}`;
    const links = { self, continue: `${self}/action/continue`, cancel: `${self}/action/cancel`, target: `${abiquo.url}/${machine}`, user };
    return { task: { taskId: task.taskId, type: task.type }, links };
  }
  const group = (tasks: readonly SimTask[], more: object = {}): object => ({
    abiquo: { connection: "config", group: { id: "g", count: tasks.length }, tasks: tasks.map(entryOf), ...more },
  });
  const reads = (): string[] => abiquo.requests.map(({ path }) => path).filter((path) => path !== "/api/version");
  const at = (flow: Flow, port: string): readonly TaskEntry[] => flow.inbox(port).all.flatMap((message) => message.abiquo?.tasks ?? []);
  const missingOf = ({ details }: TaskEntry): { part: string; code: string; reason: string }[] =>
    (details as { missing: [] } | undefined)?.missing ?? [];

  async function decide(flow: Flow, message: object): Promise<void> {
    flow.send("decide", message);
    await flow.inbox("completed").have(1, undefined, 50_000);
  }

  it("reads just the facts that decide, adds them to the message, and says by which it decided", async () => {
    const flow = await load({ rules: [SMALL] });
    const [task] = abiquo.hold({ cpu: 2 }) as [SimTask];
    await decide(flow, { abiquo: { connection: "config", ...entryOf(task) } });
    const out = flow.inbox("continue").all[0]?.abiquo;
    assert.deepEqual(out?.decision?.facts, {
      "details.role.name": "USER",
      "details.virtualmachine.cpu": 2,
      "details.virtualmachine.ram": 2_048,
    });
    assert.deepEqual(Object.keys(out?.details as object).sort(), ["missing", "role", "virtualmachine"]);
    assert.equal(reads().length, 2);
  });

  it("uses the facts that the message has, and reads the others", async () => {
    const flow = await load({ rules: [SMALL] });
    const [task] = abiquo.hold({ cpu: 64 }) as [SimTask];
    await decide(flow, { abiquo: { connection: "config", ...entryOf(task), details: { virtualmachine: { cpu: 1, note: "own" } } } });
    const details = flow.inbox("continue").all[0]?.abiquo?.details as { virtualmachine: object };
    assert.deepEqual({ cpu: 1, note: "own", ram: 2_048 }, { ...pick(details.virtualmachine, ["cpu", "note", "ram"]) });
  });

  it("stops at the first rule that decides, and reads nothing for those after it", async () => {
    const flow = await load({
      rules: [{ name: "not users", when: [{ field: "details.role.name", op: "eq", value: "USER" }], outcome: "cancel" }, SMALL],
    });
    await decide(flow, group(abiquo.hold({ count: 50 })));
    assert.equal(at(flow, "cancel").length, 50);
    assert.equal(reads().length, 1);
  });

  it("sends to review what it could not read, with rule, fact and reason, whatever later rules say", async () => {
    const flow = await load({
      rules: [
        { ...SMALL, outcome: "cancel" },
        { name: "all", when: [], outcome: "continue" },
      ],
    });
    abiquo.inject({ match: { path: "/virtualmachines/" }, status: 403 });
    await decide(flow, group(abiquo.hold()));
    const [entry] = at(flow, "review");
    assert.equal(entry?.decision?.rule, SMALL.name);
    assert.match(entry?.decision?.reason ?? "", /RULE_FACT_UNAVAILABLE.*details\.virtualmachine\.cpu.*ABIQUO_FORBIDDEN/);
    assert.deepEqual(
      missingOf(entry as TaskEntry).map(({ part, code }) => [part, code]),
      [["virtualmachine", "ABIQUO_FORBIDDEN"]],
    );
    assert.equal(flow.logged("warn").filter((text) => text.includes("RULE_FACT_UNAVAILABLE")).length, 1);
    assert.equal(flow.inbox("continue").all.length, 0);
  });

  it("reads every detail for an expression that does not say which it means, and goes to review without one of them", async () => {
    const condition = { field: "", op: "jsonata", value: "$lookup(details, 'virtualmachine').cpu != 8", valueType: "jsonata" };
    const flow = await load({ rules: [{ name: "not eight", when: [condition], outcome: "continue" }] });
    await decide(flow, group(abiquo.hold({ cpu: 2 })));
    assert.equal(at(flow, "continue").length, 1);
    abiquo.inject({ match: { path: "/storage/volumes" }, status: 403 });
    flow.send("decide", group(abiquo.hold({ cpu: 2 })));
    await flow.inbox("completed").have(2);
    assert.match(at(flow, "review")[0]?.decision?.reason ?? "", /RULE_FACT_UNAVAILABLE.*details ABIQUO_FORBIDDEN/);
  });

  it("decides a group by its totals, and adds them to it", async () => {
    const flow = await load({
      scope: "group",
      rules: [
        {
          name: "quota",
          when: [
            { field: "group.cpu", op: "lte", value: "40" },
            { field: "group.diskMb", op: "lte", value: "102400" },
          ],
          outcome: "continue",
        },
      ],
    });
    await decide(flow, group(abiquo.hold({ count: 10, cpu: 4 })));
    assert.deepEqual(flow.inbox("continue").all[0]?.abiquo?.group, { id: "g", count: 10, cpu: 40, diskMb: 102_400 });
    assert.equal(reads().length, 10 * 3);
  });

  it("counts volumes as disk, as the page and the mail about a machine do", async () => {
    const flow = await load({
      rules: [{ name: "small", when: [{ field: "group.diskMb", op: "lte", value: "10240" }], outcome: "continue" }],
    });
    const [small, large] = [abiquo.hold()[0], abiquo.hold()[0]] as [SimTask, SimTask];
    abiquo.world.machines.get(large.virtualMachine)?.volumesMb.push(1);
    await decide(flow, group([small], { group: { id: "s", count: 1 } }));
    flow.send("decide", group([large], { group: { id: "l", count: 1 } }));
    await flow.inbox("completed").have(2);
    assert.deepEqual([at(flow, "continue").length, at(flow, "review").length], [1, 1]);
    assert.deepEqual(at(flow, "review")[0]?.decision?.facts, { "group.diskMb": 10_241 });
  });

  it("knows totals for each task of a list, and reads what these share once", async () => {
    const rules = [
      {
        name: "small",
        when: [
          { field: "group.cpu", op: "lte", value: "4" },
          { field: "details.virtualdatacenter.id", op: "neq", value: "0" },
        ],
        outcome: "continue",
      },
    ];
    const flow = await load({ scope: "group", rules });
    const tasks = [...abiquo.hold({ cpu: 4 }), ...abiquo.hold({ cpu: 8 }), ...abiquo.hold({ cpu: 2 })];
    await decide(flow, { abiquo: { connection: "config", tasks: tasks.map(entryOf) } });
    assert.deepEqual(
      at(flow, "continue").map(({ decision }) => decision?.facts?.["group.cpu"]),
      [4, 2],
    );
    assert.deepEqual(
      at(flow, "review").map(({ decision }) => decision?.facts?.["group.cpu"]),
      [8],
    );
    assert.equal(flow.inbox("continue").all[0]?.abiquo?.group, undefined);
    assert.equal(new Set(reads()).size, reads().length);
  });

  it("knows no total of a group whose other tasks the message does not have", async () => {
    const flow = await load({ rules: [{ name: "quota", when: [{ field: "group.cpu", op: "lte", value: "40" }], outcome: "continue" }] });
    const [task] = abiquo.hold() as [SimTask];
    await decide(flow, group([task], { group: { id: "g", count: 3 } }));
    assert.match(at(flow, "review")[0]?.decision?.reason ?? "", /GROUP_NOT_WHOLE/);
    assert.deepEqual(reads(), []);
  });

  describe("where one read in twenty fails and each takes 200 ms, for a group of 500 machines", function () {
    this.timeout(60_000);

    function strike(): SimTask[] {
      const tasks = abiquo.hold({ count: 500, cpu: 2 });
      // Every other machine is too large to pass.
      for (const [index, task] of tasks.entries()) {
        const machine = abiquo.world.machines.get(task.virtualMachine);
        if (machine !== undefined && index % 2 === 1) machine.cpu = 16;
      }
      abiquo.inject({ match: { path: "/virtualmachines/" }, rate: 0.05, status: 500, latencyMs: 200 });
      abiquo.inject({ match: { path: "/api/" }, latencyMs: 200 });
      return tasks;
    }
    const failed = (): string[] => abiquo.requests.filter(({ status }) => status === 500).map(({ path }) => path);

    it("continues none that it must not, names each missing fact, and reads nothing twice", async () => {
      const flow = await load({ rules: [SMALL] });
      const tasks = strike();
      await decide(flow, group(tasks));
      const lost = new Set(failed());
      assert.ok(lost.size > 5);
      const isLost = (task: SimTask): boolean => [...lost].some((path) => path.endsWith(`/${task.virtualMachine}`));
      const mayPass = tasks.filter((task, index) => index % 2 === 0 && !isLost(task)).map(({ taskId }) => taskId);
      assert.deepEqual(
        at(flow, "continue").map(({ task }) => task.taskId),
        mayPass,
      );
      assert.equal(at(flow, "review").length, 500 - mayPass.length);
      const named = at(flow, "review").filter((entry) => missingOf(entry).length > 0);
      assert.deepEqual(
        named.map(({ task }) => task.taskId),
        tasks.filter(isLost).map(({ taskId }) => taskId),
      );
      for (const entry of named) {
        assert.deepEqual(
          missingOf(entry).map(({ part, code }) => [part, code]),
          [["virtualmachine", "ABIQUO_FAILED"]],
        );
        assert.match(entry.decision?.reason ?? "", /RULE_FACT_UNAVAILABLE.*details\.virtualmachine\.cpu/);
      }
      // 500 machines and the one user of them all.
      assert.equal(reads().length, 501);
      assert.equal(new Set(reads()).size, 501);
    });

    it("continues no group whose total is not known for certain, and reads no further once that is so", async () => {
      const rules = [
        { name: "nobody's", when: [{ field: "details.role.name", op: "eq", value: "NOBODY" }], outcome: "continue" },
        { name: "quota", when: [{ field: "group.cpu", op: "gt", value: "1000000" }], outcome: "cancel" },
        { name: "the rest", when: [], outcome: "continue" },
      ];
      const flow = await load({ scope: "group", rules });
      const tasks = strike();
      await decide(flow, group(tasks));
      assert.equal(flow.inbox("continue").all.length, 0);
      const entries = at(flow, "review");
      assert.equal(entries.length, 500);
      assert.match(entries[0]?.decision?.reason ?? "", /RULE_FACT_UNAVAILABLE.*group\.cpu.*ABIQUO_FAILED/);
      assert.equal(entries.filter((entry) => missingOf(entry).length > 0).length, failed().length);
      assert.deepEqual(flow.inbox("review").all[0]?.abiquo?.group, { id: "g", count: 500 });
      assert.ok(reads().length < 500);
      assert.equal(new Set(reads()).size, reads().length);
    });
  });
});

function pick(value: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key)));
}
