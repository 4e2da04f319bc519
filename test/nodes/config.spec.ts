import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { NodeAPI } from "node-red";
import helper from "node-red-node-test-helper";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, SECRET, sink } from "./support.ts";

const require = createRequire(import.meta.url);

interface TestAnswer {
  readonly ok: boolean;
  readonly user?: string;
  readonly enterprise?: string;
  readonly version?: string;
  readonly problem?: string;
  readonly staysStopped?: boolean;
}

describe("the node abiquo-config", () => {
  let abiquo: SimulatedAbiquo;

  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/", recordRequests: true });
  });

  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
    for (const name of Object.keys(process.env)) if (name.startsWith("ABIQUO_TEST_")) delete process.env[name];
  });

  /** `me` lists the user's own tasks, so it needs the URL, the version and the credentials. */
  const load = (config: object, secrets: Record<string, string> = abiquo.credentials.oauth as never): Promise<Flow> =>
    Flow.load([...around(abiquo, "me", config), node("me", "abiquo-list-pending", ["out"], { scope: "me", emit: "list" }), sink("out")], {
      credentials: { config: secrets },
    });

  async function works(flow: Flow): Promise<void> {
    flow.send("me", {});
    assert.deepEqual((await flow.inbox("out").first()).payload, []);
  }

  it("connects by OAuth 1.0a", async () => {
    await works(await load({}));
    assert.ok(abiquo.requests.some(({ path, status }) => path.startsWith("/api/admin/enterprises/1/users/1/") && status === 200));
  });

  it("connects by user and password", async () => {
    await works(await load({ auth: "basic" }, { ...abiquo.credentials.basic }));
  });

  it("connects by a bearer token", async () => {
    await works(await load({ auth: "bearer" }, { bearerToken: abiquo.credentials.bearer }));
  });

  it("asks the server for its version once, and only when none is set", async () => {
    const flow = await load({});
    await works(flow);
    flow.send("me", {});
    await flow.inbox("out").have(2);
    assert.equal(abiquo.requests.filter(({ path }) => path === "/api/version").length, 1);
    assert.ok(abiquo.requests.some(({ headers }) => headers["accept"]?.includes("version=6.1")));
  });

  it("names the version that is set, without asking", async () => {
    await works(await load({ apiVersion: "6.1" }));
    assert.equal(abiquo.requests.filter(({ path }) => path === "/api/version").length, 0);
  });

  it("takes every property and credential from environment variables, numbers and lists as text", async () => {
    Object.assign(process.env, {
      ABIQUO_TEST_URL: `${abiquo.url}/`,
      ABIQUO_TEST_AUTH: "basic",
      ABIQUO_TEST_TIMEOUT: "7.5",
      ABIQUO_TEST_PACE: "1000",
      ABIQUO_TEST_PROXIES: '["127.0.0.1", "10.0.0.0/8"]',
      ABIQUO_TEST_PUBLIC: "https://flows.example.com/",
      ABIQUO_TEST_PASSWORD: abiquo.credentials.basic.password,
      ABIQUO_TEST_VERIFY: "TRUE",
      ABIQUO_TEST_ALLOW: "127.0.0.1, ::1",
      ABIQUO_TEST_SECRET: SECRET,
      ABIQUO_TEST_BODY: "1",
      ABIQUO_TEST_PATH: "/from/env",
    });
    const flow = await Flow.load(
      [
        ...around(abiquo, "me", {
          url: "${ABIQUO_TEST_URL}",
          auth: "${ABIQUO_TEST_AUTH}",
          timeout: "${ABIQUO_TEST_TIMEOUT}",
          pace: "${ABIQUO_TEST_PACE}",
          trustedProxies: "${ABIQUO_TEST_PROXIES}",
          publicUrl: "${ABIQUO_TEST_PUBLIC}",
        }),
        node("me", "abiquo-list-pending", ["out"], { scope: "me", emit: "list" }),
        node("hook", "abiquo-webhook-in", ["arrived"], {
          path: "${ABIQUO_TEST_PATH}",
          verify: "${ABIQUO_TEST_VERIFY}",
          allowFrom: "${ABIQUO_TEST_ALLOW}",
          maxBody: "${ABIQUO_TEST_BODY}",
        }),
        node("set", "abiquo-configure-workflow", ["set-out"], {
          target: "platform",
          action: "enable",
          endpoint: "hook",
          endpointType: "webhook",
        }),
        ...["out", "arrived", "set-out"].map(sink),
      ],
      {
        credentials: {
          config: { username: abiquo.credentials.basic.username, password: "${ABIQUO_TEST_PASSWORD}" },
          hook: { secret: "${ABIQUO_TEST_SECRET}" },
        },
      },
    );
    await works(flow);
    flow.send("set", {});
    await flow.inbox("set-out").first();
    const endpoint = abiquo.world.properties.find(({ name }) => name === "client.main.workflowEndPoint")?.value;
    assert.equal(endpoint, `https://flows.example.com/from/env/${SECRET}`);
    const tasks = abiquo.hold();
    abiquo.decideElsewhere(tasks[0]?.taskId ?? "", "cancel");
    const url = `${await flow.serve()}/from/env/${SECRET}`;
    assert.equal((await abiquo.post(tasks, { url })).status, 200);
    assert.equal((await abiquo.post(abiquo.hold(), { url })).status, 200);
    // Decided elsewhere, the first does not leave: so `verify` is on.
    await flow.inbox("arrived").first();
    assert.equal(flow.inbox("arrived").all.length, 1);
  });

  for (const [property, config, secrets] of [
    ["url", { url: "${ABIQUO_TEST_UNSET}" }, {}],
    ["timeout", { timeout: "${ABIQUO_TEST_UNSET}" }, {}],
    ["auth", { auth: "${ABIQUO_TEST_UNSET}" }, {}],
    ["trustedProxies", { trustedProxies: "${ABIQUO_TEST_UNSET}" }, {}],
    ["consumerSecret", {}, { consumerSecret: "${ABIQUO_TEST_UNSET}" }],
  ] as const) {
    it(`names the variable that is not set for ${property}`, async () => {
      const flow = await load(config, { ...(abiquo.credentials.oauth as never as Record<string, string>), ...secrets });
      assert.ok(flow.logged("error").some((text) => text.includes("ENV_UNSET ABIQUO_TEST_UNSET")));
      flow.send("me", {});
      const fault = await flow.fault();
      assert.equal(fault.code, "ENV_UNSET");
      assert.match(fault.message, /ABIQUO_TEST_UNSET/);
    });
  }

  for (const [name, config, code] of [
    ["no URL", { url: "" }, "ABIQUO_BAD_URL"],
    ["a URL without a scheme", { url: "cloud.example.com/api" }, "ABIQUO_BAD_URL"],
    ["a URL of another scheme", { url: "ftp://cloud.example.com/api" }, "ABIQUO_BAD_URL"],
    ["a way to sign in that there is not", { auth: "digest" }, "CONFIG_INVALID"],
    ["a timeout that is no number", { timeout: "soon" }, "CONFIG_INVALID"],
    ["a timeout of nothing", { timeout: "0" }, "CONFIG_INVALID"],
    ["a pace below nothing", { pace: "-1" }, "CONFIG_INVALID"],
    ["a version of three parts", { apiVersion: "6.1.2" }, "CONFIG_INVALID"],
    ["a proxy range that is none", { trustedProxies: "10.0.0.0/99" }, "CONFIG_INVALID"],
  ] as const) {
    it(`is not usable with ${name}, and says so to each message`, async () => {
      const flow = await load(config);
      assert.equal((await flow.status("config", "status.invalid")).fill, "red");
      // The nodes that need it show red as well, and tell why.
      assert.equal((await flow.status("me", "status.invalid")).fill, "red");
      flow.send("me", {});
      assert.equal((await flow.fault()).code, code);
      assert.equal(abiquo.requests.length, 0);
    });
  }

  it("does not repeat user and password of a URL", async () => {
    const flow = await load({ url: "https://admin:hunter2@cloud.example.com/api" });
    flow.send("me", {});
    const fault = await flow.fault();
    assert.equal(fault.code, "ABIQUO_BAD_URL");
    assert.doesNotMatch(JSON.stringify([fault.message, ...flow.logged("error"), ...flow.statuses.all.map(String)]), /hunter2/);
  });

  for (const [auth, missing] of [
    ["oauth1", ["consumerKey", "consumerSecret", "accessToken", "accessTokenSecret"]],
    ["basic", ["username", "password"]],
    ["bearer", ["bearerToken"]],
  ] as const) {
    for (const name of missing) {
      it(`names the credential that ${auth} lacks: ${name}`, async () => {
        const whole: Record<string, string> = {
          ...abiquo.credentials.oauth,
          ...abiquo.credentials.basic,
          bearerToken: abiquo.credentials.bearer,
        };
        const flow = await load({ auth }, { ...whole, [name]: "" });
        flow.send("me", {});
        const fault = await flow.fault();
        assert.equal(fault.code, "CREDENTIAL_MISSING");
        assert.match(fault.message, new RegExp(`\\b${name}$`));
      });
    }
  }

  it("shows that it stopped after a 401, and asks Abiquo no more", async () => {
    const flow = await load({}, { ...(abiquo.credentials.oauth as never as Record<string, string>), accessToken: "wrong" });
    flow.send("me", {});
    assert.equal((await flow.fault(({ source }) => source.id === "me")).code, "ABIQUO_UNAUTHORIZED");
    assert.equal((await flow.status("config", "status.stopped")).fill, "red");
    const asked = abiquo.requests.length;
    flow.send("me", {});
    await flow.inbox("faults").have(2, ({ error }) => error?.source.id === "me");
    assert.equal(abiquo.requests.length, asked);
  });

  describe("asked by its dialog to test the connection", () => {
    const typed = (change: object = {}): object => ({
      url: abiquo.url,
      auth: "oauth1",
      apiVersion: "",
      timeout: "5",
      credentials: { ...abiquo.credentials.oauth },
      ...change,
    });

    async function test(body: object, id = "new"): Promise<TestAnswer> {
      const response = await helper.request().post(`/abiquo-config/${id}/test`).set("Node-RED-API-Version", "v2").send(body);
      assert.equal(response.status, 200);
      return response.body as TestAnswer;
    }

    it("says who it is and which version answers", async () => {
      const flow = await load({});
      assert.deepEqual(await test(typed()), { ok: true, user: "workflow", enterprise: "Abiquo", version: "6.1" });
      assert.ok(flow.permissions.includes("abiquo-config.write"));
    });

    it("uses the stored secrets for those that were not typed anew", async () => {
      await load({});
      const unchanged = Object.fromEntries(Object.keys(abiquo.credentials.oauth).map((name) => [name, "__PWRD__"]));
      assert.equal((await test(typed({ credentials: unchanged }), "config")).ok, true);
      const mixed = await test(typed({ credentials: { ...unchanged, accessToken: "typed" } }), "config");
      assert.match(mixed.problem ?? "", /ABIQUO_UNAUTHORIZED/);
    });

    it("has no stored secrets for a connection that is not deployed", async () => {
      await load({});
      const unchanged = Object.fromEntries(Object.keys(abiquo.credentials.oauth).map((name) => [name, "__PWRD__"]));
      assert.match((await test(typed({ credentials: unchanged }))).problem ?? "", /CREDENTIAL_MISSING consumerKey/);
    });

    describe("with placeholders for the stored secrets", () => {
      const PLACEHOLDERS = Object.fromEntries(
        ["consumerKey", "consumerSecret", "accessToken", "accessTokenSecret", "username", "password", "bearerToken"].map((name) => [
          name,
          "__PWRD__",
        ]),
      );
      const network = [
        { id: "tls", type: "tls-config" },
        { id: "proxy", type: "http proxy", url: "http://127.0.0.1:9" },
      ];
      let stranger: Server;
      let seen: IncomingHttpHeaders[];

      beforeEach(async () => {
        seen = [];
        stranger = createServer(({ headers }, response) => {
          seen.push(headers);
          response.writeHead(500).end();
        }).listen(0, "127.0.0.1");
        await once(stranger, "listening");
      });
      afterEach(() => {
        stranger.closeAllConnections();
        stranger.close();
      });
      const elsewhere = (): string => `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/api`;

      const loadNetwork = (config: object, secrets: Record<string, string>): Promise<Flow> =>
        Flow.load(
          [
            ...around(abiquo, "me", config),
            ...network,
            node("me", "abiquo-list-pending", ["out"], { scope: "me", emit: "list" }),
            sink("out"),
          ],
          {
            credentials: { config: secrets },
            modules: ["05-tls.js", "06-httpproxy.js"].map(
              (file) => require(`@node-red/nodes/core/network/${file}`) as (RED: NodeAPI) => void,
            ),
          },
        );

      for (const [name, change] of [
        ["another address", () => ({ url: elsewhere() })],
        ["the same host by another path", () => ({ url: `${abiquo.url}/other` })],
        ["another way to sign in", () => ({ auth: "bearer" })],
        ["other TLS", () => ({ tls: "tls" })],
        ["another proxy", () => ({ proxy: "proxy" })],
      ] as const) {
        it(`sends none of them to ${name}, and says that they must be typed again`, async () => {
          await loadNetwork({ auth: "basic" }, { ...abiquo.credentials.basic, bearerToken: abiquo.credentials.bearer });
          const answer = await test(typed({ auth: "basic", credentials: PLACEHOLDERS, ...change() }), "config");
          assert.equal(answer.ok, false);
          assert.match(answer.problem ?? "", /SECRETS_NOT_TYPED/);
          assert.deepEqual([seen.length, abiquo.requests.length], [0, 0]);
        });
      }

      it("sends to another address what was typed for it, and nothing else", async () => {
        await loadNetwork({}, { ...abiquo.credentials.oauth, password: "stored-password" } as never);
        await test(
          typed({ url: elsewhere(), auth: "basic", credentials: { ...PLACEHOLDERS, username: "typed", password: "typed-password" } }),
          "config",
        );
        assert.deepEqual(
          seen.map(({ authorization }) => authorization),
          [`Basic ${btoa("typed:typed-password")}`],
        );
        const half = await test(typed({ url: elsewhere(), auth: "basic", credentials: { ...PLACEHOLDERS, username: "typed" } }), "config");
        assert.match(half.problem ?? "", /SECRETS_NOT_TYPED/);
        assert.equal(seen.length, 1);
      });

      it("has none of a node of another type", async () => {
        const hook = node("hook", "abiquo-webhook-in", [""], { auth: "basic", path: "/hook", url: elsewhere() });
        await Flow.load([...around(abiquo, "hook"), hook], {
          credentials: credentials(abiquo, { hook: { username: "u", password: "webhook-password" } }),
        });
        const answer = await test(typed({ url: elsewhere(), auth: "basic", credentials: PLACEHOLDERS }), "hook");
        assert.match(answer.problem ?? "", /CREDENTIAL_MISSING/);
        assert.deepEqual(seen, []);
      });

      it("takes no other node for TLS or for a proxy, with whatever address and secrets that one has", async () => {
        await load({});
        for (const property of ["tls", "proxy"]) {
          const answer = await test(typed({ [property]: "config" }));
          assert.match(answer.problem ?? "", new RegExp(`CONFIG_INVALID ${property}`));
        }
        assert.equal(abiquo.requests.length, 0);
      });
    });

    for (const [name, change, problem] of [
      ["an address that is none", { url: "nowhere" }, /ABIQUO_BAD_URL/],
      ["an address where nobody listens", { url: "http://127.0.0.1:9/api" }, /ABIQUO_UNREACHABLE/],
      ["a missing secret", { credentials: {} }, /CREDENTIAL_MISSING/],
      ["no secrets at all", { credentials: undefined }, /CREDENTIAL_MISSING/],
    ] as const) {
      it(`tells of ${name}`, async () => {
        await load({});
        const answer = await test(typed(change));
        assert.equal(answer.ok, false);
        assert.match(answer.problem ?? "", problem);
      });
    }

    it("repeats no secret in what it tells", async () => {
      await load({});
      const secrets = { ...abiquo.credentials.oauth, accessTokenSecret: "very-secret-indeed" };
      const answer = await test(typed({ credentials: secrets }));
      assert.equal(answer.ok, false);
      assert.doesNotMatch(JSON.stringify(answer), /very-secret-indeed/);
    });

    for (const [name, headers, body] of [
      ["without the editor's header", { "Content-Type": "application/json" }, "{}"],
      ["as a form of a foreign page", { "Node-RED-API-Version": "v2", "Content-Type": "application/x-www-form-urlencoded" }, "url=x"],
      ["as text", { "Node-RED-API-Version": "v2", "Content-Type": "text/plain" }, "{}"],
      ["with a list", { "Node-RED-API-Version": "v2", "Content-Type": "application/json" }, "[]"],
    ] as const) {
      it(`refuses a call ${name}`, async () => {
        await load({});
        const response = await helper.request().post("/abiquo-config/config/test").set(headers).send(body);
        assert.equal(response.status, 400);
        assert.equal(abiquo.requests.length, 0);
      });
    }

    it("refuses to be called by GET", async () => {
      await load({});
      assert.equal((await helper.request().get("/abiquo-config/config/test").set("Node-RED-API-Version", "v2")).status, 404);
    });

    it("lets a connection go on that was stopped by a 401, once its credentials work", async () => {
      const flow = await load({});
      const refusal = abiquo.inject({ match: { path: "/api/login" }, status: 401 });
      flow.send("me", {});
      assert.equal((await flow.fault(({ source }) => source.id === "me")).code, "ABIQUO_UNAUTHORIZED");
      assert.match((await test(typed(), "config")).problem ?? "", /ABIQUO_UNAUTHORIZED/);
      refusal.remove();
      assert.equal((await test(typed(), "config")).ok, true);
      await works(flow);
      assert.equal((await flow.status("config", "status.connected")).fill, "green");
    });

    it("leaves a connection stopped whose own credentials are not those that were tested, and says so", async () => {
      const flow = await load({ auth: "basic" }, { username: abiquo.credentials.basic.username, password: "old-password" });
      flow.send("me", {});
      assert.equal((await flow.fault(({ source }) => source.id === "me")).code, "ABIQUO_UNAUTHORIZED");
      const refused = (): number => abiquo.requests.filter(({ status }) => status === 401).length;
      for (const body of [typed({ auth: "basic", credentials: { ...abiquo.credentials.basic } }), typed()]) {
        const answer = await test(body, "config");
        assert.deepEqual([answer.ok, answer.staysStopped], [true, true]);
      }
      flow.send("me", {});
      await flow.inbox("faults").have(2, ({ error }) => error?.source.id === "me");
      assert.equal(refused(), 1);
      assert.ok(flow.statuses.all.every(({ id, status }) => id !== "config" || !String(status.text).includes("connected")));
    });
  });

  it("uses user and password as they were typed, blanks at their ends included", async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer(({ headers }, response) => {
      seen.push(headers.authorization);
      response.writeHead(500).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
    const flow = await load({ url, auth: "basic", apiVersion: "6.1" }, { username: " ana ", password: " p w\t" });
    flow.send("me", {});
    await flow.fault();
    server.closeAllConnections();
    server.close();
    assert.deepEqual(seen, [`Basic ${btoa(" ana : p w\t")}`]);
  });

  describe("and its store", () => {
    const withStore = (store: object): object[] => [
      ...around(abiquo, "list", { store: "store" }),
      { id: "store", type: "abiquo-store", ...store },
      node("list", "abiquo-list-pending", ["out"], { scope: "ledger", emit: "list" }),
      sink("out"),
    ];

    async function lists(flow: Flow): Promise<void> {
      flow.send("list", {});
      assert.deepEqual((await flow.inbox("out").first()).payload, []);
    }

    it("keeps the ledger in the user directory unless told otherwise", async () => {
      const list = node("list", "abiquo-list-pending", ["out"], { scope: "ledger", emit: "list" });
      const flow = await Flow.load([...around(abiquo, "list"), list, sink("out")], { credentials: credentials(abiquo) });
      await lists(flow);
      assert.ok(existsSync(join(flow.folder, "abiquo-workflow.sqlite")));
    });

    it("keeps it in a file below the user directory", async () => {
      const flow = await Flow.load(withStore({ engine: "sqlite", file: "mine.sqlite" }), { credentials: credentials(abiquo) });
      await lists(flow);
      assert.ok(existsSync(join(flow.folder, "mine.sqlite")));
      assert.ok(!existsSync(join(flow.folder, "abiquo-workflow.sqlite")));
    });

    it("keeps it in an absolute place", async () => {
      const folder = mkdtempSync(join(tmpdir(), "abiquo-store-"));
      try {
        const file = join(folder, "elsewhere.sqlite");
        assert.ok(isAbsolute(file));
        const flow = await Flow.load(withStore({ engine: "sqlite", file }), { credentials: credentials(abiquo) });
        await lists(flow);
        assert.ok(existsSync(file));
        await closeFlow();
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it("tells of a place where no file can be", async () => {
      const flow = await Flow.load(withStore({ engine: "sqlite", file: "no/such/folder/file.sqlite" }), {
        credentials: credentials(abiquo),
      });
      flow.send("list", {});
      assert.equal((await flow.fault(({ source }) => source.id === "list")).code, "LEDGER_UNAVAILABLE");
    });

    for (const [name, store, code] of [
      ["an engine that there is not", { engine: "oracle" }, "CONFIG_INVALID engine"],
      ["PostgreSQL without its address", { engine: "postgres" }, "CONFIG_INVALID url"],
      ["a variable that is not set", { engine: "sqlite", file: "${ABIQUO_TEST_UNSET}" }, "ENV_UNSET ABIQUO_TEST_UNSET"],
    ] as const) {
      it(`is not replaced by the default when it names ${name}`, async () => {
        const flow = await Flow.load(withStore(store), { credentials: credentials(abiquo) });
        assert.ok(
          flow.logged("error").some((text) => text.includes(code)),
          code,
        );
        flow.send("list", {});
        const fault = await flow.fault(({ source }) => source.id === "list");
        assert.equal(fault.code, code.split(" ")[0]);
        assert.ok(!existsSync(join(flow.folder, "abiquo-workflow.sqlite")));
      });
    }

    it("is not replaced by the default when it is not there", async () => {
      const nodes = withStore({ engine: "sqlite" }).filter((candidate) => (candidate as { id: string }).id !== "store");
      const flow = await Flow.load(nodes, { credentials: credentials(abiquo) });
      flow.send("list", {});
      const fault = await flow.fault(({ source }) => source.id === "list");
      assert.equal(fault.code, "CONFIG_INVALID");
      assert.match(fault.message, /store/);
      assert.ok(!existsSync(join(flow.folder, "abiquo-workflow.sqlite")));
    });

    it("is shared by the connections that name the same file", async () => {
      const flow = await Flow.load(
        [
          ...withStore({ engine: "sqlite", file: "shared.sqlite" }),
          { id: "second", type: "abiquo-config", url: abiquo.url, auth: "oauth1", store: "store" },
          node("hook", "abiquo-webhook-in", ["arrived"], { path: "/hook", auth: "none" }),
          node("other", "abiquo-continue", ["answered", ""], { connection: "second", task: "payload" }),
          sink("arrived"),
          sink("answered"),
        ],
        { credentials: { ...credentials(abiquo), second: { ...abiquo.credentials.oauth } } },
      );
      await abiquo.post(abiquo.hold(), { url: `${await flow.serve()}/hook` });
      const arrived = await flow.inbox("arrived").first();
      flow.send("other", { payload: arrived.abiquo?.task?.taskId });
      assert.equal((await flow.inbox("answered").first()).abiquo?.answer?.outcome, "continued");
    });
  });
});
