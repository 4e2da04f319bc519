import assert from "node:assert/strict";
import { ROUTES } from "../../harness/api/index.ts";
import type { Privilege } from "../../harness/world/privileges.ts";
import { Cloud, machinePath, taskPath } from "./support.ts";

describe("Privileges and tenants of the simulated Abiquo", () => {
  let cloud: Cloud;
  beforeEach(async () => {
    cloud = await Cloud.start();
  });
  afterEach(() => cloud.abiquo.close());

  /** A user of Abiquo's own enterprise, whose scope is global, with these privileges alone. */
  function make(nick: string, privileges: readonly Privilege[]): void {
    const { world, signIn } = cloud.abiquo;
    const role = world.roles.add({ id: world.nextId(), name: nick, privileges: [...privileges], scope: 1 });
    world.addUser({ nick, name: nick, surname: "", email: "", enterprise: 1, role: role.id });
    signIn.setPassword(nick, `${nick}-password`);
  }

  for (const [index, route] of ROUTES.entries()) {
    if (route.privileges.includes("AUTHENTICATED")) continue;
    it(`${route.method} ${route.path} asks for ${route.privileges.join(" or ")}`, async () => {
      make("nobody", ["AUTHENTICATED"]);
      const named = `user${index}`;
      make(named, ["AUTHENTICATED", ...route.privileges]);
      const path = route.path.replaceAll(/\{\w+\}/g, "987654");
      assert.equal(await cloud.refusal(path, { method: route.method, as: "nobody" }), "403 403-FORBIDDEN");
      assert.match(cloud.abiquo.requests.at(-1)?.problem ?? "", new RegExp(`^403-FORBIDDEN: ${route.privileges.join(" or ")}$`));
      const allowed = await cloud.call(path, { method: route.method, as: named });
      assert.notEqual(allowed.status, 403);
    });
  }

  it("nobody reads another tenant's machines, users, enterprise or pending tasks", async () => {
    const task = cloud.held({ user: "ana" });
    for (const path of [
      machinePath(task),
      `${machinePath(task)}/storage/disks`,
      taskPath(task),
      machinePath(task).replace(/\/virtualmachines.*/, ""),
      `/cloud/virtualdatacenters/${task.virtualDatacenter}`,
      "/admin/enterprises/2",
      "/admin/enterprises/2/users",
      "/admin/enterprises/2/users/2",
      "/admin/enterprises/2/users/2/action/pendingtasks",
      "/admin/enterprises/2/action/virtualmachines",
    ]) {
      assert.equal(await cloud.refusal(path, { as: "dan" }), "403 403-FORBIDDEN", path);
    }
  });

  it("nobody acts on another tenant's machines", async () => {
    const task = cloud.held({ user: "ana" });
    const other = cloud.held({ user: "ana", type: "UNDEPLOY" });
    cloud.abiquo.trim(other.taskId);
    for (const [method, path] of [
      ["POST", `${taskPath(task)}/action/cancel`],
      ["POST", `${machinePath(other)}/action/undeploy`],
      ["POST", `${machinePath(other).replace(/\/virtualmachines.*/, "")}/action/undeploy`],
    ] as const) {
      assert.equal(await cloud.refusal(path, { as: "dan", method }), "403 403-FORBIDDEN", path);
    }
    assert.equal(cloud.abiquo.task(task.taskId)?.state, "QUEUEING");
  });

  it("a scope opens the tenants that it names, and no other", async () => {
    const { world } = cloud.abiquo;
    const scope = world.scopes.add({ id: 77, name: "Globex only", enterprises: [3] });
    make("sofia", ["AUTHENTICATED", "USERS_VIEW", "WORKFLOW_OVERRIDE", "ENTERPRISE_ENUMERATE"]);
    const role = world.roles.get(world.userNamed("sofia")?.role);
    assert.ok(role);
    role.scope = scope.id;
    assert.equal(await cloud.refusal("/admin/enterprises/3/users", { as: "sofia" }), "200");
    assert.equal(await cloud.refusal("/admin/enterprises/3/action/pendingtasks", { as: "sofia" }), "200");
    assert.equal(await cloud.refusal("/admin/enterprises/2/action/pendingtasks", { as: "sofia" }), "403 403-FORBIDDEN");
    const { collection } = await cloud.json<{ collection: { name: string }[] }>("/admin/enterprises", { as: "sofia" });
    assert.deepEqual(
      collection.map(({ name }) => name),
      ["Abiquo", "Globex"],
    );
  });

  it("who may not see users sees oneself alone", async () => {
    const nicks = async (as: string): Promise<string[]> =>
      (await cloud.json<{ collection: { nick: string }[] }>("/admin/enterprises/2/users", { as })).collection.map(({ nick }) => nick);
    assert.deepEqual(await nicks("ana"), ["ana"]);
    assert.deepEqual(await nicks("carla"), ["ana", "bob", "carla"]);
    assert.equal(await cloud.refusal("/admin/enterprises/2/users/3", { as: "ana" }), "403 403-FORBIDDEN");
    assert.equal(await cloud.refusal("/admin/enterprises/2/users/2", { as: "ana" }), "200");
  });

  it("a user lists what waits of their own, and not what waits of others", async () => {
    cloud.held({ user: "ana" });
    assert.equal(await cloud.refusal("/admin/enterprises/2/action/pendingtasks", { as: "ana" }), "403 403-FORBIDDEN");
    assert.equal(await cloud.refusal("/admin/enterprises/2/users/2/action/pendingtasks", { as: "ana" }), "200");
    assert.equal(await cloud.refusal("/admin/enterprises/2/users/3/action/pendingtasks", { as: "ana" }), "403 403-FORBIDDEN");
  });

  it("/login tells the privileges when asked to expand them, as few as the application has", async () => {
    const names = async (path: string, as: string): Promise<string[] | undefined> => {
      const { privileges } = await cloud.json<{ privileges?: { collection: { name: string }[] } }>(path, { as });
      return privileges?.collection.map(({ name }) => name);
    };
    assert.equal(await names("/login", "carla"), undefined);
    assert.ok((await names("/login?expand=privileges", "carla"))?.includes("WORKFLOW_OVERRIDE"));
    assert.equal((await names("/login?expand=privileges", "ana"))?.includes("WORKFLOW_OVERRIDE"), false);
  });

  describe("the role and the user of a connector, made as Abiquo's documentation says", () => {
    interface Listed {
      readonly collection: readonly { readonly name: string; readonly links: readonly { readonly href: string }[] }[];
    }

    async function privilegeLinks(names: readonly string[]): Promise<object[]> {
      const { collection } = await cloud.json<Listed>("/config/privileges");
      return names.map((name) => ({ rel: "privilege", href: collection.find((each) => each.name === name)?.links[0]?.href }));
    }

    it("answers tasks with WORKFLOW_OVERRIDE, and not without", async () => {
      for (const [name, privileges, status] of [
        ["answers", ["AUTHENTICATED", "WORKFLOW_OVERRIDE"], "204"],
        ["reads", ["AUTHENTICATED", "VDC_ENUMERATE"], "403 403-FORBIDDEN"],
      ] as const) {
        const role = await cloud.json<{ links: { rel: string; href: string }[] }>("/admin/roles", {
          method: "POST",
          type: "role",
          accept: "role",
          body: JSON.stringify({ name, links: await privilegeLinks(privileges) }),
        });
        const href = role.links.find(({ rel }) => rel === "edit")?.href;
        const user = {
          nick: name,
          name,
          surname: "Connector",
          email: `${name}@example.com`,
          password: `${name}-password`,
          links: [{ rel: "role", href }],
        };
        assert.equal(
          await cloud.refusal("/admin/enterprises/1/users", { method: "POST", type: "user", accept: "user", body: JSON.stringify(user) }),
          "201",
        );
        assert.equal(await cloud.refusal(`${taskPath(cloud.held())}/action/continue`, { method: "POST", as: name }), status);
      }
    });

    it("nobody gives a role more than they have", async () => {
      make("roles", ["AUTHENTICATED", "USERS_MANAGE_ROLES"]);
      const body = JSON.stringify({ name: "too much", links: await privilegeLinks(["WORKFLOW_OVERRIDE"]) });
      assert.equal(await cloud.refusal("/admin/roles", { method: "POST", type: "role", as: "roles", body }), "403 403-FORBIDDEN");
    });

    it("an unknown privilege, a role of that name and a role in use are refused by name", async () => {
      const send = (body: object): Promise<string> =>
        cloud.refusal("/admin/roles", { method: "POST", type: "role", body: JSON.stringify(body) });
      assert.equal(await send({ name: "odd", links: [{ rel: "privilege", href: "/config/privileges/999" }] }), "404 PRIVILEGE-0");
      assert.equal(await send({ name: "USER", links: [] }), "409 ROLE-6");
      assert.equal(await send({ links: [] }), "400 CONSTR-NOTNULL");
      assert.equal(await cloud.refusal("/admin/roles/3", { method: "DELETE" }), "409 ROLE-4");
    });

    it("a user who is switched off cannot sign in", async () => {
      const ana = cloud.abiquo.world.userNamed("ana");
      assert.ok(ana);
      ana.active = false;
      assert.equal((await cloud.call("/login", { as: "ana" })).status, 401);
    });
  });
});
