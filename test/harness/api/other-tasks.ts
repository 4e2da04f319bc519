import { createHash } from "node:crypto";
import { ApiError } from "./errors.ts";
import { enterpriseOf } from "./people.ts";
import { DATACENTER, datacenterOf, MACHINE, machineOf } from "./places.ts";
import type { Call, Result, Route } from "./route.ts";

/** A kind of task that is not held for workflow: what it is of, and how the one that there is went. */
interface Kind {
  /** of the thing whose tasks they are */
  readonly owner: string;
  readonly type: string;
  readonly state: "STARTED" | "PENDING" | "FINISHED_SUCCESSFULLY" | "FINISHED_UNSUCCESSFULLY";
  readonly jobs: readonly string[];
  /** as `ownerId` has it */
  readonly ownerId: (id: Call["id"]) => string;
  /** refuses a path that leads nowhere */
  readonly check: (call: Call) => unknown;
}

const TEMPLATE = "/admin/enterprises/{enterprise}/datacenterrepositories/{repository}/virtualmachinetemplates/{template}";

const KINDS: readonly Kind[] = [
  {
    owner: "/admin/enterprises/{enterprise}/datacenterrepositories/{repository}",
    type: "REFRESH_REPOSITORY",
    state: "STARTED",
    jobs: [],
    ownerId: (id) => id("repository"),
    check: enterpriseOf,
  },
  {
    owner: TEMPLATE,
    type: "MAKE_PERSISTENT",
    state: "FINISHED_UNSUCCESSFULLY",
    jobs: ["DUMP_DISK_TO_VOLUME"],
    ownerId: (id) => id("template"),
    check: enterpriseOf,
  },
  {
    owner: `${TEMPLATE}/conversions/{conversion}`,
    type: "CONVERT_DISK",
    state: "FINISHED_SUCCESSFULLY",
    jobs: ["DISK_CONVERSION"],
    ownerId: (id) => `${id("template")}-${id("conversion")}`,
    check: enterpriseOf,
  },
  {
    owner: `${TEMPLATE}/disks/{disk}`,
    type: "COPY_DISK",
    state: "FINISHED_SUCCESSFULLY",
    jobs: ["COPY_DISK"],
    ownerId: (id) => id("template"),
    check: enterpriseOf,
  },
  {
    owner: `${TEMPLATE}/disks/{disk}/conversions/{conversion}`,
    type: "CONVERT_DISK",
    state: "FINISHED_UNSUCCESSFULLY",
    jobs: ["DISK_CONVERSION"],
    ownerId: (id) => `${id("disk")}-${id("conversion")}`,
    check: enterpriseOf,
  },
  {
    owner: DATACENTER,
    type: "SYNC_PCR",
    state: "FINISHED_SUCCESSFULLY",
    jobs: ["PRIVATE_NETWORKS"],
    ownerId: (id) => id("datacenter"),
    check: datacenterOf,
  },
  {
    owner: `${MACHINE}/actionplans/{plan}`,
    type: "EXECUTE_VM_ACTION_PLAN",
    state: "PENDING",
    jobs: [],
    ownerId: (id) => id("machine"),
    check: machineOf,
  },
];

/**
 * Tasks of templates, of datacenters and of action plans, one of each: a client that follows links meets them, and
 * `ownerId` and `userId` are less regular there than on machines (recorded).
 */
export const OTHER_TASK_ROUTES: readonly Route[] = KINDS.flatMap((kind): Route[] => [
  { method: "GET", path: `${kind.owner}/tasks`, privileges: ["AUTHENTICATED"], produces: ["tasks"], handle: (call) => listed(call, kind) },
  {
    method: "GET",
    path: `${kind.owner}/tasks/{task}`,
    privileges: ["AUTHENTICATED"],
    produces: ["task"],
    handle: (call) => read(call, kind),
  },
]);

function listed(call: Call, kind: Kind): Result {
  kind.check(call);
  const self = call.abiquo.url + call.path;
  const links = [
    { rel: "self", href: self },
    { rel: "parent", href: self.replace(/\/tasks$/, "") },
  ];
  return { dto: { links, collection: [taskDto(call, kind, self)] } };
}

function read(call: Call, kind: Kind): Result {
  kind.check(call);
  const tasks = (call.abiquo.url + call.path).replace(/\/[^/]+$/, "");
  const dto = taskDto(call, kind, tasks);
  if (dto.taskId !== call.id("task")) throw new ApiError("TASK-1");
  return { dto };
}

function taskDto(call: Call, { type, state, jobs, ownerId }: Kind, tasks: string) {
  const taskId = idFor(tasks);
  const self = `${tasks}/${taskId}`;
  const at = call.abiquo.startedAt;
  const isFailed = state === "FINISHED_UNSUCCESSFULLY";
  const collection = jobs.map((job) => ({
    id: idFor(self + job),
    parentTaskId: taskId,
    type: job,
    state: isFailed ? "FAILED" : "DONE",
    rollbackState: "UNKNOWN",
    description: `${job.toLowerCase().replaceAll("_", " ")} of ${ownerId(call.id)}`,
    timestamp: at,
    creationTimestamp: at,
    links: [],
  }));
  const links = [
    { rel: "self", href: self },
    { rel: "parent", href: tasks },
    ...(isFailed ? [{ rel: "acknowledge", href: `${self}/action/ack` }] : []),
  ];
  return {
    taskId,
    type,
    state,
    ownerId: ownerId(call.id),
    userId: "SYSTEM",
    timestamp: at,
    creationTimestamp: at,
    jobs: { links: [], collection },
    links,
  };
}

/** The same for the same place in every run. */
function idFor(text: string): string {
  const hex = createHash("sha256")
    .update(text.replace(/^https?:\/\/[^/]+/, ""))
    .digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}
