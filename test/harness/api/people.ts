import {
  applicationDto,
  enterpriseDto,
  enterpriseIdNameDto,
  privilegeDto,
  privilegeLink,
  privilegesDto,
  roleDto,
  scopeDto,
  userDto,
  userWithRoleDto,
} from "../dto/people.ts";
import type { Application } from "../registration.ts";
import { isPrivilege, PRIVILEGES, type Privilege } from "../world/privileges.ts";
import type { Enterprise, Role, User } from "../world/world.ts";
import { ApiError } from "./errors.ts";
import { listOf } from "./lists.ts";
import type { Call, Result, Route } from "./route.ts";

const ENTERPRISE = "/admin/enterprises/{enterprise}";
const USER = `${ENTERPRISE}/users/{user}`;
const ROLE = "/admin/roles/{role}";

/** Enterprises, users and their applications, roles, privileges, scopes. */
export const PEOPLE_ROUTES: readonly Route[] = [
  { method: "GET", path: "/login", privileges: ["AUTHENTICATED"], produces: ["user"], handle: login },
  {
    method: "GET",
    path: "/admin/enterprises",
    privileges: ["USERS_VIEW", "USERS_MANAGE_ENTERPRISE", "USERS_MANAGE_OTHER_ENTERPRISES", "ENTERPRISE_ENUMERATE"],
    produces: ["enterprises", "enterprises-id-name"],
    handle: enterprises,
  },
  {
    method: "POST",
    path: "/admin/enterprises",
    privileges: ["USERS_MANAGE_OTHER_ENTERPRISES"],
    consumes: ["enterprise"],
    produces: ["enterprise"],
    handle: createEnterprise,
  },
  {
    method: "GET",
    path: ENTERPRISE,
    privileges: ["AUTHENTICATED"],
    produces: ["enterprise"],
    handle: (call) => ({ dto: enterpriseDto(enterpriseOf(call), call.abiquo.url) }),
  },
  {
    method: "PUT",
    path: ENTERPRISE,
    privileges: ["USERS_MANAGE_ENTERPRISE"],
    consumes: ["enterprise"],
    produces: ["enterprise"],
    handle: writeEnterprise,
  },
  { method: "GET", path: `${ENTERPRISE}/users`, privileges: ["AUTHENTICATED"], produces: ["users", "userswithroles"], handle: users },
  {
    method: "POST",
    path: `${ENTERPRISE}/users`,
    privileges: ["USERS_MANAGE_USERS", "USERS_MANAGE_OTHER_ENTERPRISES"],
    consumes: ["user"],
    produces: ["user"],
    handle: createUser,
  },
  { method: "GET", path: USER, privileges: ["AUTHENTICATED"], produces: ["user"], handle: (call) => ({ dto: shown(call, userOf(call)) }) },
  { method: "PUT", path: USER, privileges: ["USERS_MANAGE_USERS"], consumes: ["user"], produces: ["user"], handle: writeUser },
  { method: "DELETE", path: USER, privileges: ["USERS_MANAGE_USERS"], handle: deleteUser },
  { method: "GET", path: `${USER}/applications`, privileges: ["AUTHENTICATED"], produces: ["applications"], handle: applications },
  {
    method: "POST",
    path: `${USER}/applications`,
    privileges: ["AUTHENTICATED"],
    consumes: ["application"],
    produces: ["application"],
    handle: createApplication,
  },
  {
    method: "GET",
    path: `${USER}/applications/{application}`,
    privileges: ["AUTHENTICATED"],
    produces: ["application"],
    handle: (call) => ({ dto: shownApplication(call, applicationOf(call)) }),
  },
  { method: "DELETE", path: `${USER}/applications/{application}`, privileges: ["AUTHENTICATED"], handle: deleteApplication },
  { method: "GET", path: "/admin/roles", privileges: ["AUTHENTICATED"], produces: ["roles"], handle: roles },
  { method: "POST", path: "/admin/roles", privileges: ["USERS_MANAGE_ROLES"], consumes: ["role"], produces: ["role"], handle: createRole },
  {
    method: "GET",
    path: ROLE,
    privileges: ["AUTHENTICATED"],
    produces: ["role"],
    handle: (call) => ({ dto: roleDto(roleOf(call), call.world, call.abiquo.url) }),
  },
  { method: "PUT", path: ROLE, privileges: ["USERS_MANAGE_ROLES"], consumes: ["role"], produces: ["role"], handle: writeRole },
  { method: "DELETE", path: ROLE, privileges: ["USERS_MANAGE_ROLES"], handle: deleteRole },
  {
    method: "GET",
    path: `${ROLE}/action/privileges`,
    privileges: ["AUTHENTICATED"],
    produces: ["privileges", "links"],
    handle: rolePrivileges,
  },
  {
    method: "GET",
    path: "/config/privileges",
    privileges: ["SYSCONFIG_VIEW", "USERS_VIEW"],
    produces: ["privileges"],
    handle: (call) => ({ dto: privilegesDto(PRIVILEGES, "self", call.abiquo.url) }),
  },
  { method: "GET", path: "/config/privileges/{privilege}", privileges: ["AUTHENTICATED"], produces: ["privilege"], handle: readPrivilege },
  { method: "GET", path: "/admin/scopes", privileges: ["USERS_MANAGE_ROLES", "USERS_MANAGE_SCOPES"], produces: ["scopes"], handle: scopes },
  { method: "GET", path: "/admin/scopes/{scope}", privileges: ["AUTHENTICATED"], produces: ["scope"], handle: readScope },
];

/** The enterprise of the path, as far as the caller may know of it. */
export function enterpriseOf(call: Call): Enterprise {
  const enterprise = call.world.enterprises.get(call.id("enterprise"));
  if (enterprise === undefined) throw new ApiError("EN-0");
  if (!call.world.sees(call.user, enterprise.id)) throw new ApiError("403-FORBIDDEN");
  return enterprise;
}

/** The user of the path: oneself, or somebody whom the caller may see. */
export function userOf(call: Call): User {
  const enterprise = enterpriseOf(call);
  const user = call.world.users.get(call.id("user"));
  if (user === undefined || user.enterprise !== enterprise.id) throw new ApiError("USER-3");
  if (user.id !== call.user.id && !call.privileges.has("USERS_VIEW")) throw new ApiError("403-FORBIDDEN", ["USERS_VIEW"]);
  return user;
}

function shown({ abiquo, world }: Call, user: User): object {
  return userDto(user, world, abiquo.url, abiquo.signIn.isLocked(user.nick));
}

function login(call: Call): Result {
  const expands = (call.query.get("expand") ?? "").split(",").includes("privileges");
  const privileges = expands ? { privileges: privilegesDto([...call.privileges], "self", call.abiquo.url) } : {};
  return { dto: { ...shown(call, call.user), ...privileges } };
}

function enterprises(call: Call): Result {
  const { world, user, query, abiquo } = call;
  const scope = query.get("idScope");
  const isIn = (enterprise: number): boolean => {
    const named = world.scopes.get(scope ?? undefined)?.enterprises;
    return scope === null || named === "all" || named?.includes(enterprise) === true;
  };
  const pricing = query.get("idPricingTemplate");
  const isIncluded = query.get("included") !== "false";
  const isPriced = ({ fields }: Enterprise): boolean =>
    pricing === null || (String(fields["idPricingTemplate"]) === pricing) === isIncluded;
  const visible = world.enterprises.filter((enterprise) => world.sees(user, enterprise.id) && isIn(enterprise.id) && isPriced(enterprise));
  const dto = (enterprise: Enterprise): object =>
    call.wanted === "enterprises-id-name" ? enterpriseIdNameDto(enterprise, abiquo.url) : enterpriseDto(enterprise, abiquo.url);
  return { dto: listOf(call, visible, { name: ({ name }) => name, id: ({ id }) => id }, ({ name }) => [name], dto) };
}

/** A flag that is left out is off, as for every boolean of the DTO: who changes one field sends the whole. */
function setEnterprise(enterprise: Enterprise, { id: _id, name, workflow, links: _links, ...fields }: Call["value"]): void {
  if (typeof name !== "string" || name.trim() === "") throw new ApiError("CONSTR-NOTNULL");
  enterprise.name = name;
  enterprise.workflow = workflow === true;
  enterprise.fields = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function createEnterprise(call: Call): Result {
  const enterprise = call.world.addEnterprise("");
  const { fields } = enterprise;
  try {
    setEnterprise(enterprise, { ...fields, ...call.value });
  } catch (error) {
    call.world.enterprises.delete(enterprise.id);
    throw error;
  }
  return { status: 201, dto: enterpriseDto(enterprise, call.abiquo.url) };
}

function writeEnterprise(call: Call): Result {
  const enterprise = enterpriseOf(call);
  setEnterprise(enterprise, call.value);
  return { dto: enterpriseDto(enterprise, call.abiquo.url) };
}

/** `_` stands for every enterprise that the caller sees. Who may not see users sees oneself. */
function users(call: Call): Result {
  const { world, query, abiquo, user: caller } = call;
  const enterprise = call.id("enterprise") === "_" ? undefined : enterpriseOf(call).id;
  const maySee = call.privileges.has("USERS_VIEW") || call.privileges.has("USERS_MANAGE_USERS");
  const flag = (name: string, value: boolean): boolean => query.get(name) === null || query.get(name) === String(value);
  const visible = world.users.filter((user) => {
    const isThere = enterprise === undefined ? world.sees(caller, user.enterprise) : user.enterprise === enterprise;
    return (
      isThere &&
      (maySee || user.id === caller.id) &&
      flag("activated", user.active) &&
      flag("connected", abiquo.signIn.isConnected(user.nick))
    );
  });
  const dto = (user: User): object =>
    call.wanted === "userswithroles" ? userWithRoleDto(user, world, abiquo.url, abiquo.signIn.isLocked(user.nick)) : shown(call, user);
  const keys = {
    name: ({ name }: User) => name,
    nick: ({ nick }: User) => nick,
    surname: ({ surname }: User) => surname,
    email: ({ email }: User) => email,
    id: ({ id }: User) => id,
  };
  return { dto: listOf(call, visible, keys, ({ nick, name, surname, email }) => [nick, name, surname, email], dto) };
}

/** The role that a body links to; one may give no role that can do more than oneself. */
function roleIn(call: Call): Role {
  const href = linksOf(call.value, "role")[0] ?? "";
  const role = call.world.roles.get(/\/admin\/roles\/(\d+)$/.exec(href)?.[1]);
  if (role === undefined) throw new ApiError("ROLE-0");
  if (!role.privileges.every((privilege) => call.privileges.has(privilege))) throw new ApiError("403-FORBIDDEN", role.privileges);
  return role;
}

function createUser(call: Call): Result {
  const enterprise = enterpriseOf(call);
  const { nick, name, surname, email, password, active } = call.value;
  if (typeof nick !== "string" || nick === "" || typeof name !== "string") throw new ApiError("CONSTR-NOTNULL");
  if (call.world.userNamed(nick) !== undefined) throw new ApiError("USER-4");
  const role = roleIn(call);
  const user = call.world.addUser({
    nick,
    name,
    surname: text(surname),
    email: text(email),
    enterprise: enterprise.id,
    role: role.id,
    active: active !== false,
  });
  if (typeof password === "string" && password !== "") call.abiquo.signIn.setPassword(nick, password);
  return { status: 201, dto: shown(call, user) };
}

function writeUser(call: Call): Result {
  const user = userOf(call);
  const { name, surname, email, active, password } = call.value;
  user.role = roleIn(call).id;
  user.name = typeof name === "string" ? name : user.name;
  user.surname = typeof surname === "string" ? surname : user.surname;
  user.email = typeof email === "string" ? email : user.email;
  user.active = active !== false;
  if (typeof password === "string" && password !== "") call.abiquo.signIn.setPassword(user.nick, password);
  return { dto: shown(call, user) };
}

function deleteUser(call: Call): Result {
  call.world.deleteUser(userOf(call));
  return {};
}

/** Applications are a matter of the user alone: they act with that user's rights. */
function requireOwn(call: Call): void {
  if (String(call.user.id) !== call.id("user") || String(call.user.enterprise) !== call.id("enterprise"))
    throw new ApiError("403-FORBIDDEN");
}

function shownApplication({ world, abiquo }: Call, application: Application): object {
  return applicationDto(application, world, abiquo.url);
}

function applications(call: Call): Result {
  requireOwn(call);
  const own = call.abiquo.registration.of(call.user.id, call.query.get("oauth_token"));
  return { dto: { links: [], collection: own.map((application) => shownApplication(call, application)) } };
}

function createApplication(call: Call): Result {
  requireOwn(call);
  const { name, description } = call.value;
  if (typeof name !== "string" || name === "") throw new ApiError("CONSTR-NOTNULL");
  const privileges = privilegesIn(call);
  if (privileges.some((privilege) => !call.privileges.has(privilege))) throw new ApiError("403-FORBIDDEN", privileges);
  const application = call.abiquo.registration.register(
    call.user,
    name,
    typeof description === "string" ? description : undefined,
    privileges,
  );
  return { status: 201, dto: shownApplication(call, application) };
}

function applicationOf(call: Call): Application {
  requireOwn(call);
  const application = call.abiquo.registration.of(call.user.id).find(({ id }) => String(id) === call.id("application"));
  if (application === undefined) throw new ApiError("USER-23");
  return application;
}

function deleteApplication(call: Call): Result {
  call.abiquo.registration.remove(applicationOf(call));
  return {};
}

function roles(call: Call): Result {
  const dto = (role: Role): object => roleDto(role, call.world, call.abiquo.url);
  return { dto: listOf(call, [...call.world.roles], { name: ({ name }) => name, id: ({ id }) => id }, ({ name }) => [name], dto) };
}

function roleOf(call: Call): Role {
  const role = call.world.roles.get(call.id("role"));
  if (role === undefined) throw new ApiError("ROLE-0");
  return role;
}

/** Privileges come as links, or as a collection. Nobody makes a role that can do more than oneself. */
function privilegesOfRole(call: Call): Privilege[] {
  const privileges = privilegesIn(call);
  const beyond = privileges.filter((privilege) => !call.privileges.has(privilege));
  if (beyond.length > 0) throw new ApiError("403-FORBIDDEN", beyond);
  return privileges;
}

function createRole(call: Call): Result {
  const { name } = call.value;
  if (typeof name !== "string" || name.trim() === "") throw new ApiError("CONSTR-NOTNULL");
  if (call.world.roles.find((role) => role.name === name) !== undefined) throw new ApiError("ROLE-6");
  const own = call.world.roles.get(call.user.role)?.scope ?? 1;
  const scope = call.world.scopes.get(/\/admin\/scopes\/(\d+)$/.exec(linksOf(call.value, "scope")[0] ?? "")?.[1])?.id ?? own;
  const role = call.world.roles.add({ id: call.world.nextId(), name, privileges: privilegesOfRole(call), scope });
  return { status: 201, dto: roleDto(role, call.world, call.abiquo.url) };
}

function writeRole(call: Call): Result {
  const role = roleOf(call);
  const { name } = call.value;
  role.privileges = privilegesOfRole(call);
  if (typeof name === "string" && name.trim() !== "") role.name = name;
  return { dto: roleDto(role, call.world, call.abiquo.url) };
}

function deleteRole(call: Call): Result {
  const role = roleOf(call);
  if (call.world.users.find((user) => user.role === role.id) !== undefined) throw new ApiError("ROLE-4");
  call.world.roles.delete(role.id);
  return {};
}

/** What is accepted decides whether the privileges come whole or as links. */
function rolePrivileges(call: Call): Result {
  const { privileges } = roleOf(call);
  const { url } = call.abiquo;
  return {
    dto:
      call.wanted === "links"
        ? { links: privileges.map((privilege) => privilegeLink("privilege", privilege, url)) }
        : privilegesDto(privileges, "privilege", url),
  };
}

function readPrivilege(call: Call): Result {
  const privilege = PRIVILEGES[Number(call.id("privilege")) - 1];
  if (privilege === undefined) throw new ApiError("PRIVILEGE-0");
  return { dto: privilegeDto(privilege, "self", call.abiquo.url) };
}

function scopes(call: Call): Result {
  return { dto: { links: [], collection: [...call.world.scopes].map((scope) => scopeDto(scope, call.abiquo.url)) } };
}

function readScope(call: Call): Result {
  const scope = call.world.scopes.get(call.id("scope"));
  if (scope === undefined) throw new ApiError("SCOPE-0");
  return { dto: scopeDto(scope, call.abiquo.url) };
}

/** The privileges that a body names: by links, by a collection of DTOs, or by names. */
function privilegesIn({ value }: Call): Privilege[] {
  const byLink = linksOf(value, "privilege").map((href) => PRIVILEGES[Number(/\/config\/privileges\/(\d+)$/.exec(href)?.[1]) - 1]);
  const { privileges } = value;
  const collection =
    typeof privileges === "object" && privileges !== null && "collection" in privileges ? privileges.collection : privileges;
  const byName = (Array.isArray(collection) ? (collection as unknown[]) : []).map((item) => {
    const name = typeof item === "object" && item !== null && "name" in item ? String(item.name) : String(item);
    return isPrivilege(name) ? name : undefined;
  });
  return [...byLink, ...byName].map((privilege) => {
    if (privilege === undefined) throw new ApiError("PRIVILEGE-0");
    return privilege;
  });
}

function linksOf(value: Call["value"], rel: string): string[] {
  const { links } = value;
  if (!Array.isArray(links)) return [];
  return (links as unknown[]).flatMap((link) =>
    typeof link === "object" && link !== null && "rel" in link && "href" in link && link.rel === rel ? [String(link.href)] : [],
  );
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
