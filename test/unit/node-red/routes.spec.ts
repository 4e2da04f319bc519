import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createServer, request as httpRequest, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import type { NodeAPI } from "node-red";
import { type WebhookHandler, WebhookRoutes, webhookRoutes } from "../../../nodes/lib/node-red/routes.ts";

interface App {
  (...args: unknown[]): void;
  use(...args: unknown[]): void;
  post(path: string, handler: (request: unknown, response: { end(text: string): void }) => void): void;
}
interface Express {
  (): App;
  json(options: { limit: string }): unknown;
}

// The one that Node-RED itself uses; the palette does not depend on it.
const require = createRequire(createRequire(import.meta.url).resolve("node-red"));
const express = require("express") as Express;

/** A Node-RED that tells its start by these events; until it has read its flows, it fails where it is asked for nodes. */
function starting(events: EventEmitter, eachNode: () => void = () => assert.fail("no flows yet")): NodeAPI {
  return { events, nodes: { eachNode } } as unknown as NodeAPI;
}

describe("the webhook routes", () => {
  let server: Server;
  let url: string;
  let nodeApp: App;

  /** As Node-RED builds it: an admin application with a body parser, and one for nodes, below one root. */
  async function serve(settings: object = {}, root = "/", longestParking?: number): Promise<WebhookRoutes> {
    const app = express();
    const admin = express();
    admin.use(express.json({ limit: "200b" }));
    nodeApp = express();
    app.use("/", admin);
    app.use(root, nodeApp);
    // A client that is cut off is part of these specs; the default handler would write it to the console.
    app.use((error: { status?: number }, _request: unknown, response: { writeHead(status: number): { end(): void } }, _next: unknown) => {
      response.writeHead(error.status ?? 500).end();
    });
    const RED = { httpNode: nodeApp, settings: { httpNodeRoot: root, ...settings } } as unknown as NodeAPI;
    const routes = new WebhookRoutes(RED, longestParking);
    server = createServer(app as never).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${root.replace(/\/$/, "")}`;
    return routes;
  }

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const says =
    (text: string): WebhookHandler =>
    (request, response, rest) => {
      let size = 0;
      request.on("data", (part: Buffer) => (size += part.length));
      request.on("end", () => response.end(`${text} ${rest} ${size}`));
    };

  async function post(path: string, body = "{}", type = "application/json"): Promise<string> {
    const response = await fetch(url + path, { method: "POST", body, headers: { "Content-Type": type } });
    return response.status === 200 ? response.text() : String(response.status);
  }

  it("lead to the node that claimed the path, with what follows it", async () => {
    const routes = await serve();
    assert.equal(routes.claim("/abiquo/workflow", "a", says("a")), true);
    assert.equal(await post("/abiquo/workflow"), "a  2");
    assert.equal(await post("/abiquo/workflow/"), "a  2");
    assert.equal(await post("/abiquo//workflow"), "a  2");
    assert.equal(await post("/abiquo/workflow/s3cret?x=/y"), "a s3cret 2");
    assert.equal(await post("/abiquo/workflow/one/two"), "404");
    assert.equal(await post("/abiquo"), "404");
    assert.equal(await post("/abiquo/workflows"), "404");
  });

  it("let every POST that comes before the flows run for the first time wait for them, for a while, and nothing else", async () => {
    const routes = await serve({}, "/", 200);
    const events = new EventEmitter();
    routes.holdUntilStarted(starting(events));
    const types = ["application/json", "application/vnd.abiquo.task+xml", "text/plain", "application/x-www-form-urlencoded"];
    const early: Promise<string>[] = [];
    for (const type of types) {
      const arrived = once(server, "request");
      early.push(post("/abiquo/workflow", '{"a":1}', type));
      await arrived;
    }
    assert.equal((await fetch(`${url}/abiquo/workflow`)).status, 404);
    // The parser of the admin API could not know yet whose it is, and has read the first.
    routes.claim(
      "/abiquo/workflow",
      "a",
      (request, response) => void response.end(request.readableDidRead ? JSON.stringify(request.body) : "unread"),
    );
    events.emit("flows:started");
    assert.deepEqual(await Promise.all(early), ['{"a":1}', "unread", "unread", "unread"]);
    assert.equal(await post("/nobody's"), "404");
    routes.holdUntilStarted(starting(events));
    assert.equal(await post("/nobody's"), "404", "it does not wait for ever");
  });

  it("let nothing wait where the package is added while flows run: no start would end that", async () => {
    const routes = await serve({}, "/", 60_000);
    routes.holdUntilStarted(starting(new EventEmitter(), () => undefined));
    assert.equal(await post("/nobody's"), "404");
  });

  it("keep the paths of several nodes apart, one below the other too", async () => {
    const routes = await serve();
    routes.claim("/hook", "a", says("a"));
    routes.claim("hook/below", "b", says("b"));
    assert.deepEqual(
      [await post("/hook"), await post("/hook/x"), await post("/hook/below"), await post("/hook/below/x")],
      ["a  2", "a x 2", "b  2", "b x 2"],
    );
  });

  it("refuse a path that another node has, however it is written", async () => {
    const routes = await serve();
    assert.equal(routes.claim("/hook", "a", says("a")), true);
    for (const path of ["/hook", "hook", "/hook/", "//hook"]) assert.equal(routes.claim(path, "b", says("b")), false, path);
    assert.equal(await post("/hook"), "a  2");
    routes.release("/hook", "b", false);
    assert.equal(await post("/hook"), "a  2");
  });

  it("let a node take its own path again, and another one once it is free", async () => {
    const routes = await serve();
    routes.claim("/hook", "a", says("old"));
    assert.equal(routes.claim("/hook", "a", says("new")), true);
    assert.equal(await post("/hook"), "new  2");
    routes.release("/hook", "a", false);
    assert.equal(await post("/hook"), "404");
    assert.equal(routes.claim("/hook", "b", says("b")), true);
    assert.equal(await post("/hook"), "b  2");
  });

  describe("that two nodes want", () => {
    it("go to the second once the first gives it up for good, and tell it so once", async () => {
      const routes = await serve();
      const granted: string[] = [];
      routes.claim("/hook", "a", says("a"));
      for (const owner of ["b", "c"])
        assert.equal(
          routes.claim("/hook", owner, says(owner), false, () => granted.push(owner)),
          false,
        );
      routes.release("/hook", "a", false);
      assert.deepEqual([await post("/hook"), granted], ["b  2", ["b"]]);
      routes.release("/hook", "b", false);
      assert.deepEqual([await post("/hook"), granted], ["c  2", ["b", "c"]]);
      routes.release("/hook", "c", false);
      assert.equal(await post("/hook"), "404");
    });

    it("stay with the first while it restarts, and go to the second when it comes back elsewhere or not at all", async () => {
      const routes = await serve();
      for (const owner of ["a", "b"]) routes.claim("/one", owner, says(owner));
      routes.release("/one", "a", true);
      assert.equal(routes.claim("/one", "a", says("a again")), true);
      routes.settle();
      assert.equal(await post("/one"), "a again  2");
      routes.release("/one", "a", true);
      routes.claim("/elsewhere", "a", says("a"));
      assert.equal(await post("/one"), "b  2");
      routes.claim("/elsewhere", "b", says("b"));
      routes.release("/elsewhere", "a", true);
      routes.settle();
      assert.equal(await post("/elsewhere"), "b  2");
    });

    it("forget the claim of a node that is gone", async () => {
      const routes = await serve();
      routes.claim("/hook", "a", says("a"));
      routes.claim("/hook", "b", says("b"));
      routes.release("/hook", "b", false);
      routes.release("/hook", "a", false);
      assert.equal(await post("/hook"), "404");
    });
  });

  it("hand a request that its node gives back to whoever serves the path by then", async () => {
    const routes = await serve();
    routes.claim("/hook", "a", (request, _response, _rest, again) => {
      request.resume().once("end", () => {
        routes.release("/hook", "a", true);
        again();
        routes.claim("/hook", "a", (_again, response, rest) => void response.end(`new ${rest}`));
      });
    });
    assert.equal(await post("/hook/x"), "new x");
  });

  it("answer 405 to every method but POST", async () => {
    const routes = await serve();
    routes.claim("/hook", "a", says("a"));
    for (const method of ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const response = await fetch(`${url}/hook/x`, { method });
      assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST"], method);
    }
    assert.equal((await fetch(`${url}/hook`, { method: "HEAD" })).status, 405);
  });

  it("read the body ahead of the admin parser, whatever its limit, and leave other paths to it", async () => {
    const routes = await serve();
    assert.equal(routes.readsAhead, true);
    routes.claim("/hook", "a", says("a"));
    nodeApp.post("/other", (_request, response) => response.end("other"));
    assert.equal(await post("/hook/x", "[".repeat(1_000)), "a x 1000");
    assert.equal(await post("/other", `{"a":"${"x".repeat(1_000)}"}`), "413");
    assert.equal(await post("/other"), "other");
  });

  it("work below a root of their own", async () => {
    const routes = await serve({}, "/red/nodes");
    routes.claim("/hook", "a", says("a"));
    assert.equal(await post("/hook/x", "[".repeat(1_000)), "a x 1000");
    assert.equal((await fetch(new URL("/hook/x", url), { method: "POST" })).status, 404);
  });

  it("say so where they cannot read ahead", async () => {
    const routes = await serve();
    assert.equal(routes.readsAhead, true);
    const bare = { use: () => undefined };
    assert.equal(new WebhookRoutes({ httpNode: bare, settings: {} } as unknown as NodeAPI).readsAhead, false);
  });

  it("pass what comes through the middleware of the settings first, and nothing else", async () => {
    const seen: string[] = [];
    type Step = (
      request: { url: string; headers: Record<string, string> },
      response: { writeHead(status: number): { end(): void } },
      next: () => void,
    ) => void;
    const log: Step = (request, _response, next) => {
      seen.push(request.url);
      next();
    };
    const guard: Step = (request, response, next) => (request.headers["x-key"] === "yes" ? next() : response.writeHead(418).end());
    const routes = await serve({ httpNodeMiddleware: [log, guard] });
    routes.claim("/hook", "a", says("a"));
    assert.equal(await post("/hook"), "418");
    const response = await fetch(`${url}/hook`, { method: "POST", body: "abc", headers: { "x-key": "yes" } });
    assert.equal(await response.text(), "a  3");
    assert.equal(await post("/elsewhere"), "404");
    assert.deepEqual(seen, ["/hook", "/hook"]);
  });

  it("take a single middleware as well", async () => {
    const routes = await serve({
      httpNodeMiddleware: (_request: unknown, _response: unknown, next: (error: Error) => void) =>
        next(Object.assign(new Error("no"), { status: 409 })),
    });
    routes.claim("/hook", "a", says("a"));
    assert.equal(await post("/hook"), "409");
  });

  describe("while their node restarts", () => {
    /** Resolves once the server has the request, so that nothing has to be waited for by the clock. */
    async function parked(path: string): Promise<{ answer: Promise<{ status: number; body: string }>; cut: () => void }> {
      const arrived = once(server, "request");
      const request = httpRequest(url + path, { method: "POST", headers: { "Content-Type": "application/json" } });
      const answer = new Promise<{ status: number; body: string }>((resolve, reject) => {
        request.on("error", reject);
        request.on("response", (response) => {
          let body = "";
          response.on("data", (part: Buffer) => (body += part.toString()));
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        });
      });
      request.end('{"a":1}');
      await arrived;
      return { answer, cut: () => request.destroy() };
    }

    it("keep what comes until it is back, body and all", async () => {
      const routes = await serve();
      routes.claim("/hook", "a", says("old"));
      routes.release("/hook", "a", true);
      const one = await parked("/hook/x");
      const two = await parked("/hook");
      routes.claim("/hook", "a", says("new"));
      assert.deepEqual(await one.answer, { status: 200, body: "new x 7" });
      assert.deepEqual(await two.answer, { status: 200, body: "new  7" });
      assert.equal(await post("/hook"), "new  2");
    });

    it("give the path to another node that claims it first, with what was kept", async () => {
      const routes = await serve();
      routes.claim("/hook", "a", says("a"));
      routes.release("/hook", "a", true);
      const one = await parked("/hook/x");
      assert.equal(routes.claim("/hook", "b", says("b")), true);
      assert.deepEqual(await one.answer, { status: 200, body: "b x 7" });
      assert.equal(routes.claim("/hook", "a", says("a")), false);
    });

    it("ask Abiquo to come again when it is not back before Abiquo gives up", async () => {
      const routes = await serve({}, "/", 1);
      routes.claim("/hook", "a", says("a"));
      routes.release("/hook", "a", true);
      const response = await fetch(`${url}/hook/x`, { method: "POST", body: "{}" });
      assert.deepEqual([response.status, response.headers.get("retry-after"), await response.text()], [503, "5", ""]);
    });

    it("give up the old path when it comes back with another one", async () => {
      const routes = await serve();
      routes.claim("/old", "a", says("a"));
      routes.claim("/other", "b", says("b"));
      routes.release("/old", "a", true);
      const one = await parked("/old/x");
      routes.claim("/new", "a", says("a"));
      assert.equal((await one.answer).status, 404);
      assert.deepEqual([await post("/old"), await post("/new"), await post("/other")], ["404", "a  2", "b  2"]);
    });

    it("survive a caller that gives up meanwhile", async () => {
      const routes = await serve();
      routes.claim("/hook", "a", says("a"));
      routes.release("/hook", "a", true);
      const one = await parked("/hook/x");
      const cut = assert.rejects(one.answer);
      one.cut();
      await cut;
      const two = await parked("/hook");
      routes.claim("/hook", "a", says("new"));
      assert.deepEqual(await two.answer, { status: 200, body: "new  7" });
    });
  });

  it("are one table for each application, whichever RED asks", async () => {
    await serve();
    const settings = {};
    const one = webhookRoutes({ httpNode: nodeApp, settings } as unknown as NodeAPI);
    assert.equal(webhookRoutes({ httpNode: nodeApp, settings } as unknown as NodeAPI), one);
    assert.notEqual(webhookRoutes({ httpNode: express(), settings } as unknown as NodeAPI), one);
  });
});
