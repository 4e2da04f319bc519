import assert from "node:assert/strict";
import { Cloud, machinePath, taskPath } from "./support.ts";

describe("States of the simulated Abiquo", () => {
  let cloud: Cloud;
  beforeEach(async () => {
    cloud = await Cloud.start();
  });
  afterEach(() => cloud.abiquo.close());

  const appliancePath = (path: string): string => path.replace(/\/virtualmachines\/.*/, "");

  it("a locked machine takes no action, one by one and as an appliance: VM-2, and VM-12 for an undeploy", async () => {
    const task = cloud.held({ type: "UNDEPLOY" });
    const machine = machinePath(task);
    assert.equal(await cloud.refusal(`${machine}/action/deploy`, { method: "POST" }), "409 VM-2");
    assert.equal(await cloud.refusal(`${machine}/action/undeploy`, { method: "POST" }), "409 VM-12");
    assert.equal(await cloud.refusal(machine, { method: "PUT", type: "virtualmachine", body: "{}" }), "409 VM-2");
    assert.equal(await cloud.refusal(`${appliancePath(machine)}/action/undeploy`, { method: "POST" }), "409 VM-2");
  });

  it("an action that the state forbids has its own code: VM-7, VM-13", async () => {
    const deployed = cloud.held({ type: "UNDEPLOY" });
    cloud.abiquo.trim(deployed.taskId);
    assert.equal(await cloud.refusal(`${machinePath(deployed)}/action/deploy`, { method: "POST" }), "409 VM-7");
    assert.equal(await cloud.refusal(machinePath(deployed), { method: "PUT", type: "virtualmachine", body: "{}" }), "409 VM-13");
    assert.equal(cloud.abiquo.tasks().length, 0);
  });

  it("a machine is turned off and on without anybody being asked, and not while it runs nowhere", async () => {
    const task = cloud.held({ type: "UNDEPLOY" });
    cloud.abiquo.trim(task.taskId);
    const machine = machinePath(task);
    const turn = (state: string): Promise<string> =>
      cloud.refusal(`${machine}/state`, { method: "PUT", type: "virtualmachinestate", body: JSON.stringify({ state }) });
    assert.equal(await turn("OFF"), "202");
    const [power] = cloud.abiquo.tasks();
    assert.deepEqual([power?.type, power?.state], ["POWER_OFF", "PENDING"]);
    assert.equal(await turn("ON"), "409 VM-2");
    for (let step = 0; step < 2; step++) cloud.abiquo.advance(power?.taskId ?? "");
    assert.equal((await cloud.json<{ state: string }>(`${machine}/state`)).state, "OFF");
    assert.equal(await turn("PAUSED"), "400 GEN-2");
    const fresh = cloud.held();
    cloud.abiquo.trim(fresh.taskId);
    assert.equal(
      await cloud.refusal(`${machinePath(fresh)}/state`, {
        method: "PUT",
        type: "virtualmachinestate",
        body: JSON.stringify({ state: "ON" }),
      }),
      "409 VM-11",
    );
  });

  it("a reconfiguration changes its machine only once it has succeeded", async () => {
    const task = cloud.held({ type: "RECONFIGURE" });
    cloud.abiquo.trim(task.taskId);
    const machine = machinePath(task);
    await cloud.call(machine, { method: "PUT", type: "virtualmachine", body: JSON.stringify({ cpu: 16, ram: 8_192 }) });
    const [held] = cloud.abiquo.tasks({ state: "QUEUEING" });
    assert.ok(held);
    const size = async (): Promise<number[]> => {
      const { cpu, ram } = await cloud.json<{ cpu: number; ram: number }>(machine);
      return [cpu, ram];
    };
    assert.deepEqual(await size(), [2, 2_048]);
    cloud.abiquo.decideElsewhere(held.taskId, "continue");
    cloud.abiquo.advance(held.taskId);
    assert.deepEqual(await size(), [2, 2_048]);
    cloud.abiquo.advance(held.taskId);
    assert.deepEqual(await size(), [16, 8_192]);
  });

  it("the state of an appliance follows from its machines", async () => {
    const [first, second] = cloud.abiquo.hold({ count: 2 });
    assert.ok(first && second);
    const power = async (): Promise<string> => (await cloud.json<{ power: string }>(`${appliancePath(machinePath(first))}/state`)).power;
    const finish = (taskId: string): void => {
      cloud.abiquo.decideElsewhere(taskId, "continue");
      cloud.abiquo.advance(taskId);
      cloud.abiquo.advance(taskId);
    };
    assert.equal(await power(), "LOCKED");
    finish(first.taskId);
    assert.equal(await power(), "LOCKED");
    cloud.abiquo.decideElsewhere(second.taskId, "cancel");
    assert.equal(await power(), "NEEDS_SYNC");
    assert.equal(await cloud.refusal(`${appliancePath(machinePath(first))}/action/deploy`, { method: "POST" }), "202");
    finish(cloud.abiquo.tasks({ state: "QUEUEING" })[0]?.taskId ?? "");
    assert.equal(await power(), "DEPLOYED");
  });

  it("a task that fails shows its job, can be acknowledged, and unlocks its machine as it was", async () => {
    const task = cloud.held();
    cloud.abiquo.decideElsewhere(task.taskId, "continue");
    cloud.abiquo.advance(task.taskId);
    cloud.abiquo.fail(task.taskId, 1);
    const dto = await cloud.json<{ state: string; jobs: { collection: { state: string }[] }; links: { rel: string }[] }>(taskPath(task));
    assert.equal(dto.state, "FINISHED_UNSUCCESSFULLY");
    assert.deepEqual(
      dto.jobs.collection.map(({ state }) => state),
      ["DONE", "FAILED", "SKIPPED"],
    );
    assert.ok(dto.links.some(({ rel }) => rel === "acknowledge"));
    assert.equal((await cloud.json<{ state: string }>(machinePath(task))).state, "NOT_ALLOCATED");
    assert.equal(await cloud.refusal(`${taskPath(task)}/action/ack`, { method: "POST" }), "204");
    assert.equal(cloud.abiquo.task(task.taskId)?.state, "ACK_ERROR");
  });

  it("while a task waits all its jobs are pending; once it has succeeded they are done", async () => {
    const task = cloud.held();
    const jobs = async (): Promise<string[]> =>
      (await cloud.json<{ jobs: { collection: { state: string }[] } }>(taskPath(task))).jobs.collection.map(({ state }) => state);
    assert.deepEqual(await jobs(), ["PENDING", "PENDING", "PENDING"]);
    cloud.abiquo.decideElsewhere(task.taskId, "continue");
    cloud.abiquo.advance(task.taskId);
    assert.deepEqual(await jobs(), ["STARTED", "PENDING", "PENDING"]);
    cloud.abiquo.advance(task.taskId);
    assert.deepEqual(await jobs(), ["DONE", "DONE", "DONE"]);
  });

  it("a task belongs to who asked for it, not to who made the machine", async () => {
    const task = cloud.held({ user: "ana" });
    cloud.abiquo.trim(task.taskId);
    assert.equal(await cloud.refusal(`${machinePath(task)}/action/deploy`, { method: "POST", as: "bob" }), "202");
    const [asked] = cloud.abiquo.tasks();
    assert.equal(asked?.user.nick, "bob");
    assert.equal(await cloud.refusal(`${taskPath(asked ?? task)}/action/cancel`, { method: "POST", as: "ana" }), "403 403-FORBIDDEN");
    assert.equal(await cloud.refusal(`${taskPath(asked ?? task)}/action/cancel`, { method: "POST", as: "bob" }), "204");
  });

  it("ids in a path must belong together", async () => {
    const [one, other] = [cloud.held(), cloud.held()];
    const mixed = machinePath({ ...one, virtualAppliance: other.virtualAppliance });
    assert.equal(await cloud.refusal(mixed), "404 VM-1");
    assert.equal(await cloud.refusal(machinePath({ ...one, virtualDatacenter: 6 })), "404 VAPP-0");
    assert.equal(await cloud.refusal(machinePath({ ...one, virtualDatacenter: 4_711 })), "404 VDC-0");
    assert.equal(await cloud.refusal(taskPath({ ...other, taskId: one.taskId })), "404 TASK-1");
    assert.equal(await cloud.refusal("/admin/enterprises/3/users/2"), "404 USER-3");
  });

  it("the history of a machine keeps its last twenty tasks, and none that waits is lost", async () => {
    const first = cloud.held();
    const machine = cloud.abiquo.world.machines.get(first.virtualMachine);
    assert.ok(machine);
    cloud.abiquo.decideElsewhere(first.taskId, "cancel");
    for (let index = 0; index < 29; index++) {
      const [task] = cloud.abiquo.act([machine], "DEPLOY", first.user);
      assert.ok(task);
      if (index < 28) cloud.abiquo.decideElsewhere(task.taskId, "cancel");
    }
    cloud.abiquo.trimHistory();
    const { collection } = await cloud.json<{ collection: { state: string }[] }>(`${machinePath(first)}/tasks`);
    assert.equal(collection.length, 20);
    assert.equal(collection[0]?.state, "QUEUEING", "the newest comes first");
    assert.equal(await cloud.refusal(taskPath(first)), "404 TASK-1");
  });

  describe("errors", () => {
    it("an unknown path and a method that is not there are told apart, in an errors DTO", async () => {
      assert.equal(await cloud.refusal("/nothing/here"), "404 404-NOT-FOUND");
      assert.equal(await cloud.refusal("/login", { method: "DELETE" }), "405 405-METHOD-NOT-ALLOWED");
      assert.equal((await cloud.call("/nothing/here")).headers.get("content-type"), "application/vnd.abiquo.errors+json");
      const { collection } = (await (await cloud.call("/admin/enterprises/3", { as: "ana" })).json()) as {
        collection: { message: string }[];
      };
      assert.equal(collection[0]?.message, "Access denied");
    });

    it("two slashes count as one, as Abiquo's own client sends them", async () => {
      assert.equal(await cloud.refusal("//admin//enterprises/2"), "200");
    });

    it("the token of a session stands for its sign-in, until it ends", async () => {
      const signedIn = await cloud.call("/login", { as: "ana" });
      const token = signedIn.headers.get("x-abiquo-token") ?? "";
      const nick = async (): Promise<string | number> => {
        const response = await cloud.call("/login", { headers: { Authorization: `Token ${token}` } });
        return response.ok ? ((await response.json()) as { nick: string }).nick : response.status;
      };
      assert.equal(await nick(), "ana");
      cloud.abiquo.moveClock(31 * 60_000);
      assert.equal(await nick(), 401);
    });

    it("a server before 4.2 gives no such token", async () => {
      const old = await Cloud.start({ version: "3.10" });
      assert.equal((await old.call("/login")).headers.get("x-abiquo-token"), null);
      await old.abiquo.close();
    });
  });
});
