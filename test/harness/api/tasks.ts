import { extendedTaskDto, type TaskView, taskDto } from "../dto/tasks.ts";
import type { SimTask } from "../world/tasks.ts";
import { ApiError } from "./errors.ts";
import { pageOf } from "./lists.ts";
import { enterpriseOf, userOf } from "./people.ts";
import { MACHINE, machineOf, TASK, taskOf } from "./places.ts";
import type { Call, Result, Route } from "./route.ts";

const ENTERPRISE = "/admin/enterprises/{enterprise}";
const READS_TASKS = [
  "VDC_MANAGE_VAPP",
  "VAPP_CUSTOMISE_SETTINGS",
  "VAPP_ASSIGN_NETWORK",
  "VAPP_PERFORM_ACTIONS",
  "VAPP_DEPLOY_UNDEPLOY",
  "VAPP_CREATE_INSTANCE",
  "WORKFLOW_OVERRIDE",
] as const;

/** The tasks of machines, what waits, and the answers to it. */
export const TASK_ROUTES: readonly Route[] = [
  { method: "POST", path: `${TASK}/action/continue`, privileges: ["AUTHENTICATED"], handle: (call) => answer(call, "continue") },
  { method: "POST", path: `${TASK}/action/cancel`, privileges: ["AUTHENTICATED"], handle: (call) => answer(call, "cancel") },
  { method: "POST", path: `${TASK}/action/ack`, privileges: ["AUTHENTICATED"], handle: acknowledge },
  { method: "GET", path: TASK, privileges: READS_TASKS, produces: ["task", "taskextended"], handle: readTask },
  { method: "GET", path: `${MACHINE}/tasks`, privileges: READS_TASKS, produces: ["tasks"], handle: tasksOfMachine },
  {
    method: "GET",
    path: `${ENTERPRISE}/action/pendingtasks`,
    privileges: ["WORKFLOW_OVERRIDE"],
    produces: ["tasks"],
    handle: (call) => pendingTasks(call, "enterprise", enterpriseOf(call).id),
  },
  {
    method: "GET",
    path: `${ENTERPRISE}/users/{user}/action/pendingtasks`,
    privileges: ["AUTHENTICATED"],
    produces: ["tasks"],
    handle: pendingOfUser,
  },
];

/** The requester may cancel; continue, and all of others', need the privilege and an enterprise within one's scope. */
function requireMayAnswer(call: Call, task: SimTask, action: "continue" | "cancel"): void {
  const isOwn = task.user.id === call.user.id;
  if (isOwn && action === "cancel") return;
  if (!call.privileges.has("WORKFLOW_OVERRIDE")) throw new ApiError("403-FORBIDDEN", ["WORKFLOW_OVERRIDE"]);
  if (!call.world.sees(call.user, task.enterprise)) throw new ApiError("403-FORBIDDEN");
}

function answer(call: Call, action: "continue" | "cancel"): Result {
  const { abiquo, contentType, user } = call;
  // Another media type reaches the method that takes no body: its text is dropped.
  const text = /^text\/(plain|xml)\b/.test(contentType) ? call.body : "";
  const record = (status: number, applied: boolean): void => {
    abiquo.record({ taskId: call.id("task"), action, text, contentType, at: Date.now(), status, user: user.nick, applied });
  };
  try {
    const task = taskOf(call);
    requireMayAnswer(call, task, action);
    if (task.state !== "QUEUEING") throw new ApiError("TASK-2");
    abiquo.apply(task, action, text, user.nick);
  } catch (error) {
    if (error instanceof ApiError) record(error.status, false);
    throw error;
  }
  record(204, true);
  return {};
}

function acknowledge(call: Call): Result {
  const task = taskOf(call);
  if (task.state !== "FINISHED_UNSUCCESSFULLY") throw new ApiError("TASK-2");
  call.abiquo.changeTask(task, "ACK_ERROR");
  return {};
}

function readTask(call: Call): Result {
  const task = taskOf(call);
  const prefix = `${call.abiquo.url}/`;
  return { dto: call.wanted === "taskextended" ? extendedTaskDto(task, prefix) : taskDto(task, "machine", prefix) };
}

/** Newest first, and no totalSize. */
function tasksOfMachine(call: Call): Result {
  const tasks = call.abiquo.tasksOf(machineOf(call)).reverse();
  const self = call.abiquo.url + call.path;
  const links = [
    { href: self, rel: "self" },
    { href: self.replace(/\/tasks$/, ""), rel: "parent" },
  ];
  return { dto: { links, collection: tasks.map((task) => taskDto(task, "machine", `${call.abiquo.url}/`)) } };
}

function pendingOfUser(call: Call): Result {
  const user = userOf(call);
  if (user.id !== call.user.id && !call.privileges.has("WORKFLOW_OVERRIDE")) throw new ApiError("403-FORBIDDEN", ["WORKFLOW_OVERRIDE"]);
  return pendingTasks(call, "user", user.enterprise, user.id);
}

/** Newest first; no paging links, `totalSize` counts all matches, and a search without any has no links (recorded). */
function pendingTasks(call: Call, view: TaskView, enterprise: number, user?: number): Result {
  const { abiquo, query, path } = call;
  const has = query.get("has");
  const matches = abiquo
    .heldOf(enterprise)
    .filter((task) => user === undefined || task.user.id === user)
    .filter((task) => has === null || task.user.nick.includes(has))
    .reverse();
  const self = abiquo.url + path;
  const links = [
    { href: self, rel: "self" },
    { href: self.replace(/\/action\/pendingtasks$/, ""), rel: "parent" },
  ];
  const collection = pageOf(matches, query).map((task) => taskDto(task, view, `${abiquo.url}/`));
  return { dto: { totalSize: matches.length, links: has !== null && matches.length === 0 ? [] : links, collection } };
}
