import type { Application } from "../registration.ts";
import { PRIVILEGES, type Privilege } from "../world/privileges.ts";
import type { Enterprise, Role, Scope, SystemProperty, User, World } from "../world/world.ts";
import { type Dto, type Link, typed, type Under, under } from "./links.ts";

export function userDto(user: User, world: World, api: string, locked: boolean): Dto {
  const enterprise = world.enterprises.get(user.enterprise);
  const role = world.roles.get(user.role);
  const self = `${api}/admin/enterprises/${user.enterprise}/users/${user.id}`;
  return {
    id: user.id,
    nick: user.nick,
    name: user.name,
    surname: user.surname,
    email: user.email,
    locale: "en_US",
    authType: "ABIQUO",
    active: user.active,
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

/** Role with its privileges, and enterprise, stand inside. */
export function userWithRoleDto(user: User, world: World, api: string, locked: boolean): Dto {
  const role = world.roles.get(user.role);
  const enterprise = world.enterprises.get(user.enterprise);
  const whole =
    role === undefined
      ? {}
      : { role: { id: role.id, name: role.name, blocked: false, privileges: privilegesDto(role.privileges, "self", api), links: [] } };
  return {
    ...userDto(user, world, api, locked),
    ...whole,
    ...(enterprise === undefined ? {} : { enterprise: enterpriseDto(enterprise, api) }),
  };
}

export function applicationDto(
  { id, user: owner, name, description, apiKey, apiSecret, privileges }: Application,
  world: World,
  api: string,
): Dto {
  const user = world.users.get(owner);
  const self = `${api}/admin/enterprises/${user?.enterprise}/users/${user?.id}`;
  return {
    id,
    name,
    ...(description === undefined ? {} : { description }),
    apiKey,
    apiSecret,
    links: [
      typed("self", `${self}/applications/${id}`, "application", name),
      typed("user", self, "user", user?.nick ?? ""),
      ...privileges.map((privilege) => privilegeLink("privilege", privilege, api)),
    ],
  };
}

export function privilegeLink(rel: "privilege" | "self", privilege: Privilege, api: string): Link {
  return typed(rel, `${api}/config/privileges/${PRIVILEGES.indexOf(privilege) + 1}`, "privilege", privilege);
}

/** @param rel of its only link: `privilege` in the list of a role, else `self` */
export function privilegeDto(privilege: Privilege, rel: "privilege" | "self", api: string): Dto {
  return { id: PRIVILEGES.indexOf(privilege) + 1, name: privilege, links: [privilegeLink(rel, privilege, api)] };
}

export function privilegesDto(privileges: readonly Privilege[], rel: "privilege" | "self", api: string): Dto {
  return { links: [], collection: privileges.map((privilege) => privilegeDto(privilege, rel, api)) };
}

export function roleDto(role: Role, world: World, api: string): Dto {
  const self = `${api}/admin/roles/${role.id}`;
  return {
    id: role.id,
    name: role.name,
    blocked: false,
    links: [
      typed("edit", self, "role", role.name),
      typed("privileges", `${self}/action/privileges`, "privileges", "privileges"),
      typed("scope", `${api}/admin/scopes/${role.scope}`, "scope", world.scopes.get(role.scope)?.name ?? ""),
    ],
  };
}

export function scopeDto({ id, name }: Scope, api: string): Dto {
  return {
    id,
    name,
    automaticAddDatacenter: false,
    automaticAddEnterprise: false,
    links: [typed("edit", `${api}/admin/scopes/${id}`, "scope", name)],
  };
}

const ENTERPRISE_LINKS: Under = [
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

export function enterpriseDto(enterprise: Enterprise, api: string): Dto {
  const self = `${api}/admin/enterprises/${enterprise.id}`;
  const pricing = enterprise.fields["idPricingTemplate"];
  return {
    ...enterprise.fields,
    id: enterprise.id,
    name: enterprise.name,
    workflow: enterprise.workflow,
    links: [
      typed("edit", self, "enterprise", enterprise.name),
      ...under(self, ENTERPRISE_LINKS),
      ...(pricing === undefined
        ? []
        : [typed("pricingtemplate", `${api}/config/pricingtemplates/${String(pricing)}`, "pricingtemplate", `pricing-${String(pricing)}`)]),
    ],
  };
}

const ID_NAME_FIELDS = [
  "cpuCountHardLimit",
  "cpuCountSoftLimit",
  "ramHardLimitInMb",
  "ramSoftLimitInMb",
  "vlansHard",
  "vlansSoft",
  "publicIpsHard",
  "publicIpsSoft",
];

/** What `enterprises-id-name` lists. */
export function enterpriseIdNameDto({ id, name }: Enterprise, api: string): Dto {
  return {
    id,
    name,
    ...Object.fromEntries(ID_NAME_FIELDS.map((field) => [field, 0])),
    links: [typed("edit", `${api}/admin/enterprises/${id}`, "enterprise", name)],
  };
}

export function propertyDto({ id, name, value, description }: SystemProperty, api: string): Dto {
  return {
    id,
    name,
    value,
    ...(description === undefined ? {} : { description }),
    links: [typed("edit", `${api}/config/properties/${id}`, "systemproperty", name)],
  };
}
