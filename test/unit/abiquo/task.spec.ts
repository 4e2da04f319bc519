import assert from "node:assert/strict";
import { taskFromDto } from "../../../nodes/lib/abiquo/index.ts";
import { BASE, faultOf, MACHINE, taskDto } from "./support.ts";

const TASK = `${BASE}/${MACHINE}/tasks/task-1`;

function withLinks(...links: [rel: string, href: string][]): Record<string, unknown> {
  return taskDto("task-1", { links: links.map(([rel, href]) => ({ rel, href })) });
}

function problemOf(dto: unknown): string {
  const { code, params } = faultOf(() => taskFromDto(dto, BASE));
  assert.equal(code, "ABIQUO_BAD_TASK");
  return String(params["problem"]);
}

describe("a task", () => {
  it("is summed up with the ids that its links hold", () => {
    assert.deepEqual(taskFromDto(taskDto(), BASE).task, {
      taskId: "task-1",
      type: "DEPLOY",
      state: "QUEUEING",
      userId: "22",
      ownerId: "13",
      requester: "ana",
      createdAt: "2023-11-14T22:13:20.000Z",
      enterpriseId: "21",
      virtualDatacenterId: "11",
      virtualApplianceId: "12",
      virtualMachineId: "13",
    });
  });

  it("has absolute links below the connection's URL", () => {
    assert.deepEqual(taskFromDto(taskDto(), BASE).links, {
      self: TASK,
      continue: `${TASK}/action/continue`,
      cancel: `${TASK}/action/cancel`,
      target: `${BASE}/${MACHINE}`,
      user: `${BASE}/admin/enterprises/21/users/22`,
    });
  });

  it("keeps what Abiquo sent as its payload", () => {
    const dto = taskDto("task-1", { somethingNew: { of: ["a", "later", "version"] } });
    assert.equal(taskFromDto(dto, BASE).payload, dto);
  });

  it("knows its machine by target or by virtualmachine", () => {
    for (const rel of ["target", "virtualmachine"]) {
      const { links, task } = taskFromDto(withLinks([rel, `/${MACHINE}`], ["continue", `${TASK}/action/continue`]), BASE);
      assert.equal(links.target, `${BASE}/${MACHINE}`);
      assert.equal(task.virtualMachineId, "13");
    }
  });

  it("derives the links that it lacks from those that it has", () => {
    const whole = {
      self: TASK,
      continue: `${TASK}/action/continue`,
      cancel: `${TASK}/action/cancel`,
      target: `${BASE}/${MACHINE}`,
      user: "",
    };
    for (const link of [
      ["self", `/${MACHINE}/tasks/task-1`],
      ["continue", `/${MACHINE}/tasks/task-1/action/continue`],
      ["cancel", `/${MACHINE}/tasks/task-1/action/cancel`],
      ["target", `/${MACHINE}`],
      ["virtualmachine", `/${MACHINE}`],
    ] as [string, string][]) {
      assert.deepEqual(taskFromDto(withLinks(link), BASE).links, whole, link[0]);
    }
  });

  it("can still be answered when it was read in a state that has no links to answer", () => {
    const dto = { ...withLinks(["self", `${TASK}`]), state: "PENDING" };
    assert.equal(taskFromDto(dto, BASE).links.continue, `${TASK}/action/continue`);
  });

  it("takes ids that are no numbers, and numbers as text", () => {
    const { task } = taskFromDto(
      taskDto("t", { taskId: 7, userId: -4, ownerId: "9-VMDK", links: [{ rel: "target", href: MACHINE }] }),
      BASE,
    );
    assert.deepEqual([task.taskId, task.userId, task.ownerId], ["7", "-4", "9-VMDK"]);
  });

  it("takes the user's id from the link when the field is missing", () => {
    const dto = taskDto();
    delete dto["userId"];
    assert.equal(taskFromDto(dto, BASE).task.userId, "22");
  });

  it("has no requester when the user link has no title", () => {
    const links = (taskDto()["links"] as { rel: string; href: string }[]).map(({ rel, href }) => ({ rel, href }));
    assert.equal(taskFromDto({ ...taskDto(), links }, BASE).task.requester, "");
  });

  it("takes its time from the last change when the creation is unknown, and none from nonsense", () => {
    const at = (creationTimestamp: unknown, timestamp: unknown): string =>
      taskFromDto(taskDto("task-1", { creationTimestamp, timestamp }), BASE).task.createdAt;
    assert.equal(at(undefined, 1_700_000_000), "2023-11-14T22:13:20.000Z");
    assert.equal(at("1700000000", 0), "2023-11-14T22:13:20.000Z");
    for (const nonsense of [null, "soon", -5, 1e300, {}, []]) assert.equal(at(nonsense, undefined), "");
  });

  it("is refused when it is no task", () => {
    for (const value of [null, undefined, 1, "task", [], true]) assert.equal(problemOf(value), "NOT_AN_OBJECT");
  });

  it("is refused without an id that can be part of a path", () => {
    for (const taskId of [undefined, "", ".", "..", "a/b", "a b", "é", "x".repeat(129), {}, ["a"], "a%2e"]) {
      assert.equal(problemOf(taskDto("task-1", { taskId })), "NO_TASK_ID");
    }
  });

  it("is refused when nothing leads to it", () => {
    for (const links of [
      undefined,
      null,
      [],
      {},
      "x",
      [null, 1, { rel: "self" }, { href: "x" }],
      [{ rel: "user", href: "/admin/enterprises/1/users/2" }],
    ]) {
      assert.equal(problemOf(taskDto("task-1", { links })), "NO_LINKS");
    }
  });

  it("is refused when a link leads to another task, which would be decided in its name", () => {
    const other = `/${MACHINE}/tasks/task-2`;
    const own = `/${MACHINE}/tasks/task-1`;
    for (const links of [
      [["self", other]],
      [["continue", `${other}/action/continue`]],
      [
        ["self", own],
        ["continue", `${other}/action/continue`],
      ],
      [
        ["self", own],
        ["cancel", `${other}/action/cancel`],
      ],
      [
        ["continue", `${own}/action/continue`],
        ["cancel", `${other}/action/cancel`],
      ],
      [["continue", `${own}/action/cancel`]],
      [
        ["self", own],
        ["continue", `${own}/action/cancel`],
        ["cancel", `${own}/action/continue`],
      ],
    ] as [string, string][][]) {
      assert.equal(problemOf(withLinks(...links)), "LINK_OF_ANOTHER_TASK");
    }
  });

  it("is refused when any of its links leads astray", () => {
    for (const rel of ["self", "continue", "cancel", "target", "user"]) {
      const links = (taskDto()["links"] as { rel: string }[]).map((link) => (link.rel === rel ? { rel, href: "/cloud/../x" } : link));
      assert.equal(faultOf(() => taskFromDto({ ...taskDto(), links }, BASE)).code, "ABIQUO_BAD_LINK", rel);
    }
  });
});
