import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type AbiquoOptions, type SimTask, type SimulatedAbiquo, startAbiquo } from "../../harness/index.ts";

let abiquo: SimulatedAbiquo;
let receiver: Server;
let endpoint: string;
let onPost: (request: IncomingMessage, body: string) => number | undefined;

async function start(options: AbiquoOptions = {}): Promise<void> {
  abiquo = await startAbiquo({ webhook: endpoint, ...options });
}

function basic(nick: string, password = nick === "workflow" ? "demo-password" : `${nick}-password`): string {
  return `Basic ${Buffer.from(`${nick}:${password}`).toString("base64")}`;
}

function call(path: string, init: RequestInit & { as?: string } = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (!headers.has("authorization")) headers.set("Authorization", basic(init.as ?? "workflow"));
  return fetch(abiquo.url + path, { ...init, headers });
}

function pathOf(task: SimTask): string {
  return `/cloud/virtualdatacenters/${task.virtualDatacenter}/virtualappliances/${task.virtualAppliance}/virtualmachines/${task.virtualMachine}/tasks/${task.taskId}`;
}

function answer(task: SimTask, action: "continue" | "cancel" | "ack", init: RequestInit & { as?: string } = {}): Promise<Response> {
  return call(`${pathOf(task)}/action/${action}`, { method: "POST", ...init });
}

function held(request: Parameters<SimulatedAbiquo["hold"]>[0] = {}): SimTask {
  const [task] = abiquo.hold(request);
  assert.ok(task);
  return task;
}

async function codeOf(response: Response): Promise<string> {
  const { collection } = (await response.json()) as { collection: { code: string }[] };
  return `${response.status} ${collection[0]?.code}`;
}

interface Listed {
  totalSize: number;
  links: { rel: string; href: string }[];
  collection: { taskId: string }[];
}

describe("Simulated Abiquo", () => {
  beforeEach(async () => {
    onPost = () => 200;
    receiver = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString("utf8")));
      request.on("end", () => {
        const status = onPost(request, body);
        if (status !== undefined) response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/abiquo/workflow`;
  });

  afterEach(async () => {
    await abiquo.close();
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  });

  describe("sign-in", () => {
    it("takes Basic and Bearer, and refuses with an HTML page", async () => {
      await start();
      assert.equal((await call("/login")).status, 200);
      assert.equal((await call("/login", { headers: { Authorization: "Bearer demo-bearer-token" } })).status, 200);
      const refused = await call("/login", { headers: { Authorization: "Bearer other" } });
      assert.equal(refused.status, 401);
      assert.match(refused.headers.get("content-type") ?? "", /^text\/html/);
    });

    it("locks out after three bad logins, right ones too, until unlocked", async () => {
      await start();
      for (let tries = 0; tries < 3; tries++)
        assert.equal((await call("/login", { headers: { Authorization: basic("workflow", "wrong") } })).status, 401);
      assert.equal((await call("/login")).status, 401);
      abiquo.signIn.unlock();
      assert.equal((await call("/login")).status, 200);
    });
  });

  describe("answers", () => {
    it("continue and cancel give 204 and change the task", async () => {
      await start();
      for (const [action, state] of [
        ["continue", "PENDING"],
        ["cancel", "CANCELLED"],
      ] as const) {
        const task = held();
        const response = await answer(task, action);
        assert.equal(response.status, 204);
        assert.equal(await response.text(), "");
        assert.equal(abiquo.task(task.taskId)?.state, state);
      }
    });

    it("a second answer is 409 TASK-2, and changes nothing", async () => {
      await start();
      const task = held();
      await answer(task, "continue");
      assert.equal(await codeOf(await answer(task, "cancel")), "409 TASK-2");
      assert.equal(abiquo.task(task.taskId)?.state, "PENDING");
      assert.deepEqual(
        abiquo.answers.map(({ applied }) => applied),
        [true, false],
      );
    });

    it("an unknown, a trimmed task and one of another machine are 404 TASK-1", async () => {
      await start();
      const task = held();
      assert.equal(await codeOf(await answer({ ...task, taskId: "none" }, "continue")), "404 TASK-1");
      const [other] = abiquo.hold();
      assert.ok(other);
      assert.equal(await codeOf(await answer({ ...other, taskId: task.taskId }, "continue")), "404 TASK-1");
      abiquo.trim(task.taskId);
      assert.equal(await codeOf(await answer(task, "continue")), "404 TASK-1");
    });

    it("the requester may cancel only; others need the privilege in their own enterprise", async () => {
      await start();
      assert.equal((await answer(held(), "continue", { as: "ana" })).status, 403);
      assert.equal((await answer(held(), "cancel", { as: "ana" })).status, 204);
      assert.equal((await answer(held(), "cancel", { as: "bob" })).status, 403);
      assert.equal((await answer(held(), "continue", { as: "carla" })).status, 204);
    });

    it("an enterprise administrator has no say over another enterprise", async () => {
      await start();
      const globex = abiquo.enterprises.find(({ name }) => name === "Globex");
      assert.ok(globex);
      globex.workflow = true;
      assert.equal((await answer(held({ user: "dan" }), "continue", { as: "carla" })).status, 403);
    });

    it("keeps the text of text/plain, and drops that of another type", async () => {
      await start();
      for (const [type, kept] of [
        ["text/plain", "no room"],
        ["application/json", undefined],
      ] as const) {
        const task = held();
        await answer(task, "cancel", { body: "no room", headers: { "Content-Type": type } });
        assert.equal(abiquo.task(task.taskId)?.text, kept);
      }
    });

    it("only a failed task can be acknowledged", async () => {
      await start();
      const task = held();
      assert.equal(await codeOf(await answer(task, "ack")), "409 TASK-2");
      const known = abiquo.task(task.taskId);
      assert.ok(known);
      known.state = "FINISHED_UNSUCCESSFULLY";
      assert.equal((await answer(task, "ack")).status, 204);
      assert.equal(known.state, "ACK_ERROR");
    });

    it("what somebody decides elsewhere makes the later answer a 409", async () => {
      await start();
      const task = held();
      abiquo.decideElsewhere(task.taskId, "cancel");
      assert.equal((await answer(task, "continue")).status, 409);
      assert.throws(() => abiquo.decideElsewhere(task.taskId, "continue"), /CANCELLED/);
    });
  });

  describe("workflow off", () => {
    it("for the platform or the enterprise, tasks run at once and nothing is posted", async () => {
      await start();
      onPost = () => assert.fail("nothing may be posted");
      const { tasks, webhook } = await abiquo.submit({ user: "dan" });
      assert.equal(tasks[0]?.state, "PENDING");
      assert.deepEqual(webhook, { skipped: "workflow is off" });
      await abiquo.close();
      await start({ webhook: "" });
      assert.equal(held().state, "PENDING");
    });
  });

  describe("pending tasks", () => {
    const list = async (query = "", of = "/admin/enterprises/2"): Promise<Listed> =>
      (await (await call(`${of}/action/pendingtasks${query}`)).json()) as Listed;

    it("come in pages without paging links, and totalSize counts all", async () => {
      await start();
      const ids = Array.from({ length: 30 }, () => held().taskId).reverse();
      const first = await list();
      assert.equal(first.collection.length, 25);
      assert.equal(first.totalSize, 30);
      assert.deepEqual(first.links.map(({ rel }) => rel).sort(), ["parent", "self"]);
      const second = await list("?startwith=25&limit=25");
      assert.deepEqual(
        [...first.collection, ...second.collection].map(({ taskId }) => taskId),
        ids,
      );
      assert.equal((await list("?startwith=30")).collection.length, 0);
    });

    it("are those still held, of this enterprise or user, and `has` looks at the nick", async () => {
      await start();
      const [anas, bobs] = [held({ user: "ana" }), held({ user: "bob" })];
      await answer(held({ user: "ana" }), "continue");
      const ids = (listed: Listed): string[] => listed.collection.map(({ taskId }) => taskId);
      assert.deepEqual(ids(await list()), [bobs.taskId, anas.taskId]);
      assert.deepEqual(ids(await list("?has=bob")), [bobs.taskId]);
      assert.deepEqual(ids(await list("", "/admin/enterprises/2/users/2")), [anas.taskId]);
      assert.deepEqual(ids(await list("", "/admin/enterprises/1")), []);
    });
  });

  describe("configuration", () => {
    const send = (method: string, path: string, type: string, value: object, as = "workflow"): Promise<Response> =>
      call(path, { method, as, body: JSON.stringify(value), headers: { "Content-Type": `application/vnd.abiquo.${type}+json` } });

    it("PUT of a collection of properties wipes what it does not hold", async () => {
      await start();
      await send("PUT", "/config/properties", "systemproperties", { collection: [{ name: "client.main.workflowEnabled", value: "1" }] });
      assert.deepEqual(
        abiquo.world.properties.map(({ name }) => name),
        ["client.main.workflowEnabled"],
      );
    });

    it("POST of a name that exists is SYSPROP-1; of a new one 201", async () => {
      await start();
      assert.match(
        await codeOf(await send("POST", "/config/properties", "systemproperty", { name: "client.main.workflowEnabled", value: "0" })),
        /SYSPROP-1$/,
      );
      assert.equal((await send("POST", "/config/properties", "systemproperty", { name: "client.main.other", value: "0" })).status, 201);
    });

    it("a property changes by PUT on its id, and where tasks are posted with it", async () => {
      await start();
      await send("PUT", "/config/properties/2", "systemproperty", { name: "client.main.workflowEnabled", value: "0" });
      assert.equal(held().state, "PENDING");
    });

    it("an enterprise takes its flag by PUT; users without the privilege are refused", async () => {
      await start();
      const enterprise = (await (await call("/admin/enterprises/3")).json()) as Record<string, unknown>;
      assert.equal((await send("PUT", "/admin/enterprises/3", "enterprise", { ...enterprise, workflow: true })).status, 200);
      assert.equal(held({ user: "dan" }).state, "QUEUEING");
      assert.equal(await codeOf(await send("PUT", "/admin/enterprises/2", "enterprise", enterprise, "ana")), "403 403-FORBIDDEN");
    });

    it("a version newer than its own is 406 or 415; 3.10 is newer than 3.9", async () => {
      await start({ version: "3.9.0" });
      const type = (version: string): string => `application/vnd.abiquo.user+json; version=${version}`;
      assert.equal((await call("/login", { headers: { Accept: type("3.10") } })).status, 406);
      assert.equal((await call("/login", { headers: { Accept: type("3.1") } })).status, 200);
      const property = { method: "PUT", body: "{}", headers: { "Content-Type": type("3.10") } };
      assert.equal((await call("/config/properties/1", property)).status, 415);
    });
  });

  describe("webhooks", () => {
    const captured = async (count: number, options: AbiquoOptions): Promise<{ type: string; body: string }> => {
      await start(options);
      let seen = { type: "", body: "" };
      onPost = (request, body) => {
        seen = { type: request.headers["content-type"] ?? "", body };
        return 204;
      };
      const { webhook } = await abiquo.submit({ count, type: "RECONFIGURE" });
      assert.deepEqual(webhook, { status: 204, body: "" });
      return seen;
    };

    for (const [count, shape, isCollection] of [
      [1, "auto", false],
      [2, "auto", true],
      [1, "collection", true],
      [1, "single", false],
    ] as const) {
      it(`${count} reconfigure as ${shape} is ${isCollection ? "a collection" : "a task"}`, async () => {
        const { type, body } = await captured(count, { shape });
        assert.equal("collection" in (JSON.parse(body) as object), isCollection);
        assert.equal(type, `application/vnd.abiquo.${isCollection ? "tasks" : "task"}+json; version=6.1`);
      });
    }

    it("a single deploy is a collection unless told", async () => {
      await start();
      let body = "";
      onPost = (_request, text) => {
        body = text;
        return 200;
      };
      await abiquo.submit();
      assert.ok("collection" in (JSON.parse(body) as object));
    });

    it("plain types and whole ones can be asked for", async () => {
      assert.equal((await captured(1, { contentType: "plain" })).type, "application/json");
      await abiquo.close();
      assert.equal((await captured(1, { contentType: "plain", format: "xml" })).type, "application/xml");
      await abiquo.close();
      assert.equal((await captured(1, { contentType: "text/plain" })).type, "text/plain");
    });

    it("XML says so, and groups are <tasks>", async () => {
      const { type, body } = await captured(2, { format: "xml" });
      assert.equal(type, "application/vnd.abiquo.tasks+xml; version=6.1");
      assert.match(body, /^<\?xml [^>]*\?><tasks><task>/);
    });

    for (const [linkStyle, start] of [
      ["path", "cloud/"],
      ["rooted", "/api/cloud/"],
      ["absolute", "http://10.0.0.4:8009/api/cloud/"],
    ] as const) {
      it(`links are ${linkStyle}`, async () => {
        const { body } = await captured(1, { linkStyle });
        const { links } = JSON.parse(body) as { links: { rel: string; href: string }[] };
        const link = links.find(({ rel }) => rel === "continue");
        assert.ok(link?.href.startsWith(start), link?.href);
      });
    }

    it("an endpoint that does not answer is given up, and the task stays held", async () => {
      await start({ webhookTimeoutMs: 20 });
      onPost = () => undefined;
      const { tasks, webhook } = await abiquo.submit();
      assert.match("error" in webhook ? webhook.error : "", /^WKF-01 .*timed out/);
      assert.equal(tasks[0]?.state, "QUEUEING");
    });

    for (const untakenWebhook of ["hold", "fail"] as const) {
      it(`a webhook that nobody takes makes an event, and lets its tasks ${untakenWebhook}`, async () => {
        await start({ untakenWebhook });
        onPost = () => 500;
        const { tasks } = await abiquo.submit({ count: 2 });
        const state = untakenWebhook === "hold" ? "QUEUEING" : "FINISHED_UNSUCCESSFULLY";
        assert.deepEqual(
          tasks.map((task) => abiquo.task(task.taskId)?.state),
          [state, state],
        );
        const { collection } = (await (await call("/events")).json()) as {
          collection: { severity: string; actionPerformed: string; stacktrace: string }[];
        };
        assert.deepEqual(
          collection.map(({ severity, actionPerformed, stacktrace }) => [severity, actionPerformed, stacktrace]),
          [["ERROR", "VIRTUAL_APPLIANCE_WORKFLOW_DEPLOY_BATCH", "WKF-01 status 500"]],
        );
      });
    }

    it("events tell what was sent and answered, from a date on, to who may see that enterprise", async () => {
      await start();
      const { tasks } = await abiquo.submit();
      abiquo.moveClock(60_000);
      const from = Math.floor(abiquo.now / 1_000);
      await answer(tasks[0] as SimTask, "continue");
      const actions = async (query: string, as = "workflow"): Promise<string[]> => {
        const response = await call(`/events${query}`, { as });
        if (!response.ok) return [String(response.status)];
        return ((await response.json()) as { collection: { actionPerformed: string }[] }).collection.map(
          ({ actionPerformed }) => actionPerformed,
        );
      };
      assert.deepEqual(await actions("?asc=true"), ["VIRTUAL_MACHINE_WORKFLOW_DEPLOY_SEND", "TASK_DEPLOY_CONTINUE"]);
      assert.deepEqual(await actions(""), ["TASK_DEPLOY_CONTINUE", "VIRTUAL_MACHINE_WORKFLOW_DEPLOY_SEND"]);
      assert.deepEqual(await actions(`?datefrom=${from}`), ["TASK_DEPLOY_CONTINUE"]);
      assert.deepEqual(await actions("", "ana"), ["403"]);
      assert.equal((await actions("", "carla")).length, 2);
    });

    it("a lost webhook is never sent, nor sent again", async () => {
      await start();
      let posts = 0;
      onPost = () => {
        posts++;
        return 200;
      };
      abiquo.inject({ match: { action: "webhook" }, dropWebhook: true, times: 1 });
      assert.deepEqual((await abiquo.submit()).webhook, { lost: true });
      assert.equal(posts, 0);
      await abiquo.submit();
      assert.equal(posts, 1);
    });
  });

  describe("faults", () => {
    it("before: the task is untouched; after: it changed, and only the answer is spoilt", async () => {
      await start();
      for (const [effect, state] of [
        ["before", "QUEUEING"],
        ["after", "PENDING"],
      ] as const) {
        const task = held();
        abiquo.inject({ match: { action: "continue" }, status: 503, retryAfter: "7", effect, times: 1 });
        const response = await answer(task, "continue");
        assert.equal(response.status, 503);
        assert.equal(response.headers.get("retry-after"), "7");
        assert.equal(abiquo.task(task.taskId)?.state, state);
      }
    });

    it("a reset cuts the connection, a hang leaves it open", async () => {
      await start();
      const reset = abiquo.inject({ reset: true, times: 1 });
      await assert.rejects(call("/login"));
      assert.equal(reset.hits, 1);
      abiquo.inject({ match: { path: "/login" }, hang: true });
      const task = held();
      const abort = new AbortController();
      const hanging = call("/login", { signal: abort.signal }).then(
        () => "answered",
        () => "aborted",
      );
      assert.equal((await answer(task, "continue")).status, 204);
      abort.abort();
      assert.equal(await hanging, "aborted");
    });

    it("those of a rate repeat with the seed, and end when cleared", async () => {
      const run = async (seed: number): Promise<string> => {
        await start({ seed });
        abiquo.inject({ rate: 0.5, status: 500 });
        const statuses: number[] = [];
        for (let index = 0; index < 24; index++) statuses.push((await call("/login")).status);
        abiquo.clearFaults();
        assert.equal((await call("/login")).status, 200);
        return statuses.join();
      };
      const runs: string[] = [];
      for (const seed of [7, 7, 8]) {
        runs.push(await run(seed));
        if (runs.length < 3) await abiquo.close();
      }
      assert.equal(runs[0], runs[1]);
      assert.notEqual(runs[0], runs[2]);
      assert.match(runs[0] ?? "", /200.*500|500.*200/);
    });
  });

  describe("machines", () => {
    const machineOf = (task: SimTask): string => pathOf(task).replace(/\/tasks\/.*/, "");
    const stateOf = async (task: SimTask): Promise<string> => ((await (await call(machineOf(task))).json()) as { state: string }).state;
    const headers = { "Content-Type": "application/vnd.abiquo.virtualmachine+json" };

    it("are locked while a task waits or runs, run once deployed, and run nowhere after an undeploy", async () => {
      await start();
      const task = held();
      assert.equal(await stateOf(task), "LOCKED");
      abiquo.decideElsewhere(task.taskId, "continue");
      assert.equal(await stateOf(task), "LOCKED");
      abiquo.advance(task.taskId);
      assert.equal(await stateOf(task), "LOCKED");
      abiquo.advance(task.taskId);
      assert.equal(await stateOf(task), "ON");
      assert.equal((await call(`${machineOf(task)}/action/undeploy`, { method: "POST" })).status, 202);
      const undeploy = abiquo.tasks({ state: "QUEUEING" })[0];
      assert.ok(undeploy);
      abiquo.decideElsewhere(undeploy.taskId, "continue");
      for (let step = 0; step < 2; step++) abiquo.advance(undeploy.taskId);
      assert.equal(await stateOf(task), "NOT_ALLOCATED");
    });

    it("that run nowhere are changed at once, without a task or a webhook", async () => {
      await start();
      const task = held();
      abiquo.decideElsewhere(task.taskId, "cancel");
      const body = JSON.stringify({ cpu: 8, ram: 4_096 });
      assert.equal((await call(machineOf(task), { method: "PUT", headers, body })).status, 204);
      assert.equal((await call(`${machineOf(task)}/action/undeploy`, { method: "POST" })).status, 204);
      const { cpu, ram } = (await (await call(machineOf(task))).json()) as { cpu: number; ram: number };
      assert.deepEqual([cpu, ram, abiquo.tasks().length], [8, 4_096, 1]);
    });
  });

  describe("control API", () => {
    const post = (headers: Record<string, string>): Promise<Response> =>
      fetch(new URL("simulator/submit", abiquo.pageUrl), { method: "POST", headers, body: "{}" });

    it("takes JSON from a program or its own page, and nothing else", async () => {
      await start();
      const json = { "Content-Type": "application/json" };
      assert.equal((await post({ "Content-Type": "text/plain" })).status, 403);
      assert.equal((await post({ ...json, Origin: "http://evil.example" })).status, 403);
      assert.equal(abiquo.tasks().length, 0);
      assert.equal((await post(json)).status, 200);
      assert.equal((await post({ ...json, Origin: new URL(abiquo.pageUrl).origin })).status, 200);
      assert.equal(abiquo.tasks().length, 2);
    });
  });
});
