import assert from "node:assert/strict";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, type Sent, sink } from "./support.ts";

describe("the node abiquo-task-decision", () => {
  let abiquo: SimulatedAbiquo;

  before(async () => {
    abiquo = await startAbiquo();
  });

  after(() => abiquo.close());
  afterEach(closeFlow);

  const load = (properties: object, config: object = {}): Promise<Flow> =>
    Flow.load(
      [
        ...around(abiquo, "decide", config),
        node("decide", "abiquo-task-decision", ["continue", "cancel", "review"], properties),
        ...["continue", "cancel", "review"].map(sink),
      ],
      { credentials: credentials(abiquo) },
    );

  const entry = (taskId: string, change: object = {}, details?: object): Record<string, unknown> => ({
    task: { taskId, type: "DEPLOY", requester: "ana", enterpriseId: "2", virtualDatacenterId: "7", ...change },
    links: { self: `${abiquo.url}/cloud/x/tasks/${taskId}`, continue: "", cancel: "", target: "", user: "" },
    ...(details === undefined ? {} : { details }),
  });

  const single = (taskId: string, change: object = {}, details?: object): Sent =>
    ({
      _msgid: "m1",
      topic: "DEPLOY",
      payload: "untouched",
      abiquo: { connection: "config", ...entry(taskId, change, details), group: { id: "g1", count: 3 } },
    }) as unknown as Sent;

  const several = (entries: object[], more: object = {}): object => ({
    payload: "untouched",
    abiquo: { connection: "config", tasks: entries, ...more },
  });

  const idsAt = (flow: Flow, port: string): (string | undefined)[] =>
    flow.inbox(port).all.flatMap(({ abiquo: a }) => a?.tasks?.map(({ task }) => task.taskId) ?? [a?.task?.taskId]);

  const byType = [
    { name: "deploys", when: [{ field: "task.type", op: "eq", value: "DEPLOY" }], outcome: "continue", reason: "Deploys are welcome." },
    { name: "undeploys", when: [{ field: "task.type", op: "eq", value: "UNDEPLOY" }], outcome: "cancel" },
  ];

  for (const [type, port] of [
    ["DEPLOY", "continue"],
    ["UNDEPLOY", "cancel"],
    ["RECONFIGURE", "review"],
  ] as const) {
    it(`sends a task on by the port of its outcome: ${port}`, async () => {
      const flow = await load({ rules: byType });
      flow.send("decide", single("t1", { type }));
      const out = await flow.inbox(port).first();
      await flow.inbox("completed").first();
      assert.equal(
        ["continue", "cancel", "review"].reduce((count, name) => count + flow.inbox(name).all.length, 0),
        1,
      );
      assert.equal(out._msgid, "m1");
      assert.equal(out.payload, "untouched");
      assert.equal(out.abiquo?.decision?.action, port);
      assert.equal(out.abiquo?.decision?.cause, "rule");
      assert.deepEqual(out.abiquo?.group, { id: "g1", count: 3 });
      const status = await flow.status("decide", `status.${port}`);
      assert.equal(status.fill, { continue: "green", cancel: "red", review: "yellow" }[port]);
    });
  }

  it("says which rule decided, why, and by which facts", async () => {
    const flow = await load({ rules: byType, name: "Night rules" });
    flow.send("decide", single("t1"));
    const { decision } = (await flow.inbox("continue").first()).abiquo ?? {};
    assert.equal(decision?.by, "Night rules");
    assert.equal(decision?.rule, "deploys");
    assert.equal(decision?.reason, "Deploys are welcome.");
    assert.deepEqual(decision?.facts, { "task.type": "DEPLOY" });
    assert.ok(Math.abs(Date.parse(decision?.at ?? "") - Date.now()) < 60_000);
  });

  it("decides otherwise as it is told when no rule matches, and names itself when it has no name", async () => {
    const flow = await load({ rules: byType, otherwise: "cancel" });
    flow.send("decide", single("t1", { type: "RECONFIGURE" }));
    const { decision } = (await flow.inbox("cancel").first()).abiquo ?? {};
    assert.equal(decision?.action, "cancel");
    assert.equal(decision?.rule, undefined);
    assert.equal(decision?.by, "abiquo-task-decision.by");
  });

  it("judges each task of a group by itself, and splits the message over the ports", async () => {
    const flow = await load({ rules: byType });
    flow.send(
      "decide",
      several([entry("t1"), entry("t2", { type: "UNDEPLOY" }), entry("t3"), entry("t4", { type: "RECONFIGURE" })], {
        group: { id: "g1", count: 4 },
        redelivered: true,
      }),
    );
    await flow.inbox("completed").first();
    assert.deepEqual(idsAt(flow, "continue"), ["t1", "t3"]);
    assert.deepEqual(idsAt(flow, "cancel"), ["t2"]);
    assert.deepEqual(idsAt(flow, "review"), ["t4"]);
    for (const port of ["continue", "cancel", "review"]) {
      assert.equal(flow.inbox(port).all.length, 1);
      const { abiquo: a, payload } = flow.inbox(port).all[0] as Sent;
      assert.equal(a?.connection, "config");
      assert.deepEqual(a?.group, { id: "g1", count: 4 });
      assert.equal(a?.redelivered, true);
      assert.equal(a?.task, undefined);
      assert.deepEqual(
        a?.tasks?.map(({ decision }) => decision?.action),
        a?.tasks?.map(() => port),
      );
      assert.equal(payload, "untouched");
    }
  });

  it("splits a list message, which has no group", async () => {
    const flow = await load({ rules: byType });
    flow.send("decide", several([entry("t1"), entry("t2", { type: "UNDEPLOY" })]));
    await flow.inbox("completed").first();
    const [kept, cancelled] = [flow.inbox("continue").all[0], flow.inbox("cancel").all[0]];
    assert.deepEqual(
      kept?.abiquo?.tasks?.map(({ task }) => task.taskId),
      ["t1"],
    );
    assert.deepEqual(
      cancelled?.abiquo?.tasks?.map(({ task }) => task.taskId),
      ["t2"],
    );
    assert.equal(kept?.abiquo?.group, undefined);
    assert.equal(kept?.abiquo?.connection, "config");
  });

  it("gives each port a message of its own", async () => {
    const flow = await load({ rules: byType });
    flow.send("decide", { ...several([entry("t1"), entry("t2", { type: "UNDEPLOY" })]), shared: { by: "nobody" } });
    await flow.inbox("completed").first();
    const [kept, cancelled] = [flow.inbox("continue").all[0] as Sent, flow.inbox("cancel").all[0] as Sent];
    (kept["shared"] as { by: string }).by = "one";
    assert.deepEqual(cancelled["shared"], { by: "nobody" });
  });

  describe("over a whole group", () => {
    const small = [
      {
        name: "small",
        when: [
          { field: "group.count", op: "lte", value: "2", valueType: "num" },
          { field: "task.type", op: "eq", value: "DEPLOY" },
        ],
        outcome: "continue",
      },
    ];

    it("decides for all tasks at once", async () => {
      const flow = await load({ scope: "group", rules: small });
      flow.send("decide", several([entry("t1"), entry("t2")], { group: { id: "g1", count: 2 } }));
      const out = await flow.inbox("continue").first();
      assert.deepEqual(
        out.abiquo?.tasks?.map(({ decision }) => [decision?.action, decision?.rule]),
        [
          ["continue", "small"],
          ["continue", "small"],
        ],
      );
    });

    it("needs a condition on a task to hold for each", async () => {
      const flow = await load({ scope: "group", rules: small });
      flow.send("decide", several([entry("t1"), entry("t2", { type: "UNDEPLOY" })], { group: { id: "g1", count: 2 } }));
      await flow.inbox("review").first();
      assert.deepEqual(idsAt(flow, "review"), ["t1", "t2"]);
      assert.equal(flow.inbox("continue").all.length, 0);
    });

    it("judges each task of a list by itself, since a list is no group", async () => {
      const flow = await load({ scope: "group", rules: small });
      flow.send("decide", several([entry("t1"), entry("t2", { type: "UNDEPLOY" }), entry("t3")]));
      await flow.inbox("completed").first();
      assert.deepEqual([idsAt(flow, "continue"), idsAt(flow, "review")], [["t1", "t3"], ["t2"]]);
      assert.deepEqual(
        flow.inbox("continue").all[0]?.abiquo?.tasks?.map(({ decision }) => decision?.facts?.["group.count"]),
        [1, 1],
      );
    });

    it("knows the size of the group that a single task belongs to", async () => {
      const flow = await load({ scope: "group", rules: small });
      flow.send("decide", single("t1"));
      const out = await flow.inbox("review").first();
      assert.deepEqual(out.abiquo?.decision?.facts?.["group.count"], 3);
    });
  });

  it("sends to review what it cannot judge, says why in a warning, and does not ask later rules", async () => {
    const flow = await load({
      rules: [
        {
          name: "not too large",
          when: [{ field: "details.virtualmachine.cpu", op: "gt", value: "8", valueType: "num" }],
          outcome: "cancel",
        },
        { name: "all", when: [], outcome: "continue" },
      ],
    });
    flow.send("decide", single("t1"));
    const out = await flow.inbox("review").first();
    await flow.inbox("completed").first();
    assert.equal(out.abiquo?.decision?.action, "review");
    assert.equal(out.abiquo?.decision?.rule, "not too large");
    assert.match(out.abiquo?.decision?.reason ?? "", /details\.virtualmachine\.cpu/);
    assert.equal(flow.inbox("continue").all.length, 0);
    const [warning, ...others] = flow.logged("warn").filter((text) => text.includes("RULE_FACT_UNAVAILABLE"));
    assert.match(warning ?? "", /not too large/);
    assert.match(warning ?? "", /details\.virtualmachine\.cpu/);
    assert.deepEqual(others, []);
    assert.deepEqual(flow.inbox("faults").all, []);
  });

  it("warns once for a group that it cannot judge", async () => {
    const flow = await load({
      scope: "group",
      rules: [{ name: "large", when: [{ field: "details.role.name", op: "eq", value: "USER" }], outcome: "cancel" }],
    });
    flow.send("decide", several([entry("t1"), entry("t2")], { group: { id: "g1", count: 2 } }));
    await flow.inbox("completed").first();
    assert.deepEqual(idsAt(flow, "review"), ["t1", "t2"]);
    assert.equal(flow.logged("warn").filter((text) => text.includes("RULE_FACT_UNAVAILABLE")).length, 1);
  });

  it("uses the details that the message has, and keeps them", async () => {
    const flow = await load({
      rules: [
        { name: "small", when: [{ field: "details.virtualmachine.cpu", op: "lte", value: "4", valueType: "num" }], outcome: "continue" },
      ],
    });
    flow.send("decide", single("t1", {}, { virtualmachine: { cpu: 2 } }));
    const out = await flow.inbox("continue").first();
    assert.deepEqual(out.abiquo?.details, { virtualmachine: { cpu: 2 } });
    assert.deepEqual(out.abiquo?.decision?.facts, { "details.virtualmachine.cpu": 2 });
  });

  it("takes an earlier decision away from what it sends on", async () => {
    const flow = await load({ rules: byType });
    const message = single("t1", { type: "RECONFIGURE" });
    flow.send("decide", {
      ...message,
      abiquo: {
        ...message.abiquo,
        decision: { action: "continue", by: "before", cause: "vote", at: "" },
        answer: { outcome: "gone", at: "", attempts: 1 },
      },
    });
    const out = await flow.inbox("review").first();
    assert.notEqual(out.abiquo?.decision?.by, "before");
    assert.equal(out.abiquo?.answer, undefined);
  });

  it("takes rules as JSON text, as an environment variable gives them", async () => {
    process.env["ABIQUO_TEST_RULES"] = JSON.stringify(byType);
    try {
      const flow = await load({ rules: "${ABIQUO_TEST_RULES}" });
      flow.send("decide", single("t1", { type: "UNDEPLOY" }));
      assert.equal((await flow.inbox("cancel").first()).abiquo?.decision?.rule, "undeploys");
    } finally {
      delete process.env["ABIQUO_TEST_RULES"];
    }
  });

  for (const [name, rules] of [
    ["an outcome that there is not", [{ name: "r", when: [], outcome: "maybe" }]],
    ["an operator that there is not", [{ name: "r", when: [{ field: "task.type", op: "like", value: "D" }], outcome: "cancel" }]],
    ["an expression that is none", [{ name: "r", when: [{ op: "jsonata", value: "1 +" }], outcome: "cancel" }]],
    ["no conditions at all", [{ name: "r", outcome: "continue" }]],
    ["text that is no JSON", "[{"],
  ] as const) {
    it(`shows red with rules of ${name}, and decides nothing`, async () => {
      const flow = await load({ rules, otherwise: "continue" });
      assert.equal((await flow.status("decide", "status.invalid")).fill, "red");
      flow.send("decide", single("t1"));
      const fault = await flow.fault();
      assert.match(fault.code ?? "", /^RULE/);
      assert.equal(flow.inbox("completed").all.length, 0);
      assert.equal(idsAt(flow, "continue").length + idsAt(flow, "cancel").length + idsAt(flow, "review").length, 0);
    });
  }

  it("shows red with rules in a variable that is not set, and names it", async () => {
    const flow = await load({ rules: "${ABIQUO_TEST_UNSET}", otherwise: "continue" });
    assert.equal((await flow.status("decide", "status.invalid")).fill, "red");
    flow.send("decide", single("t1"));
    const fault = await flow.fault();
    assert.equal(fault.code, "ENV_UNSET");
    assert.match(fault.message, /ABIQUO_TEST_UNSET/);
  });

  for (const [name, message] of [
    ["no namespace", {}],
    ["no task", { abiquo: { connection: "config" } }],
    ["a namespace that is none", { abiquo: "abiquo" }],
    ["an empty list", { abiquo: { connection: "config", tasks: [] } }],
  ] as const) {
    it(`tells Catch of a message with ${name}`, async () => {
      const flow = await load({ rules: byType });
      flow.send("decide", message);
      const fault = await flow.fault();
      assert.equal(fault.code, "NO_TASK_IN_MESSAGE");
      assert.equal(fault.source.id, "decide");
    });
  }

  it("tells Catch of a list with an element that is no task", async () => {
    const flow = await load({ rules: byType });
    flow.send("decide", several([entry("t1"), {}, null as unknown as object]));
    assert.equal((await flow.fault()).code, "NO_TASK_IN_MESSAGE");
    assert.equal(flow.inbox("completed").all.length, 0);
  });

  it("works on messages of any connection when it names none, but not without any", async () => {
    const flow = await load({ rules: byType, connection: "" });
    flow.send("decide", single("t1"));
    await flow.inbox("continue").first();
    const { connection: _connection, ...nowhere } = single("t2").abiquo ?? { connection: "" };
    flow.send("decide", { abiquo: nowhere });
    assert.equal((await flow.fault()).code, "ABIQUO_NO_CONNECTION");
  });

  it("refuses a message of another connection", async () => {
    const flow = await load({ rules: byType });
    const message = single("t1");
    flow.send("decide", { ...message, abiquo: { ...message.abiquo, connection: "another" } });
    assert.equal((await flow.fault()).code, "ABIQUO_OTHER_CONNECTION");
  });
});
