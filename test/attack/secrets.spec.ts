import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { posted, webhook } from "../runtime/under-test.ts";
import { reporter, Target } from "./target.ts";

const UNCHANGED = "__PWRD__";
const HOOK_SECRET = "hook-secret/0123456789+abcdef=";

describe("secrets", function () {
  this.timeout(60_000);
  let target: Target;
  /** a host of the attacker's */
  let foreign: Server;
  let url: string;
  const heard: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  let secrets: string[];

  before(async () => {
    foreign = createServer(({ url: path = "", headers }, response) => {
      heard.push({ path, headers });
      response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
    });
    await new Promise<void>((resolve) => foreign.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}/api`;
    target = await Target.start(
      (sink, { url: own }) => [
        { id: "second", type: "abiquo-config", url: own, auth: "basic" },
        webhook("hook", { path: "/hook", auth: "secret", wires: [["go"]] }),
        { id: "go", type: "abiquo-continue", z: "tab", connection: "config", wires: [["answered-body"], []] },
        ...posted("configure", "configure", "msg.payload"),
        {
          id: "configure",
          type: "abiquo-configure-workflow",
          z: "tab",
          connection: "config",
          target: "platform",
          action: "read",
          wires: [["read-body"]],
        },
        ...["answered", "read"].flatMap((path) => reporter(sink, path)),
      ],
      { credentials: ({ credentials: { basic } }) => ({ second: { ...basic }, hook: { secret: HOOK_SECRET } }) },
    );
    const { oauth, basic } = target.abiquo.credentials;
    secrets = [oauth.consumerSecret, oauth.accessTokenSecret, basic.password, HOOK_SECRET];
  });
  after(async () => {
    await target?.stop();
    foreign?.closeAllConnections();
    await new Promise((resolve) => foreign.close(resolve));
  });
  beforeEach(() => {
    heard.length = 0;
    target.sink.clear();
    target.abiquo.clearFaults();
  });

  const forms = (secret: string): string[] => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString("base64").replace(/=+$/, ""),
  ];
  function assertHidden(text: string, what: string): void {
    for (const secret of secrets) for (const form of forms(secret)) assert.ok(!text.includes(form), `${what} holds a secret`);
  }

  async function test(id: string, properties: object): Promise<{ ok?: boolean; problem?: string }> {
    const headers = { "Content-Type": "application/json", "Node-RED-API-Version": "v2" };
    const credentials = Object.fromEntries(
      ["consumerKey", "consumerSecret", "accessToken", "accessTokenSecret", "username", "password", "bearerToken", "secret"].map((name) => [
        name,
        UNCHANGED,
      ]),
    );
    const response = await target.nodeRed.admin(`abiquo-config/${id}/test`, {
      method: "POST",
      headers,
      body: JSON.stringify({ credentials, ...properties }),
    });
    return (await response.json()) as { ok?: boolean; problem?: string };
  }

  it("that are stored are tried where they are deployed for", async () => {
    const ways = [
      await test("config", { url: target.abiquo.url, auth: "oauth1" }),
      await test("second", { url: target.abiquo.url, auth: "basic" }),
    ];
    assert.deepEqual(
      ways.map(({ ok, problem }) => [ok, problem]),
      [
        [true, undefined],
        [true, undefined],
      ],
    );
  });

  it("that are stored go to no host, by no way, that whoever writes flows names in a test", async () => {
    for (const [id, properties] of [
      ["config", { url, auth: "oauth1" }],
      ["second", { url, auth: "basic" }],
      ["second", { url: `${url}/../api`, auth: "basic" }],
      ["config", { url: target.abiquo.url, auth: "basic" }],
      ["second", { url: target.abiquo.url, auth: "basic", proxy: "some-proxy" }],
      ["hook", { url, auth: "basic" }],
      ["hook", { url, auth: "bearer" }],
      ["unknown", { url, auth: "basic" }],
    ] as const) {
      const { ok, problem = "" } = await test(id, properties);
      assert.ok(ok === false && problem !== "", `${id} ${JSON.stringify(properties)}`);
      assertHidden(problem, "the answer");
    }
    for (const { path, headers } of heard) {
      assertHidden(`${path} ${JSON.stringify(headers)}`, "the foreign host");
      assert.ok(!String(headers.authorization).includes("oauth_signature"), "nothing is signed for a foreign host");
    }
  });

  it("are not told by what Abiquo quotes of them, in any form", async () => {
    const { oauth } = target.abiquo.credentials;
    const quoted = [HOOK_SECRET, oauth.consumerSecret, oauth.accessTokenSecret].flatMap(forms).join(" and ");
    const body = JSON.stringify({ collection: [{ code: "GEN-1", message: `Not with ${quoted}` }] });
    target.abiquo.inject({ match: { action: "continue" }, status: 400, body, contentType: "application/vnd.abiquo.errors+json" });
    target.abiquo.setEndpoint(`${target.nodeRed.nodeUrl}hook/${encodeURIComponent(HOOK_SECRET)}`);
    await target.abiquo.submit();
    const [fault] = await target.sink.have("fault");
    assert.match(fault?.body.error?.message ?? "", /Not with/);
    const { error, abiquo } = fault?.body ?? {};
    const told = JSON.stringify([error, abiquo]);
    for (const secret of [oauth.consumerSecret, oauth.accessTokenSecret])
      for (const form of forms(secret)) assert.ok(!told.includes(form), "the fault holds a secret");
    for (const secret of [oauth.consumerSecret, oauth.accessTokenSecret])
      assert.ok(!target.nodeRed.logs().includes(secret), "the log holds a secret");
  });

  it("are masked in the endpoint that is read, whatever they look like", async () => {
    for (const secret of [HOOK_SECRET, "short", "with/slash", "plain-words-only"]) {
      target.sink.clear();
      target.abiquo.setEndpoint(`${target.nodeRed.nodeUrl}hook/${encodeURIComponent(secret)}`);
      await target.post("configure", "{}");
      const [report] = await target.sink.have("read");
      const text = JSON.stringify(report?.body);
      assert.match(text, /\/hook\//);
      assert.ok(
        forms(secret)
          .slice(0, 2)
          .every((form) => !text.includes(form)),
        secret,
      );
    }
  });
});
