import assert from "node:assert/strict";
import type { ListedDelivery } from "../../nodes/lib/engine/index.ts";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, SECRET, type Sent, sink } from "./support.ts";

describe("the node abiquo-list-pending", () => {
  let abiquo: SimulatedAbiquo;

  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/", recordRequests: true });
  });

  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
  });

  async function load(list: object, more: object[] = []): Promise<Flow> {
    const flow = await Flow.load(
      [
        ...around(abiquo, "list"),
        node("list", "abiquo-list-pending", ["out"], list),
        node("hook", "abiquo-webhook-in", ["arrived"], { path: "/hook" }),
        node("continue", "abiquo-continue", ["answered", ""], { task: "payload" }),
        ...["out", "arrived", "answered"].map(sink),
        ...more,
      ],
      { credentials: credentials(abiquo, { hook: { secret: SECRET } }) },
    );
    abiquo.setEndpoint(`${await flow.serve()}/hook/${SECRET}`);
    return flow;
  }

  /** The ids of one list message. */
  async function listed(flow: Flow, message: object = {}): Promise<string[]> {
    const before = flow.inbox("out").all.length;
    flow.send("list", message);
    const out = (await flow.inbox("out").have(before + 1)).at(-1) as Sent;
    const ids = out.abiquo?.tasks?.map(({ task }) => task.taskId) ?? [];
    assert.deepEqual(
      (out.payload as { taskId: string }[]).map(({ taskId }) => taskId),
      ids,
    );
    return ids;
  }

  const ids = (tasks: readonly { taskId: string }[]): string[] => tasks.map(({ taskId }) => taskId);
  const sorted = (list: readonly string[]): string[] => [...list].sort();

  it("lists what waits in an enterprise, named by a message", async () => {
    const flow = await load({ scope: "enterprise", enterprise: "payload.id", enterpriseType: "msg", emit: "list" });
    const mine = abiquo.hold({ count: 3 });
    abiquo.hold({ user: "workflow" });
    assert.deepEqual(sorted(await listed(flow, { payload: { id: 2 } })), sorted(ids(mine)));
    assert.equal((await flow.status("list", 'status.count {"count":3}')).fill, "green");
    await flow.inbox("completed").first();
  });

  it("lists what waits for one user", async () => {
    const flow = await load({ scope: "user", enterprise: "2", user: "3", emit: "list" });
    abiquo.hold({ user: "ana" });
    const bobs = abiquo.hold({ user: "bob", count: 2 });
    assert.deepEqual(sorted(await listed(flow)), sorted(ids(bobs)));
  });

  it("lists what waits for the user of the credentials", async () => {
    const flow = await load({ scope: "me", emit: "list" });
    abiquo.hold({ user: "ana" });
    const own = abiquo.hold({ user: "workflow" });
    assert.deepEqual(await listed(flow), ids(own));
  });

  it("lists what waits in all enterprises whose workflow is on", async () => {
    const flow = await load({ scope: "all", emit: "list" });
    const acme = abiquo.hold({ user: "ana" });
    const own = abiquo.hold({ user: "workflow" });
    assert.deepEqual(sorted(await listed(flow)), sorted(ids([...acme, ...own])));
    assert.ok(!abiquo.requests.some(({ path }) => path.includes("/enterprises/3/")));
  });

  it("lists the other enterprises when one is not allowed, and tells Catch of that one", async () => {
    const flow = await load({ scope: "all", emit: "list" });
    abiquo.hold({ user: "ana" });
    const own = abiquo.hold({ user: "workflow" });
    abiquo.inject({ match: { path: "/enterprises/2/action/pendingtasks" }, status: 403 });
    assert.deepEqual(await listed(flow), ids(own));
    assert.equal((await flow.fault()).code, "ABIQUO_FORBIDDEN");
  });

  it("leaves out what was decided", async () => {
    const flow = await load({ scope: "enterprise", enterprise: "2", emit: "list" });
    const [decided, waiting] = abiquo.hold({ count: 2 });
    abiquo.decideElsewhere(decided?.taskId ?? "", "continue");
    assert.deepEqual(await listed(flow), [waiting?.taskId]);
  });

  it("filters by the requester", async () => {
    const flow = await load({ scope: "enterprise", enterprise: "2", filter: "bo", emit: "list" });
    abiquo.hold({ user: "ana" });
    const bobs = abiquo.hold({ user: "bob" });
    assert.deepEqual(await listed(flow), ids(bobs));
  });

  it("reads all pages of 250 tasks, each task once", async () => {
    const flow = await load({ scope: "enterprise", enterprise: "2", emit: "list" });
    const tasks = abiquo.hold({ count: 250 });
    assert.deepEqual(sorted(await listed(flow)), sorted(ids(tasks)));
    const pages = abiquo.requests.filter(({ path }) => path.includes("pendingtasks")).map(({ path }) => /startwith=(\d+)/.exec(path)?.[1]);
    assert.deepEqual(pages, ["0", "100", "200"]);
  });

  for (const [limit, requests] of [
    ["2", 1],
    ["150", 2],
  ] as const) {
    it(`reads no more than its limit of ${limit}`, async () => {
      const flow = await load({ scope: "enterprise", enterprise: "2", limit, emit: "list" });
      abiquo.hold({ count: 250 });
      assert.equal((await listed(flow)).length, Number(limit));
      assert.equal(abiquo.requests.filter(({ path }) => path.includes("pendingtasks")).length, requests);
    });
  }

  it("counts its limit over all enterprises", async () => {
    const flow = await load({ scope: "all", limit: "3", emit: "list" });
    abiquo.hold({ user: "ana", count: 2 });
    abiquo.hold({ user: "workflow", count: 2 });
    assert.equal((await listed(flow)).length, 3);
  });

  it("puts the newest first, whichever enterprise they are of", async () => {
    const flow = await load({ scope: "all", emit: "list" });
    const tasks = [abiquo.hold({ user: "ana" }), abiquo.hold({ user: "workflow" }), abiquo.hold({ user: "ana" })].flat();
    const hours = [2, 3, 1];
    for (const [index, task] of tasks.entries()) Object.assign(task, { created: task.created - (hours[index] ?? 0) * 3_600 });
    assert.deepEqual(await listed(flow), [tasks[2]?.taskId, tasks[0]?.taskId, tasks[1]?.taskId]);
  });

  it("sends a message for each task, joined by its parts", async () => {
    const flow = await load({ scope: "enterprise", enterprise: "2" });
    const tasks = abiquo.hold({ count: 3, type: "UNDEPLOY" });
    flow.send("list", { payload: "before", kept: { yes: true }, _msgid: "m1" });
    const messages = await flow.inbox("out").have(3);
    assert.deepEqual(sorted(messages.map(({ abiquo: a }) => a?.task?.taskId ?? "")), sorted(ids(tasks)));
    for (const [index, { abiquo: a, payload, parts, topic, ...rest }] of messages.entries()) {
      assert.equal((payload as { taskId: string }).taskId, a?.task?.taskId);
      assert.equal(topic, "UNDEPLOY");
      assert.deepEqual({ ...parts, id: "" }, { id: "", type: "array", index, count: 3, len: 1 });
      assert.equal(a?.connection, "config");
      assert.equal(a?.group, undefined);
      assert.ok(a?.links?.continue.startsWith(`${abiquo.url}/cloud/`));
      assert.deepEqual(rest["kept"], { yes: true });
      assert.equal(rest._msgid, "m1");
    }
    assert.equal(new Set(messages.map(({ parts }) => parts?.id)).size, 1);
    (messages[0]?.["kept"] as { yes: boolean }).yes = false;
    assert.deepEqual(messages[1]?.["kept"], { yes: true });
  });

  it("sends nothing for no task, and one empty list when told to send lists", async () => {
    const flow = await load({ scope: "enterprise", enterprise: "2" }, [
      node("as-list", "abiquo-list-pending", ["lists"], { scope: "enterprise", enterprise: "2", emit: "list" }),
      sink("lists"),
    ]);
    flow.send("list", {});
    await flow.inbox("completed").first();
    flow.send("as-list", { abiquo: undefined, topic: "mine" });
    const out = await flow.inbox("lists").first();
    assert.deepEqual([out.payload, out.abiquo, out.topic], [[], { connection: "config", tasks: [] }, "mine"]);
    assert.equal(flow.inbox("out").all.length, 0);
  });

  it("forgets the task that the message came with", async () => {
    const flow = await load({ scope: "enterprise", enterprise: "2" });
    const tasks = abiquo.hold();
    flow.send("list", {
      abiquo: { connection: "config", task: { taskId: "old" }, links: {}, group: { id: "g", count: 5 }, decision: { action: "cancel" } },
    });
    const { abiquo: a } = await flow.inbox("out").first();
    assert.equal(a?.task?.taskId, tasks[0]?.taskId);
    assert.equal(a?.group, undefined);
    assert.equal(a?.decision, undefined);
  });

  it("makes no task known: a webhook that comes later is still taken and sent on", async () => {
    const flow = await load({ scope: "enterprise", enterprise: "2", emit: "list" });
    const tasks = abiquo.hold();
    assert.deepEqual(await listed(flow), ids(tasks));
    assert.deepEqual(JSON.parse((await abiquo.post(tasks)).body), { accepted: 1, known: 0 });
    const arrived = await flow.inbox("arrived").first();
    assert.equal(arrived.abiquo?.task?.taskId, tasks[0]?.taskId);
    assert.equal(arrived.abiquo?.redelivered, undefined);
  });

  it("gives continue what it needs, be it a task or the list", async () => {
    const flow = await load({ scope: "enterprise", enterprise: "2", emit: "list" }, [node("own", "abiquo-continue", ["answered", ""])]);
    const tasks = abiquo.hold({ count: 2 });
    flow.send("list", {});
    flow.send("own", await flow.inbox("out").first());
    const answered = await flow.inbox("answered").first();
    assert.deepEqual(
      answered.abiquo?.tasks?.map(({ answer }) => answer?.outcome),
      ["continued", "continued"],
    );
    assert.ok(tasks.every(({ state }) => state === "PENDING"));
  });

  describe("of the ledger", () => {
    const deliveryOf = (entry: unknown): ListedDelivery | undefined => (entry as { delivery?: ListedDelivery } | undefined)?.delivery;
    const stage = (name: string): object =>
      node(name, "abiquo-list-pending", [`${name}-out`], { scope: "ledger", stage: name, emit: "list" });
    const STAGES = ["held", "asked", "decided", "undeliverable"];

    async function stages(flow: Flow): Promise<Record<string, string[]>> {
      const found: Record<string, string[]> = {};
      for (const name of STAGES) {
        const before = flow.inbox(`${name}-out`).all.length;
        flow.send(name, {});
        const out = (await flow.inbox(`${name}-out`).have(before + 1)).at(-1);
        found[name] = out?.abiquo?.tasks?.map(({ task }) => task.taskId) ?? [];
      }
      return found;
    }

    it("tells what is held, what is decided but not yet delivered, and what cannot be delivered", async () => {
      const flow = await load({ scope: "ledger" }, [...STAGES.map(stage), ...STAGES.map((name) => sink(`${name}-out`))]);
      const { tasks } = await abiquo.submit({ count: 3 });
      const [held, stuck, refused] = ids(tasks);
      await flow.inbox("arrived").have(3);
      assert.deepEqual(await stages(flow), { held: [held, stuck, refused], asked: [], decided: [], undeliverable: [] });

      abiquo.inject({ match: { action: "continue", path: refused ?? "" }, status: 403, times: 1 });
      flow.send("continue", { payload: refused });
      assert.equal((await flow.fault()).code, "ABIQUO_UNDELIVERABLE");
      const attempt = abiquo.waitFor("request", ({ path }) => path.includes(stuck ?? "") && path.endsWith("continue"));
      abiquo.inject({ match: { action: "continue", path: stuck ?? "" }, status: 500 });
      flow.send("continue", { payload: stuck });
      await attempt;
      assert.deepEqual(await stages(flow), { held: [held], asked: [], decided: [stuck], undeliverable: [refused] });

      // What cannot be delivered is told with its decision, and can be answered again.
      const entry = flow.inbox("undeliverable-out").all.at(-1)?.abiquo?.tasks?.[0];
      assert.equal(entry?.decision?.action, "continue");
      assert.equal(entry?.answer, undefined);
      const delivery = deliveryOf(entry);
      assert.deepEqual([delivery?.state, delivery?.attempts, delivery?.reason], ["undeliverable", 1, "ABIQUO_FORBIDDEN"]);
      assert.match(delivery?.message ?? "", /ABIQUO_FORBIDDEN|WORKFLOW_OVERRIDE/);
      assert.ok(Date.now() - Date.parse(delivery?.since ?? "") < 60_000);
      const waiting = (): ListedDelivery | undefined => deliveryOf(flow.inbox("decided-out").all.at(-1)?.abiquo?.tasks?.[0]);
      // Abiquo has got the request, but how that went may not be on disk yet, or the next attempt be under way.
      while (waiting()?.state !== "waiting") await stages(flow);
      assert.equal(waiting()?.reason, "ABIQUO_FAILED");
      assert.ok(Date.parse(waiting()?.nextAttempt ?? "") > Date.parse(waiting()?.since ?? ""));
      flow.send("continue", { payload: entry, abiquo: entry });
      const answered = await flow.inbox("answered").first();
      assert.equal(deliveryOf(answered.abiquo), undefined);
      assert.deepEqual((await stages(flow))["undeliverable"], []);
      assert.equal(abiquo.task(refused ?? "")?.state, "PENDING");
    });

    it("lets rules judge again what they could not while Abiquo was away, and is still held", async () => {
      const rule = {
        name: "Small",
        when: [{ field: "details.virtualmachine.cpu", op: "lte", value: 4, valueType: "num" }],
        outcome: "continue",
      };
      const flow = await load({ scope: "ledger", stage: "held" }, [
        node("judge", "abiquo-task-decision", ["continue-it", "", "review"], { rules: [rule], scope: "task" }),
        node("continue-it", "abiquo-continue", ["judged", ""]),
        ...["review", "judged"].map(sink),
      ]);
      const away = abiquo.inject({ match: { path: "/virtualmachines/" }, status: 500 });
      const { tasks } = await abiquo.submit({ cpu: 2 });
      const { id: _id, ...arrived } = await flow.inbox("arrived").first();
      flow.send("judge", arrived);
      assert.equal((await flow.inbox("review").first()).abiquo?.decision?.action, "review");
      away.remove();
      flow.send("list", {});
      const { id: _other, ...listedAgain } = await flow.inbox("out").first();
      flow.send("judge", listedAgain);
      assert.equal((await flow.inbox("judged").first()).abiquo?.answer?.outcome, "continued");
      assert.equal(abiquo.task(tasks[0]?.taskId ?? "")?.state, "PENDING");
    });

    it("filters by any text of the task, and limits", async () => {
      const flow = await load({ scope: "ledger", filter: "BOB", emit: "list" }, [
        node("few", "abiquo-list-pending", ["few-out"], { scope: "ledger", limit: "2" }),
        sink("few-out"),
      ]);
      await abiquo.submit({ user: "ana", count: 2 });
      const { tasks } = await abiquo.submit({ user: "bob" });
      await flow.inbox("arrived").have(3);
      assert.deepEqual(await listed(flow), ids(tasks));
      flow.send("few", {});
      const few = await flow.inbox("few-out").have(2);
      assert.deepEqual(
        few.map(({ parts }) => [parts?.index, parts?.count]),
        [
          [0, 2],
          [1, 2],
        ],
      );
      assert.equal((few[0]?.payload as { taskId: string } | undefined)?.taskId, few[0]?.abiquo?.task?.taskId);
    });

    it("tells only of its own connection's platform", async () => {
      const other = await startAbiquo();
      try {
        const flow = await Flow.load(
          [
            ...around(abiquo, "list"),
            { id: "second", type: "abiquo-config", url: other.url, auth: "oauth1" },
            node("hook", "abiquo-webhook-in", ["arrived"], { path: "/hook", auth: "none" }),
            node("list", "abiquo-list-pending", ["out"], { scope: "ledger", emit: "list", connection: "second" }),
            sink("arrived"),
            sink("out"),
          ],
          { credentials: { ...credentials(abiquo), second: { ...other.credentials.oauth } } },
        );
        await abiquo.post(abiquo.hold(), { url: `${await flow.serve()}/hook` });
        await flow.inbox("arrived").first();
        assert.deepEqual(await listed(flow), []);
      } finally {
        await other.close();
      }
    });
  });

  for (const [name, list, message, code] of [
    ["no enterprise", { scope: "enterprise" }, {}, "CONFIG_INVALID"],
    ["an enterprise that the message lacks", { scope: "enterprise", enterprise: "payload", enterpriseType: "msg" }, {}, "CONFIG_INVALID"],
    ["an enterprise that is no id", { scope: "enterprise", enterprise: "../1" }, {}, "ABIQUO_BAD_LINK"],
    ["an enterprise that there is not", { scope: "enterprise", enterprise: "77" }, {}, "ABIQUO_NOT_FOUND"],
    ["no user", { scope: "user", enterprise: "2" }, {}, "CONFIG_INVALID"],
    ["a message of another connection", { scope: "all" }, { abiquo: { connection: "another" } }, "ABIQUO_OTHER_CONNECTION"],
  ] as const) {
    it(`tells Catch of ${name}`, async () => {
      const flow = await load(list);
      flow.send("list", message);
      const fault = await flow.fault();
      assert.equal(fault.code, code);
      assert.equal(fault.source.id, "list");
      assert.equal((await flow.status("list", "status.failed")).fill, "red");
      assert.equal(flow.inbox("completed").all.length, 0);
    });
  }

  for (const [name, list] of [
    ["a scope that there is not", { scope: "everywhere" }],
    ["a stage that there is not", { scope: "ledger", stage: "lost" }],
    ["a limit that is no number", { scope: "all", limit: "few" }],
    ["no connection", { connection: "" }],
  ] as const) {
    it(`shows red with ${name}`, async () => {
      const flow = await load(list);
      const text = name === "no connection" ? "status.noConnection" : "status.invalid";
      assert.equal((await flow.status("list", text)).fill, "red");
    });
  }
});
