import type { SimTask, TaskState } from "../world/tasks.ts";
import { type Dto, type Link, typed } from "./links.ts";

export function machinePath({ virtualDatacenter, virtualAppliance, virtualMachine }: SimTask): string {
  return `cloud/virtualdatacenters/${virtualDatacenter}/virtualappliances/${virtualAppliance}/virtualmachines/${virtualMachine}`;
}

export function taskPath(task: SimTask): string {
  return `${machinePath(task)}/tasks/${task.taskId}`;
}

/** Where a task is read decides which links it shows. */
export type TaskView = "webhook" | "enterprise" | "user" | "machine";

/** @param prefix what stands before `cloud/` and `admin/` in each href */
export function taskDto(task: SimTask, view: TaskView, prefix: string): Dto {
  return {
    taskId: task.taskId,
    type: task.type,
    state: task.state,
    ownerId: String(task.virtualMachine),
    userId: String(task.user.id),
    timestamp: task.timestamp,
    creationTimestamp: task.created,
    jobs: { links: [], collection: jobsOf(task) },
    links: taskLinks(task, view, prefix),
  };
}

/** The same with its jobs extended (`taskextended`); evidenced by name only, so what the name says is what it holds. */
export function extendedTaskDto(task: SimTask, prefix: string): Dto {
  return { ...taskDto(task, "machine", prefix), jobsExtended: { links: [], collection: jobsOf(task) } };
}

function taskLinks(task: SimTask, view: TaskView, prefix: string): Link[] {
  const self = prefix + taskPath(task);
  const machine = prefix + machinePath(task);
  const user = `${prefix}admin/enterprises/${task.enterprise}/users/${task.user.id}`;
  const userLink: Link = view === "user" ? { href: user, rel: "user" } : typed("user", user, "user", task.user.nick);
  const base: Link[] = [
    { href: self, rel: "self" },
    { href: view === "machine" ? `${machine}/tasks` : machine, rel: "parent" },
  ];
  if (task.state === "QUEUEING")
    base.push({ href: `${self}/action/cancel`, rel: "cancel" }, { href: `${self}/action/continue`, rel: "continue" });
  if (task.state === "FINISHED_UNSUCCESSFULLY") base.push({ href: `${self}/action/ack`, rel: "acknowledge" });
  return view === "machine"
    ? [...base, userLink, typed("virtualmachine", machine, "virtualmachine", `vm-${task.virtualMachine}`)]
    : [...base, { href: machine, rel: "target" }, userLink];
}

const JOBS: Readonly<Record<SimTask["type"], readonly string[]>> = {
  DEPLOY: ["SCHEDULE", "CONFIGURE", "POWER_ON"],
  UNDEPLOY: ["POWER_OFF", "DECONFIGURE", "FREE_RESOURCES"],
  RECONFIGURE: ["UPDATE_RESOURCES", "RECONFIGURE", "REGISTER_VM"],
  POWER_ON: ["POWER_ON"],
  POWER_OFF: ["POWER_OFF"],
};

const FAILED: ReadonlySet<TaskState> = new Set(["FINISHED_UNSUCCESSFULLY", "ACK_ERROR"]);

/** While a task waits its jobs do, too; those behind a job that failed are skipped. */
function jobState(task: SimTask, index: number): string {
  if (task.state === "FINISHED_SUCCESSFULLY") return "DONE";
  if (task.state === "STARTED") return index === 0 ? "STARTED" : "PENDING";
  if (!FAILED.has(task.state)) return "PENDING";
  const failed = task.failedJob ?? 0;
  return index < failed ? "DONE" : index === failed ? "FAILED" : "SKIPPED";
}

function jobsOf(task: SimTask): object[] {
  const verb = task.type.charAt(0) + task.type.slice(1).toLowerCase();
  return JOBS[task.type].map((type, index) => ({
    id: `${task.taskId}.${task.taskId.slice(0, -1)}${index}`,
    parentTaskId: task.taskId,
    type,
    state: jobState(task, index),
    rollbackState: "UNKNOWN",
    description: `${verb} task's ${type.toLowerCase().replaceAll("_", " ")} on virtual machine with id ${task.virtualMachine}`,
    timestamp: task.timestamp,
    creationTimestamp: task.created,
    links: [],
  }));
}
