import type { IncomingMessage } from "node:http";
import type { SimulatedAbiquo } from "./abiquo.ts";
import { applianceDto, datacenterDto, disksOf, machineDto, volumesOf } from "./cloud.ts";
import { applicationDto, enterpriseDto, privilegeDto, privilegeLink, propertyDto, roleDto, taskDto, taskPath, type TaskView, userDto } from "./dto.ts";
import type { Application } from "./registration.ts";
import type { SimTask, TaskType } from "./tasks.ts";
import { privilegesIn, type Role, type User, type VirtualMachine } from "./world.ts";
import { tasksXml } from "./xml.ts";

export interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

interface Context {
  readonly abiquo: SimulatedAbiquo;
  readonly user: User;
  readonly privileges: readonly string[];
  readonly request: IncomingMessage;
  readonly body: string;
  readonly query: URLSearchParams;
  /** what the path's brackets matched */
  readonly part: (index: number) => string;
}

type Route = [method: string, path: RegExp, handle: (context: Context) => Reply];

/** One answer of the API. `path` begins after the base path. */
export function api(abiquo: SimulatedAbiquo, request: IncomingMessage, path: string, body: string): Reply {
  const [pathname = "/", search = ""] = path.split("?");
  if (pathname === "/version") return versionReply(abiquo, request);
  const query = new URLSearchParams(search);
  const step = abiquo.registration.step(request, pathname, query);
  if (step !== undefined) return step;
  const user = abiquo.signIn.userOf(request);
  if (user === undefined) return unauthorized();
  const wrongVersion = versionProblem(abiquo, request);
  if (wrongVersion !== undefined) return wrongVersion;
  let wasFound = false;
  for (const [method, pattern, handle] of ROUTES) {
    const match = pattern.exec(pathname);
    if (match === null) continue;
    wasFound = true;
    if (method !== request.method) continue;
    const privileges = abiquo.signIn.privilegesOf(request, user);
    return handle({ abiquo, user, privileges, request, body, query, part: (index) => match[index] ?? "" });
  }
  return wasFound ? apiError(405, "GEN-9", "The method is not allowed here") : apiError(404, "GEN-0", "There is no such resource");
}

const TASK = /^\/cloud\/virtualdatacenters\/([^/]+)\/virtualappliances\/([^/]+)\/virtualmachines\/([^/]+)\/tasks\/([^/]+)$/;
const at = (path: RegExp, end: string): RegExp => new RegExp(path.source.replace(/\$$/, `${end}$`));
const MACHINE = /^\/cloud\/virtualdatacenters\/([^/]+)\/virtualappliances\/([^/]+)\/virtualmachines\/([^/]+)$/;
const APPLIANCE = /^\/cloud\/virtualdatacenters\/([^/]+)\/virtualappliances\/([^/]+)$/;
const APPLICATIONS = /^\/admin\/enterprises\/([^/]+)\/users\/([^/]+)\/applications$/;

const ROUTES: Route[] = [
  ["POST", at(TASK, "/action/continue"), (c) => answer(c, "continue")],
  ["POST", at(TASK, "/action/cancel"), (c) => answer(c, "cancel")],
  ["POST", at(TASK, "/action/ack"), acknowledge],
  ["GET", TASK, readTask],
  ["GET", at(MACHINE, "/tasks"), machineTasks],
  ["POST", at(MACHINE, "/action/(deploy|undeploy)"), (c) => machineAction(c, c.part(4) === "deploy" ? "DEPLOY" : "UNDEPLOY")],
  ["PUT", MACHINE, (c) => machineAction(c, "RECONFIGURE")],
  ["GET", MACHINE, readMachine],
  ["GET", at(MACHINE, "/storage/disks"), (c) => storage(c, "harddisks")],
  ["GET", at(MACHINE, "/storage/volumes"), (c) => storage(c, "volumes")],
  ["GET", /^\/cloud\/virtualdatacenters\/([^/]+)$/, (c) => dto(c, "virtualdatacenter", datacenterDto(c.part(1), c.abiquo.world, c.abiquo.url))],
  ["GET", APPLIANCE, (c) => dto(c, "virtualappliance", applianceDto(c.part(1), c.part(2), c.abiquo.world, c.abiquo.url))],
  ["POST", at(APPLIANCE, "/action/(deploy|undeploy)"), (c) => applianceAction(c, c.part(3) === "deploy" ? "DEPLOY" : "UNDEPLOY")],
  ["GET", /^\/admin\/enterprises\/([^/]+)\/action\/pendingtasks$/, (c) => pendingTasks(c, "enterprise")],
  ["GET", /^\/admin\/enterprises\/([^/]+)\/users\/([^/]+)\/action\/pendingtasks$/, (c) => pendingTasks(c, "user")],
  ["GET", /^\/login$/, (c) => dto(c, "user", shownUser(c, c.user))],
  ["GET", /^\/admin\/enterprises$/, enterprises],
  ["GET", /^\/admin\/enterprises\/([^/]+)$/, readEnterprise],
  ["PUT", /^\/admin\/enterprises\/([^/]+)$/, writeEnterprise],
  ["GET", /^\/admin\/enterprises\/([^/]+)\/users$/, users],
  ["GET", /^\/admin\/enterprises\/([^/]+)\/users\/([^/]+)$/, readUser],
  ["GET", APPLICATIONS, applications],
  ["POST", APPLICATIONS, createApplication],
  ["GET", at(APPLICATIONS, "/([^/]+)"), (c) => withApplication(c, (application) => shownApplication(c, application))],
  ["DELETE", at(APPLICATIONS, "/([^/]+)"), (c) => withApplication(c, (application) => deleteApplication(c, application))],
  ["GET", /^\/admin\/roles$/, roles],
  ["GET", /^\/admin\/roles\/([^/]+)$/, (c) => withRole(c, (role) => dto(c, "role", roleDto(role, c.abiquo.url)))],
  ["GET", /^\/admin\/roles\/([^/]+)\/action\/privileges$/, (c) => withRole(c, (role) => rolePrivileges(c, role))],
  ["GET", /^\/config\/privileges\/([^/]+)$/, readPrivilege],
  ["GET", /^\/config\/properties$/, properties],
  ["POST", /^\/config\/properties$/, createProperty],
  ["PUT", /^\/config\/properties$/, replaceProperties],
  ["GET", /^\/config\/properties\/([^/]+)$/, readProperty],
  ["PUT", /^\/config\/properties\/([^/]+)$/, writeProperty],
];

function versionReply(abiquo: SimulatedAbiquo, request: IncomingMessage): Reply {
  const isPlain = (request.headers.accept ?? "").includes("text/plain");
  const body = isPlain ? abiquo.version : `=====\n  A B I Q U O  (simulated)\n=====\n${abiquo.version}\n`;
  return { status: 200, headers: { "Content-Type": "text/plain" }, body };
}

/** The server takes its own version and older ones. */
function versionProblem(abiquo: SimulatedAbiquo, request: IncomingMessage): Reply | undefined {
  const own = abiquo.version.split(".").map(Number);
  const isNewer = (header: string | undefined): boolean => {
    const asked = /version=(\d+)\.(\d+)/.exec(header ?? "");
    if (asked === null) return false;
    const [major, minor] = [Number(asked[1]), Number(asked[2])];
    return major > (own[0] ?? 0) || (major === own[0] && minor > (own[1] ?? 0));
  };
  if (isNewer(request.headers.accept)) return apiError(406, "406-NOT-ACCEPTABLE", "The version is not known");
  if (isNewer(request.headers["content-type"])) return apiError(415, "415-UNSUPPORTED-MEDIA-TYPE-VERSION", "The version is not known");
  return undefined;
}

function unauthorized(): Reply {
  const headers = { "Content-Type": "text/html", "WWW-Authenticate": 'Basic realm="Abiquo API"' };
  return { status: 401, headers, body: "<html><body>Not signed in</body></html>" };
}

function apiError(status: number, code: string, message: string): Reply {
  const body = JSON.stringify({ collection: [{ code, message }] });
  return { status, headers: { "Content-Type": "application/vnd.abiquo.errors+json" }, body };
}

function dto({ abiquo }: Context, name: string, value: unknown, status = 200): Reply {
  const version = abiquo.version.split(".").slice(0, 2).join(".");
  const type = `application/vnd.abiquo.${name}+json; version=${version}`;
  return { status, headers: { "Content-Type": type }, body: JSON.stringify(value) };
}

function taskOf(c: Context): SimTask | undefined {
  const task = c.abiquo.task(c.part(4));
  return task !== undefined && String(task.virtualMachine) === c.part(3) ? task : undefined;
}

function noTask(): Reply {
  return apiError(404, "TASK-1", "The requested task does not exist");
}

function mayAnswer({ abiquo, user, privileges }: Context, task: SimTask, action: "continue" | "cancel"): boolean {
  const role = abiquo.world.roles.find(({ id }) => id === user.role);
  if (privileges.includes("WORKFLOW_OVERRIDE")) return role?.name === "CLOUD_ADMIN" || user.enterprise === task.enterprise;
  return action === "cancel" && task.user.id === user.id;
}

function answer(c: Context, action: "continue" | "cancel"): Reply {
  const task = taskOf(c);
  const contentType = c.request.headers["content-type"] ?? "";
  // Another media type reaches the method that takes no body: its text is dropped.
  const text = /^text\/(plain|xml)\b/.test(contentType) ? c.body : "";
  const reply = ((): Reply => {
    if (task === undefined) return noTask();
    if (!mayAnswer(c, task, action)) return apiError(403, "403-FORBIDDEN", "Access is denied");
    if (task.state !== "QUEUEING") return apiError(409, "TASK-2", "The task is not in the appropriate state");
    return { status: 204 };
  })();
  const applied = reply.status === 204;
  if (applied && task !== undefined) c.abiquo.apply(task, action, text, c.user.nick);
  const { status } = reply;
  c.abiquo.record({ taskId: c.part(4), action, text, contentType, at: Date.now(), status, user: c.user.nick, applied });
  return reply;
}

function acknowledge(c: Context): Reply {
  const task = taskOf(c);
  if (task === undefined) return noTask();
  if (task.state !== "FINISHED_UNSUCCESSFULLY") return apiError(409, "TASK-2", "The task is not in the appropriate state");
  task.state = "ACK_ERROR";
  return { status: 204 };
}

function readTask(c: Context): Reply {
  const task = taskOf(c);
  return task === undefined ? noTask() : dto(c, "task", taskDto(task, "machine", `${c.abiquo.url}/`));
}

function machineTasks(c: Context): Reply {
  const tasks = c.abiquo.tasks().filter(({ virtualMachine }) => String(virtualMachine) === c.part(3));
  const self = `${c.abiquo.url}${(c.request.url ?? "").slice(c.abiquo.basePath.length)}`;
  const links = [
    { href: self, rel: "self" },
    { href: self.replace(/\/tasks$/, ""), rel: "parent" },
  ];
  return dto(c, "tasks", { links, collection: tasks.map((task) => taskDto(task, "machine", `${c.abiquo.url}/`)) });
}

/** Newest first; the answer has no paging links, `totalSize` counts all matches, and a search without any has no links. */
function pendingTasks(c: Context, view: TaskView): Reply {
  const enterprise = c.abiquo.world.enterprises.find(({ id }) => String(id) === c.part(1));
  if (enterprise === undefined) return apiError(404, "EN-0", "The enterprise does not exist");
  const has = c.query.get("has");
  const matches = c.abiquo
    .tasks({ state: "QUEUEING" })
    .filter((task) => task.enterprise === enterprise.id)
    .filter((task) => view !== "user" || String(task.user.id) === c.part(2))
    .filter((task) => has === null || task.user.nick.includes(has))
    .reverse();
  const page = pageOf(matches, c.query);
  const path = view === "user" ? `/admin/enterprises/${c.part(1)}/users/${c.part(2)}` : `/admin/enterprises/${c.part(1)}`;
  const links = [
    { href: `${c.abiquo.url}${path}/action/pendingtasks`, rel: "self" },
    { href: `${c.abiquo.url}${path}`, rel: "parent" },
  ];
  const dtos = page.map((task) => taskDto(task, view, `${c.abiquo.url}/`));
  if ((c.request.headers.accept ?? "").includes("+xml")) {
    return { status: 200, headers: { "Content-Type": "application/vnd.abiquo.tasks+xml" }, body: tasksXml(dtos, true) };
  }
  return dto(c, "tasks", { totalSize: matches.length, links: has !== null && matches.length === 0 ? [] : links, collection: dtos });
}

function pageOf<T>(all: readonly T[], query: URLSearchParams): T[] {
  const start = Math.max(0, Number(query.get("startwith") ?? 0));
  const limit = Number(query.get("limit") ?? 25);
  return limit === 0 ? all.slice(start) : all.slice(start, start + limit);
}

/** first, previous, next and last, as ordinary lists have them; they keep what was asked for. */
function pagingLinks(c: Context, path: string, total: number): object[] {
  const start = Math.max(0, Number(c.query.get("startwith") ?? 0));
  const limit = Number(c.query.get("limit") ?? 25);
  const to = (rel: string, startwith?: number): object => {
    const query = new URLSearchParams(c.query);
    if (startwith === undefined) query.delete("startwith");
    else query.set("startwith", String(startwith));
    query.set("limit", String(limit));
    if (!query.has("by")) query.set("by", "name");
    return { href: `${c.abiquo.url}${path}?${query}`, rel };
  };
  if (total === 0) return [];
  return [
    to("first"),
    ...(start > 0 ? [to("previous", Math.max(0, start - limit))] : []),
    ...(limit > 0 && start + limit < total ? [to("next", start + limit)] : []),
    to("last", limit === 0 ? 0 : Math.max(0, total - limit)),
  ];
}

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

function isLocked({ abiquo }: Context, machine: VirtualMachine): boolean {
  return abiquo.tasks({ state: "QUEUEING" }).some(({ virtualMachine }) => virtualMachine === machine.id);
}

function accepted(c: Context, tasks: readonly SimTask[], entity?: string): Reply {
  const links = tasks.map((task) => ({ rel: "status", href: `${c.abiquo.url}/${taskPath(task)}` }));
  return dto(c, "acceptedrequest", { links, ...(entity === undefined ? {} : { entity }) }, 202);
}

function machineAction(c: Context, type: TaskType): Reply {
  const machine = machineOf(c);
  if (machine === undefined) return noMachine();
  if (isLocked(c, machine)) return apiError(409, "VM-2", "The virtual machine is locked by another operation");
  if (type !== "DEPLOY" && !machine.isDeployed) return nothingToDo(c, machine, type);
  return accepted(c, [c.abiquo.act(machine, type)], "You can follow the progress at the link");
}

/** A machine that runs nowhere is changed at once and undeployed already: no task, and so no webhook. */
function nothingToDo(c: Context, machine: VirtualMachine, type: TaskType): Reply {
  const { cpu, ram } = type === "RECONFIGURE" ? (jsonBody(c.body) ?? {}) : {};
  if (typeof cpu === "number") machine.cpu = cpu;
  if (typeof ram === "number") machine.ram = ram;
  return { status: 204 };
}

/** One status link for each machine, and no sentence, unlike the action on one machine. */
function applianceAction(c: Context, type: TaskType): Reply {
  const machines = [...c.abiquo.world.machines.values()].filter((machine) => String(machine.virtualAppliance) === c.part(2));
  if (machines.some((machine) => isLocked(c, machine))) return apiError(409, "VM-2", "A virtual machine is locked by another operation");
  const concerned = machines.filter(({ isDeployed }) => type === "DEPLOY" || isDeployed);
  return accepted(c, concerned.length === 0 ? [] : c.abiquo.actOnAll(concerned, type));
}

function machineOf(c: Context): VirtualMachine | undefined {
  return c.abiquo.world.machines.get(Number(c.part(3)));
}

function noMachine(): Reply {
  return apiError(404, "VM-1", "The virtual machine does not exist");
}

function readMachine(c: Context): Reply {
  const { world, url, version } = c.abiquo;
  const machine = machineOf(c);
  return machine === undefined ? noMachine() : dto(c, "virtualmachine", machineDto(machine, isLocked(c, machine), world, url, version));
}

function storage(c: Context, kind: "harddisks" | "volumes"): Reply {
  const machine = machineOf(c);
  if (machine === undefined) return noMachine();
  const list = kind === "harddisks" ? disksOf : volumesOf;
  return dto(c, kind, { links: [], collection: list(machine, c.abiquo.world, c.abiquo.url) });
}

function enterprises(c: Context): Reply {
  const has = c.query.get("has")?.toLowerCase();
  const all = c.abiquo.world.enterprises.filter(({ name }) => has === undefined || name.toLowerCase().includes(has)).sort(byName);
  return dto(c, "enterprises", {
    totalSize: all.length,
    links: pagingLinks(c, "/admin/enterprises", all.length),
    collection: pageOf(all, c.query).map((enterprise) => enterpriseDto(enterprise, c.abiquo.url)),
  });
}

function readEnterprise(c: Context): Reply {
  const enterprise = c.abiquo.world.enterprises.find(({ id }) => String(id) === c.part(1));
  if (enterprise === undefined) return apiError(404, "EN-0", "The enterprise does not exist");
  return dto(c, "enterprise", enterpriseDto(enterprise, c.abiquo.url));
}

function writeEnterprise(c: Context): Reply {
  const enterprise = c.abiquo.world.enterprises.find(({ id }) => String(id) === c.part(1));
  if (enterprise === undefined) return apiError(404, "EN-0", "The enterprise does not exist");
  if (!hasPrivilege(c, "USERS_MANAGE_ENTERPRISE")) return apiError(403, "403-FORBIDDEN", "Access is denied");
  const value = jsonBody(c.body);
  if (value === undefined) return apiError(400, "GEN-2", "The body is not JSON");
  const { id: _id, name, workflow, links: _links, ...fields } = value;
  enterprise.name = typeof name === "string" ? name : enterprise.name;
  enterprise.workflow = workflow === true;
  enterprise.fields = fields;
  return readEnterprise(c);
}

function users(c: Context): Reply {
  const all = c.abiquo.world.users.filter(({ enterprise }) => c.part(1) === "_" || String(enterprise) === c.part(1)).sort(byName);
  return dto(c, "users", {
    totalSize: all.length,
    links: pagingLinks(c, `/admin/enterprises/${c.part(1)}/users`, all.length),
    collection: pageOf(all, c.query).map((user) => shownUser(c, user)),
  });
}

function shownUser({ abiquo }: Context, user: User): object {
  return userDto(user, abiquo.world, abiquo.url, abiquo.signIn.isLocked(user.nick));
}

function readUser(c: Context): Reply {
  const user = c.abiquo.world.users.find(({ id }) => String(id) === c.part(2));
  if (user === undefined) return apiError(404, "USER-3", "The user does not exist");
  return dto(c, "user", shownUser(c, user));
}

/** Applications are a matter of the user alone: they act with that user's rights. */
function isOwn({ user, part }: Context): boolean {
  return String(user.id) === part(2) && String(user.enterprise) === part(1);
}

function applications(c: Context): Reply {
  if (!isOwn(c)) return apiError(403, "403-FORBIDDEN", "Access is denied");
  const { registration, world, url } = c.abiquo;
  const collection = registration.of(c.user.id, c.query.get("oauth_token")).map((application) => applicationDto(application, world, url));
  return dto(c, "applications", { links: [], collection });
}

function createApplication(c: Context): Reply {
  if (!isOwn(c)) return apiError(403, "403-FORBIDDEN", "Access is denied");
  const value = jsonBody(c.body);
  const { name, description, links } = value ?? {};
  if (typeof name !== "string" || name === "") return apiError(400, "CONSTR-NOTNULL", "name may not be null");
  const hrefs = Array.isArray(links) ? (links as { rel?: unknown; href?: unknown }[]).filter(({ rel }) => rel === "privilege").map(({ href }) => String(href)) : [];
  const known = privilegesIn(c.abiquo.world);
  const named = hrefs.map((href) => known[Number(/\/config\/privileges\/(\d+)$/.exec(href)?.[1]) - 1]);
  const privileges = named.filter((privilege) => privilege !== undefined);
  if (privileges.length < named.length) return apiError(404, "GEN-0", "There is no such privilege");
  return shownApplication(c, c.abiquo.registration.register(c.user, name, typeof description === "string" ? description : undefined, privileges), 201);
}

function shownApplication(c: Context, application: Application, status = 200): Reply {
  return dto(c, "application", applicationDto(application, c.abiquo.world, c.abiquo.url), status);
}

function withApplication(c: Context, handle: (application: Application) => Reply): Reply {
  if (!isOwn(c)) return apiError(403, "403-FORBIDDEN", "Access is denied");
  const application = c.abiquo.registration.of(c.user.id).find(({ id }) => String(id) === c.part(3));
  return application === undefined ? apiError(404, "USER-23", "There is no such application") : handle(application);
}

function deleteApplication(c: Context, application: Application): Reply {
  c.abiquo.registration.remove(application);
  return { status: 204 };
}

function roles(c: Context): Reply {
  const all = c.abiquo.world.roles;
  const page = pageOf(all, c.query).map((role) => roleDto(role, c.abiquo.url));
  return dto(c, "roles", { totalSize: all.length, links: pagingLinks(c, "/admin/roles", all.length), collection: page });
}

function withRole(c: Context, show: (role: Role) => Reply): Reply {
  const role = c.abiquo.world.roles.find(({ id }) => String(id) === c.part(1));
  return role === undefined ? apiError(404, "ROLE-0", "The role does not exist") : show(role);
}

/** What is accepted decides whether the privileges come whole or as links. */
function rolePrivileges(c: Context, { privileges }: Role): Reply {
  const { world, url } = c.abiquo;
  if ((c.request.headers.accept ?? "").includes("abiquo.links+json")) {
    return dto(c, "links", { links: privileges.map((privilege) => privilegeLink("privilege", privilege, world, url)) });
  }
  return dto(c, "privileges", { links: [], collection: privileges.map((privilege) => privilegeDto(privilege, "privilege", world, url)) });
}

function readPrivilege(c: Context): Reply {
  const { world, url } = c.abiquo;
  const privilege = privilegesIn(world)[Number(c.part(1)) - 1];
  return privilege === undefined ? apiError(404, "GEN-0", "There is no such privilege") : dto(c, "privilege", privilegeDto(privilege, "self", world, url));
}

function properties(c: Context): Reply {
  const name = c.query.get("name");
  const component = c.query.get("component");
  const found = c.abiquo.world.properties
    .filter((property) => name === null || property.name === name)
    .filter((property) => component === null || property.name.startsWith(`${component}.`));
  return dto(c, "systemproperties", { links: [], collection: found.map((property) => propertyDto(property, c.abiquo.url)) });
}

function readProperty(c: Context): Reply {
  const property = c.abiquo.world.properties.find(({ id }) => String(id) === c.part(1));
  if (property === undefined) return apiError(404, "SYSPROP-0", "The system property does not exist");
  return dto(c, "systemproperty", propertyDto(property, c.abiquo.url));
}

function writeProperty(c: Context): Reply {
  const property = c.abiquo.world.properties.find(({ id }) => String(id) === c.part(1));
  if (property === undefined) return apiError(404, "SYSPROP-0", "The system property does not exist");
  const value = jsonBody(c.body);
  if (!hasPrivilege(c, "SYSCONFIG_ALLOW_MODIFY")) return apiError(403, "403-FORBIDDEN", "Access is denied");
  if (value === undefined || typeof value["name"] !== "string") return apiError(400, "GEN-2", "The body is not a property");
  property.name = value["name"];
  property.value = String(value["value"] ?? "");
  if (typeof value["description"] === "string") property.description = value["description"];
  else delete property.description;
  return readProperty(c);
}

function createProperty(c: Context): Reply {
  const value = jsonBody(c.body);
  if (!hasPrivilege(c, "SYSCONFIG_ALLOW_MODIFY")) return apiError(403, "403-FORBIDDEN", "Access is denied");
  if (value === undefined || typeof value["name"] !== "string") return apiError(400, "GEN-2", "The body is not a property");
  const { world } = c.abiquo;
  if (world.properties.some(({ name }) => name === value["name"])) return apiError(400, "SYSPROP-1", "The name is taken");
  const property = { id: world.nextId++, name: value["name"], value: String(value["value"] ?? "") };
  world.properties.push(property);
  return dto(c, "systemproperty", propertyDto(property, c.abiquo.url), 201);
}

/** As the real one: what is not sent is deleted. */
function replaceProperties(c: Context): Reply {
  const sent = jsonBody(c.body)?.["collection"];
  if (!Array.isArray(sent)) return apiError(400, "GEN-2", "The body is not a collection");
  const { world } = c.abiquo;
  const component = c.query.get("component");
  const kept = component === null ? [] : world.properties.filter(({ name }) => !name.startsWith(`${component}.`));
  const created = (sent as Record<string, unknown>[]).map(({ name, value }) => ({ id: world.nextId++, name: String(name), value: String(value ?? "") }));
  world.properties = [...kept, ...created];
  return dto(c, "systemproperties", { links: [], collection: created.map((property) => propertyDto(property, c.abiquo.url)) });
}

function hasPrivilege({ privileges }: Context, privilege: string): boolean {
  return privileges.includes(privilege);
}

function jsonBody(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

