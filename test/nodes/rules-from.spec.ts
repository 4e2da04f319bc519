import assert from "node:assert/strict";
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import helper from "node-red-node-test-helper";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, type Sent, sink } from "./support.ts";

describe("the rules of abiquo-task-decision", () => {
  let abiquo: SimulatedAbiquo;
  let folder: string;
  let file: string;

  before(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/", recordRequests: true });
  });
  after(() => abiquo.close());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "abiquo-rules-"));
    file = join(folder, "rules.json");
  });
  afterEach(async () => {
    await closeFlow();
    rmSync(folder, { recursive: true });
  });

  const load = (properties: object): Promise<Flow> =>
    Flow.load(
      [
        ...around(abiquo, "decide"),
        node("decide", "abiquo-task-decision", ["continue", "cancel", "review"], properties),
        ...["continue", "cancel", "review"].map(sink),
      ],
      { credentials: credentials(abiquo) },
    );
  const message = (taskId: string, more: object = {}): Sent =>
    ({
      ...more,
      abiquo: {
        connection: "config",
        task: { taskId, type: "DEPLOY", requester: "ana" },
        links: { self: `${abiquo.url}/cloud/x/tasks/${taskId}`, continue: "", cancel: "", target: "", user: "" },
      },
    }) as unknown as Sent;
  const always = (outcome: string, name = outcome): object => ({ rules: [{ name, when: [], outcome }] });
  const write = (content: unknown): void => writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  const ids = (flow: Flow, port: string): (string | undefined)[] => flow.inbox(port).all.map(({ abiquo: a }) => a?.task?.taskId);
  const decide = async (flow: Flow, id: string, more: object = {}): Promise<void> => {
    const done = flow.inbox("completed").all.length + 1;
    flow.send("decide", message(id, more));
    await flow.inbox("completed").have(done);
  };

  describe("from a file", () => {
    const fromFile = (more: object = {}): Promise<Flow> =>
      load({ rulesFrom: "file", rulesFile: file, otherwise: "review", scope: "task", ...more });

    it("are read at the start, and again when the file changes", async () => {
      write(always("continue"));
      const flow = await fromFile();
      await flow.status("decide", "status.rulesRead");
      await decide(flow, "t1");
      write(always("cancel", "another"));
      await decide(flow, "t2");
      assert.deepEqual(ids(flow, "continue"), ["t1"]);
      assert.deepEqual(ids(flow, "cancel"), ["t2"]);
      assert.equal(flow.inbox("cancel").all[0]?.abiquo?.decision?.rule, "another");
    });

    it("are found below the user directory", async () => {
      const flow = await load({ rulesFrom: "file", rulesFile: "policy.json" });
      await flow.status("decide", "status.rulesUnusable");
      writeFileSync(join(flow.folder, "policy.json"), JSON.stringify(always("cancel")));
      await decide(flow, "t1");
      assert.deepEqual(ids(flow, "cancel"), ["t1"]);
    });

    it("say themselves what holds when none matches, before the node does", async () => {
      write({ otherwise: "cancel", rules: [] });
      const flow = await fromFile({ otherwise: "continue" });
      await decide(flow, "t1");
      write([]);
      await decide(flow, "t2");
      assert.deepEqual(ids(flow, "cancel"), ["t1"]);
      assert.deepEqual(ids(flow, "continue"), ["t2"]);
    });

    it("stay in force while a new version is broken, which status and Catch say once, with line and rule", async () => {
      write(always("continue"));
      const flow = await fromFile();
      await decide(flow, "t1");
      write('{"rules": [\n  {"name": "Small", "when": [], "outcome": "go"}\n]}');
      await decide(flow, "t2");
      await decide(flow, "t3");
      assert.deepEqual(ids(flow, "continue"), ["t1", "t2", "t3"]);
      assert.equal((await flow.status("decide", "status.rulesKept")).fill, "yellow");
      const fault = await flow.fault();
      assert.equal(fault.code, "RULES_KEPT");
      assert.match(fault.message, /rules\.json:2:44/);
      assert.match(fault.message, /Small/);
      assert.match(fault.message, /RULE_OUTCOME_UNKNOWN/);
      assert.equal(flow.inbox("faults").all.length, 1);
      write(always("cancel"));
      await decide(flow, "t4");
      assert.deepEqual(ids(flow, "cancel"), ["t4"]);
      assert.equal(flow.inbox("faults").all.length, 1);
    });

    it("stay in force when the file goes away", async () => {
      write(always("continue"));
      const flow = await fromFile();
      await decide(flow, "t1");
      unlinkSync(file);
      await decide(flow, "t2");
      assert.deepEqual(ids(flow, "continue"), ["t1", "t2"]);
      assert.match((await flow.fault()).message, /ENOENT/);
      write(always("cancel"));
      await decide(flow, "t3");
      assert.deepEqual(ids(flow, "cancel"), ["t3"]);
    });

    it("send every task to review with the reason when there never was a good version", async () => {
      write('[{"name": "Small", "when": []');
      const flow = await fromFile({ otherwise: "continue" });
      assert.equal((await flow.status("decide", "status.rulesUnusable")).fill, "red");
      await decide(flow, "t1");
      await decide(flow, "t2");
      assert.deepEqual(ids(flow, "review"), ["t1", "t2"]);
      const { decision } = flow.inbox("review").all[0]?.abiquo ?? {};
      assert.equal(decision?.action, "review");
      assert.match(decision?.reason ?? "", /RULES_UNUSABLE.*rules\.json:1:30/);
      assert.equal((await flow.fault()).code, "RULES_UNUSABLE");
      assert.equal(flow.inbox("faults").all.length, 1);
    });

    it("are looked at without a message as well", async () => {
      write(always("continue"));
      const flow = await fromFile();
      await flow.status("decide", "status.rulesRead");
      write("[");
      await flow.status("decide", "status.rulesKept");
    }).timeout(15_000);

    it("need the name of the file", async () => {
      const flow = await load({ rulesFrom: "file", rulesFile: "" });
      assert.equal((await flow.status("decide", "status.invalid")).fill, "red");
    });
  });

  describe("from a message", () => {
    const fromMessage = (): Promise<Flow> => load({ rulesFrom: "msg", rulesProperty: "policy.rules", otherwise: "cancel" });

    it("are taken from its property, as a value or as JSON", async () => {
      const flow = await fromMessage();
      await decide(flow, "t1", { policy: { rules: always("continue") } });
      await decide(flow, "t2", { policy: { rules: JSON.stringify(always("continue")) } });
      await decide(flow, "t3", { policy: { rules: [] } });
      assert.deepEqual(ids(flow, "continue"), ["t1", "t2"]);
      assert.deepEqual(ids(flow, "cancel"), ["t3"]);
    });

    it("send the task to review with the reason when they are wrong or absent", async () => {
      const flow = await fromMessage();
      await decide(flow, "t1", { policy: { rules: '[{"name": "x", "when": [], "outcome": "go"}]' } });
      await decide(flow, "t2");
      assert.deepEqual(ids(flow, "review"), ["t1", "t2"]);
      assert.match(flow.inbox("review").all[0]?.abiquo?.decision?.reason ?? "", /msg\.policy\.rules:1:39.* x /);
      assert.match(flow.inbox("review").all[1]?.abiquo?.decision?.reason ?? "", /RULES_NOT_A_LIST/);
      assert.equal(flow.logged("warn").filter((text) => text.includes("RULES_UNUSABLE")).length, 2);
    });
  });

  describe("in the dialog", () => {
    const HEADERS = { "Content-Type": "application/json", "Node-RED-API-Version": "v2" };
    const ask = async (path: string, body: object, headers: object = HEADERS): Promise<Record<string, unknown>> => {
      const response = await helper
        .request()
        .post(`/abiquo-task-decision/${path}`)
        .set(headers as Record<string, string>)
        .send(body);
      return { status: response.status, ...(response.body as object) };
    };
    const deploys = (outcome: string): object[] => [
      { name: "deploys", when: [{ field: "task.type", op: "eq", value: "DEPLOY" }], outcome, reason: "" },
    ];
    const received = async (flow: Flow, count: number): Promise<void> => {
      const config = flow.RED.nodes.getNode("config") as unknown as {
        abiquo: { base: string; engine: Promise<{ ledger: { receive(tasks: object[]): Promise<unknown> } }> };
      };
      const { ledger } = await config.abiquo.engine;
      await ledger.receive(
        Array.from({ length: count }, (_, at) => ({
          api: config.abiquo.base,
          taskId: `t${at}`,
          connection: "config",
          source: "",
          group: { id: `t${at}`, index: 0, count: 1 },
          receivedAt: 1_000 + at,
          summary: JSON.stringify({ taskId: `t${at}`, type: at === 0 ? "UNDEPLOY" : "DEPLOY", requester: "ana" }),
          links: "{}",
          payload: "{}",
        })),
      );
    };

    it("are checked as they are edited: problems, and rules that never decide", async () => {
      await load({ rules: [] });
      const all = { name: "", when: [], outcome: "review", reason: "" };
      const { unreachable } = await ask("check", { rules: [all, ...deploys("cancel")], otherwise: "review", scope: "task" });
      assert.deepEqual(
        (unreachable as { rule: number }[]).map(({ rule }) => rule),
        [1],
      );
      const { problems } = await ask("check", { rules: deploys("go"), otherwise: "review", scope: "task" });
      assert.match(JSON.stringify(problems), /"rule":0,"text":"RULE_OUTCOME_UNKNOWN/);
    });

    it("are read with their environment variables, as a deploy would read them", async () => {
      const flow = await load({ rules: [] });
      await received(flow, 2);
      process.env["ABIQUO_TEST_TYPE"] = "UNDEPLOY";
      try {
        const rules = [
          { name: "v", when: [{ field: "task.type", op: "in", value: ["${ABIQUO_TEST_TYPE}"] }], outcome: "cancel", reason: "" },
        ];
        const { tasks } = await ask("try", { id: "decide", connection: "config", limit: 5, rules, otherwise: "review", scope: "task" });
        assert.deepEqual(
          (tasks as { outcome: string }[]).map(({ outcome }) => outcome),
          ["review", "cancel"],
        );
      } finally {
        delete process.env["ABIQUO_TEST_TYPE"];
      }
      const { problems } = await ask("check", {
        rules: [{ name: "u", when: [{ field: "group.cpu", op: "gt", value: "${ABIQUO_TEST_UNSET}" }], outcome: "cancel" }],
        otherwise: "review",
        scope: "task",
      });
      assert.match(JSON.stringify(problems), /RULE_VALUE_NOT_A_NUMBER \$\{ABIQUO_TEST_UNSET\}/);
    });

    it("are told of without what the environment says: a variable stands for its value", async () => {
      await load({ rules: [] });
      process.env["ABIQUO_TEST_SECRET"] = "swordfish";
      try {
        const conditions = [
          { field: "task.type", op: "gt", value: "${ABIQUO_TEST_SECRET}" },
          { field: "${ABIQUO_TEST_SECRET}", op: "eq", value: "x" },
          { field: "task.type", op: "${ABIQUO_TEST_SECRET}", value: "x" },
          { field: "task.type", op: "eq", value: "x", valueType: "${ABIQUO_TEST_SECRET}" },
          { field: "task.type", op: "between", value: ["${ABIQUO_TEST_SECRET}", 2] },
          {
            field: "time",
            op: "in",
            value: { days: ["${ABIQUO_TEST_SECRET}"], from: "${ABIQUO_TEST_SECRET}", timeZone: "${ABIQUO_TEST_SECRET}" },
          },
          { field: "", op: "jsonata", value: "${ABIQUO_TEST_SECRET}" },
        ];
        const always = { name: "${ABIQUO_TEST_SECRET}", when: [], outcome: "review" };
        for (const rules of [
          ...conditions.map((condition) => [{ when: [condition], outcome: "review" }]),
          [{ when: [], outcome: "${ABIQUO_TEST_SECRET}" }],
          [always, always],
          "${ABIQUO_TEST_SECRET}",
        ]) {
          const body = { rules, otherwise: "review", scope: "task", connection: "config", limit: 1 };
          const checked = JSON.stringify(await ask("check", body));
          assert.doesNotMatch(checked, /swordfish/);
          if (checked.includes('"rule":0')) assert.match(checked, /\$\{ABIQUO_TEST_SECRET\}/);
          const { ok, problem } = await ask("try", body);
          if (ok === false) assert.doesNotMatch(String(problem), /swordfish/);
        }
      } finally {
        delete process.env["ABIQUO_TEST_SECRET"];
      }
    });

    it("may all come from one variable, as JSON", async () => {
      await load({ rules: [] });
      process.env["ABIQUO_TEST_RULES"] = JSON.stringify([{ name: "all", when: [], outcome: "review" }, ...deploys("cancel")]);
      try {
        const { problems, unreachable } = await ask("check", { rules: "${ABIQUO_TEST_RULES}", otherwise: "review", scope: "task" });
        assert.deepEqual([problems, (unreachable as { rule: number }[]).map(({ rule }) => rule)], [[], [1]]);
      } finally {
        delete process.env["ABIQUO_TEST_RULES"];
      }
    });

    it("are tried on the newest tasks of the ledger, beside the deployed ones, and nothing is decided", async () => {
      const flow = await load({ rules: deploys("continue") });
      await received(flow, 4);
      const before = abiquo.requests.length;
      const reply = await ask("try", {
        id: "decide",
        connection: "config",
        limit: 3,
        rules: deploys("cancel"),
        otherwise: "review",
        scope: "task",
      });
      assert.equal(reply["ok"], true);
      assert.deepEqual(
        (reply["tasks"] as { taskId: string; outcome: string; before: string; rule: string; differs: boolean }[]).map((t) => [
          t.taskId,
          t.outcome,
          t.before,
          t.rule,
          t.differs,
        ]),
        [
          ["t3", "cancel", "continue", "deploys", true],
          ["t2", "cancel", "continue", "deploys", true],
          ["t1", "cancel", "continue", "deploys", true],
        ],
      );
      assert.equal(reply["differing"], 3);
      assert.equal(reply["compared"], true);
      assert.deepEqual(abiquo.requests.slice(before), []);
      assert.deepEqual(
        ["continue", "cancel", "review"].flatMap((port) => ids(flow, port)),
        [],
      );
    });

    it("read on trial what the ledger does not keep, when they are told to, and only that", async () => {
      const flow = await load({ rules: [] });
      abiquo.hold({ user: "ana" });
      const config = flow.RED.nodes.getNode("config") as unknown as {
        abiquo: {
          base: string;
          client: { pendingTasks(query: object): AsyncIterable<{ task: { taskId: string }; links: object }> };
          engine: Promise<{ ledger: { receive(tasks: object[]): Promise<unknown> } }>;
        };
      };
      const { base, client, engine } = config.abiquo;
      for await (const { task, links } of client.pendingTasks({ enterprise: "2" })) {
        await (await engine).ledger.receive([
          {
            api: base,
            taskId: task.taskId,
            connection: "config",
            source: "",
            group: { id: task.taskId, index: 0, count: 1 },
            receivedAt: 1,
            summary: JSON.stringify(task),
            links: JSON.stringify(links),
            payload: "{}",
          },
        ]);
      }
      const body = {
        id: "new",
        connection: "config",
        limit: 10,
        otherwise: "cancel",
        scope: "task",
        rules: [
          {
            name: "small",
            when: [
              { field: "details.virtualmachine.cpu", op: "lte", value: 64 },
              { field: "group.cpu", op: "lte", value: 64 },
            ],
            outcome: "continue",
          },
        ],
      };
      const outcomes = async (read: boolean): Promise<unknown[]> =>
        ((await ask("try", { ...body, read }))["tasks"] as { outcome: string; why?: string }[]).map(({ outcome, why }) => [
          outcome,
          why === undefined,
        ]);
      const before = abiquo.requests.length;
      assert.deepEqual(await outcomes(false), [["review", false]]);
      assert.equal(abiquo.requests.length, before);
      assert.deepEqual(await outcomes(true), [["continue", true]]);
      assert.ok(abiquo.requests.slice(before).every(({ method }) => method === "GET"));
      abiquo.forget();
    });

    it("are tried without a comparison while the node is not deployed", async () => {
      const flow = await load({ rules: [] });
      await received(flow, 1);
      const reply = await ask("try", {
        id: "new",
        connection: "config",
        limit: 10,
        rules: deploys("cancel"),
        otherwise: "review",
        scope: "task",
      });
      assert.equal(reply["compared"], false);
      assert.deepEqual(
        (reply["tasks"] as { outcome: string }[]).map(({ outcome }) => outcome),
        ["review"],
      );
    });

    it("know the tenants of the connection", async () => {
      await load({ rules: [] });
      const { enterprises } = await ask("choices", { connection: "config" });
      assert.ok((enterprises as { name: string }[]).some(({ name }) => name === [...abiquo.enterprises][1]?.name));
    });

    it("say what to do when the connection is not deployed or the rules are wrong", async () => {
      await load({ rules: [] });
      assert.match(String((await ask("choices", { connection: "nowhere" }))["problem"]), /CONNECTION_NOT_DEPLOYED/);
      assert.match(
        String((await ask("try", { connection: "config", limit: 1, rules: deploys("go"), otherwise: "review", scope: "task" }))["problem"]),
        /RULES_INVALID/,
      );
      assert.match(String((await ask("try", { connection: "config", limit: 1 }))["problem"]), /RULES_NOT_DEPLOYED/);
    });

    it("are behind permissions, and take nothing but what the editor sends", async () => {
      const flow = await load({ rules: [] });
      assert.equal(flow.permissions.filter((permission) => permission === "abiquo-task-decision.write").length, 3);
      assert.ok(!flow.permissions.includes("abiquo-task-decision.read"), "who may only read gets no lists, values or tasks");
      for (const path of ["check", "try", "choices"]) {
        assert.equal((await ask(path, {}, { "Content-Type": "application/json" }))["status"], 400);
        assert.equal((await helper.request().get(`/abiquo-task-decision/${path}`)).status, 404);
      }
    });
  });
});
