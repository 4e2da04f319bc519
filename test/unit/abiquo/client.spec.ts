import assert from "node:assert/strict";
import type { AbiquoFault, AbiquoTask } from "../../../nodes/lib/abiquo/index.ts";
import type { Fault } from "../../../nodes/lib/base/fault.ts";
import { MACHINE, OAUTH, type Received, type Reply, rejection, serve, type TestServer, taskDto } from "./support.ts";

const TASK_PATH = `/api/${MACHINE}/tasks/task-1`;
const DONE: Reply = { status: 204 };
const ERRORS = "application/vnd.abiquo.errors+json";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

function query(request: Received): URLSearchParams {
  return new URL(request.url, "http://x").searchParams;
}

/** Until this many requests are at the server. */
async function arrived(server: TestServer, count: number): Promise<void> {
  while (server.requests.length < count) await new Promise((turn) => setImmediate(turn));
}

/** Long enough for whatever is under way on this machine to arrive. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((next) => setImmediate(next));
}

/** An answer that is given when the test says so. */
function gate(): { readonly open: (reply: Reply) => void; readonly reply: Promise<Reply> } {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  return { open: resolve, reply: promise };
}

describe("the client", () => {
  let server: TestServer;
  /** what the next requests are answered; the last one stays */
  let replies: (Reply | "reset" | ((request: Received) => Reply | "reset" | Promise<Reply>))[];

  beforeEach(async () => {
    replies = [DONE];
    server = await serve((request) => {
      const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? DONE;
      return typeof reply === "function" ? (reply(request) as Reply) : reply;
    });
  });

  afterEach(() => server.close());

  const link = (action = ""): string => `${server.origin}${TASK_PATH}${action}`;
  const continueOnce = (client = server.client()): Promise<void> => client.continueTask(link("/action/continue"), "");

  describe("answering a task", () => {
    it("posts a text as text/plain, exactly so, in UTF-8", async () => {
      await server.client().continueTask(link("/action/continue"), "Fine for me, José 👍");
      const [request] = server.requests;
      assert.deepEqual([request?.method, request?.url], ["POST", `${TASK_PATH}/action/continue`]);
      assert.equal(request?.headers["content-type"], "text/plain");
      assert.equal(request?.body, "Fine for me, José 👍");
    });

    it("posts no body and no type without a text", async () => {
      await server.client().cancelTask(link("/action/cancel"), "");
      const [request] = server.requests;
      assert.deepEqual([request?.method, request?.url], ["POST", `${TASK_PATH}/action/cancel`]);
      assert.equal(request?.headers["content-type"], undefined);
      assert.equal(request?.headers["content-length"], "0");
    });

    it("needs no version, so it does not ask for one", async () => {
      await continueOnce(server.client({ apiVersion: "" }));
      assert.equal(server.requests.length, 1);
    });

    it("is never repeated, whatever happens", async () => {
      for (const reply of ["reset", { status: 503 }, { status: 429, headers: { "Retry-After": "0" } }, { status: 500 }] as const) {
        server.requests.length = 0;
        replies = [reply];
        assert.equal((await rejection(continueOnce())).retriable, true);
        assert.equal(server.requests.length, 1);
      }
    });

    it("takes the sign-in page of something in between for no answer of Abiquo", async () => {
      replies = [{ status: 200, headers: { "Content-Type": "text/html; charset=utf-8" }, body: "<html>Please sign in</html>" }];
      const fault = await rejection(continueOnce());
      assert.deepEqual([fault.code, fault.status, fault.retriable], ["ABIQUO_UNEXPECTED_ANSWER", 200, true]);
    });

    it("takes nothing that somebody else says in Abiquo's place for its answer", async () => {
      const page = "<!DOCTYPE html><html><title>Back soon</title></html>";
      const html = { "Content-Type": "text/html" };
      const json = { "Content-Type": "application/json" };
      for (const [name, reply] of Object.entries<Reply>({
        "a maintenance page": { status: 200, headers: html, body: page },
        "one that does not say what it is": { status: 200, body: `\n ${page}` },
        "one in XHTML": { status: 200, headers: { "Content-Type": "application/xhtml+xml" }, body: "<html/>" },
        "a message in JSON": { status: 200, headers: json, body: { status: "maintenance" } },
        "a servlet container without Abiquo": { status: 404, headers: html, body: "<html><title>HTTP Status 404</title></html>" },
        "an empty 404": { status: 404 },
        "a gateway's 404": { status: 404, headers: json, body: { code: "NoSuchRoute", message: "no Route matched" } },
        "a redirect to a sign-in": { status: 302, headers: { Location: "https://sso.example.com/" } },
        "a proxy that wants to be signed in to": { status: 407, headers: html, body: page },
        "a load balancer that waited in vain": { status: 408 },
        "a misdirected request": { status: 421 },
        "a proxy that wants no early data": { status: 425 },
        "a firewall's page": { status: 400, headers: html, body: page },
        "one that does not say so": { status: 405, body: page },
      })) {
        replies = [reply];
        const fault = await rejection(continueOnce());
        assert.deepEqual([name, fault.retriable, fault.apiErrors], [name, true, []]);
        assert.match(fault.code, /^ABIQUO_(UNEXPECTED_ANSWER|UNREACHABLE)$/, name);
      }
    });

    it("is told that a task is unknown only by Abiquo's own error, in JSON or XML", async () => {
      for (const body of [
        { collection: [{ code: "TASK-1", message: "" }] },
        { code: "VM-1", message: "" },
        "<errors><error><code>404-NOT-FOUND</code><message/></error></errors>",
      ]) {
        replies = [{ status: 404, body }];
        const fault = await rejection(continueOnce());
        assert.deepEqual([fault.code, fault.retriable, fault.mayHaveArrived], ["ABIQUO_NOT_FOUND", false, false]);
      }
    });

    it("follows no redirect", async () => {
      for (const status of [301, 302, 303, 307, 308]) {
        server.requests.length = 0;
        replies = [{ status, headers: { Location: "/api/cloud/elsewhere" } }];
        const fault = await rejection(continueOnce());
        assert.deepEqual([fault.code, fault.params], ["ABIQUO_UNEXPECTED_ANSWER", { status }]);
        assert.equal(server.requests.length, 1);
      }
    });
  });

  describe("with a link that does not lead below its base", () => {
    it("sends nothing, so that no credential goes elsewhere", async () => {
      const client = server.client();
      for (const url of [
        "http://127.0.0.1:1/api/cloud/x",
        `${server.origin}/other/cloud/x`,
        `${server.origin}/apiary/cloud/x`,
        `${server.origin}/api`,
        `${server.origin}/api/../admin/x`,
        `${server.origin}/api/cloud/..`,
        `${server.origin}/api/cloud/%2e%2e/x`,
        `${server.origin}/api/cloud/a%2Fb`,
        `${server.origin}/api/cloud\\x`,
        `${server.origin}/api/cloud/x y`,
        `${server.origin}/api/cloud/x\r\nX: y`,
        `${server.origin}/api/cloud/x#y`,
        "",
      ]) {
        for (const call of [() => client.continueTask(url, ""), () => client.cancelTask(url, ""), () => client.readTask(url)]) {
          await assert.rejects(call, { code: "ABIQUO_BAD_LINK" }, url);
        }
      }
      for (const id of ["", "..", "a/b", "1?x", "é"]) {
        await assert.rejects(client.enterprise(id), { code: "ABIQUO_BAD_LINK" }, id);
        await assert.rejects(all(client.pendingTasks({ enterprise: id })), { code: "ABIQUO_BAD_LINK" }, id);
      }
      assert.equal(server.requests.length, 0);
    });
  });

  describe("asking for the version", () => {
    it("takes major and minor: 3.10 is not 3.1", async () => {
      for (const [text, version] of [
        ["6.1.2", "6.1"],
        ["3.10.4", "3.10"],
        ["6.1", "6.1"],
        ["4.7-SNAPSHOT", "4.7"],
        [" 3.0.0\n", "3.0"],
      ]) {
        server.version = { body: text };
        assert.equal(await server.client({ apiVersion: "" }).version(), version);
      }
    });

    it("refuses what is no version, and asks again the next time", async () => {
      const client = server.client({ apiVersion: "" });
      for (const body of ["<html>", "", "six", "6", "12345"]) {
        server.version = { body };
        assert.equal((await rejection(client.version())).code, "ABIQUO_UNEXPECTED_ANSWER", body);
      }
      server.version = { status: 404 };
      assert.equal((await rejection(client.enterprise("1"))).code, "ABIQUO_UNEXPECTED_ANSWER");
      server.version = { body: "6.1.2" };
      assert.equal(await client.version(), "6.1");
      server.version = { body: "7.0.0" };
      assert.equal(await client.version(), "6.1");
    });

    it("asks nothing when it is configured", async () => {
      server.version = { status: 500 };
      assert.equal(await server.client({ apiVersion: "4.2" }).version(), "4.2");
    });

    describe("of an Abiquo that is upgraded", () => {
      let accepted: string;
      let asked: number;
      beforeEach(() => {
        accepted = "5.0";
        asked = 0;
        Object.defineProperty(server, "version", {
          get: () => {
            asked++;
            return { body: `${accepted}.1` };
          },
        });
        replies = [
          ({ headers, method }) =>
            String(headers.accept).includes(`version=${accepted}`)
              ? { body: method === "GET" ? { ...taskDto(), id: 1, workflow: false } : {} }
              : { status: method === "GET" ? 406 : 415 },
        ];
      });

      it("asks again, and reads what it was asked for", async () => {
        const client = server.client({ apiVersion: "" });
        await client.readTask(link());
        accepted = "6.1";
        assert.equal((await client.readTask(link())).task.taskId, "task-1");
        assert.equal((await client.read(link(), "task")).content["taskId"], "task-1");
        assert.equal(await client.version(), "6.1");
        assert.equal(asked, 2);
      });

      it("repeats nothing that changes something, and gets the next one right", async () => {
        const client = server.client({ apiVersion: "" });
        await client.enterprise("1");
        const before = accepted;
        replies = [
          (request) => {
            if (request.method === "PUT" && accepted === before) accepted = "6.1";
            return String(request.headers.accept).includes(`version=${accepted}`) ? { body: { id: 1, workflow: false } } : { status: 415 };
          },
        ];
        assert.equal((await rejection(client.setEnterpriseWorkflow("1", true))).code, "ABIQUO_VERSION_REFUSED");
        assert.deepEqual(server.requests.filter(({ method }) => method === "PUT").length, 1);
        await client.setEnterpriseWorkflow("1", true);
      });

      it("tells the refusal when the version is still the same, and does not ask where one is configured", async () => {
        const client = server.client({ apiVersion: "" });
        await client.readTask(link());
        replies = [{ status: 406 }];
        assert.equal((await rejection(client.readTask(link()))).code, "ABIQUO_VERSION_REFUSED");
        assert.equal(asked, 2);
        assert.equal((await rejection(server.client({ apiVersion: "4.2" }).readTask(link()))).code, "ABIQUO_VERSION_REFUSED");
        assert.equal(asked, 2);
      });
    });

    it("can be left by one caller without harm to the others", async () => {
      const held = gate();
      server.version = held.reply;
      const client = server.client({ apiVersion: "" });
      const controller = new AbortController();
      const left = rejection(client.version(controller.signal));
      const stays = client.version();
      controller.abort();
      assert.equal((await left).code, "ABIQUO_CLOSED");
      held.open({ body: "6.1.2" });
      assert.equal(await stays, "6.1");
    });

    it("asks once, also for callers at the same time, and sends it with every media type", async () => {
      replies = [{ body: taskDto() }];
      const client = server.client({ apiVersion: "" });
      await Promise.all([client.readTask(link()), client.readTask(link()), client.version()]);
      assert.deepEqual(
        server.requests.map(({ headers }) => headers.accept),
        Array(2).fill("application/vnd.abiquo.task+json; version=6.1"),
      );
    });
  });

  describe("reading", () => {
    it("asks for the media type of what it reads, in the configured version", async () => {
      replies = [{ body: taskDto() }];
      const read = await server.client({ apiVersion: "3.10" }).readTask(link());
      assert.equal(read.task.taskId, "task-1");
      assert.equal(read.links.self, link());
      assert.equal(server.requests[0]?.headers.accept, "application/vnd.abiquo.task+json; version=3.10");
    });

    it("reads the user with names, enterprise and role", async () => {
      const links = [
        { rel: "enterprise", href: "http://internal:8080/api/admin/enterprises/21", title: "Acme" },
        { rel: "role", href: "http://internal:8080/api/admin/roles/1", title: "CLOUD_ADMIN" },
      ];
      replies = [{ body: { id: 22, nick: "ana", name: "Ana", surname: "Ruiz", email: "", links } }];
      assert.deepEqual(await server.client().currentUser(), {
        id: "22",
        nick: "ana",
        name: "Ana Ruiz",
        email: "",
        enterpriseId: "21",
        enterpriseName: "Acme",
        roleName: "CLOUD_ADMIN",
        isActive: true,
      });
      assert.equal(server.requests[0]?.url, "/api/login");
    });

    it("is tried three times where that may help, with the wait that the server asks for", async () => {
      for (const status of [429, 502, 503, 504]) {
        server.requests.length = 0;
        replies = [{ status, headers: { "Retry-After": "0" } }, { status, headers: { "Retry-After": "0" } }, { body: taskDto() }];
        await server.client().readTask(link());
        assert.equal(server.requests.length, 3);
      }
      server.requests.length = 0;
      replies = [{ status: 503, headers: { "Retry-After": "0" } }];
      assert.equal((await rejection(server.client().readTask(link()))).status, 503);
      assert.equal(server.requests.length, 3);
    });

    it("is tried again when the connection breaks", async () => {
      replies = ["reset", { body: taskDto() }];
      await server.client().readTask(link());
      assert.equal(server.requests.length, 2);
    });

    it("is not tried again where that does not help, nor sooner than the server asks for", async () => {
      for (const reply of [
        { status: 500 },
        { status: 404 },
        { status: 403 },
        { status: 400 },
        { status: 503, headers: { "Retry-After": "3600" } },
        { body: "<html>" },
      ]) {
        server.requests.length = 0;
        replies = [reply];
        await rejection(server.client().readTask(link()));
        assert.equal(server.requests.length, 1, JSON.stringify(reply));
      }
    });

    it("ends a wait between tries when the caller leaves or the client is closed", async () => {
      replies = [{ status: 503, headers: { "Retry-After": "5" } }];
      for (const end of ["abort", "close"]) {
        server.requests.length = 0;
        const client = server.client();
        const controller = new AbortController();
        const reading = rejection(client.readTask(link(), controller.signal));
        await arrived(server, 1);
        await turns(50);
        if (end === "abort") controller.abort();
        else await client.close();
        assert.equal((await reading).code, "ABIQUO_CLOSED");
        assert.equal(server.requests.length, 1);
      }
    });

    it("refuses what was not asked for", async () => {
      for (const body of ["", "<html>", "null", "[]", "1", '{"a":']) {
        replies = [{ body }];
        assert.equal((await rejection(server.client().enterprise("1"))).code, "ABIQUO_UNEXPECTED_ANSWER", body);
      }
      replies = [{ body: { links: [] } }];
      assert.equal((await rejection(all(server.client().enterprises()))).code, "ABIQUO_UNEXPECTED_ANSWER");
      await assert.rejects(server.client().readTask(link()), { code: "ABIQUO_BAD_TASK" });
    });
  });

  describe("refused by the server", () => {
    it("names each kind of refusal, whether it may pass, and whether Abiquo may have acted", async () => {
      for (const [status, code, retriable, mayHaveArrived] of [
        [400, "ABIQUO_REFUSED", false, false],
        [403, "ABIQUO_FORBIDDEN", false, false],
        [405, "ABIQUO_REFUSED", false, false],
        [409, "ABIQUO_REFUSED", false, false],
        [412, "ABIQUO_REFUSED", false, false],
        [429, "ABIQUO_RATE_LIMITED", true, false],
        [500, "ABIQUO_FAILED", true, true],
        [502, "ABIQUO_FAILED", true, true],
        [504, "ABIQUO_FAILED", true, true],
      ] as const) {
        replies = [{ status }];
        const fault = await rejection(continueOnce());
        assert.deepEqual([fault.code, fault.status, fault.retriable, fault.mayHaveArrived], [code, status, retriable, mayHaveArrived]);
      }
    });

    it("takes 406 and 415 for a refused version where it named one", async () => {
      for (const status of [406, 415]) {
        replies = [{ status }];
        const fault = await rejection(server.client({ apiVersion: "9.9" }).enterprise("1"));
        assert.deepEqual([fault.code, fault.params], ["ABIQUO_VERSION_REFUSED", { version: "9.9" }]);
        assert.equal((await rejection(server.client({ apiVersion: "" }).enterprise("1"))).params["version"], "6.1");
        assert.equal((await rejection(continueOnce())).code, "ABIQUO_REFUSED");
      }
    });

    it("reads Abiquo's errors in every form that they have", async () => {
      const two = [
        { code: "TASK-2", message: "not in that state" },
        { code: "VM-2", message: "" },
      ];
      for (const [body, expected] of [
        [{ collection: two }, two],
        [{ links: [], collection: two }, two],
        [two[0], [two[0]]],
        [
          "<errors><error><code>TASK-2</code><message>not in that state</message></error><error><code>VM-2</code><message/></error></errors>",
          two,
        ],
        ['<?xml version="1.0" encoding="UTF-8"?><error><code>TASK-2</code><message>not in that state</message></error>', [two[0]]],
        ["<html><body>Bad gateway</body></html>", []],
        ["Service unavailable", []],
        ["{", []],
        ["{}", []],
        ["", []],
        ['{"collection":[null,1,{"code":7}]}', []],
        ["<errors><error>", []],
        ["<!DOCTYPE errors [<!ENTITY a 'b'>]><errors/>", []],
      ] as const) {
        replies = [{ status: 409, headers: { "Content-Type": ERRORS }, body }];
        assert.deepEqual((await rejection(continueOnce())).apiErrors, expected, JSON.stringify(body));
      }
    });

    it("tells the codes and texts of a refusal, cut short", async () => {
      replies = [
        {
          status: 409,
          body: {
            collection: [
              { code: "TASK-2", message: "x".repeat(9_000) },
              { code: "B", message: "y" },
            ],
          },
        },
      ];
      const errors = String((await rejection(continueOnce())).params["errors"]);
      assert.match(errors, /^TASK-2 x/);
      assert.ok(errors.length <= 500);
    });

    it("counts a date from the server's own clock, in each format that RFC 9110 knows, and takes nothing else for one", async () => {
      const asked = async (value: string, date = "Sun, 06 Nov 1994 08:49:37 GMT"): Promise<number | undefined> => {
        replies = [{ status: 503, headers: { "Retry-After": value, Date: date } }];
        return (await rejection(continueOnce())).retryAfterMs;
      };
      for (const value of ["Sun, 06 Nov 1994 08:50:37 GMT", "Sunday, 06-Nov-94 08:50:37 GMT", "Sun Nov  6 08:50:37 1994"]) {
        assert.equal(await asked(value), 60_000, value);
      }
      assert.equal(await asked("Sun, 06 Nov 1994 08:00:00 GMT"), 0);
      for (const value of ["2027-01-01", "soon", "-5", "1.5", "6 Nov", ""]) assert.equal(await asked(value), undefined, value);
    });

    it("names the credentials that are refused, and whether they were accepted before", async () => {
      for (const [credentials, name] of [
        [OAUTH, "OAUTH1"],
        [{ kind: "basic", username: "u", password: "p" }, "BASIC"],
        [{ kind: "bearer", token: "t" }, "BEARER"],
      ] as const) {
        const reasons: unknown[] = [];
        replies = [{ status: 401 }, { body: taskDto() }, { status: 401 }];
        const client = server.client({ credentials });
        for (let call = 0; call < 3; call++) {
          await client.readTask(link()).catch(({ params }: AbiquoFault) => reasons.push(params["reason"]));
          client.resume();
        }
        assert.deepEqual(reasons, [`${name}_REFUSED`, `${name}_REFUSED_ANY_MORE`]);
      }
    });

    it("tells once that it works again: after a 401, and in place of a client that was in trouble", async () => {
      let told = 0;
      const client = server.client();
      client.onWorks = () => told++;
      replies = [{ body: taskDto() }, { status: 401 }];
      await client.readTask(link());
      await rejection(client.readTask(link()));
      assert.equal(told, 0);
      client.resume();
      client.resume();
      assert.equal(told, 1);
      const next = server.client();
      next.onWorks = () => told++;
      next.followsTrouble();
      replies = [{ status: 403, body: { collection: [] } }, { body: taskDto() }, { body: taskDto() }];
      await rejection(next.readTask(link()));
      assert.equal(told, 1);
      for (let call = 0; call < 2; call++) await next.readTask(link());
      assert.equal(told, 2);
    });

    it("tells how long the server asks to wait, in seconds or as a date, an hour at most", async () => {
      const asked = async (value: string): Promise<number | undefined> => {
        replies = [{ status: 429, headers: { "Retry-After": value } }];
        return (await rejection(continueOnce())).retryAfterMs;
      };
      assert.equal(await asked("7"), 7_000);
      const wait = await asked(new Date(Date.now() + 60_000).toUTCString());
      assert.ok(wait !== undefined && wait > 50_000 && wait <= 60_000);
      assert.equal(await asked(new Date(0).toUTCString()), 0);
      assert.equal(await asked("9".repeat(400)), 3_600_000);
      assert.equal(await asked("soon"), undefined);
    });
  });

  it("tells an outage once, after half a minute of failures", async () => {
    const client = server.client();
    const told: string[] = [];
    client.onOutage = ({ code }) => told.push(code);
    const now = performance.now.bind(performance);
    try {
      replies = [{ status: 503 }];
      await rejection(continueOnce(client));
      assert.deepEqual(told, []);
      performance.now = () => now() + 31_000;
      for (let attempt = 0; attempt < 3; attempt++) await rejection(continueOnce(client));
      assert.deepEqual(told, ["ABIQUO_FAILED"]);
    } finally {
      performance.now = now;
    }
  });

  describe("with credentials that Abiquo does not take", () => {
    const page: Reply = {
      status: 401,
      headers: { "Content-Type": "text/html", "WWW-Authenticate": 'Basic realm="Abiquo API"' },
      body: "<html>401</html>",
    };

    it("sends one request and no more, however many are asked for at once", async () => {
      replies = [page];
      const client = server.client();
      const halts: AbiquoFault[] = [];
      client.onHalt = (fault) => halts.push(fault);
      const calls = [...Array(50).keys()].map((index) => rejection(index % 2 === 0 ? continueOnce(client) : client.readTask(link())));
      const faults = await Promise.all(calls);
      assert.equal(server.requests.length, 1);
      assert.deepEqual([...new Set(faults.map(({ code }) => code))], ["ABIQUO_UNAUTHORIZED"]);
      assert.equal(client.halted?.code, "ABIQUO_UNAUTHORIZED");
      assert.deepEqual(halts, [client.halted]);
    });

    it("stays halted until told, and then again sends one", async () => {
      replies = [page];
      const client = server.client();
      await rejection(continueOnce(client));
      for (const call of [continueOnce(client), client.currentUser(), client.platformWorkflow(), all(client.enterprises())]) {
        assert.equal(await rejection(call), client.halted);
      }
      assert.equal(server.requests.length, 1);
      client.resume();
      assert.equal(client.halted, undefined);
      await Promise.all([...Array(10).keys()].map(() => rejection(continueOnce(client))));
      assert.equal(server.requests.length, 2);
      replies = [DONE];
      client.resume();
      await Promise.all([...Array(10).keys()].map(() => continueOnce(client)));
      assert.equal(server.requests.length, 12);
    });

    it("halts too when credentials that worked are withdrawn", async () => {
      const client = server.client();
      await continueOnce(client);
      replies = [page];
      await rejection(continueOnce(client));
      await rejection(continueOnce(client));
      assert.equal(server.requests.length, 2);
    });

    it("does not halt for 403, which says that somebody signed in", async () => {
      replies = [{ status: 403 }];
      const client = server.client();
      await rejection(continueOnce(client));
      assert.equal(client.halted, undefined);
    });

    it("blames the clock when a signature is refused and the clocks differ", async () => {
      const at = (minutes: number): Reply => ({ ...page, headers: { Date: new Date(Date.now() + minutes * 60_000).toUTCString() } });
      for (const minutes of [-90, 7]) {
        replies = [at(minutes)];
        const client = server.client();
        const fault = await rejection(continueOnce(client));
        assert.deepEqual([fault.code, fault.params, fault.status], ["ABIQUO_CLOCK_SKEW", { minutes: Math.abs(minutes) }, 401]);
        assert.equal(client.halted, fault);
      }
      replies = [at(4)];
      assert.equal((await rejection(continueOnce())).code, "ABIQUO_UNAUTHORIZED");
      replies = [at(90)];
      const basic = server.client({ credentials: { kind: "basic", username: "u", password: "p" } });
      assert.equal((await rejection(continueOnce(basic))).code, "ABIQUO_UNAUTHORIZED");
    });
  });

  describe("that nobody has accepted yet", () => {
    it("sends one request, and the others when that was accepted", async () => {
      const first = gate();
      replies = [() => first.reply, DONE];
      const client = server.client();
      const calls = [...Array(10).keys()].map(() => continueOnce(client));
      await arrived(server, 1);
      await turns(50);
      assert.equal(server.requests.length, 1);
      first.open(DONE);
      await Promise.all(calls);
      assert.equal(server.requests.length, 10);
    });

    it("takes an error that Abiquo names for a sign-in that worked", async () => {
      const first = gate();
      const second = gate();
      replies = [() => first.reply, () => second.reply];
      const client = server.client();
      const calls = [...Array(3).keys()].map(() => continueOnce(client).catch(() => undefined));
      await arrived(server, 1);
      first.open({ status: 404, body: { collection: [{ code: "TASK-1", message: "" }] } });
      await arrived(server, 3);
      second.open(DONE);
      await Promise.all(calls);
    });

    it("tells those that wait when nobody answers, rather than let them wait one after the other", async () => {
      replies = ["reset"];
      const client = server.client();
      const faults = await Promise.all([...Array(10).keys()].map(() => rejection(continueOnce(client))));
      assert.equal(server.requests.length, 1);
      assert.deepEqual([...new Set(faults.map(({ code, retriable }) => `${code} ${retriable}`))], ["ABIQUO_UNREACHABLE true"]);
      assert.deepEqual(faults.map(({ mayHaveArrived }) => mayHaveArrived).sort(), [...Array<boolean>(9).fill(false), true]);
    });

    it("lets the next one try when the first caller leaves", async () => {
      const first = gate();
      replies = [() => first.reply, DONE];
      const client = server.client();
      const controller = new AbortController();
      const left = rejection(client.continueTask(link("/action/continue"), "", controller.signal));
      await arrived(server, 1);
      const next = continueOnce(client);
      controller.abort();
      assert.equal((await left).code, "ABIQUO_CLOSED");
      await next;
      first.open(DONE);
    });
  });

  describe("being closed", () => {
    it("ends what is under way, and sends nothing any more", async () => {
      const never = gate();
      replies = [() => never.reply];
      const client = server.client();
      const call = rejection(continueOnce(client));
      await arrived(server, 1);
      await client.close();
      const fault = await call;
      assert.deepEqual([fault.code, fault.mayHaveArrived], ["ABIQUO_CLOSED", true]);
      const later = await rejection(continueOnce(client));
      assert.deepEqual([later.code, later.mayHaveArrived], ["ABIQUO_CLOSED", false]);
      await client.close();
      assert.equal(server.requests.length, 1);
      never.open(DONE);
    });
  });

  describe("listing tasks that wait", () => {
    /** Pages of a list that a test may change between them. */
    function listOf(
      ids: () => readonly string[],
      beforePage: (start: number) => void = () => undefined,
      withTotal = true,
    ): (request: Received) => Reply {
      return (request) => {
        const start = Number(query(request).get("startwith"));
        beforePage(start);
        const found = ids();
        const collection = found.slice(start, start + Number(query(request).get("limit"))).map((id) => taskDto(id));
        return { body: { links: [], collection, ...(withTotal ? { totalSize: found.length } : {}) } };
      };
    }
    const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `t${index}`);
    const idsOf = (tasks: readonly AbiquoTask[]): string[] => tasks.map(({ task }) => task.taskId);
    const list = async (extra: object = {}): Promise<string[]> =>
      idsOf(await all(server.client().pendingTasks({ enterprise: "21", ...extra })));

    it("pages by arithmetic, since the lists have no paging links", async () => {
      replies = [listOf(() => many(250))];
      assert.deepEqual(await list(), many(250));
      assert.deepEqual(
        server.requests.map(({ url }) => url),
        [0, 100, 200].map((start) => `/api/admin/enterprises/21/action/pendingtasks?startwith=${start}&limit=100`),
      );
    });

    it("asks for a user's tasks, and for those of a nick", async () => {
      replies = [listOf(() => [])];
      await list({ user: "22", filter: "ana/ruiz +*é" });
      const [request] = server.requests;
      assert.match(request?.url ?? "", /^\/api\/admin\/enterprises\/21\/users\/22\/action\/pendingtasks\?/);
      assert.equal(query(request as Received).get("has"), "ana/ruiz +*é");
      assert.doesNotMatch(request?.url ?? "", /\+|\*/);
    });

    it("stops at the limit, without reading more", async () => {
      replies = [listOf(() => many(250))];
      assert.deepEqual(await list({ limit: 3 }), many(3));
      assert.equal(query(server.requests[0] as Received).get("limit"), "3");
      server.requests.length = 0;
      assert.equal((await list({ limit: 120 })).length, 120);
      assert.equal(server.requests.length, 2);
    });

    it("gives a task once when new ones push it to the next page", async () => {
      let ids = many(150);
      replies = [
        listOf(
          () => ids,
          (start) => (start === 100 ? (ids = ["new1", "new2", ...ids]) : undefined),
        ),
      ];
      assert.deepEqual(await list(), many(150));
    });

    it("misses no task when others leave the list while it is read", async () => {
      let ids = many(250);
      replies = [
        listOf(
          () => ids,
          (start) => (start === 100 && ids.length === 250 ? (ids = ids.slice(60)) : undefined),
        ),
      ];
      assert.deepEqual(new Set(await list()), new Set(many(250)));
      ids = many(250);
      replies = [
        listOf(
          () => ids,
          (start) => (start === 200 && ids.length === 250 ? (ids = ids.slice(70)) : undefined),
        ),
      ];
      assert.deepEqual(new Set(await list()), new Set(many(250)));
    });

    it("comes to an end with any server: one that knows no total, ignores the start, or counts nonsense", async () => {
      replies = [listOf(() => many(250), undefined, false)];
      assert.deepEqual(await list(), many(250));
      replies = [{ body: { collection: many(100).map((id) => taskDto(id)) } }];
      assert.deepEqual(await list(), many(100));
      replies = [{ body: { totalSize: 1_000_000, collection: [] } }];
      assert.deepEqual(await list(), []);
      let total = 1_000_000;
      replies = [() => ({ body: { totalSize: --total, collection: [taskDto("a")] } })];
      assert.deepEqual(await list({ limit: 5 }).then((ids) => ids.slice(0, 1)), ["a"]);
    }).timeout(20_000);

    it("skips what is no task, and tells of it", async () => {
      const problems: Fault[] = [];
      replies = [{ body: { totalSize: 4, collection: [taskDto("a"), { taskId: "b" }, null, taskDto("c")] } }];
      const tasks = await all(server.client().pendingTasks({ enterprise: "21" }, undefined, (fault) => problems.push(fault)));
      assert.deepEqual(idsOf(tasks), ["a", "c"]);
      assert.deepEqual(
        problems.map(({ params }) => params["problem"]),
        ["NO_LINKS", "NOT_AN_OBJECT"],
      );
    });

    it("puts the links on the connection's URL, whatever the server calls itself", async () => {
      const links = [{ rel: "self", href: `http://localhost:9009/api/${MACHINE}/tasks/a` }];
      replies = [{ body: { totalSize: 1, collection: [taskDto("a", { links })] } }];
      const [task] = await all(server.client().pendingTasks({ enterprise: "21" }));
      assert.equal(task?.links.continue, `${server.origin}/api/${MACHINE}/tasks/a/action/continue`);
    });

    it("can be left half way", async () => {
      replies = [listOf(() => many(250))];
      for await (const { task } of server.client().pendingTasks({ enterprise: "21" })) if (task.taskId === "t5") break;
      assert.equal(server.requests.length, 1);
    });
  });

  describe("listing enterprises", () => {
    it("reads all pages, and gives those that were asked for", async () => {
      const enterprises = Array.from({ length: 230 }, (_, id) => ({ id, name: `E${id}`, workflow: id % 2 === 0 }));
      replies = [
        (request) => {
          const start = Number(query(request).get("startwith"));
          return { body: { totalSize: 230, links: [], collection: enterprises.slice(start, start + Number(query(request).get("limit"))) } };
        },
      ];
      assert.equal((await all(server.client().enterprises({}))).length, 230);
      const on = await all(server.client().enterprises({ workflow: true }));
      assert.deepEqual([on.length, on[1]], [115, { id: "2", name: "E2", workflow: true }]);
      assert.equal(server.requests[0]?.headers.accept, "application/vnd.abiquo.enterprises+json; version=6.1");
    });
  });

  describe("setting up an enterprise", () => {
    const whole = { id: 21, name: "Acme", workflow: false, somethingNew: { kept: [1, null] }, links: [{ rel: "edit", href: "x" }] };
    const path = "/api/admin/enterprises/21";
    const type = "application/vnd.abiquo.enterprise+json; version=6.1";

    it("sends the whole entity back, with what it does not know", async () => {
      replies = [{ body: whole }, (request) => ({ body: request.body })];
      assert.deepEqual(await server.client().setEnterpriseWorkflow("21", true), { id: "21", name: "Acme", workflow: true });
      const [get, put] = server.requests;
      assert.deepEqual([get?.method, get?.url, put?.method, put?.url], ["GET", path, "PUT", path]);
      assert.deepEqual(JSON.parse(put?.body ?? ""), { ...whole, workflow: true });
      assert.deepEqual([put?.headers["content-type"], put?.headers.accept], [type, type]);
    });

    it("changes nothing when it is so already", async () => {
      replies = [{ body: whole }];
      assert.equal((await server.client().setEnterpriseWorkflow("21", false)).workflow, false);
      assert.equal(server.requests.length, 1);
    });

    it("reads it again, once, when somebody else changed it meanwhile", async () => {
      const stale: Reply = { status: 409, body: { collection: [{ code: "409-CONFLICT-StaleObject", message: "" }] } };
      replies = [{ body: whole }, stale, { body: { ...whole, name: "Acme Ltd" } }, (request) => ({ body: request.body })];
      assert.equal((await server.client().setEnterpriseWorkflow("21", true)).name, "Acme Ltd");
      server.requests.length = 0;
      replies = [{ body: whole }, stale, { body: whole }, stale];
      assert.equal((await rejection(server.client().setEnterpriseWorkflow("21", true))).status, 409);
      assert.deepEqual(
        server.requests.map(({ method }) => method),
        ["GET", "PUT", "GET", "PUT"],
      );
    });
  });

  describe("setting up the platform", () => {
    interface Property {
      id: number;
      name: string;
      value: string;
      description?: string;
    }
    const ENDPOINT = "client.main.workflowEndPoint";
    const ENABLED = "client.main.workflowEnabled";
    let properties: Property[];

    beforeEach(() => {
      properties = [
        { id: 7, name: ENDPOINT, value: "http://old", description: "where to" },
        { id: 8, name: ENABLED, value: "0", description: "whether" },
      ];
      replies = [
        ({ method, url, body }) => {
          if (method === "GET") {
            const name = new URL(url, "http://x").searchParams.get("name");
            return { body: { links: [], collection: properties.filter((property) => property.name === name) } };
          }
          const sent = JSON.parse(body) as Property;
          properties = [...properties.filter(({ name }) => name !== sent.name), sent];
          return { status: method === "POST" ? 201 : 200, body: sent };
        },
      ];
    });
    const writes = (): string[] => server.requests.filter(({ method }) => method !== "GET").map(({ method, url }) => `${method} ${url}`);

    it("reads endpoint and switch", async () => {
      assert.deepEqual(await server.client().platformWorkflow(), { endpoint: "http://old", enabled: false });
      properties = [];
      assert.deepEqual(await server.client().platformWorkflow(), { endpoint: "", enabled: false });
    });

    it("sets the endpoint before the switch, each by its id, and keeps their descriptions", async () => {
      const after = await server.client().setPlatformWorkflow({ endpoint: "https://node-red/x", enabled: true });
      assert.deepEqual(after, { endpoint: "https://node-red/x", enabled: true });
      assert.deepEqual(writes(), ["PUT /api/config/properties/7", "PUT /api/config/properties/8"]);
      assert.deepEqual(
        properties.map(({ description }) => description),
        ["where to", "whether"],
      );
      assert.equal(
        server.requests.find(({ method }) => method === "PUT")?.headers["content-type"],
        "application/vnd.abiquo.systemproperty+json; version=6.1",
      );
    });

    it("never writes the collection, whose PUT deletes all other properties, and posts only what is absent", async () => {
      properties = properties.slice(1);
      await server.client().setPlatformWorkflow({ endpoint: "https://node-red/x", enabled: true });
      assert.deepEqual(writes(), ["POST /api/config/properties", "PUT /api/config/properties/8"]);
    });

    it("changes the switch alone when it turns off", async () => {
      if (properties[1]) properties[1].value = "1";
      const after = await server.client().setPlatformWorkflow({ endpoint: "https://other", enabled: false });
      assert.deepEqual(after, { endpoint: "http://old", enabled: false });
      assert.deepEqual(writes(), ["PUT /api/config/properties/8"]);
    });

    it("writes nothing that is so already", async () => {
      await server.client().setPlatformWorkflow({ endpoint: "http://old", enabled: false });
      assert.deepEqual(writes(), []);
    });

    it("leaves the switch alone when the endpoint cannot be set", async () => {
      const answer = replies[0];
      replies = [
        (request) => (request.method === "PUT" ? { status: 403 } : typeof answer === "function" ? answer(request) : DONE) as Reply,
      ];
      assert.equal(
        (await rejection(server.client().setPlatformWorkflow({ endpoint: "https://x", enabled: true }))).code,
        "ABIQUO_FORBIDDEN",
      );
      assert.deepEqual(writes(), ["PUT /api/config/properties/7"]);
    });
  });
});
