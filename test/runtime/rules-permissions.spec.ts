import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { credentials, Sink, startUnderTest, VERSIONS } from "./under-test.ts";

// The one that Node-RED itself checks passwords with.
const nodeRedAuth = createRequire(createRequire(import.meta.url).resolve("node-red"));
const { hashSync } = nodeRedAuth("bcryptjs") as { hashSync(text: string, rounds: number): string };

const PASSWORD = "correct horse battery staple";
const SECRET = "swordfish";
const rules = [{ name: "r", when: [{ field: "group.cpu", op: "gt", value: "${ABIQUO_TEST_SECRET}" }], outcome: "review" }];
const ASKED = { id: "decide", connection: "config", rules, otherwise: "review", scope: "task", limit: 10 };

describe("What the dialog of the rules asks for, where people sign in to Node-RED", () => {
  let abiquo: SimulatedAbiquo;
  let sink: Sink;
  let nodeRed: NodeRedProcess;

  before(async () => {
    process.env["ABIQUO_TEST_SECRET"] = SECRET;
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
    sink = await Sink.start();
    const user = (username: string, permissions: string): object => ({ username, password: hashSync(PASSWORD, 4), permissions });
    nodeRed = await startUnderTest(VERSIONS[0].nodeRed, abiquo, sink, {
      flows: [
        { id: "flow", type: "tab", label: "Rules" },
        {
          id: "config",
          type: "abiquo-config",
          name: "",
          url: abiquo.url,
          apiVersion: "",
          auth: "oauth1",
          tls: "",
          proxy: "",
          timeout: 5,
          publicUrl: "",
          trustedProxies: "",
          store: "",
          pace: 0,
        },
        {
          id: "decide",
          type: "abiquo-task-decision",
          z: "flow",
          name: "",
          connection: "config",
          rulesFrom: "node",
          rules: [],
          otherwise: "review",
          scope: "task",
          x: 100,
          y: 100,
          wires: [[], [], []],
        },
      ],
      credentials: credentials(abiquo),
      settings: { adminAuth: { type: "credentials", users: [user("reader", "read"), user("author", "*")] } },
    });
  });
  after(async () => {
    delete process.env["ABIQUO_TEST_SECRET"];
    await nodeRed?.stop();
    await sink?.close();
    await abiquo?.close();
  });

  const headers = { "Content-Type": "application/json", "Node-RED-API-Version": "v2" };
  const signIn = async (username: string, scope: string): Promise<object> => {
    const login = { client_id: "node-red-admin", grant_type: "password", scope, username, password: PASSWORD };
    const response = await fetch(`${nodeRed.adminUrl}auth/token`, { method: "POST", headers, body: JSON.stringify(login) });
    return { Authorization: `Bearer ${((await response.json()) as { access_token: string }).access_token}` };
  };
  const ask = async (path: string, more: object): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${nodeRed.adminUrl}abiquo-task-decision/${path}`, {
      method: "POST",
      headers: { ...headers, ...more },
      body: JSON.stringify(ASKED),
    });
    return { status: response.status, text: await response.text() };
  };

  it("is nothing for who may only read: no tenants, roles, tasks or values of the environment", async () => {
    const reader = await signIn("reader", "read");
    for (const more of [{}, reader]) {
      for (const path of ["check", "choices", "try"]) {
        const { status, text } = await ask(path, more);
        assert.equal(status, 401, path);
        assert.doesNotMatch(text, /swordfish|Acme|ENTERPRISE_ADMIN/);
      }
    }
  });

  it("is for who may deploy, but for what the environment holds", async () => {
    const author = await signIn("author", "*");
    assert.match((await ask("choices", author)).text, /ENTERPRISE_ADMIN/);
    const checked = await ask("check", author);
    assert.deepEqual([checked.status, checked.text.includes(SECRET), checked.text.includes("${ABIQUO_TEST_SECRET}")], [200, false, true]);
    assert.doesNotMatch((await ask("try", author)).text, /swordfish/);
  });
});
