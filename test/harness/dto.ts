import type { Application } from "./registration.ts";
import type { SimTask } from "./tasks.ts";
import { type Enterprise, privilegesIn, type Role, type SystemProperty, type User, type World } from "./world.ts";

export interface Link {
  rel: string;
  href: string;
  type?: string;
  title?: string;
}

/** @param type the name of an Abiquo media type, or a whole media type */
export function typed(rel: string, href: string, type: string, title: string): Link {
  return { href, type: type.includes("/") ? type : `application/vnd.abiquo.${type}+json`, rel, title };
}

export function taskPath(task: SimTask): string {
  return `${machinePath(task)}/tasks/${task.taskId}`;
}

export function machinePath(task: SimTask): string {
  const { virtualDatacenter, virtualAppliance, virtualMachine } = task;
  return `cloud/virtualdatacenters/${virtualDatacenter}/virtualappliances/${virtualAppliance}/virtualmachines/${virtualMachine}`;
}

/** Where a task is read decides which links it shows. */
export type TaskView = "webhook" | "enterprise" | "user" | "machine";

/** @param prefix what stands before `cloud/` and `admin/` in each href */
export function taskDto(task: SimTask, view: TaskView, prefix: string): Record<string, unknown> {
  const self = prefix + taskPath(task);
  const machine = prefix + machinePath(task);
  const user = `${prefix}admin/enterprises/${task.enterprise}/users/${task.user.id}`;
  const userLink: Link = view === "user" ? { href: user, rel: "user" } : typed("user", user, "user", task.user.nick);
  const answers: Link[] =
    task.state === "QUEUEING"
      ? [
          { href: `${self}/action/cancel`, rel: "cancel" },
          { href: `${self}/action/continue`, rel: "continue" },
        ]
      : [];
  const acknowledge: Link[] =
    task.state === "FINISHED_UNSUCCESSFULLY" ? [{ href: `${self}/action/ack`, rel: "acknowledge" }] : [];
  const machineLink: Link =
    view === "machine"
      ? typed("virtualmachine", machine, "virtualmachine", `vm-${task.virtualMachine}`)
      : { href: machine, rel: "target" };
  const base: Link[] = [
    { href: self, rel: "self" },
    { href: view === "machine" ? `${machine}/tasks` : machine, rel: "parent" },
    ...answers,
    ...acknowledge,
  ];
  return {
    taskId: task.taskId,
    type: task.type,
    state: task.state,
    ownerId: String(task.virtualMachine),
    userId: String(task.user.id),
    timestamp: task.timestamp,
    creationTimestamp: task.created,
    jobs: { links: [], collection: jobsOf(task) },
    links: view === "machine" ? [...base, userLink, machineLink] : [...base, machineLink, userLink],
  };
}

const JOBS: Record<SimTask["type"], string[]> = {
  DEPLOY: ["SCHEDULE", "CONFIGURE", "POWER_ON"],
  UNDEPLOY: ["POWER_OFF", "DECONFIGURE", "FREE_RESOURCES"],
  RECONFIGURE: ["UPDATE_RESOURCES", "RECONFIGURE", "REGISTER_VM"],
};

function jobsOf(task: SimTask): object[] {
  const verb = task.type.charAt(0) + task.type.slice(1).toLowerCase();
  const state = task.state === "FINISHED_SUCCESSFULLY" ? "DONE" : "PENDING";
  return JOBS[task.type].map((type, index) => ({
    id: `${task.taskId}.${task.taskId.slice(0, -1)}${index}`,
    parentTaskId: task.taskId,
    type,
    state,
    rollbackState: "UNKNOWN",
    description: `${verb} task's ${type.toLowerCase().replaceAll("_", " ")} on virtual machine with id ${task.virtualMachine}`,
    timestamp: task.timestamp,
    creationTimestamp: task.created,
    links: [],
  }));
}

export function userDto(user: User, world: World, api: string, locked: boolean): Record<string, unknown> {
  const enterprise = world.enterprises.find(({ id }) => id === user.enterprise);
  const role = world.roles.find(({ id }) => id === user.role);
  const self = `${api}/admin/enterprises/${user.enterprise}/users/${user.id}`;
  return {
    id: user.id,
    nick: user.nick,
    name: user.name,
    surname: user.surname,
    email: user.email,
    locale: "en_US",
    authType: "ABIQUO",
    active: true,
    locked,
    firstLogin: false,
    links: [
      typed("enterprise", `${api}/admin/enterprises/${user.enterprise}`, "enterprise", enterprise?.name ?? ""),
      typed("role", `${api}/admin/roles/${user.role}`, "role", role?.name ?? ""),
      typed("edit", self, "user", user.nick),
      typed("virtualmachines", `${self}/action/virtualmachines`, "virtualmachines", "virtual machines"),
      typed("pendingtasks", `${self}/action/pendingtasks`, "tasks", "pending tasks"),
      typed("applications", `${self}/applications`, "applications", "applications"),
    ],
  };
}

export function applicationDto(application: Application, world: World, api: string): Record<string, unknown> {
  const user = world.users.find(({ id }) => id === application.user);
  const owner = `${api}/admin/enterprises/${user?.enterprise}/users/${user?.id}`;
  const { id, name, description, apiKey, apiSecret, privileges } = application;
  return {
    id,
    name,
    ...(description === undefined ? {} : { description }),
    apiKey,
    apiSecret,
    links: [
      typed("self", `${owner}/applications/${id}`, "application", name),
      typed("user", owner, "user", user?.nick ?? ""),
      ...privileges.map((privilege) => privilegeLink("privilege", privilege, world, api)),
    ],
  };
}

function privilegeId(privilege: string, world: World): number {
  return privilegesIn(world).indexOf(privilege) + 1;
}

export function privilegeLink(rel: "privilege" | "self", privilege: string, world: World, api: string): Link {
  return typed(rel, `${api}/config/privileges/${privilegeId(privilege, world)}`, "privilege", privilege);
}

/** @param rel of its only link: `self` where it is read alone, `privilege` in the list of a role */
export function privilegeDto(privilege: string, rel: "privilege" | "self", world: World, api: string): Record<string, unknown> {
  return { id: privilegeId(privilege, world), name: privilege, links: [privilegeLink(rel, privilege, world, api)] };
}

export function roleDto(role: Role, api: string): Record<string, unknown> {
  const self = `${api}/admin/roles/${role.id}`;
  return {
    id: role.id,
    name: role.name,
    blocked: false,
    links: [
      typed("edit", self, "role", role.name),
      typed("privileges", `${self}/action/privileges`, "privileges", "privileges"),
      typed("scope", `${api}/admin/scopes/1`, "scope", "Global scope"),
    ],
  };
}

const ENTERPRISE_LINKS: [rel: string, path: string, type: string, title: string][] = [
  ["users", "users", "users", "users"],
  ["properties", "properties", "enterpriseproperties", "properties"],
  ["appslib/templateDefinitionLists", "appslib/templateDefinitionLists", "templatedefinitionlists", "template definitions lists"],
  ["appslib/templateDefinitions", "appslib/templateDefinitions", "templatedefinitions", "template definitions"],
  ["datacenterrepositories", "datacenterrepositories", "datacenterrepositories", "repositories"],
  ["virtualmachines", "action/virtualmachines", "virtualmachines", "virtual machines"],
  ["virtualappliances", "action/virtualappliances", "virtualappliances", "virtual appliances"],
  ["ips", "action/ips", "privateips", "ips"],
  ["cloud/virtualdatacenters", "action/virtualdatacenters", "virtualdatacenters", "virtual datacenters"],
  ["reservedmachines", "reservedmachines", "machines", "reserved machines"],
  ["limits", "limits", "limits", "limits"],
  ["volumes", "action/volumes", "volumes", "volumes"],
  ["externalnetworks", "action/externalnetworks", "vlans", "external networks"],
  ["pendingtasks", "action/pendingtasks", "tasks", "pending tasks"],
  ["credentials", "credentials", "publiccloudcredentialslist", "credentials"],
  ["vappspecs", "vappspecs", "virtualappliancespecs", "specifications"],
];

export function enterpriseDto(enterprise: Enterprise, api: string): Record<string, unknown> {
  const self = `${api}/admin/enterprises/${enterprise.id}`;
  return {
    ...enterprise.fields,
    id: enterprise.id,
    name: enterprise.name,
    workflow: enterprise.workflow,
    links: [
      typed("edit", self, "enterprise", enterprise.name),
      ...ENTERPRISE_LINKS.map(([rel, path, type, title]) => typed(rel, `${self}/${path}`, type, title)),
    ],
  };
}

export function propertyDto(property: SystemProperty, api: string): Record<string, unknown> {
  const { id, name, value, description } = property;
  return {
    id,
    name,
    value,
    ...(description === undefined ? {} : { description }),
    links: [typed("edit", `${api}/config/properties/${id}`, "systemproperty", name)],
  };
}
