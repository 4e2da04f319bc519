import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import type { ConfigNode } from "../../nodes/lib/node-red/connection.ts";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, SECRET, sink } from "./support.ts";

type HeldTask = ReturnType<SimulatedAbiquo["hold"]>[number];

describe("the node abiquo-webhook-in", () => {
  let abiquo: SimulatedAbiquo;

  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
  });

  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
  });

  async function load(hook: object = {}, config: object = {}, secrets: Record<string, string> = { secret: SECRET }): Promise<Flow> {
    const flow = await Flow.load(
      [...around(abiquo, "hook", config), node("hook", "abiquo-webhook-in", ["out"], { path: "/hook", ...hook }), sink("out")],
      { credentials: credentials(abiquo, { hook: secrets }) },
    );
    abiquo.setEndpoint(`${await flow.serve()}/hook/${SECRET}`);
    return flow;
  }

  it("sends a message for each task of a POST, joined by its parts and its group", async () => {
    const flow = await load();
    const { tasks, webhook } = await abiquo.submit({ count: 3 });
    assert.deepEqual(webhook, { status: 200, body: '{"accepted":3,"known":0}' });

    const messages = await flow.inbox("out").have(3);
    assert.deepEqual(
      messages.map(({ abiquo: a }) => a?.task?.taskId),
      tasks.map(({ taskId }) => taskId),
    );
    assert.deepEqual(
      messages.map(({ topic }) => topic),
      ["DEPLOY", "DEPLOY", "DEPLOY"],
    );
    assert.deepEqual(
      messages.map(({ payload }) => (payload as { taskId: string }).taskId),
      tasks.map(({ taskId }) => taskId),
    );
    assert.deepEqual(
      messages.map(({ parts }) => parts?.index),
      [0, 1, 2],
    );
    const groups = new Set(
      messages.map(
        ({ abiquo: a, parts }) => `${a?.group?.id} ${a?.group?.count} ${parts?.id} ${parts?.count} ${parts?.type} ${parts?.len}`,
      ),
    );
    assert.equal(groups.size, 1);
    const id = messages[0]?.abiquo?.group?.id ?? "";
    assert.deepEqual([...groups], [`${id} 3 ${id} 3 array 1`]);
    assert.deepEqual(
      messages.map(({ abiquo: a }) => a?.connection),
      ["config", "config", "config"],
    );
    assert.ok(messages.every(({ abiquo: a }) => a !== undefined && !("redelivered" in a) && !("tasks" in a)));
    assert.deepEqual(await flow.status("hook", "received"), {
      fill: "green",
      shape: "dot",
      text: 'abiquo-webhook-in.status.received {"type":"DEPLOY","count":3}',
    });
  });

  it("sends one message for all tasks of a POST when told to", async () => {
    const flow = await load({ emit: "group" });
    const { tasks } = await abiquo.submit({ count: 3, type: "UNDEPLOY" });
    const message = await flow.inbox("out").first();
    const ids = tasks.map(({ taskId }) => taskId);
    assert.equal(message.topic, "UNDEPLOY");
    assert.deepEqual(
      (message.payload as { taskId: string }[]).map(({ taskId }) => taskId),
      ids,
    );
    assert.deepEqual(
      message.abiquo?.tasks?.map(({ task }) => task.taskId),
      ids,
    );
    assert.equal(message.abiquo?.group?.count, 3);
    assert.equal(message.abiquo?.task, undefined);
    assert.equal(message.abiquo?.links, undefined);
    assert.equal(message.parts, undefined);
  });

  it("names the requester, the ids, and links below the connection's URL only", async () => {
    const flow = await load();
    const { tasks } = await abiquo.submit({ type: "RECONFIGURE", user: "bob" });
    const [task] = tasks;
    const message = await flow.inbox("out").first();
    const entry = message.abiquo;
    assert.equal(entry?.task?.requester, "bob");
    assert.equal(entry?.task?.state, "QUEUEING");
    assert.equal(entry?.task?.enterpriseId, "2");
    assert.equal(entry?.task?.virtualMachineId, String(task?.virtualMachine));
    const machine = `${abiquo.url}/cloud/virtualdatacenters/7/virtualappliances/${task?.virtualAppliance}/virtualmachines/${task?.virtualMachine}`;
    assert.equal(entry?.links?.self, `${machine}/tasks/${task?.taskId}`);
    assert.equal(entry?.links?.continue, `${machine}/tasks/${task?.taskId}/action/continue`);
    assert.equal(entry?.links?.cancel, `${machine}/tasks/${task?.taskId}/action/cancel`);
    for (const link of Object.values(entry?.links ?? {})) assert.ok(link.startsWith(`${abiquo.url}/`), link);
  });

  for (const linkStyle of ["rooted", "absolute"] as const) {
    it(`leads ${linkStyle} links back below the connection's URL`, async () => {
      const flow = await load();
      await abiquo.post(abiquo.hold(), { linkStyle });
      const { abiquo: entry } = await flow.inbox("out").first();
      assert.deepEqual(
        Object.values(entry?.links ?? {}).filter((link) => !link.startsWith(`${abiquo.url}/`)),
        [],
      );
    });
  }

  it("takes XML as it takes JSON", async () => {
    const flow = await load();
    const tasks = abiquo.hold({ count: 2 });
    const reply = await abiquo.post(tasks, { format: "xml" });
    assert.equal(reply.status, 200);
    const messages = await flow.inbox("out").have(2);
    assert.deepEqual(
      messages.map(({ abiquo: a }) => a?.task?.taskId),
      tasks.map(({ taskId }) => taskId),
    );
    assert.equal((messages[0]?.payload as { taskId: string } | undefined)?.taskId, tasks[0]?.taskId);
  });

  it("acknowledges a task that it knows, and does not send it again", async () => {
    const flow = await load();
    const known = abiquo.hold();
    await abiquo.post(known);
    const again = await abiquo.post([...known, ...abiquo.hold()]);
    assert.deepEqual(JSON.parse(again.body), { accepted: 1, known: 1 });
    await abiquo.post(known);
    const messages = await flow.inbox("out").have(2);
    await abiquo.submit();
    await flow.inbox("out").have(3);
    assert.equal(messages.filter(({ abiquo: a }) => a?.task?.taskId === known[0]?.taskId).length, 1);
    assert.equal(flow.inbox("out").all.length, 3);
  });

  it("lets nobody in without the secret, and counts them without telling Catch", async () => {
    const flow = await load();
    const url = await flow.serve();
    const tasks = abiquo.hold();
    for (const path of ["/hook", "/hook/wrong", `/hook?secret=${SECRET}x`, "/hook/%ff"]) {
      assert.deepEqual(await abiquo.post(tasks, { url: url + path }), { status: 401, body: "" }, path);
    }
    assert.match(String((await flow.status("hook", '"count":4')).text), /rejected/);
    assert.equal((await abiquo.post(tasks, { url: `${url}/hook?secret=${SECRET}` })).status, 200);
    await flow.inbox("out").first();
    assert.equal(flow.inbox("out").all.length, 1);
    assert.deepEqual(flow.inbox("faults").all, []);
  });

  it("asks for user and password where told so", async () => {
    const flow = await load({ auth: "basic" }, {}, { username: "abiquo", password: "p:ä" });
    const url = new URL(`${await flow.serve()}/hook`);
    const tasks = abiquo.hold();
    const refused = await fetch(url, { method: "POST", body: "{}" });
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get("www-authenticate"), "Basic");
    url.username = "abiquo";
    url.password = encodeURIComponent("p:ä");
    assert.equal((await abiquo.post(tasks, { url: url.href })).status, 200);
    await flow.inbox("out").first();
  });

  it("refuses addresses that are not allowed, and believes X-Forwarded-For of a trusted proxy only", async () => {
    const flow = await load({ allowFrom: "10.1.0.0/16" }, { trustedProxies: "127.0.0.1" });
    const url = `${await flow.serve()}/hook/${SECRET}`;
    const post = (forwarded: string): Promise<Response> =>
      fetch(url, { method: "POST", headers: { "X-Forwarded-For": forwarded }, body: "{}" });
    assert.equal((await post("10.2.0.1")).status, 403);
    assert.equal((await post("10.1.0.1, 192.0.2.1")).status, 403);
    assert.equal((await post("192.0.2.1, 10.1.0.1")).status, 422);
  });

  it("tells Catch of a body that it cannot read, and Abiquo why", async () => {
    const flow = await load();
    const url = `${await flow.serve()}/hook/${SECRET}`;
    const post = async (body: string): Promise<{ status: number; error: string }> => {
      const response = await fetch(url, { method: "POST", body });
      const { error } = (await response.json()) as { error: string };
      return { status: response.status, error };
    };
    assert.deepEqual(await post("{"), { status: 400, error: "ABIQUO_BAD_BODY" });
    assert.deepEqual(await post('{"collection":[]}'), { status: 422, error: "ABIQUO_NO_TASK" });
    const caught = await flow.inbox("faults").have(2);
    assert.deepEqual(
      caught.map(({ error }) => error?.code),
      ["ABIQUO_BAD_BODY", "ABIQUO_NO_TASK"],
    );
  });

  it("refuses what is larger than it is set to take", async () => {
    const flow = await load({ maxBody: "0.001" });
    const reply = await abiquo.post(abiquo.hold({ count: 5 }));
    assert.equal(reply.status, 413);
    assert.equal((JSON.parse(reply.body) as { error: string }).error, "BODY_TOO_LARGE");
    assert.equal((await flow.fault()).code, "BODY_TOO_LARGE");
  });

  it("takes the good tasks of a POST and reports the bad one", async () => {
    const flow = await load();
    const [good] = abiquo.hold();
    const response = await fetch(`${await flow.serve()}/hook/${SECRET}`, {
      method: "POST",
      body: JSON.stringify({
        collection: [
          { taskId: "evil", type: "DEPLOY", links: [{ rel: "self", href: "cloud/../../x/tasks/evil" }] },
          {
            taskId: good?.taskId,
            type: "DEPLOY",
            links: [
              {
                rel: "self",
                href: `cloud/virtualdatacenters/7/virtualappliances/1/virtualmachines/${good?.virtualMachine}/tasks/${good?.taskId}`,
              },
            ],
          },
        ],
      }),
    });
    assert.equal(response.status, 200);
    const body = (await response.json()) as { accepted: number; problems: { code: string }[] };
    assert.equal(body.accepted, 1);
    assert.equal(body.problems.length, 1);
    assert.equal((await flow.inbox("out").first()).abiquo?.task?.taskId, good?.taskId);
    assert.match((await flow.fault()).code ?? "", /^ABIQUO_BAD_(TASK|LINK)$/);
  });

  it("answers 405 to what is no POST, and 404 below and beside its path", async () => {
    const flow = await load({ auth: "none" });
    const url = await flow.serve();
    const get = await fetch(`${url}/hook`);
    assert.equal(get.status, 405);
    assert.equal(get.headers.get("allow"), "POST");
    assert.equal((await fetch(`${url}/hook/below`, { method: "POST", body: "{}" })).status, 404);
    assert.equal((await fetch(`${url}/hook/below/that`, { method: "POST", body: "{}" })).status, 404);
    assert.equal((await fetch(`${url}/other`, { method: "POST", body: "{}" })).status, 404);
  });

  describe("with verify", () => {
    it("tells what Abiquo itself says of the task", async () => {
      const flow = await load({ verify: true });
      const [task] = abiquo.hold({ user: "ana" });
      assert.ok(task);
      const path = `cloud/virtualdatacenters/7/virtualappliances/${task.virtualAppliance}/virtualmachines/${task.virtualMachine}`;
      const forged = {
        taskId: task.taskId,
        type: "UNDEPLOY",
        ownerId: "somebody else",
        state: "QUEUEING",
        links: [{ rel: "self", href: `${path}/tasks/${task.taskId}` }],
      };
      const response = await fetch(`${await flow.serve()}/hook/${SECRET}`, { method: "POST", body: JSON.stringify(forged) });
      assert.equal(response.status, 200);
      const { abiquo: entry, topic, payload } = await flow.inbox("out").first();
      assert.equal(topic, "DEPLOY");
      assert.equal(entry?.task?.type, "DEPLOY");
      assert.equal(entry?.task?.requester, "ana");
      assert.notEqual(entry?.task?.ownerId, "somebody else");
      assert.equal(entry?.links?.continue, `${abiquo.url}/${path}/tasks/${task.taskId}/action/continue`);
      assert.equal((payload as { type: string }).type, "DEPLOY");
    });

    it("sends no task that was decided elsewhere meanwhile", async () => {
      const flow = await load({ verify: true });
      const [decided] = abiquo.hold();
      const [waiting] = abiquo.hold();
      assert.ok(decided && waiting);
      abiquo.decideElsewhere(decided.taskId, "cancel");
      await abiquo.post([decided, waiting]);
      const message = await flow.inbox("out").first();
      assert.equal(message.abiquo?.task?.taskId, waiting.taskId);
      assert.equal(flow.inbox("out").all.length, 1);
      assert.deepEqual(flow.inbox("faults").all, []);
    });

    it("reports refused credentials once to Catch, however many tasks wait for others", async () => {
      const flow = await load({ verify: true });
      abiquo.inject({ match: { action: "read" }, status: 401 });
      for (let call = 0; call < 5; call++) assert.equal((await abiquo.post(abiquo.hold())).status, 200);
      assert.equal((await flow.fault(({ code }) => code === "ABIQUO_UNAUTHORIZED")).source.id, "config");
      await fetch(`${await flow.serve()}/hook/${SECRET}`, { method: "POST", body: "neither" });
      await flow.fault(({ code }) => code === "ABIQUO_BAD_BODY");
      assert.deepEqual(
        flow.inbox("faults").all.map(({ error }) => error?.code),
        ["ABIQUO_UNAUTHORIZED", "ABIQUO_BAD_BODY"],
      );
    });

    it("reads each task in one loop of its own, whatever is deployed below meanwhile", async () => {
      const flows = (name: string): object[] => [
        ...around(abiquo, "hook"),
        node("hook", "abiquo-webhook-in", ["out"], { path: "/hook", auth: "none", verify: true }),
        { ...sink("out"), name },
      ];
      const flow = await Flow.load(flows(""), { credentials: credentials(abiquo) });
      const url = `${await flow.serve()}/hook`;
      const away = abiquo.inject({ match: { action: "read" }, status: 500 });
      const tasks = [...abiquo.hold(), ...abiquo.hold()];
      for (const task of tasks) assert.equal((await abiquo.post([task], { url })).status, 200);
      for (let round = 0; round < 3; round++) await flow.deploy(flows(`v${round}`), "nodes", credentials(abiquo));
      assert.ok(away.hits <= 2, `${away.hits} reads of two tasks in the first two seconds`);
      away.remove();
      await flow.inbox("out").have(2);
      await abiquo.post(abiquo.hold(), { url });
      await flow.inbox("out").have(3);
      assert.deepEqual(
        flow
          .inbox("out")
          .all.slice(0, 2)
          .map(({ abiquo: a }) => a?.task?.taskId)
          .sort(),
        tasks.map(({ taskId }) => taskId).sort(),
      );
    });

    it("keeps no good task back for one that Abiquo does not know, in a POST or after a restart", async () => {
      const flows = (hook: object): object[] => [
        ...around(abiquo, "hook"),
        node("hook", "abiquo-webhook-in", ["out"], { path: "/hook", auth: "none", ...hook }),
        sink("out"),
      ];
      const flow = await Flow.load(flows({}), { credentials: credentials(abiquo) });
      const url = `${await flow.serve()}/hook`;
      const tasks = abiquo.hold({ count: 2 });
      const [gone, fine] = [...tasks, ...abiquo.hold()] as [HeldTask, HeldTask, HeldTask];
      await abiquo.post(tasks, { url });
      await flow.inbox("out").have(2);
      abiquo.trim(gone.taskId);
      await flow.deploy(flows({ verify: true }), "nodes", credentials(abiquo));
      const [again] = await flow.inbox("out").have(1, ({ abiquo: a }) => a?.redelivered === true);
      assert.equal(again?.abiquo?.task?.taskId, fine.taskId);
    });

    it("lets a forged task out to nobody, while genuine ones of other POSTs pass", async () => {
      const flow = await load({ verify: true });
      const [real] = abiquo.hold();
      assert.ok(real);
      abiquo.trim(real.taskId);
      assert.equal((await abiquo.post([real])).status, 200);
      // The forged one is asked for at once, and then again and again for a minute: nothing leaves meanwhile.
      const [genuine] = abiquo.hold();
      assert.ok(genuine);
      await abiquo.post([genuine]);
      const message = await flow.inbox("out").first();
      assert.equal(message.abiquo?.task?.taskId, genuine.taskId);
      assert.equal(flow.inbox("out").all.length, 1);
    });
  });

  describe("that cannot work", () => {
    it("shows red without a connection", async () => {
      const flow = await load({ connection: "" });
      assert.equal((await flow.status("hook", "status.noConnection")).fill, "red");
      assert.ok(flow.logged("error").some((text) => text.includes("ABIQUO_NO_CONNECTION")));
    });

    it("shows red without the secret that it asks for", async () => {
      const flow = await load({}, {}, {});
      assert.equal((await flow.status("hook", "status.invalid")).fill, "red");
      assert.ok(flow.logged("error").some((text) => text.includes("CREDENTIAL_MISSING secret")));
      assert.equal((await fetch(`${await flow.serve()}/hook`, { method: "POST", body: "{}" })).status, 404);
    });

    it("shows red with a wrong address range, a wrong size, or a word where a yes or no belongs", async () => {
      const hooks = [{ allowFrom: "10.0.0.0/33" }, { maxBody: "much" }, { verify: "perhaps" }, { emit: "sometimes" }];
      const flow = await Flow.load(
        [
          ...around(abiquo, "hook-0"),
          ...hooks.map((hook, index) =>
            node(`hook-${index}`, "abiquo-webhook-in", [""], { path: `/hook-${index}`, auth: "none", ...hook }),
          ),
        ],
        { credentials: credentials(abiquo) },
      );
      for (const [index, hook] of hooks.entries()) {
        assert.equal((await flow.status(`hook-${index}`, "status.invalid")).fill, "red");
        const property = Object.keys(hook)[0] ?? "";
        assert.ok(
          flow.logged("error").some((text) => text.includes(`CONFIG_INVALID ${property}`)),
          property,
        );
      }
    });

    it("leaves a path to the node that has it", async () => {
      const flow = await Flow.load(
        [
          ...around(abiquo, "first"),
          node("first", "abiquo-webhook-in", ["out"], { path: "/hook", auth: "none" }),
          node("second", "abiquo-webhook-in", ["other"], { path: "hook/", auth: "none" }),
          sink("out"),
          sink("other"),
        ],
        { credentials: credentials(abiquo) },
      );
      assert.equal((await flow.status("second", "status.invalid")).fill, "red");
      assert.ok(flow.logged("error").some((text) => text.includes("DUPLICATE_PATH hook/")));
      await abiquo.post(abiquo.hold(), { url: `${await flow.serve()}/hook` });
      await flow.inbox("out").first();
      assert.deepEqual(flow.inbox("other").all, []);
    });
  });

  it("serves a path that another node had once that one is deleted", async () => {
    const [first, second] = ["first", "second"].map((id) => node(id, "abiquo-webhook-in", ["out"], { path: "/hook", auth: "none" })) as [
      object,
      object,
    ];
    const flow = await Flow.load([...around(abiquo, "first"), first, second, sink("out")], { credentials: credentials(abiquo) });
    const url = `${await flow.serve()}/hook`;
    await flow.status("second", "status.invalid");
    await flow.deploy([...around(abiquo, "first"), second, sink("out")], "nodes", credentials(abiquo));
    await flow.status("second", "status.listening");
    assert.equal((await abiquo.post(abiquo.hold(), { url })).status, 200);
    await flow.inbox("out").first();
  });

  describe("with a POST under way while it is deployed", () => {
    const hook = node("hook", "abiquo-webhook-in", ["out"], { path: "/hook", auth: "none" });
    const flows = (change: object = {}): object[] => [...around(abiquo, "hook"), { ...hook, ...change }, sink("out")];

    /** A POST of which half the body has come; the rest comes when told so, and then its status. */
    async function half(flow: Flow, body: string): Promise<() => Promise<number>> {
      const url = new URL(`${await flow.serve()}/hook`);
      const begun = flow.nextRequest();
      const request = httpRequest(url, { method: "POST", headers: { "Content-Length": body.length } });
      const answered = new Promise<number>((resolve, reject) => {
        request.once("error", reject).once("response", (response) => resolve(response.resume().statusCode ?? 0));
      });
      request.write(body.slice(0, body.length / 2));
      await begun;
      return () => {
        request.end(body.slice(body.length / 2));
        return answered;
      };
    }

    const bodyOf = ({ taskId, virtualAppliance, virtualMachine }: HeldTask): string =>
      JSON.stringify({
        taskId,
        type: "DEPLOY",
        state: "QUEUEING",
        links: [
          {
            rel: "self",
            href: `cloud/virtualdatacenters/7/virtualappliances/${virtualAppliance}/virtualmachines/${virtualMachine}/tasks/${taskId}`,
          },
        ],
      });

    for (const type of ["nodes", "full"] as const) {
      it(`takes one whose body ends after a ${type} deploy, and sends its task once`, async () => {
        const flow = await Flow.load(flows(), { credentials: credentials(abiquo) });
        const [task] = abiquo.hold();
        assert.ok(task);
        const rest = await half(flow, bodyOf(task));
        await flow.deploy(flows({ name: "changed" }), type, credentials(abiquo));
        assert.equal(await rest(), 200);
        await flow.inbox("out").first();
        await abiquo.post(abiquo.hold(), { url: `${await flow.serve()}/hook` });
        await flow.inbox("out").have(2);
        assert.equal(flow.inbox("out").all.filter(({ abiquo: a }) => a?.task?.taskId === task.taskId).length, 1);
      });

      it(`takes one whose body ends in the middle of a ${type} deploy`, async () => {
        const flow = await Flow.load(flows(), { credentials: credentials(abiquo) });
        const [task] = abiquo.hold();
        assert.ok(task);
        const rest = await half(flow, bodyOf(task));
        const stopped = once(flow.RED.events, "flows:stopping");
        const deploying = flow.deploy(flows({ name: "changed" }), type, credentials(abiquo));
        await stopped;
        assert.equal(await rest(), 200);
        await deploying;
        await flow.inbox("out").first(({ abiquo: a }) => a?.task?.taskId === task.taskId);
      });
    }

    /** Lets the store take its time over the next POST: resolves once it has been asked, and goes on when told so. */
    async function slowStore(flow: Flow): Promise<{ asked: Promise<void>; goOn: () => void }> {
      const { intake } = await (flow.RED.nodes.getNode("config") as ConfigNode).abiquo.engine;
      const asked = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      const receive = intake.receive.bind(intake);
      intake.receive = async (...call) => {
        asked.resolve();
        await gate.promise;
        return receive(...call);
      };
      return { asked: asked.promise, goOn: () => gate.resolve() };
    }

    for (const [when, patience] of [
      ["until it is done", 300],
      ["as long as Node-RED bears it, and its successor the rest", 60_000],
    ] as const) {
      it(`waits for what is being committed ${when}, so that its successor sends it`, async () => {
        const flow = await Flow.load(flows(), { credentials: credentials(abiquo) });
        const { asked, goOn } = await slowStore(flow);
        const [task] = abiquo.hold();
        assert.ok(task);
        const posted = fetch(`${await flow.serve()}/hook`, { method: "POST", body: bodyOf(task) });
        await asked;
        const started = once(flow.RED.events, "flows:started");
        const deploying = flow.deploy(flows({ name: "changed" }), "nodes", credentials(abiquo));
        await Promise.race([started, new Promise((late) => setTimeout(late, patience))]);
        goOn();
        assert.equal((await posted).status, 200);
        await deploying;
        await flow.inbox("out").first();
        await abiquo.post(abiquo.hold(), { url: `${await flow.serve()}/hook` });
        await flow.inbox("out").have(2);
        assert.equal(flow.inbox("out").all.filter(({ abiquo: a }) => a?.task?.taskId === task.taskId).length, 1);
      });
    }

    it("hands on to its successor what its store, closing as well, took no more", async () => {
      const flow = await Flow.load(flows(), { credentials: credentials(abiquo) });
      const { intake } = await (flow.RED.nodes.getNode("config") as ConfigNode).abiquo.engine;
      const asked = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<never>();
      gate.promise.catch(() => undefined);
      intake.receive = () => {
        asked.resolve();
        return gate.promise;
      };
      const [task] = abiquo.hold();
      assert.ok(task);
      const posted = fetch(`${await flow.serve()}/hook`, { method: "POST", body: bodyOf(task) });
      await asked.promise;
      const stopping = once(flow.RED.events, "flows:stopping");
      const deploying = flow.deploy(flows({ name: "changed" }), "full", credentials(abiquo));
      await stopping;
      gate.reject(new Error("The store is closed."));
      await deploying;
      assert.equal((await posted).status, 200);
      await flow.inbox("out").first();
    });

    it("refuses by the rules of its successor what that one lets in no more", async () => {
      const flow = await Flow.load(flows(), { credentials: credentials(abiquo) });
      const [task] = abiquo.hold();
      assert.ok(task);
      const rest = await half(flow, bodyOf(task));
      await flow.deploy(flows({ allowFrom: "192.0.2.1" }), "nodes", credentials(abiquo));
      assert.equal(await rest(), 403);
    });
  });

  it("keeps serving its path through a deploy of itself, and sends again what no node has dealt with", async () => {
    const hook = node("hook", "abiquo-webhook-in", ["out"], { path: "/hook", auth: "none" });
    const flow = await Flow.load([...around(abiquo, "hook"), hook, sink("out")], { credentials: credentials(abiquo) });
    const url = `${await flow.serve()}/hook`;
    const [first] = abiquo.hold();
    assert.ok(first);
    await abiquo.post([first], { url });
    await flow.inbox("out").first();
    await flow.deploy([...around(abiquo, "hook"), { ...hook, name: "changed" }, sink("out")], "nodes", credentials(abiquo));
    const again = await flow.inbox("out").first(({ abiquo: a }) => a?.redelivered === true);
    assert.equal(again.abiquo?.task?.taskId, first.taskId);
    const reply = await abiquo.post(abiquo.hold(), { url });
    assert.equal(reply.body, '{"accepted":1,"known":0}');
    await flow.inbox("out").have(3);
  });

  it("takes the previous secret while it is replaced, and says once that it is still used", async () => {
    const flow = await load({}, {}, { secret: SECRET, previousSecret: "the-one-before" });
    const url = `${await flow.serve()}/hook`;
    const call = async (secret: string): Promise<number> => (await abiquo.post(abiquo.hold(), { url: `${url}/${secret}` })).status ?? 0;
    assert.equal(await call(SECRET), 200);
    assert.deepEqual(
      flow.logged("warn").filter((text) => text.includes("previousUsed")),
      [],
    );
    assert.deepEqual([await call("the-one-before"), await call("the-one-before"), await call("another")], [200, 200, 401]);
    assert.equal(flow.logged("warn").filter((text) => text.includes("previousUsed")).length, 1);
    await flow.inbox("out").have(3);
  });

  it("answers 429 with nothing in it to an address that fails too often, and counts that too", async () => {
    const flow = await load();
    const url = `${await flow.serve()}/hook`;
    const statuses: number[] = [];
    for (let index = 0; index < 21; index++) statuses.push((await fetch(`${url}/guess-${index}`, { method: "POST", body: "{}" })).status);
    assert.deepEqual(statuses, [...Array.from({ length: 20 }, () => 401), 429]);
    const response = await fetch(`${url}/${SECRET}`, { method: "POST", body: "{}" });
    assert.deepEqual([response.status, await response.text(), response.headers.get("retry-after")], [429, "", "60"]);
    await flow.status("hook", '"count":22');
    assert.deepEqual(flow.inbox("faults").all, []);
  });

  it("gives its path back when it is deleted", async () => {
    const hook = node("hook", "abiquo-webhook-in", ["out"], { path: "/hook", auth: "none" });
    const flow = await Flow.load([...around(abiquo, "hook"), hook, sink("out")], { credentials: credentials(abiquo) });
    const url = `${await flow.serve()}/hook`;
    await flow.deploy([...around(abiquo, "hook"), sink("out")], "nodes", credentials(abiquo));
    assert.equal((await fetch(url, { method: "POST", body: "{}" })).status, 404);
  });
});
