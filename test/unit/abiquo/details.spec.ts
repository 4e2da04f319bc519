import assert from "node:assert/strict";
import { apiBase, type DetailLinks, type DetailPart, DetailsReading, Resources, storageOf } from "../../../nodes/lib/abiquo/index.ts";
import { TurnedClock } from "../base/turned-clock.ts";
import { MACHINE, type Reply, rejection, serve, type TestServer } from "./support.ts";

const link = (rel: string, href: string, title = "", type = ""): object => ({ rel, href, title, ...(type === "" ? {} : { type }) });

/** What a small Abiquo has at each path, with links of a host that is not its own. */
const THERE: Record<string, object> = {
  [`/api/${MACHINE}`]: { id: 13, name: "vm-13", cpu: 2, ram: 1_024, state: "LOCKED", links: [] },
  [`/api/${MACHINE}/storage/disks`]: {
    collection: [
      { id: 1, label: "system", sizeInMb: 100 },
      { id: 2, label: "data" },
    ],
  },
  [`/api/${MACHINE}/storage/volumes`]: { links: [] },
  "/api/admin/enterprises/21/users/22": {
    id: 22,
    nick: "ana",
    name: "Ana",
    surname: "",
    email: "",
    links: [link("role", "http://elsewhere.example.com/api/admin/roles/5")],
  },
  "/api/admin/roles/5": { id: 5, name: "USER" },
  "/api/cloud/virtualdatacenters/11": {
    id: 11,
    name: "vdc",
    hypervisorType: "KVM",
    links: [
      link("enterprise", "http://elsewhere.example.com/api/admin/enterprises/21", "Acme"),
      link("location", "http://elsewhere.example.com/api/cloud/locations/3", "", "application/vnd.abiquo.datacenter+json; version=6.1"),
    ],
  },
  "/api/cloud/locations/3": { id: 3, name: "Madrid" },
};

const LINKS: DetailLinks = {
  self: `http://elsewhere.example.com/${MACHINE}/tasks/t1`,
  target: `/${MACHINE}`,
  user: "admin/enterprises/21/users/22",
};

describe("details", () => {
  let server: TestServer;
  let reply: (url: string) => Reply | Promise<Reply>;

  beforeEach(async () => {
    reply = (url) => (THERE[url] === undefined ? { status: 404, body: { code: "VAPP-1", message: "" } } : { body: THERE[url] });
    server = await serve(({ url }) => reply(url));
  });
  afterEach(() => server.close());

  const reading = (signal?: AbortSignal): DetailsReading => new DetailsReading(new Resources(server.client()), signal);
  const paths = (): string[] => server.requests.map(({ url }) => url);

  async function valueOf(part: DetailPart, links = LINKS): Promise<unknown> {
    const found = await reading().part(links, part);
    return "value" in found ? found.value : found.fault.code;
  }

  it("are read from the connection's own address, whatever host their links name", async () => {
    assert.deepEqual(await valueOf("role"), { id: "5", name: "USER" });
    assert.deepEqual(await valueOf("location"), { id: "3", name: "Madrid", type: "datacenter" });
    assert.deepEqual(server.requests.at(-1)?.headers.accept, "application/vnd.abiquo.datacenter+json; version=6.1");
  });

  it("take id and name from a link that says them, without a request", async () => {
    assert.deepEqual(await valueOf("enterprise"), { id: "21", name: "Acme" });
    assert.deepEqual(paths(), ["/api/cloud/virtualdatacenters/11"]);
  });

  it("leave out an amount that Abiquo does not say, and stand in for a missing label", async () => {
    assert.deepEqual(await valueOf("disks"), [
      { id: "1", name: "system", sizeInMb: 100 },
      { id: "2", name: "data" },
    ]);
    assert.equal(((await valueOf("virtualmachine")) as { label: string }).label, "vm-13");
  });

  it("find the machine by the task's own link when no other leads to it", async () => {
    assert.equal(((await valueOf("virtualmachine", { ...LINKS, target: "" })) as { id: string }).id, "13");
  });

  it("say why a part cannot be had", async () => {
    assert.equal(await valueOf("volumes"), "ABIQUO_UNEXPECTED_ANSWER");
    assert.equal(await valueOf("virtualappliance"), "ABIQUO_NOT_FOUND");
    assert.equal(await valueOf("user", { ...LINKS, user: "" }), "DETAIL_NO_LINK");
    assert.equal(await valueOf("user", { ...LINKS, user: "http://elsewhere.example.com/other" }), "ABIQUO_BAD_LINK");
  });

  it("read a resource once for all tasks and parts, also while it is on its way, and also when that fails", async () => {
    reply = () => ({ status: 403 });
    const one = reading();
    const parts = ["user", "role", "user", "role"] as const;
    const found = await Promise.all(parts.map((part) => one.part(LINKS, part)));
    assert.ok(found.every((outcome) => "fault" in outcome && outcome.fault.code === "ABIQUO_FORBIDDEN"));
    await one.part(LINKS, "role");
    assert.deepEqual(paths(), ["/api/admin/enterprises/21/users/22"]);
  });

  it("are not lost because the first of all reads failed", async () => {
    reply = (url) => (url.endsWith("/users/22") ? { status: 500 } : { body: THERE[url] });
    const one = reading();
    const found = await Promise.all((["user", "virtualmachine", "disks"] as const).map((part) => one.part(LINKS, part)));
    assert.deepEqual(
      found.map((outcome) => "fault" in outcome),
      [true, false, false],
    );
  });

  it("ask for nothing more after the signal", async () => {
    const closing = new AbortController();
    const one = reading(closing.signal);
    closing.abort();
    assert.equal((await rejection(one.part(LINKS, "user"))).code, "ABIQUO_CLOSED");
    assert.deepEqual(paths(), []);
  });
});

describe("resources", () => {
  let server: TestServer;
  let reply: (url: string) => Reply | Promise<Reply>;

  beforeEach(async () => {
    reply = () => ({ body: {} });
    server = await serve(({ url }) => reply(url));
  });
  afterEach(() => server.close());

  it("are kept for a moment, and for every reading of the connection", async () => {
    const resources = new Resources(server.client());
    const base = apiBase(`${server.origin}/api`);
    await resources.read(`${base}/admin/roles/5`, "role");
    await resources.read(`${base}/admin/roles/5`, "role");
    await resources.read(`${base}/admin/roles/5`, "links");
    assert.equal(server.requests.length, 2);
  });

  it("are asked for later only if they have changed, where the server names their version", async () => {
    const clock = new TurnedClock();
    const resources = new Resources(server.client(), clock);
    const url = `${server.origin}/api/admin/roles/5`;
    reply = () => ({ headers: { ETag: '"one"' }, body: { id: 5 } });
    await resources.read(url, "role");
    clock.turn(5_001);
    reply = () => ({ status: 304 });
    assert.deepEqual(await resources.read(url, "role"), { id: 5 });
    assert.equal(server.requests.at(-1)?.headers["if-none-match"], '"one"');
    clock.turn(5_001);
    reply = () => ({ body: { id: 6 } });
    assert.deepEqual(await resources.read(url, "role"), { id: 6 });
    clock.turn(5_001);
    await resources.read(url, "role");
    assert.equal(server.requests.at(-1)?.headers["if-none-match"], undefined, "this version had no name");
    assert.equal(server.requests.length, 4);
  });

  it("are asked for again after a failure", async () => {
    const resources = new Resources(server.client());
    const url = `${server.origin}/api/admin/roles/5`;
    reply = () => ({ status: 403 });
    assert.equal((await rejection(resources.read(url, "role"))).code, "ABIQUO_FORBIDDEN");
    reply = () => ({ body: { id: 5 } });
    assert.deepEqual(await resources.read(url, "role"), { id: 5 });
  });

  it("are read eight at a time", async () => {
    const resources = new Resources(server.client());
    await resources.read(`${server.origin}/api/admin/roles/0`, "role");
    let running = 0;
    let most = 0;
    reply = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return { body: {} };
    };
    await Promise.all(Array.from({ length: 200 }, (_, index) => resources.read(`${server.origin}/api/admin/roles/${index + 1}`, "role")));
    assert.ok(most > 1 && most <= 8, String(most));
    assert.equal(server.requests.length, 201);
  });
});

describe("what a machine stores", () => {
  const disks = [{ sizeInMb: 100 }, { sizeInMb: 20 }];
  const volumes = [{ sizeInMB: 3 }];
  for (const [what, details, expected] of [
    ["is its disks and its volumes", { disks, volumes }, { diskMb: 123, isWhole: true }],
    ["is nothing where it has none", { disks: [], volumes: [] }, { diskMb: 0, isWhole: true }],
    ["is only partly known without its volumes", { disks }, { diskMb: 120, isWhole: false }],
    ["is only partly known without its disks", { volumes }, { diskMb: 3, isWhole: false }],
    ["is only partly known where one of them has no size", { disks: [...disks, {}], volumes }, { diskMb: 123, isWhole: false }],
    [
      "is only partly known where a size is no finite number",
      { disks: [...disks, { sizeInMb: Number.NaN }], volumes },
      { diskMb: 123, isWhole: false },
    ],
    ["is unknown where none has a size", { disks: [{ sizeInMb: "much" }, 7], volumes: [] }, { diskMb: undefined, isWhole: false }],
    ["is unknown without either", { disks: "many" }, { diskMb: undefined, isWhole: false }],
  ] as const) {
    it(what, () => assert.deepEqual(storageOf(details), expected));
  }
});
