import { DEFAULT_ROLES, type Privilege } from "./privileges.ts";

/** The small cloud that the simulator pretends to be. Ids are stable, so that examples can name them. */
export interface Enterprise {
  readonly id: number;
  name: string;
  workflow: boolean;
  /** every other field of the DTO, as the last PUT left it */
  fields: Record<string, unknown>;
}

/** Which enterprises somebody may see and manage beside their own. */
export interface Scope {
  readonly id: number;
  readonly name: string;
  readonly enterprises: readonly number[] | "all";
}

export interface Role {
  readonly id: number;
  name: string;
  privileges: Privilege[];
  scope: number;
}

export interface User {
  readonly id: number;
  readonly nick: string;
  name: string;
  surname: string;
  email: string;
  readonly enterprise: number;
  role: number;
  /** false = may not sign in */
  active: boolean;
}

/** A private datacenter, or a region of a public cloud. */
export interface Location {
  readonly id: number;
  readonly name: string;
  readonly kind: "datacenter" | "publiccloudregion";
}

export interface VirtualDatacenter {
  readonly id: number;
  readonly name: string;
  readonly enterprise: number;
  readonly location: number;
}

export interface VirtualAppliance {
  readonly id: number;
  readonly name: string;
  readonly virtualDatacenter: number;
}

/** `LOCKED` is no state of its own here: a machine is locked while one of its tasks waits or runs. */
export type MachineState = "NOT_ALLOCATED" | "ON" | "OFF";

export interface VirtualMachine {
  readonly id: number;
  name: string;
  cpu: number;
  /** MB */
  ram: number;
  disksMb: number[];
  volumesMb: number[];
  readonly virtualDatacenter: number;
  readonly virtualAppliance: number;
  /** who made it */
  readonly user: number;
  state: MachineState;
  /** passed to the machine when it starts */
  variables?: Readonly<Record<string, string>>;
}

export interface SystemProperty {
  readonly id: number;
  name: string;
  value: string;
  description?: string;
}

export const WORKFLOW_USER = "workflow";
export const WORKFLOW_ENDPOINT = "client.main.workflowEndPoint";
export const WORKFLOW_ENABLED = "client.main.workflowEnabled";

const GLOBAL_SCOPE = 1;
const OWN_ENTERPRISE_SCOPE = 2;

/** Fields of a limit: 0 = none. */
export const NO_LIMITS: Readonly<Record<string, number>> = {
  cpuCountSoftLimit: 0,
  cpuCountHardLimit: 0,
  ramSoftLimitInMb: 0,
  ramHardLimitInMb: 0,
  diskSoftLimitInMb: 0,
  diskHardLimitInMb: 0,
  storageSoftInMb: 0,
  storageHardInMb: 0,
  vlansSoft: 0,
  vlansHard: 0,
  publicIpsSoft: 0,
  publicIpsHard: 0,
};

/** Things in the order of their making, found by their ids at once however many there are. */
export class Register<Thing extends { readonly id: number }> {
  readonly #byId = new Map<number, Thing>();

  add(thing: Thing): Thing {
    this.#byId.set(thing.id, thing);
    return thing;
  }

  /** @param id as a path has it */
  get(id: number | string | undefined): Thing | undefined {
    if (typeof id === "string" && !/^\d{1,15}$/.test(id)) return undefined;
    return id === undefined ? undefined : this.#byId.get(Number(id));
  }

  delete(id: number): boolean {
    return this.#byId.delete(id);
  }

  clear(): void {
    this.#byId.clear();
  }

  find(accepts: (thing: Thing) => boolean): Thing | undefined {
    for (const thing of this.#byId.values()) if (accepts(thing)) return thing;
    return undefined;
  }

  filter(accepts: (thing: Thing) => boolean): Thing[] {
    return [...this.#byId.values()].filter(accepts);
  }

  get size(): number {
    return this.#byId.size;
  }

  [Symbol.iterator](): IterableIterator<Thing> {
    return this.#byId.values();
  }
}

export class World {
  readonly enterprises = new Register<Enterprise>();
  readonly scopes = new Register<Scope>();
  readonly roles = new Register<Role>();
  readonly users = new Register<User>();
  readonly locations = new Register<Location>();
  readonly datacenters = new Register<VirtualDatacenter>();
  readonly appliances = new Register<VirtualAppliance>();
  readonly machines = new Register<VirtualMachine>();
  properties: SystemProperty[] = [];
  readonly #machinesOf = new Map<number, Set<VirtualMachine>>();
  readonly #firstDatacenter = new Map<number, VirtualDatacenter>();
  readonly #userByNick = new Map<string, User>();
  #nextId = 1_000;

  nextId(): number {
    return this.#nextId++;
  }

  addEnterprise(name: string, options: { readonly id?: number; readonly workflow?: boolean } = {}): Enterprise {
    const { id = this.nextId(), workflow = false } = options;
    const fields = {
      ...NO_LIMITS,
      repositorySoftInMb: 0,
      repositoryHardInMb: 0,
      isReservationRestricted: false,
      twoFactorAuthenticationMandatory: false,
    };
    return this.enterprises.add({ id, name, workflow, fields });
  }

  addUser(user: Omit<User, "id" | "active"> & { readonly id?: number; readonly active?: boolean }): User {
    const { id = this.nextId(), active = true, ...rest } = user;
    const added = this.users.add({ id, ...rest, active });
    this.#userByNick.set(added.nick, added);
    return added;
  }

  deleteUser(user: User): void {
    this.users.delete(user.id);
    this.#userByNick.delete(user.nick);
  }

  userNamed(nick: string): User | undefined {
    return this.#userByNick.get(nick);
  }

  addMachine(machine: VirtualMachine): VirtualMachine {
    const others = this.#machinesOf.get(machine.virtualAppliance);
    if (others === undefined) this.#machinesOf.set(machine.virtualAppliance, new Set([machine]));
    else others.add(machine);
    return this.machines.add(machine);
  }

  machinesOf(appliance: number): VirtualMachine[] {
    return [...(this.#machinesOf.get(appliance) ?? [])];
  }

  forgetMachines(): void {
    this.machines.clear();
    this.#machinesOf.clear();
  }

  property(name: string): string {
    return this.properties.find((property) => property.name === name)?.value ?? "";
  }

  /** The enterprise's first virtual datacenter, made when it has none. */
  datacenterOf(enterprise: number): VirtualDatacenter {
    return this.#firstDatacenter.get(enterprise) ?? this.addDatacenter(this.nextId(), enterprise);
  }

  addDatacenter(id: number, enterprise: number, location = 1): VirtualDatacenter {
    const datacenter = this.datacenters.add({ id, name: `vdc-${id}`, enterprise, location });
    if (!this.#firstDatacenter.has(enterprise)) this.#firstDatacenter.set(enterprise, datacenter);
    return datacenter;
  }

  addAppliance(datacenter: VirtualDatacenter): VirtualAppliance {
    const id = this.nextId();
    return this.appliances.add({ id, name: `vapp-${id}`, virtualDatacenter: datacenter.id });
  }

  /** Whether somebody's scope, or their own enterprise, covers this enterprise. */
  sees(user: User, enterprise: number): boolean {
    if (user.enterprise === enterprise) return true;
    const scope = this.scopes.get(this.roles.get(user.role)?.scope);
    return scope !== undefined && (scope.enterprises === "all" || scope.enterprises.includes(enterprise));
  }
}

/** Three enterprises, the last with its workflow switched off; a private datacenter and a region of a public cloud. */
export function createWorld(webhook: string): World {
  const world = new World();
  world.scopes.add({ id: GLOBAL_SCOPE, name: "Global scope", enterprises: "all" });
  world.scopes.add({ id: OWN_ENTERPRISE_SCOPE, name: "Own enterprise", enterprises: [] });
  world.locations.add({ id: 1, name: "Madrid", kind: "publiccloudregion" });
  world.locations.add({ id: 2, name: "Barcelona", kind: "datacenter" });

  world.addEnterprise("Abiquo", { id: 1, workflow: true });
  world.addEnterprise("Acme", { id: 2, workflow: true });
  world.addEnterprise("Globex", { id: 3 });

  const role = (id: number, name: keyof typeof DEFAULT_ROLES, scope: number): void => {
    world.roles.add({ id, name, privileges: [...DEFAULT_ROLES[name]], scope });
  };
  role(1, "CLOUD_ADMIN", GLOBAL_SCOPE);
  role(2, "ENTERPRISE_ADMIN", OWN_ENTERPRISE_SCOPE);
  role(3, "USER", OWN_ENTERPRISE_SCOPE);

  const user = (id: number, nick: string, name: string, surname: string, enterprise: number, roleId: number): void => {
    world.addUser({ id, nick, name, surname, email: `${nick}@example.com`, enterprise, role: roleId });
  };
  user(1, WORKFLOW_USER, "Workflow", "Connector", 1, 1);
  user(2, "ana", "Ana", "Ruiz", 2, 3);
  user(3, "bob", "Bob", "Stone", 2, 3);
  user(4, "carla", "Carla", "Vega", 2, 2);
  user(5, "dan", "Dan", "Moss", 3, 3);

  world.addDatacenter(6, 1);
  world.addDatacenter(7, 2);
  world.addDatacenter(8, 3);
  world.addDatacenter(9, 2, 2);

  world.properties = [
    { id: 1, name: WORKFLOW_ENDPOINT, value: webhook, description: "URL of the workflow tool" },
    { id: 2, name: WORKFLOW_ENABLED, value: webhook === "" ? "0" : "1", description: "1 when tasks are held" },
    { id: 3, name: "client.infra.defaultLDAPEnabled", value: "0" },
  ];
  return world;
}
