import assert from "node:assert/strict";
import { createServer as createHttp, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, connect, createServer as createTcp, type Socket, type Server as TcpServer } from "node:net";
import { inspect } from "node:util";
import { AbiquoClient, type AbiquoFault, apiBase, type ClientSettings } from "../../../nodes/lib/abiquo/index.ts";
import { Fault } from "../../../nodes/lib/base/fault.ts";
import { type Identity, selfSigned } from "./certificate.ts";
import { listener, MACHINE, OAUTH, type Received, rejection } from "./support.ts";

const TIMEOUT_MS = 300;

describe("the network", function () {
  this.timeout(20_000);
  const ours = selfSigned();
  const theirs = selfSigned();
  const closers: (() => unknown)[] = [];
  let requests: Received[];

  beforeEach(() => {
    requests = [];
  });

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function listen(server: TcpServer | Server): Promise<number> {
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as AddressInfo).port;
  }

  const plain = (): Promise<number> => listen(createHttp(listener(requests, () => ({ status: 204 }))));
  const secure = (identity: Identity, options: object = {}): Promise<number> =>
    listen(
      createHttps(
        { ...identity, ...options },
        listener(requests, () => ({ status: 204 })),
      ),
    );

  function client(origin: string, settings: Partial<ClientSettings> = {}): AbiquoClient {
    const made = new AbiquoClient({ base: apiBase(`${origin}/api`), apiVersion: "6.1", credentials: OAUTH, timeoutMs: 5_000, ...settings });
    closers.push(() => made.close());
    return made;
  }

  function answer(made: AbiquoClient): Promise<void> {
    return made.continueTask(`${made.base}/${MACHINE}/tasks/t/action/continue`, "");
  }

  async function check(promise: Promise<unknown>, code: string, reason: string | RegExp, mayHaveArrived: boolean): Promise<AbiquoFault> {
    const fault = await rejection(promise);
    const told = String(fault.params["reason"] ?? "");
    assert.equal(fault.code, code, told);
    if (typeof reason === "string") assert.equal(told, reason);
    else assert.match(told, reason);
    assert.deepEqual([fault.mayHaveArrived, fault.retriable], [mayHaveArrived, true], told);
    return fault;
  }

  describe("that fails", () => {
    it("before anything was sent, lets the caller know that nothing can have arrived", async () => {
      const server = createTcp();
      const port = await listen(server);
      await closers.pop()?.();
      await check(answer(client(`http://127.0.0.1:${port}`)), "ABIQUO_UNREACHABLE", "ECONNREFUSED", false);
      await check(answer(client("http://abiquo.invalid")), "ABIQUO_UNREACHABLE", /^(ENOTFOUND|EAI_AGAIN)$/, false);
    });

    it("names the address without path or query", async () => {
      const fault = await rejection(answer(client("http://abiquo.invalid")));
      assert.equal(fault.params["url"], "http://abiquo.invalid");
    });

    it("after something was sent, lets the caller know that it may have arrived", async () => {
      const reset = await listen(createTcp((socket) => socket.once("data", () => socket.destroy())));
      await check(answer(client(`http://127.0.0.1:${reset}`)), "ABIQUO_UNREACHABLE", /^(UND_ERR_SOCKET|ECONNRESET)$/, true);
      const cut = await listen(
        createTcp((socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))),
      );
      await check(answer(client(`http://127.0.0.1:${cut}`)), "ABIQUO_UNREACHABLE", /./, true);
      const noHttp = await listen(createTcp((socket) => socket.once("data", () => socket.end("220 mail.example.com ESMTP\r\n"))));
      await check(answer(client(`http://127.0.0.1:${noHttp}`)), "ABIQUO_UNREACHABLE", /./, true);
    });

    it("by silence, tells after how many seconds", async () => {
      const silent = await listen(createTcp(() => undefined));
      const half = await listen(
        createTcp((socket) => socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))),
      );
      for (const port of [silent, half]) {
        const fault = await rejection(answer(client(`http://127.0.0.1:${port}`, { timeoutMs: TIMEOUT_MS })));
        assert.deepEqual(
          [fault.code, fault.params, fault.mayHaveArrived, fault.retriable],
          ["ABIQUO_TIMEOUT", { seconds: 0.3 }, true, true],
        );
      }
    });

    it("by an answer without end, stops reading", async () => {
      const endless = createHttp((_request, response) => {
        const part = Buffer.alloc(1024 * 1024, 0x20);
        const push = (): void => {
          while (!response.destroyed && response.write(part));
        };
        response.on("drain", push);
        push();
      });
      const fault = await rejection(answer(client(`http://127.0.0.1:${await listen(endless)}`)));
      assert.deepEqual([fault.code, fault.retriable], ["ABIQUO_UNEXPECTED_ANSWER", true]);
    });

    it("when the caller leaves, ends the call", async () => {
      const silent = await listen(createTcp(() => undefined));
      const made = client(`http://127.0.0.1:${silent}`);
      const controller = new AbortController();
      const call = rejection(made.continueTask(`${made.base}/${MACHINE}/tasks/t/action/continue`, "", controller.signal));
      controller.abort(new Error("any reason"));
      assert.equal((await call).code, "ABIQUO_CLOSED");
      assert.equal((await rejection(made.continueTask(`${made.base}/${MACHINE}/x`, "", AbortSignal.abort()))).code, "ABIQUO_CLOSED");
    });

    it("does not warn of leaks when many calls share a signal", async () => {
      const warnings: Error[] = [];
      const collect = (warning: Error): void => void warnings.push(warning);
      process.on("warning", collect);
      try {
        const made = client(`http://127.0.0.1:${await plain()}`);
        const { signal } = new AbortController();
        await Promise.all(
          Array.from({ length: 100 }, () => made.continueTask(`${made.base}/${MACHINE}/tasks/t/action/continue`, "", signal)),
        );
        await new Promise((turn) => setImmediate(turn));
      } finally {
        process.removeListener("warning", collect);
      }
      assert.deepEqual(warnings, []);
    });
  });

  describe("with TLS", () => {
    it("takes a server that the given authority vouches for", async () => {
      await answer(client(`https://localhost:${await secure(ours)}`, { tls: { ca: ours.cert } }));
      assert.equal(requests.length, 1);
    });

    it("sends nothing to a server that nobody vouches for, by another name, or that has no TLS", async () => {
      const port = await secure(ours);
      await check(answer(client(`https://localhost:${port}`)), "ABIQUO_UNREACHABLE", "DEPTH_ZERO_SELF_SIGNED_CERT", false);
      await check(
        answer(client(`https://localhost:${port}`, { tls: { ca: theirs.cert } })),
        "ABIQUO_UNREACHABLE",
        /^(DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_\w+)$/,
        false,
      );
      await check(
        answer(client(`https://127.0.0.1:${port}`, { tls: { ca: ours.cert } })),
        "ABIQUO_UNREACHABLE",
        "ERR_TLS_CERT_ALTNAME_INVALID",
        false,
      );
      await check(answer(client(`https://localhost:${await plain()}`)), "ABIQUO_UNREACHABLE", /^(ERR_SSL_\w+|EPROTO|ECONNRESET)$/, false);
      const dropping = await listen(createTcp((socket) => socket.destroy()));
      await check(answer(client(`https://localhost:${dropping}`)), "ABIQUO_UNREACHABLE", "ECONNRESET", false);
      assert.equal(requests.length, 0);
    });

    it("checks no certificate only when told so, and takes another name when told", async () => {
      const port = await secure(ours);
      await answer(client(`https://127.0.0.1:${port}`, { tls: { rejectUnauthorized: false } }));
      await answer(client(`https://127.0.0.1:${port}`, { tls: { ca: ours.cert, servername: "localhost" } }));
      assert.equal(requests.length, 2);
    });

    it("shows the client's own certificate to who asks for it", async () => {
      const port = await secure(ours, { requestCert: true, rejectUnauthorized: true, ca: theirs.cert });
      await answer(client(`https://localhost:${port}`, { tls: { ca: ours.cert, cert: theirs.cert, key: theirs.key } }));
      assert.equal(requests.length, 1);
      // TLS 1.3 refuses the client only after it began to send, so that it cannot know.
      const { code } = await rejection(answer(client(`https://localhost:${port}`, { tls: { ca: ours.cert } })));
      assert.equal(code, "ABIQUO_UNREACHABLE");
      assert.equal(requests.length, 1);
    });

    it("fails as a fault when the TLS settings are not usable", async () => {
      const port = await secure(ours);
      for (const tls of [
        { ca: "no certificate" },
        { cert: "no certificate", key: "no key" },
        { pfx: Buffer.from("none"), passphrase: "hunter2" },
      ]) {
        const fault = await rejection(answer(client(`https://localhost:${port}`, { tls })));
        assert.equal(fault.code, "ABIQUO_UNREACHABLE");
        assert.doesNotMatch(inspect(fault, { depth: 10 }), /hunter2|no key/);
      }
    });
  });

  describe("behind a proxy", () => {
    interface ProxyServer {
      readonly url: string;
      /** request lines, with the credentials that came */
      readonly asked: { readonly line: string; readonly authorization: string | undefined }[];
    }

    /** Forwards plain HTTP and tunnels the rest, as every proxy does; answers `refuse` instead when that is given. */
    async function proxy(refuse?: number): Promise<ProxyServer> {
      const asked: ProxyServer["asked"] = [];
      const note = (request: IncomingMessage): void => {
        asked.push({ line: `${request.method} ${request.url}`, authorization: request.headers["proxy-authorization"] });
      };
      const server = createHttp((request, response) => {
        note(request);
        assert.equal(request.headers.authorization?.startsWith("OAuth "), true);
        response.writeHead(refuse ?? 204).end();
      });
      server.on("connect", (request: IncomingMessage, socket: Socket) => {
        note(request);
        if (refuse !== undefined) {
          socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`);
          return;
        }
        const [host = "", port = ""] = (request.url ?? "").split(":");
        const onward = connect(Number(port), host, () => {
          socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
          onward.pipe(socket);
          socket.pipe(onward);
        });
        onward.on("error", () => socket.destroy());
        socket.on("error", () => onward.destroy());
      });
      return { url: `http://127.0.0.1:${await listen(server)}`, asked };
    }

    it("tunnels to a secure Abiquo, with the TLS settings of the connection", async () => {
      const port = await secure(ours);
      const { url, asked } = await proxy();
      await answer(client(`https://localhost:${port}`, { tls: { ca: ours.cert }, proxy: { url, noProxy: [] } }));
      assert.deepEqual(asked, [{ line: `CONNECT localhost:${port}`, authorization: undefined }]);
      assert.equal(requests.length, 1);
      await check(
        answer(client(`https://localhost:${port}`, { proxy: { url, noProxy: [] } })),
        "ABIQUO_UNREACHABLE",
        "DEPTH_ZERO_SELF_SIGNED_CERT",
        false,
      );
      assert.equal(requests.length, 1);
    });

    it("has a plain one forwarded", async () => {
      const { url, asked } = await proxy();
      await answer(client("http://abiquo.invalid", { proxy: { url, noProxy: [] } }));
      assert.equal(asked[0]?.line, `POST http://abiquo.invalid/api/${MACHINE}/tasks/t/action/continue`);
    });

    it("signs in there, by the settings or by the address, and never shows that to Abiquo", async () => {
      const port = await secure(ours);
      const { url, asked } = await proxy();
      const within = (user: string): string => url.replace("//", `//${user}@`);
      const tls = { ca: ours.cert };
      await answer(client(`https://localhost:${port}`, { tls, proxy: { url, noProxy: [], username: "ana", password: "p:w" } }));
      await answer(client(`https://localhost:${port}`, { tls, proxy: { url: within("ana:p%3Aw"), noProxy: [] } }));
      await answer(client("http://abiquo.invalid", { proxy: { url: within("ana:p%3Aw"), noProxy: [] } }));
      const expected = `Basic ${Buffer.from("ana:p:w").toString("base64")}`;
      assert.deepEqual(
        asked.map(({ authorization }) => authorization),
        [expected, expected, expected],
      );
      assert.ok(requests.every(({ headers }) => headers["proxy-authorization"] === undefined));
    });

    it("takes an address without scheme, as environment variables have it", async () => {
      const { url, asked } = await proxy();
      await answer(client("http://abiquo.invalid", { proxy: { url: url.replace("http://", ""), noProxy: [] } }));
      assert.equal(asked.length, 1);
    });

    it("goes directly where the list of exceptions says so", async () => {
      const port = await plain();
      const { url, asked } = await proxy();
      for (const entry of ["*", "127.0.0.1", `127.0.0.1:${port}`, " 127.0.0.1 "]) {
        await answer(client(`http://127.0.0.1:${port}`, { proxy: { url, noProxy: ["other.example.com", entry] } }));
      }
      assert.deepEqual([asked.length, requests.length], [0, 4]);
    });

    it("knows exceptions by suffix and by port, and no others", async () => {
      const { url, asked } = await proxy();
      const isDirect = async (origin: string, entry: string): Promise<boolean> => {
        const before = asked.length;
        await answer(client(origin, { proxy: { url, noProxy: [entry] } })).catch(() => undefined);
        return asked.length === before;
      };
      for (const entry of ["invalid", ".invalid", "*.invalid", "ABIQUO.invalid", "abiquo.invalid:80", ".invalid:80"]) {
        assert.equal(await isDirect("http://abiquo.invalid", entry), true, entry);
      }
      for (const entry of [
        "",
        ".",
        "quo.invalid",
        "abiquo.invalid:443",
        "abiquo",
        "example.com",
        "cloud.abiquo.invalid",
        "xabiquo.invalid",
      ]) {
        assert.equal(await isDirect("http://abiquo.invalid", entry), false, entry);
      }
    });

    it("names the status with which the proxy refuses, when nothing can have arrived", async () => {
      for (const status of [403, 407, 502]) {
        const { url } = await proxy(status);
        await check(answer(client("https://localhost:1", { proxy: { url, noProxy: [] } })), "ABIQUO_UNREACHABLE", `PROXY_${status}`, false);
      }
    });

    it("that is not there or does not answer, gives up in time", async () => {
      const gone = createTcp();
      const port = await listen(gone);
      await closers.pop()?.();
      await check(
        answer(client("https://localhost:1", { proxy: { url: `http://127.0.0.1:${port}`, noProxy: [] } })),
        "ABIQUO_UNREACHABLE",
        "ECONNREFUSED",
        false,
      );
      const silent = await listen(createTcp(() => undefined));
      for (const origin of ["https://localhost:1", "http://abiquo.invalid"]) {
        const fault = await rejection(
          answer(client(origin, { timeoutMs: TIMEOUT_MS, proxy: { url: `http://127.0.0.1:${silent}`, noProxy: [] } })),
        );
        assert.equal(fault.code, "ABIQUO_TIMEOUT", origin);
      }
    });

    it("with an unusable address, says so without naming its password", () => {
      for (const url of ["http://ana:hunter2@", "http://ana:hunter2@host:99999", "ftp://ana:hunter2@host", "://hunter2", ""]) {
        assert.throws(
          () => client("http://abiquo.invalid", { proxy: { url, noProxy: [] } }),
          (error) => error instanceof Fault && error.code === "CONFIG_INVALID" && !inspect(error, { depth: 10 }).includes("hunter2"),
          url,
        );
      }
    });
  });

  describe("and secrets", () => {
    it("none is in any fault, whatever fails", async () => {
      const secrets = ["hunter2", "swordfish", "opensesame", "letmein", "trustno1", "proxypass"];
      const credentials = [
        { kind: "oauth1", consumerKey: "k", consumerSecret: "hunter2", accessToken: "swordfish", accessTokenSecret: "opensesame" },
        { kind: "basic", username: "u", password: "letmein" },
        { kind: "bearer", token: "trustno1" },
        { kind: "bearer", token: "trustno1\r\nX-Evil: 1" },
      ] as const;
      const encoded = [...secrets, ...secrets.map((secret) => Buffer.from(secret).toString("base64").replace(/=+$/, ""))];
      const refusing = await listen(
        createHttp(
          listener(requests, ({ url }) => ({ status: Number(/tasks\/(\d+)/.exec(url)?.[1] ?? 500), body: { code: "X", message: "Y" } })),
        ),
      );
      const silent = await listen(createTcp(() => undefined));
      const reset = await listen(createTcp((socket) => socket.once("data", () => socket.destroy())));
      const tls = await secure(ours);
      const faults: unknown[] = [];
      for (const settings of credentials) {
        for (const origin of [
          `http://127.0.0.1:${refusing}`,
          `http://127.0.0.1:${silent}`,
          `http://127.0.0.1:${reset}`,
          `https://localhost:${tls}`,
          "http://abiquo.invalid",
        ]) {
          for (const proxy of [
            undefined,
            { url: "http://u:proxypass@127.0.0.1:1", noProxy: [] },
            { url: "http://127.0.0.1:1", noProxy: [], username: "u", password: "proxypass" },
          ]) {
            const made = client(origin, { credentials: settings, timeoutMs: 50, ...(proxy === undefined ? {} : { proxy }) });
            const statuses =
              origin.endsWith(`:${refusing}`) && proxy === undefined ? [200, 302, 400, 401, 403, 404, 406, 409, 415, 429, 500] : [500];
            for (const status of statuses) {
              made.resume();
              await made.continueTask(`${made.base}/${MACHINE}/tasks/${status}`, "").catch((error: unknown) => faults.push(error));
            }
            const call = made.continueTask(`${made.base}/${MACHINE}/tasks/500`, "").catch((error: unknown) => faults.push(error));
            await made.close();
            await call;
          }
        }
      }
      assert.ok(faults.length > 60);
      for (const fault of faults) {
        assert.ok(fault instanceof Fault, inspect(fault));
        const text = [inspect(fault, { depth: 12, showHidden: true }), JSON.stringify(fault), fault.stack].join("\n");
        for (const secret of encoded) assert.ok(!text.includes(secret), `${secret} in ${text}`);
      }
    });
  });

  it("serves many answers over few connections", async () => {
    let connections = 0;
    const server = createHttp(listener(requests, () => ({ status: 204 })));
    server.on("connection", () => connections++);
    const made = client(`http://127.0.0.1:${await listen(server)}`, { connections: 4 });
    await Promise.all(Array.from({ length: 300 }, () => answer(made)));
    assert.equal(requests.length, 300);
    assert.ok(connections <= 4, String(connections));
  });
});
