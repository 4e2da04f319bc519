import assert from "node:assert/strict";
import { type SimTask, type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, type Sent, sink } from "./support.ts";

interface Details {
  readonly virtualmachine?: { cpu: number; ram: number; name: string; template: string };
  readonly user?: { nick: string };
  readonly missing: { part: string; code: string; reason: string }[];
  readonly [part: string]: unknown;
}

describe("abiquo-task-details", () => {
  let abiquo: SimulatedAbiquo;

  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1/", recordRequests: true });
  });

  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
  });

  const load = (properties: object): Promise<Flow> =>
    Flow.load([...around(abiquo, "details"), node("details", "abiquo-task-details", ["out"], properties), sink("out")], {
      credentials: credentials(abiquo),
    });

  function entryOf(task: SimTask): object {
    const machine = `cloud/virtualdatacenters/${task.virtualDatacenter}/virtualappliances/${task.virtualAppliance}/virtualmachines/${task.virtualMachine}`;
    const self = `${abiquo.url}/${machine}/tasks/${task.taskId}`;
    const user = `${abiquo.url}/admin/enterprises/${task.enterprise}/users/${task.user.id}`;
    const links = { self, continue: `${self}/action/continue`, cancel: `${self}/action/cancel`, target: `${abiquo.url}/${machine}`, user };
    return { task: { taskId: task.taskId, type: task.type }, links };
  }
  const single = (task: SimTask): object => ({ abiquo: { connection: "config", ...entryOf(task), group: { id: "g", count: 1 } } });
  const group = (tasks: readonly SimTask[]): object => ({
    abiquo: { connection: "config", group: { id: "g", count: tasks.length }, tasks: tasks.map(entryOf) },
  });
  const held = (request: object = {}): SimTask => abiquo.hold(request)[0] as SimTask;
  const detailsIn = (message: Sent): Details => message.abiquo?.details as Details;
  const allDetailsIn = (message: Sent): Details[] => (message.abiquo?.tasks ?? []).map(({ details }) => details as Details);
  const reads = (): string[] => abiquo.requests.map(({ path }) => path).filter((path) => path !== "/api/version");

  async function through(flow: Flow, message: object): Promise<Sent> {
    flow.send("details", message);
    return flow.inbox("out").first();
  }

  it("adds every detail that it names, in Abiquo's own names and units", async () => {
    const include = [
      "user",
      "role",
      "enterprise",
      "virtualmachine",
      "disks",
      "volumes",
      "virtualappliance",
      "virtualdatacenter",
      "location",
    ];
    const flow = await load({ include });
    const task = held({ cpu: 4, ram: 8_192 });
    const machine = abiquo.world.machines.get(task.virtualMachine);
    assert.ok(machine);
    machine.volumesMb.push(5_000);
    const id = String(machine.id);
    const { missing, ...details } = detailsIn(await through(flow, single(task)));
    assert.deepEqual(missing, []);
    assert.deepEqual(details, {
      user: { id: "2", nick: "ana", name: "Ana Ruiz", email: "ana@example.com" },
      role: { id: "3", name: "USER" },
      enterprise: { id: "2", name: "Acme" },
      virtualmachine: { id, name: machine.name, label: machine.name, cpu: 4, ram: 8_192, state: "LOCKED", template: "debian-12" },
      disks: [{ id: `${id}0`, name: "disk 0", sizeInMb: 10_240 }],
      volumes: [{ id: `${id}0`, name: "volume 0", sizeInMB: 5_000 }],
      virtualappliance: { id: String(task.virtualAppliance), name: `vapp-${task.virtualAppliance}`, state: "LOCKED" },
      virtualdatacenter: { id: "7", name: "vdc-7", hypervisorType: "KVM" },
      location: { id: "1", name: "Madrid", type: "publiccloudregion" },
    });
    await flow.status("details", "status.complete");
    await flow.inbox("completed").first();
  });

  it("reads only what it names", async () => {
    const flow = await load({ include: ["virtualmachine"] });
    const details = detailsIn(await through(flow, single(held())));
    assert.deepEqual(Object.keys(details).sort(), ["missing", "virtualmachine"]);
    assert.equal(reads().length, 1);
  });

  it("reads what the tasks of a group share once, and adds their totals", async () => {
    const flow = await load({ include: ["user", "role", "virtualmachine", "disks", "virtualdatacenter", "location"] });
    const tasks = abiquo.hold({ count: 20, cpu: 3, ram: 1_024 });
    const message = await through(flow, group(tasks));
    assert.deepEqual(message.abiquo?.group, { id: "g", count: 20, cpu: 60, ram: 20_480, diskMb: 204_800 });
    assert.equal(allDetailsIn(message).length, 20);
    // Machine, disks and, for what it stores in all, volumes of each; user and datacenter once.
    assert.equal(reads().length, 20 * 3 + 2);
    assert.equal(new Set(reads()).size, reads().length);
  });

  it("counts volumes as disk in the total, and gives no total that lacks them", async () => {
    const flow = await load({ include: ["disks"] });
    const task = held();
    abiquo.world.machines.get(task.virtualMachine)?.volumesMb.push(5_000);
    assert.deepEqual((await through(flow, single(task))).abiquo?.group, { id: "g", count: 1, diskMb: 10_240 + 5_000 });
    abiquo.inject({ match: { path: "/storage/volumes" }, status: 403 });
    flow.send("details", single(held()));
    const message = (await flow.inbox("out").have(2))[1];
    assert.deepEqual(message?.abiquo?.group, { id: "g", count: 1 });
    assert.deepEqual(
      detailsIn(message as Sent).missing.map(({ part }) => part),
      ["volumes"],
    );
  });

  it("reads for each task of a list, which has no totals", async () => {
    const flow = await load({ include: ["virtualmachine"] });
    const tasks = [held({ cpu: 1 }), held({ cpu: 2, user: "bob" })];
    const message = await through(flow, { abiquo: { connection: "config", tasks: tasks.map(entryOf) } });
    assert.deepEqual(
      allDetailsIn(message).map(({ virtualmachine }) => virtualmachine?.cpu),
      [1, 2],
    );
    assert.equal(message.abiquo?.group, undefined);
  });

  it("reads anew what a message has from before, and does not keep it when that fails", async () => {
    const flow = await load({ include: ["virtualmachine", "user"] });
    abiquo.inject({ match: { path: "/admin/" }, status: 403 });
    const message = single(held({ cpu: 3 })) as { abiquo: Record<string, unknown> };
    message.abiquo["details"] = { virtualmachine: { cpu: 99 }, user: { nick: "old" }, note: "kept" };
    const details = detailsIn(await through(flow, message));
    assert.equal(details.virtualmachine?.cpu, 3);
    assert.equal(details.user, undefined);
    assert.equal(details["note"], "kept");
    assert.deepEqual(
      details.missing.map(({ part }) => part),
      ["user"],
    );
  });

  it("names what it could not read, tells why, and keeps the rest", async () => {
    const flow = await load({ include: ["user", "virtualmachine", "disks"] });
    abiquo.inject({ match: { path: "/storage/disks" }, status: 403 });
    const message = await through(flow, single(held()));
    const { missing, virtualmachine, user } = detailsIn(message);
    assert.deepEqual(
      missing.map(({ part, code }) => [part, code]),
      [["disks", "ABIQUO_FORBIDDEN"]],
    );
    assert.match(missing[0]?.reason ?? "", /ABIQUO_FORBIDDEN/);
    assert.equal(virtualmachine?.cpu, 2);
    assert.equal(user?.nick, "ana");
    assert.deepEqual(message.abiquo?.group, { id: "g", count: 1, cpu: 2, ram: 2_048 });
    assert.equal((await flow.status("details", 'status.missing {"count":1}')).fill, "yellow");
  });

  it("follows no link to another host", async () => {
    const elsewhere = await startAbiquo({ recordRequests: true });
    try {
      const flow = await load({ include: ["virtualmachine", "user"] });
      const message = single(held()) as { abiquo: { links: Record<string, string> } };
      message.abiquo.links["target"] = message.abiquo.links["target"]!.replace(abiquo.url, elsewhere.url);
      message.abiquo.links["user"] = "http://127.0.0.1/admin/../secret";
      const details = detailsIn(await through(flow, message));
      assert.equal(details.virtualmachine?.cpu, 2);
      assert.deepEqual(
        details.missing.map(({ part, code }) => [part, code]),
        [["user", "ABIQUO_BAD_LINK"]],
      );
      assert.equal(elsewhere.requests.length, 0);
    } finally {
      await elsewhere.close();
    }
  });

  it("follows a relation of the task", async () => {
    const flow = await load({ source: "rel", rel: "target", property: "machine.here" });
    const task = held();
    const message = await through(flow, single(task));
    assert.equal((message["machine"] as { here: { id: number } }).here.id, task.virtualMachine);
  });

  it("follows a relation of something around each task, and answers null with a reason where there is none", async () => {
    const flow = await load({ source: "rel", rel: "virtualmachine.harddisks" });
    const [first, second] = abiquo.hold({ count: 2 }) as [SimTask, SimTask];
    const body = JSON.stringify({ collection: [{ code: "VDISK-0", message: "No such disk" }] });
    abiquo.inject({
      match: { path: `/virtualmachines/${second.virtualMachine}/storage` },
      status: 404,
      body,
      contentType: "application/json",
    });
    const message = await through(flow, group([first, second]));
    const [disks, none] = message.payload as { collection: { sizeInMb: number }[] }[];
    assert.equal(disks?.collection[0]?.sizeInMb, 10_240);
    assert.equal(none, null);
    await flow.fault(({ code }) => code === "ABIQUO_NOT_FOUND");
  });

  it("reads a path below the API address, with the media type that belongs to it, by GET", async () => {
    const flow = await load({ source: "path", path: "'/admin/enterprises/' & payload & '/users?limit=2'", pathType: "jsonata" });
    const message = await through(flow, { payload: 2, abiquo: { connection: "config" } });
    assert.equal((message.payload as { collection: object[] }).collection.length, 2);
    const request = abiquo.requests.at(-1);
    assert.equal(request?.method, "GET");
    assert.match(request?.headers["accept"] ?? "", /^application\/vnd\.abiquo\.users\+json; version=6\.1$/);
  });

  for (const path of ["http://127.0.0.1/admin", "//127.0.0.1/admin", "/admin/../../secret", "/admin/%2e%2e/secret"]) {
    it(`refuses the path ${path}`, async () => {
      const flow = await load({ source: "path", path });
      flow.send("details", { abiquo: { connection: "config" } });
      await flow.fault(({ code }) => code === "ABIQUO_BAD_LINK");
      assert.deepEqual(reads(), []);
    });
  }

  it("tells Catch when a message has no task", async () => {
    const flow = await load({ include: ["user"] });
    flow.send("details", { payload: 1 });
    await flow.fault(({ code }) => code === "NO_TASK_IN_MESSAGE");
  });

  it("is invalid with a detail that there is not", async () => {
    const flow = await load({ include: ["user", "shoes"] });
    assert.match((await flow.status("details", "status.invalid")).fill ?? "", /red/);
  });
});
