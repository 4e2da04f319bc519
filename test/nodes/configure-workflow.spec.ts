import assert from "node:assert/strict";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, SECRET, sink } from "./support.ts";

const ENDPOINT = "client.main.workflowEndPoint";
const ENABLED = "client.main.workflowEnabled";

describe("the node abiquo-configure-workflow", () => {
  let abiquo: SimulatedAbiquo;

  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "https://old.example.com/hook", recordRequests: true });
  });

  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
  });

  const load = (set: object, hook: object = {}, config: object = {}, secrets: Record<string, string> = { secret: SECRET }): Promise<Flow> =>
    Flow.load(
      [
        ...around(abiquo, "set", config),
        node("set", "abiquo-configure-workflow", ["out"], set),
        node("hook", "abiquo-webhook-in", [""], { path: "/hook", ...hook }),
        sink("out"),
      ],
      { credentials: credentials(abiquo, { hook: secrets }) },
    );

  const property = (name: string): string | undefined => abiquo.world.properties.find((candidate) => candidate.name === name)?.value;
  const enterprise = (id: number): { workflow: boolean; fields: object } => {
    const found = abiquo.enterprises.find((candidate) => candidate.id === id);
    assert.ok(found);
    return found;
  };
  const writes = (): string[] => abiquo.requests.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`);

  async function payloadOf(flow: Flow, message: object = {}): Promise<unknown> {
    flow.send("set", message);
    const out = await flow.inbox("out").first();
    await flow.inbox("completed").first();
    return out.payload;
  }

  describe("for the platform", () => {
    it("reads without changing anything", async () => {
      const flow = await load({ target: "platform", action: "read" });
      flow.send("set", { kept: 1, payload: "before" });
      const out = await flow.inbox("out").first();
      assert.deepEqual(out.payload, { endpoint: "https://old.example.com/hook", enabled: true });
      assert.equal(out.topic, "platform");
      assert.equal(out["kept"], 1);
      assert.deepEqual(writes(), []);
      assert.equal((await flow.status("set", "status.enabled")).fill, "green");
    });

    it("sets the endpoint first and the switch then, each by itself, and leaves all other properties alone", async () => {
      for (const candidate of abiquo.world.properties) if (candidate.name === ENABLED) candidate.value = "0";
      const others = structuredClone(abiquo.world.properties.filter(({ name }) => !name.includes("workflow")));
      const flow = await load({ target: "platform", action: "enable", endpoint: "https://new.example.com/hook" });
      assert.deepEqual(await payloadOf(flow), { endpoint: "https://new.example.com/hook", enabled: true });
      assert.deepEqual(writes(), ["PUT /api/config/properties/1", "PUT /api/config/properties/2"]);
      assert.equal(property(ENDPOINT), "https://new.example.com/hook");
      assert.equal(property(ENABLED), "1");
      assert.deepEqual(
        abiquo.world.properties.filter(({ name }) => !name.includes("workflow")),
        others,
      );
      assert.ok(abiquo.world.properties.every(({ name, description }) => !name.includes("workflow") || (description ?? "") !== ""));
    });

    it("makes the properties that are not there", async () => {
      abiquo.world.properties = abiquo.world.properties.filter(({ name }) => !name.includes("workflow"));
      const flow = await load({ target: "platform", action: "enable", endpoint: "https://new.example.com/hook" });
      await payloadOf(flow);
      assert.deepEqual(writes(), ["POST /api/config/properties", "POST /api/config/properties"]);
      assert.deepEqual([property(ENDPOINT), property(ENABLED)], ["https://new.example.com/hook", "1"]);
    });

    it("writes nothing that is so already", async () => {
      const flow = await load({ target: "platform", action: "enable", endpoint: "https://old.example.com/hook" });
      await payloadOf(flow);
      assert.deepEqual(writes(), []);
    });

    it("takes the endpoint from the message", async () => {
      const flow = await load({ target: "platform", action: "enable", endpoint: "payload.url", endpointType: "msg" });
      await payloadOf(flow, { payload: { url: "https://new.example.com/x" } });
      assert.equal(property(ENDPOINT), "https://new.example.com/x");
    });

    it("builds the endpoint of a webhook node, with its secret, and tells it masked", async () => {
      const flow = await load({ target: "platform", action: "enable", endpoint: "hook", endpointType: "webhook" });
      const payload = await payloadOf(flow);
      assert.equal(property(ENDPOINT), `https://flows.example.com/red/hook/${SECRET}`);
      assert.deepEqual(payload, { endpoint: "https://flows.example.com/red/hook/***", enabled: true });
      assert.doesNotMatch(JSON.stringify([flow.inbox("out").all, flow.statuses.all]), new RegExp(SECRET));
    });

    it("builds it with user and password where the webhook node asks for these", async () => {
      const secrets = { username: "abi quo", password: "p@ss/wörd" };
      const flow = await load(
        { target: "platform", action: "enable", endpoint: "hook", endpointType: "webhook" },
        { auth: "basic" },
        {},
        secrets,
      );
      const payload = (await payloadOf(flow)) as { endpoint: string };
      const url = new URL(property(ENDPOINT) ?? "");
      assert.deepEqual([decodeURIComponent(url.username), decodeURIComponent(url.password)], ["abi quo", "p@ss/wörd"]);
      assert.equal(url.pathname, "/red/hook");
      assert.doesNotMatch(payload.endpoint, /abi|rd@|p%40/);
      assert.match(payload.endpoint, /^https:\/\/\*\*\*:\*\*\*@flows\.example\.com\/red\//);
    });

    it("masks what looks like a secret in an endpoint that another tool has set", async () => {
      abiquo.setEndpoint("https://user:hunter2@old.example.com/hook/a1b2c3d4e5f6a7b8c9?token=abc");
      const flow = await load({ target: "platform", action: "read" });
      assert.deepEqual(await payloadOf(flow), { endpoint: "https://***:***@old.example.com/hook/***?***", enabled: true });
    });

    it("masks whatever stands behind the path of a webhook node when it is read", async () => {
      abiquo.setEndpoint("https://other.example.com/root/hook/letmein");
      const flow = await load({ target: "platform", action: "read" });
      assert.deepEqual(await payloadOf(flow), { endpoint: "https://other.example.com/root/hook/***", enabled: true });
    });

    for (const [name, set, hook, config, code] of [
      ["no public address", { endpoint: "hook", endpointType: "webhook" }, {}, { publicUrl: "" }, "CONFIG_INVALID"],
      ["a webhook node that is not there", { endpoint: "nowhere", endpointType: "webhook" }, {}, {}, "WEBHOOK_UNKNOWN"],
      ["a node that is no webhook node", { endpoint: "set", endpointType: "webhook" }, {}, {}, "WEBHOOK_UNKNOWN"],
      ["a webhook node that cannot work", { endpoint: "hook", endpointType: "webhook" }, { maxBody: "much" }, {}, "WEBHOOK_UNKNOWN"],
      ["no endpoint", { endpoint: "" }, {}, {}, "CONFIG_INVALID"],
      ["an endpoint that is no address", { endpoint: "flows.example.com" }, {}, {}, "CONFIG_INVALID"],
    ] as const) {
      it(`enables nothing with ${name}`, async () => {
        const flow = await load({ target: "platform", action: "enable", ...set }, hook, config);
        flow.send("set", {});
        assert.equal((await flow.fault(({ source }) => source.id === "set")).code, code);
        assert.deepEqual(writes(), []);
        assert.equal(flow.inbox("completed").all.length, 0);
      });
    }

    it("does not disable while tasks wait in any enterprise with workflow on, and says how many", async () => {
      abiquo.hold({ user: "ana", count: 2 });
      abiquo.hold({ user: "workflow" });
      const flow = await load({ target: "platform", action: "disable" });
      flow.send("set", {});
      const fault = await flow.fault();
      assert.equal(fault.code, "WORKFLOW_TASKS_WAITING");
      assert.match(fault.message, /\b3\b/);
      assert.equal(property(ENABLED), "1");
      assert.deepEqual(writes(), []);
    });

    it("disables though tasks wait when told to, and leaves the endpoint alone", async () => {
      abiquo.hold();
      const flow = await load({ target: "platform", action: "disable", force: true });
      assert.deepEqual(await payloadOf(flow), { endpoint: "https://old.example.com/hook", enabled: false });
      assert.equal(property(ENABLED), "0");
      assert.equal(property(ENDPOINT), "https://old.example.com/hook");
      assert.equal((await flow.status("set", "status.disabled")).fill, "grey");
    });

    it("disables when nothing waits", async () => {
      const flow = await load({ target: "platform", action: "disable" });
      await payloadOf(flow);
      assert.equal(property(ENABLED), "0");
    });
  });

  describe("for an enterprise", () => {
    it("reads without changing anything", async () => {
      const flow = await load({ target: "enterprise", action: "read", enterprise: "3" });
      flow.send("set", {});
      const out = await flow.inbox("out").first();
      assert.deepEqual(out.payload, { id: "3", name: "Globex", workflow: false });
      assert.equal(out.topic, "enterprise");
      assert.deepEqual(writes(), []);
    });

    it("enables, and gives all other fields back as they were", async () => {
      Object.assign(enterprise(3).fields, { cpuCountHardLimit: 12, ofLaterVersions: { a: [1] } });
      const before = structuredClone(enterprise(3).fields);
      const flow = await load({ target: "enterprise", action: "enable", enterprise: "payload", enterpriseType: "msg" });
      assert.deepEqual(await payloadOf(flow, { payload: 3 }), { id: "3", name: "Globex", workflow: true });
      assert.equal(enterprise(3).workflow, true);
      const { cpuCountHardLimit, ofLaterVersions } = enterprise(3).fields as Record<string, unknown>;
      assert.deepEqual({ cpuCountHardLimit, ofLaterVersions }, { cpuCountHardLimit: 12, ofLaterVersions: { a: [1] } });
      for (const [name, value] of Object.entries(before)) {
        assert.deepEqual((enterprise(3).fields as Record<string, unknown>)[name], value, name);
      }
      assert.deepEqual(writes(), ["PUT /api/admin/enterprises/3"]);
    });

    it("does not disable while its tasks wait", async () => {
      abiquo.hold({ user: "ana" });
      const flow = await load({ target: "enterprise", action: "disable", enterprise: "2" });
      flow.send("set", {});
      assert.equal((await flow.fault()).code, "WORKFLOW_TASKS_WAITING");
      assert.equal(enterprise(2).workflow, true);
    });

    it("disables though another enterprise's tasks wait", async () => {
      abiquo.hold({ user: "workflow" });
      const flow = await load({ target: "enterprise", action: "disable", enterprise: "2" });
      assert.deepEqual(await payloadOf(flow), { id: "2", name: "Acme", workflow: false });
      assert.equal(enterprise(2).workflow, false);
      assert.equal(enterprise(1).workflow, true);
    });

    it("disables though its tasks wait when told to", async () => {
      abiquo.hold({ user: "ana" });
      const flow = await load({ target: "enterprise", action: "disable", enterprise: "2", force: "true" });
      await payloadOf(flow);
      assert.equal(enterprise(2).workflow, false);
    });

    for (const [name, id, code] of [
      ["none", "", "CONFIG_INVALID"],
      ["one that there is not", "77", "ABIQUO_NOT_FOUND"],
      ["one that is no id", "2/../3", "ABIQUO_BAD_LINK"],
    ] as const) {
      it(`tells Catch when the enterprise is ${name}`, async () => {
        const flow = await load({ target: "enterprise", action: "enable", enterprise: id });
        flow.send("set", {});
        assert.equal((await flow.fault()).code, code);
        assert.deepEqual(writes(), []);
      });
    }
  });

  it("tells Catch what Abiquo does not allow, and shows it", async () => {
    const flow = await load({ target: "platform", action: "read" });
    abiquo.inject({ match: { path: "/config/properties" }, status: 403 });
    flow.send("set", {});
    assert.equal((await flow.fault()).code, "ABIQUO_FORBIDDEN");
    assert.equal((await flow.status("set", "status.failed")).fill, "red");
  });

  it("refuses a message of another connection", async () => {
    const flow = await load({ target: "platform", action: "disable" });
    flow.send("set", { abiquo: { connection: "another" } });
    assert.equal((await flow.fault()).code, "ABIQUO_OTHER_CONNECTION");
    assert.equal(property(ENABLED), "1");
  });

  for (const [name, set] of [
    ["a target that there is not", { target: "galaxy" }],
    ["an action that there is not", { target: "platform", action: "toggle" }],
    ["an expression that is none", { target: "platform", action: "enable", endpoint: "1 +", endpointType: "jsonata" }],
    ["no connection", { connection: "" }],
  ] as const) {
    it(`shows red with ${name}`, async () => {
      const flow = await load(set);
      const text = name === "no connection" ? "status.noConnection" : "status.invalid";
      assert.equal((await flow.status("set", text)).fill, "red");
    });
  }
});
