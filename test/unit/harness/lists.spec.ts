import assert from "node:assert/strict";
import { Cloud } from "./support.ts";

interface Listed {
  readonly totalSize: number;
  readonly links: readonly { readonly rel: string; readonly href: string }[];
  readonly collection: readonly {
    readonly id: number;
    readonly name: string;
    readonly nick?: string;
    readonly links: readonly { readonly rel: string; readonly href: string }[];
  }[];
}

describe("Lists of the simulated Abiquo", () => {
  let cloud: Cloud;
  beforeEach(async () => {
    cloud = await Cloud.start();
  });
  afterEach(() => cloud.abiquo.close());

  const list = (path: string, as?: string): Promise<Listed> => cloud.json<Listed>(path, as === undefined ? {} : { as });
  const names = async (path: string): Promise<string[]> => (await list(path)).collection.map(({ name }) => name);
  const below = (href: string | undefined): string => (href ?? "").slice(cloud.abiquo.url.length);

  it("pages lead on from each other until all was read, and keep what was asked for", async () => {
    for (let index = 0; index < 60; index++) cloud.abiquo.world.addEnterprise(`tenant-${String(index).padStart(2, "0")}`);
    const seen: string[] = [];
    for (let path: string | undefined = "/admin/enterprises?has=tenant&asc=false"; path !== undefined; ) {
      const page: Listed = await list(path);
      assert.equal(page.totalSize, 60);
      seen.push(...page.collection.map(({ name }) => name));
      const next = page.links.find(({ rel }) => rel === "next")?.href;
      if (next !== undefined) assert.match(next, /has=tenant/);
      path = next === undefined ? undefined : below(next);
    }
    assert.deepEqual(seen, [...seen].sort().reverse());
    assert.equal(new Set(seen).size, 60);
  });

  it("previous, first and last lead back and forth; 25 at a time unless told; limit=0 is all", async () => {
    for (let index = 0; index < 57; index++) cloud.abiquo.world.addEnterprise(`tenant-${index}`);
    const middle = await list("/admin/enterprises?startwith=25");
    assert.deepEqual(
      middle.links.map(({ rel }) => rel),
      ["first", "previous", "next", "last"],
    );
    assert.equal(middle.collection.length, 25);
    assert.deepEqual(
      (await list("/admin/enterprises")).links.map(({ rel }) => rel),
      ["first", "next", "last"],
    );
    assert.equal((await list("/admin/enterprises?limit=0")).collection.length, 60);
    const last = await list(below(middle.links.find(({ rel }) => rel === "last")?.href));
    assert.equal(
      last.links.some(({ rel }) => rel === "next"),
      false,
    );
  });

  it("are sorted by what `by` names, either way", async () => {
    assert.deepEqual(await names("/admin/enterprises?by=id&asc=false"), ["Globex", "Acme", "Abiquo"]);
    const nicks = (await list("/admin/enterprises/2/users?by=nick&asc=false")).collection.map(({ nick }) => nick);
    assert.deepEqual(nicks, ["carla", "bob", "ana"]);
  });

  it("a `by` that the list does not know is QUERY-0, a `startwith` that is no number is refused", async () => {
    for (const path of ["/admin/enterprises?by=colour", "/admin/enterprises/2/users?by=__proto__", "/admin/roles?by=constructor"]) {
      assert.equal(await cloud.refusal(path), "400 QUERY-0", path);
    }
    assert.equal(await cloud.refusal("/admin/enterprises?startwith=many"), "400 GEN-1");
    assert.equal(await cloud.refusal("/admin/enterprises?limit=-1"), "400 GEN-1");
  });

  it("users are found by `has`, `activated` and `connected`", async () => {
    const nicks = async (query: string): Promise<(string | undefined)[]> =>
      (await list(`/admin/enterprises/2/users?${query}`)).collection.map(({ nick }) => nick);
    assert.deepEqual(await nicks("has=ruiz"), ["ana"]);
    const bob = cloud.abiquo.world.userNamed("bob");
    assert.ok(bob);
    bob.active = false;
    assert.deepEqual(await nicks("activated=false"), ["bob"]);
    assert.deepEqual(await nicks("activated=true"), ["ana", "carla"]);
    assert.deepEqual(await nicks("connected=true"), []);
    await cloud.call("/login", { as: "carla" });
    assert.deepEqual(await nicks("connected=true"), ["carla"]);
  });

  it("`_` lists the users of every enterprise within one's scope", async () => {
    assert.equal((await list("/admin/enterprises/_/users")).totalSize, 5);
    assert.equal((await list("/admin/enterprises/_/users", "carla")).totalSize, 3);
  });

  it("`idScope` keeps the enterprises of one scope", async () => {
    cloud.abiquo.world.scopes.add({ id: 50, name: "Two", enterprises: [1, 3] });
    assert.deepEqual(await names("/admin/enterprises?idScope=50"), ["Abiquo", "Globex"]);
    assert.deepEqual(await names("/admin/enterprises?idScope=999"), []);
  });

  it("what a link leads to is there: machines of an appliance, a datacenter, an enterprise and a user", async () => {
    const [first, second] = cloud.abiquo.hold({ count: 2, user: "ana" });
    cloud.held({ user: "dan" });
    assert.ok(first && second);
    const ids = [first.virtualMachine, second.virtualMachine];
    const cloudPath = `/cloud/virtualdatacenters/${first.virtualDatacenter}`;
    for (const path of [
      `${cloudPath}/virtualappliances/${first.virtualAppliance}/virtualmachines`,
      `${cloudPath}/action/virtualmachines`,
      "/admin/enterprises/2/action/virtualmachines",
      "/admin/enterprises/2/users/2/action/virtualmachines",
    ]) {
      assert.deepEqual(
        (await list(path)).collection.map(({ id }) => id),
        ids,
        path,
      );
    }
    assert.deepEqual(
      (await list(`${cloudPath}/virtualappliances`)).collection.map(({ id }) => id),
      [first.virtualAppliance],
    );
    assert.deepEqual(
      (await list("/admin/enterprises/2/action/virtualdatacenters")).collection.map(({ id }) => id),
      [7, 9],
    );
  });

  it("every link of an enterprise, a user, a machine and a task that the simulator has a route for answers", async () => {
    const task = cloud.held();
    const known = [
      "users",
      "virtualmachines",
      "virtualappliances",
      "cloud/virtualdatacenters",
      "limits",
      "pendingtasks",
      "enterprise",
      "role",
      "applications",
      "harddisks",
      "volumes",
      "state",
      "tasks",
      "virtualdatacenter",
      "virtualappliance",
      "user",
      "location",
      "limit",
      "privileges",
      "scope",
    ];
    const start = [
      "/admin/enterprises/2",
      "/login",
      "/admin/roles/1",
      `/cloud/virtualdatacenters/${task.virtualDatacenter}`,
      `/cloud/virtualdatacenters/${task.virtualDatacenter}/virtualappliances/${task.virtualAppliance}/virtualmachines/${task.virtualMachine}`,
    ];
    let followed = 0;
    for (const path of start) {
      const { links } = await cloud.json<{ links: { rel: string; href: string; type?: string }[] }>(path);
      for (const { rel, href, type } of links.filter((link) => known.includes(link.rel))) {
        const target = below(href);
        const response = await cloud.call(target, type === undefined ? {} : { accept: type });
        assert.equal(response.status, 200, `${path}: ${rel} leads to ${target}`);
        followed++;
      }
    }
    assert.ok(followed > 20, `${followed} links followed`);
  });

  it("a private datacenter has no links of a provider, and locations are told by their kind", async () => {
    const rels = async (id: number): Promise<string[]> =>
      (await cloud.json<Listed["collection"][number]>(`/cloud/virtualdatacenters/${id}`)).links.map(({ rel }) => rel);
    assert.ok((await rels(7)).includes("region"));
    assert.equal((await rels(9)).includes("region"), false);
    assert.deepEqual(
      (await cloud.json<Listed>("/cloud/locations", { accept: "datacenters" })).collection.map(({ name }) => name),
      ["Barcelona"],
    );
    assert.deepEqual(
      (await cloud.json<Listed>("/cloud/locations", { accept: "publiccloudregions" })).collection.map(({ name }) => name),
      ["Madrid"],
    );
    assert.equal(await cloud.refusal("/cloud/locations/2", { accept: "publiccloudregion" }), "404 DC-0");
  });

  it("the price of an appliance is plain text", async () => {
    const task = cloud.held();
    const response = await cloud.call(
      `/cloud/virtualdatacenters/${task.virtualDatacenter}/virtualappliances/${task.virtualAppliance}/action/price`,
      { headers: { Accept: "text/plain" } },
    );
    assert.equal(response.headers.get("content-type"), "text/plain");
    assert.match(await response.text(), /^\d+\.\d\d EUR$/);
  });
});
