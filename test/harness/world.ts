/** The small cloud that the simulator pretends to be. Ids are stable, so that examples can name them. */
export interface Enterprise {
  id: number;
  name: string;
  workflow: boolean;
  /** every other field of the DTO, as the last PUT left it */
  fields: Record<string, unknown>;
}

export interface User {
  id: number;
  nick: string;
  name: string;
  surname: string;
  email: string;
  enterprise: number;
  role: number;
}

export interface Role {
  id: number;
  name: string;
  privileges: string[];
}

export interface VirtualMachine {
  id: number;
  name: string;
  cpu: number;
  /** MB */
  ram: number;
  disksMb: number[];
  volumesMb: number[];
  virtualDatacenter: number;
  virtualAppliance: number;
  user: number;
  /** whether it runs somewhere; before its first deploy, and after an undeploy, it does not */
  isDeployed: boolean;
}

export interface SystemProperty {
  id: number;
  name: string;
  value: string;
  description?: string;
}

export interface World {
  readonly enterprises: Enterprise[];
  readonly roles: Role[];
  readonly users: User[];
  readonly machines: Map<number, VirtualMachine>;
  properties: SystemProperty[];
  nextId: number;
}

export const WORKFLOW_USER = "workflow";

/** Enterprise 3 has its workflow switched off. */
export function createWorld(webhook: string): World {
  const limits = {
    cpuCountSoftLimit: 0,
    cpuCountHardLimit: 0,
    ramSoftLimitInMb: 0,
    ramHardLimitInMb: 0,
    diskSoftLimitInMb: 0,
    diskHardLimitInMb: 0,
    storageSoftInMb: 0,
    storageHardInMb: 0,
    repositorySoftInMb: 0,
    repositoryHardInMb: 0,
    vlansSoft: 0,
    vlansHard: 0,
    publicIpsSoft: 0,
    publicIpsHard: 0,
    isReservationRestricted: false,
    twoFactorAuthenticationMandatory: false,
  };
  const enterprise = (id: number, name: string, workflow: boolean): Enterprise => ({ id, name, workflow, fields: { ...limits } });
  const user = (id: number, nick: string, name: string, surname: string, enterpriseId: number, role: number): User => {
    return { id, nick, name, surname, email: `${nick}@example.com`, enterprise: enterpriseId, role };
  };
  return {
    enterprises: [enterprise(1, "Abiquo", true), enterprise(2, "Acme", true), enterprise(3, "Globex", false)],
    roles: [
      { id: 1, name: "CLOUD_ADMIN", privileges: ["AUTHENTICATED", "WORKFLOW_OVERRIDE", "SYSCONFIG_VIEW", "SYSCONFIG_ALLOW_MODIFY", "USERS_MANAGE_ENTERPRISE", "ENTERPRISE_ENUMERATE", "USERS_VIEW"] },
      { id: 2, name: "ENTERPRISE_ADMIN", privileges: ["AUTHENTICATED", "WORKFLOW_OVERRIDE", "USERS_VIEW"] },
      { id: 3, name: "USER", privileges: ["AUTHENTICATED"] },
    ],
    users: [
      user(1, WORKFLOW_USER, "Workflow", "Connector", 1, 1),
      user(2, "ana", "Ana", "Ruiz", 2, 3),
      user(3, "bob", "Bob", "Stone", 2, 3),
      user(4, "carla", "Carla", "Vega", 2, 2),
      user(5, "dan", "Dan", "Moss", 3, 3),
    ],
    machines: new Map(),
    properties: [
      { id: 1, name: "client.main.workflowEndPoint", value: webhook, description: "URL of the workflow tool" },
      { id: 2, name: "client.main.workflowEnabled", value: webhook === "" ? "0" : "1", description: "1 when tasks are held" },
      { id: 3, name: "client.infra.defaultLDAPEnabled", value: "0" },
    ],
    nextId: 1_000,
  };
}

export function propertyOf(world: World, name: string): string {
  return world.properties.find((property) => property.name === name)?.value ?? "";
}

/** All privileges there are; the place in this list, from 1, is the id. */
export function privilegesIn(world: World): string[] {
  return [...new Set(world.roles.flatMap(({ privileges }) => privileges))];
}
