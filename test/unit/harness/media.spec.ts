import assert from "node:assert/strict";
import { XMLParser } from "fast-xml-parser";
import { Cloud, machinePath, mediaType, taskPath } from "./support.ts";

describe("Media types of the simulated Abiquo", () => {
  let cloud: Cloud;
  beforeEach(async () => {
    cloud = await Cloud.start({ version: "3.10.2" });
  });
  afterEach(() => cloud.abiquo.close());

  const typeOf = async (path: string, accept?: string): Promise<string> => {
    const response = await cloud.call(path, accept === undefined ? {} : { headers: { Accept: accept } });
    return response.ok ? (response.headers.get("content-type") ?? "") : String(response.status);
  };

  it("what is accepted decides between JSON and XML; without a suffix it is JSON", async () => {
    assert.equal(await typeOf("/login", "application/vnd.abiquo.user+json"), "application/vnd.abiquo.user+json; version=3.10");
    assert.equal(await typeOf("/login", "application/vnd.abiquo.user+xml"), "application/vnd.abiquo.user+xml; version=3.10");
    assert.equal(await typeOf("/login", "application/vnd.abiquo.user"), "application/vnd.abiquo.user+json; version=3.10");
    assert.equal(await typeOf("/login"), "application/vnd.abiquo.user+json; version=3.10");
  });

  it("the version that was asked for stands in the answer", async () => {
    assert.equal(await typeOf("/login", "application/vnd.abiquo.user+json; version=3.4"), "application/vnd.abiquo.user+json; version=3.4");
  });

  it("what the resource does not have is 406: another type, plain JSON, a newer version", async () => {
    for (const accept of [
      "application/vnd.abiquo.task+json",
      "application/json",
      "text/html",
      "application/vnd.abiquo.user+json; version=6.1",
    ]) {
      assert.equal(await typeOf("/login", accept), "406", accept);
    }
  });

  it("the most wanted of several is taken", async () => {
    assert.match(await typeOf("/login", `text/html, ${mediaType("user+xml")};q=0.5, ${mediaType("user")}`), /user\+json/);
    assert.match(await typeOf("/login", `${mediaType("user+xml")}, ${mediaType("user")};q=0.5`), /user\+xml/);
    assert.match(await typeOf("/login", "text/html, */*;q=0.1"), /user\+json/);
  });

  it("a body of another type than the resource takes is 415, and changes nothing", async () => {
    for (const contentType of ["application/x-www-form-urlencoded", "application/json", "text/plain", mediaType("user"), ""]) {
      const response = await cloud.call("/admin/enterprises/2", { method: "PUT", headers: { "Content-Type": contentType }, body: "{}" });
      assert.equal(response.status, 415, contentType);
    }
    assert.equal(cloud.abiquo.world.enterprises.get(2)?.workflow, true);
    assert.equal(
      await cloud.refusal("/admin/enterprises/2", { method: "PUT", type: "enterprise+json; version=6.1", body: "{}" }),
      "415 415-UNSUPPORTED-MEDIA-TYPE-VERSION",
    );
  });

  it("a body that cannot be read is GEN-2, one without its name CONSTR-NOTNULL, and neither changes anything", async () => {
    const put = (body: string): Promise<string> => cloud.refusal("/admin/enterprises/2", { method: "PUT", type: "enterprise", body });
    assert.equal(await put("{"), "400 GEN-2");
    assert.equal(await put("[]"), "400 GEN-2");
    assert.equal(await put("{}"), "400 CONSTR-NOTNULL");
    assert.deepEqual([cloud.abiquo.world.enterprises.get(2)?.name, cloud.abiquo.world.enterprises.get(2)?.workflow], ["Acme", true]);
  });

  it("variants of one resource are told apart by what is accepted", async () => {
    const task = cloud.held();
    for (const [path, name, key] of [
      ["/admin/enterprises", "enterprises-id-name", "totalSize"],
      ["/admin/enterprises/2/users", "userswithroles", "totalSize"],
      [machinePath(task), "virtualmachineflat", "disks"],
      [taskPath(task), "taskextended", "jobsExtended"],
      [machinePath(task).replace(/\/\d+$/, ""), "virtualmachinesflat", "totalSize"],
    ] as const) {
      const value = await cloud.json<Record<string, unknown>>(path, { accept: name });
      assert.ok(key in value, `${name} has ${key}`);
    }
    const { collection } = await cloud.json<{ collection: Record<string, unknown>[] }>("/admin/enterprises", {
      accept: "enterprises-id-name",
    });
    assert.equal("workflow" in (collection[0] ?? {}), false);
    const { collection: users } = await cloud.json<{ collection: { role: { privileges: { collection: unknown[] } } }[] }>(
      "/admin/enterprises/2/users",
      { accept: "userswithroles" },
    );
    assert.ok((users[0]?.role.privileges.collection.length ?? 0) > 0);
  });

  describe("in XML", () => {
    const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "" });
    const read = async (path: string, name: string): Promise<Record<string, unknown>> =>
      parser.parse(await (await cloud.call(path, { accept: `${name}+xml` })).text()) as Record<string, unknown>;

    it("collections have their elements side by side, under the names that Abiquo gives them", async () => {
      const task = cloud.held();
      for (const [path, type, root, item] of [
        ["/admin/enterprises/2/users", "users", "users", "user"],
        ["/admin/enterprises", "enterprises", "enterprises", "enterprise"],
        ["/admin/enterprises/2/action/pendingtasks", "tasks", "tasks", "task"],
        [`${machinePath(task)}/storage/disks`, "harddisks", "disks", "disk"],
        ["/config/properties", "systemproperties", "properties", "property"],
      ] as const) {
        const value = (await read(path, type))[root] as Record<string, unknown> | undefined;
        assert.ok(value !== undefined && item in value, `${type}: ${JSON.stringify(value)}`);
        assert.equal("collection" in value, false);
      }
    });

    it("links are elements with attributes, their types those of XML", async () => {
      const { user } = (await read("/login", "user")) as { user: { link: Record<string, string>[] } };
      const role = user.link.find(({ rel }) => rel === "role");
      assert.deepEqual([role?.["type"], role?.["title"]], ["application/vnd.abiquo.role+xml", "CLOUD_ADMIN"]);
    });

    it("a machine is <virtualMachine>, and an accepted request tells its <message>", async () => {
      const task = cloud.held();
      cloud.abiquo.trim(task.taskId);
      assert.ok("virtualMachine" in (await read(machinePath(task), "virtualmachine")));
      const response = await cloud.call(`${machinePath(task)}/action/deploy`, { method: "POST", accept: "acceptedrequest+xml" });
      assert.equal(response.status, 202);
      const { acceptedrequest } = parser.parse(await response.text()) as { acceptedrequest: { message: string; link: { rel: string } } };
      assert.deepEqual([typeof acceptedrequest.message, acceptedrequest.link.rel], ["string", "status"]);
    });

    it("a body is taken in XML, too", async () => {
      const task = cloud.held({ type: "RECONFIGURE" });
      cloud.abiquo.trim(task.taskId);
      const body = "<virtualMachine><cpu>8</cpu><ram>4096</ram></virtualMachine>";
      const response = await cloud.call(machinePath(task), {
        method: "PUT",
        type: "virtualmachine+xml",
        accept: "acceptedrequest+xml",
        body,
      });
      assert.equal(response.status, 202);
      assert.deepEqual(cloud.abiquo.tasks({ state: "QUEUEING" }).at(-1)?.change, { cpu: 8, ram: 4_096 });
    });

    it("errors are told in XML to who accepts XML", async () => {
      const response = await cloud.call("/admin/enterprises/999", { accept: "enterprise+xml" });
      assert.equal(response.status, 404);
      assert.equal(response.headers.get("content-type"), "application/vnd.abiquo.error+xml");
      const { errors } = parser.parse(await response.text()) as { errors: { error: { code: string } } };
      assert.equal(errors.error.code, "EN-0");
    });
  });
});

describe("Versions of the simulated Abiquo", () => {
  const keysOf = async (version: string, path: (cloud: Cloud) => string, accept: string): Promise<string[]> => {
    const cloud = await Cloud.start({ version });
    try {
      const dto = await cloud.json<Record<string, unknown> & { collection?: Record<string, unknown>[] }>(path(cloud), { accept });
      return Object.keys(dto.collection?.[0] ?? dto);
    } finally {
      await cloud.abiquo.close();
    }
  };

  for (const [version, has] of [
    ["3.4", false],
    ["3.8", true],
    ["3.10", true],
    ["6.1", true],
  ] as const) {
    it(`an enterprise of ${version} has ${has ? "" : "not "}the field that came with 3.8`, async () => {
      assert.equal((await keysOf(version, () => "/admin/enterprises/2", "enterprise")).includes("twoFactorAuthenticationMandatory"), has);
      assert.equal((await keysOf(version, () => "/admin/enterprises", "enterprises")).includes("twoFactorAuthenticationMandatory"), has);
    });
  }

  it("who asks for an older form gets it from a newer server, alone and in lists", async () => {
    const disks = (cloud: Cloud): string => `${machinePath(cloud.held())}/storage/disks`;
    assert.deepEqual((await keysOf("3.10", disks, "harddisks+json; version=3.2")).sort(), ["id", "links", "sequence", "sizeInMb"]);
    assert.ok((await keysOf("3.10", disks, "harddisks+json; version=3.10")).includes("diskFormatType"));
    assert.equal((await keysOf("6.1", (cloud) => machinePath(cloud.held()), "virtualmachine+json; version=3.10")).includes("label"), false);
    assert.ok((await keysOf("6.1", (cloud) => machinePath(cloud.held()), "virtualmachine")).includes("label"));
  });
});
