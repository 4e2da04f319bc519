import assert from "node:assert/strict";
import { type Received, type Reply, rejection, serve, type TestServer } from "./support.ts";

const REFUSED: Reply = { status: 401, headers: { "Content-Type": "text/html" }, body: "<html>401</html>" };
const MINUTE = 60_000;

describe("a request that is refused with 401", () => {
  let server: TestServer;
  let isRefused: (request: Received) => boolean;
  let isLoginDown: boolean;
  const now = performance.now.bind(performance);

  beforeEach(async () => {
    isRefused = ({ url }) => url.includes("odd");
    isLoginDown = false;
    server = await serve((request) => {
      if (isLoginDown && request.url.endsWith("/login")) return { status: 503 };
      return isRefused(request) ? REFUSED : { body: { nick: "ana" } };
    });
  });
  afterEach(async () => {
    performance.now = now;
    await server.close();
  });

  const asked = (): string[] => server.requests.map(({ url }) => url.replace("/api", ""));
  const link = (path: string): string => `${server.origin}/api${path}`;

  it("does not halt the connection when the credentials are good for others", async () => {
    const client = server.client();
    const fault = await rejection(client.read(link("/admin/x?odd=1"), "x"));
    assert.deepEqual([fault.code, fault.params], ["ABIQUO_REQUEST_UNAUTHORIZED", { url: "/api/admin/x" }]);
    assert.equal(client.halted, undefined);
    assert.deepEqual(asked(), ["/login", "/admin/x?odd=1", "/login"]);
    assert.equal((await client.currentUser()).nick, "ana");
    await client.read(link("/admin/x?good=1"), "x");
  });

  it("nor when its path looks as any other", async () => {
    const client = server.client();
    await client.currentUser();
    await rejection(client.read(link("/admin/odd"), "x"));
    assert.equal(client.halted, undefined);
    assert.deepEqual(asked(), ["/login", "/admin/odd", "/login"]);
  });

  it("is sent once a minute at the most, as each may count as a bad login", async () => {
    const client = server.client();
    for (let time = 0; time < 5; time++)
      assert.equal((await rejection(client.read(link("/admin/x?odd=1"), "x"))).code, "ABIQUO_REQUEST_UNAUTHORIZED");
    assert.equal(asked().filter((url) => url.includes("odd")).length, 1);
    performance.now = () => now() + MINUTE;
    await rejection(client.read(link("/admin/x?odd=1"), "x"));
    assert.equal(asked().filter((url) => url.includes("odd")).length, 2);
  });

  it("keeps others of its kind back once two were refused within a minute, and nothing else", async () => {
    const client = server.client();
    for (const number of [1, 2, 3, 4, 5])
      assert.equal((await rejection(client.read(link(`/admin/x?odd=${number}`), "x"))).code, "ABIQUO_REQUEST_UNAUTHORIZED");
    assert.equal(asked().filter((url) => url.includes("odd")).length, 2);
    assert.equal((await rejection(client.read(link("/admin/x?good=1"), "x"))).code, "ABIQUO_REQUEST_UNAUTHORIZED");
    await client.read(link("/admin/enterprises/1"), "enterprise");
    await client.continueTask(link("/cloud/tasks/1/action/continue"), "").catch(() => undefined);
    performance.now = () => now() + MINUTE;
    await client.read(link("/admin/x?good=1"), "x");
  });

  it("halts the connection after one bad login when the credentials are bad, however odd the first path", async () => {
    isRefused = () => true;
    const client = server.client();
    for (const path of ["/admin/x?odd=1", "/admin/y?z", "/admin/plain"])
      assert.equal((await rejection(client.read(link(path), "x"))).code, "ABIQUO_UNAUTHORIZED");
    assert.equal(client.halted?.code, "ABIQUO_UNAUTHORIZED");
    assert.deepEqual(asked(), ["/login"]);
  });

  it("halts it after two when good credentials become bad, and is told once", async () => {
    const client = server.client();
    let halts = 0;
    client.onHalt = () => halts++;
    await client.currentUser();
    isRefused = () => true;
    for (const path of ["/admin/plain", "/admin/x?y"])
      assert.equal((await rejection(client.read(link(path), "x"))).code, "ABIQUO_UNAUTHORIZED");
    assert.deepEqual([asked(), halts], [["/login", "/admin/plain", "/login"], 1]);
  });

  it("is no verdict on the credentials when nobody answers the question about them", async () => {
    const client = server.client();
    await client.currentUser();
    isLoginDown = true;
    await rejection(client.read(link("/admin/odd"), "x"));
    assert.equal(client.halted, undefined);
    assert.equal(asked().filter((url) => url.includes("odd")).length, 1);
    isLoginDown = false;
    assert.equal((await client.currentUser()).nick, "ana");
  });
});
