import {
  applianceDto,
  applianceStateDto,
  datacenterDto,
  disksOf,
  flatMachineDto,
  limitDto,
  locationDto,
  machineDto,
  machineStateDto,
  volumesOf,
} from "../dto/cloud.ts";
import { taskPath } from "../dto/tasks.ts";
import type { Change, SimTask, TaskType } from "../world/tasks.ts";
import type { Location, VirtualAppliance, VirtualDatacenter, VirtualMachine } from "../world/world.ts";
import { ApiError } from "./errors.ts";
import { listOf, sortedBy } from "./lists.ts";
import { enterpriseOf, userOf } from "./people.ts";
import { APPLIANCE, applianceOf, applianceStateOf, DATACENTER, datacenterOf, MACHINE, machineOf, stateOf } from "./places.ts";
import type { Call, Result, Route } from "./route.ts";

const ENTERPRISE = "/admin/enterprises/{enterprise}";
const READS_MACHINES = [
  "VDC_MANAGE_VAPP",
  "VAPP_CUSTOMISE_SETTINGS",
  "VAPP_ASSIGN_NETWORK",
  "VAPP_PERFORM_ACTIONS",
  "VAPP_DEPLOY_UNDEPLOY",
] as const;
const READS_DISKS = ["VDC_MANAGE_VAPP", "VAPP_CUSTOMISE_SETTINGS"] as const;

/** Virtual datacenters, appliances and machines, and where they are. Privileges as 2.0 asks for them (`security-beans.xml`). */
export const CLOUD_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/cloud/virtualdatacenters",
    privileges: ["AUTHENTICATED"],
    produces: ["virtualdatacenters"],
    handle: (call) => datacenters(call),
  },
  {
    method: "GET",
    path: `${ENTERPRISE}/action/virtualdatacenters`,
    privileges: ["VDC_ENUMERATE", "PHYS_DC_RETRIEVE_DETAILS"],
    produces: ["virtualdatacenters"],
    handle: (call) => datacenters(call, enterpriseOf(call).id),
  },
  {
    method: "GET",
    path: DATACENTER,
    privileges: ["VDC_ENUMERATE"],
    produces: ["virtualdatacenter"],
    handle: (call) => ({ dto: datacenterDto(datacenterOf(call), call.world, call.abiquo.url) }),
  },
  {
    method: "GET",
    path: `${DATACENTER}/virtualappliances`,
    privileges: ["VDC_ENUMERATE"],
    produces: ["virtualappliances"],
    handle: appliancesOfDatacenter,
  },
  {
    method: "GET",
    path: `${ENTERPRISE}/action/virtualappliances`,
    privileges: ["VDC_ENUMERATE"],
    produces: ["virtualappliances"],
    handle: appliancesOfEnterprise,
  },
  { method: "GET", path: APPLIANCE, privileges: READS_MACHINES, produces: ["virtualappliance"], handle: readAppliance },
  {
    method: "GET",
    path: `${APPLIANCE}/state`,
    privileges: ["VAPP_CUSTOMISE_SETTINGS"],
    produces: ["virtualappliancestate"],
    handle: applianceState,
  },
  { method: "GET", path: `${APPLIANCE}/action/price`, privileges: ["VAPP_DEPLOY_UNDEPLOY"], produces: ["text/plain"], handle: price },
  {
    method: "POST",
    path: `${APPLIANCE}/action/deploy`,
    privileges: ["VAPP_DEPLOY_UNDEPLOY"],
    produces: ["acceptedrequest"],
    handle: (call) => applianceAction(call, "DEPLOY"),
  },
  {
    method: "POST",
    path: `${APPLIANCE}/action/undeploy`,
    privileges: ["VAPP_DEPLOY_UNDEPLOY"],
    produces: ["acceptedrequest"],
    handle: (call) => applianceAction(call, "UNDEPLOY"),
  },
  {
    method: "GET",
    path: `${APPLIANCE}/virtualmachines`,
    privileges: READS_MACHINES,
    produces: ["virtualmachines", "virtualmachinesflat"],
    handle: (call) => machines(call, call.world.machinesOf(applianceOf(call).id)),
  },
  {
    method: "GET",
    path: `${DATACENTER}/action/virtualmachines`,
    privileges: READS_MACHINES,
    produces: ["virtualmachines"],
    handle: (call) => machines(call, inDatacenter(call)),
  },
  {
    method: "GET",
    path: `${ENTERPRISE}/action/virtualmachines`,
    privileges: ["VAPP_CUSTOMISE_SETTINGS"],
    produces: ["virtualmachines"],
    handle: (call) => machines(call, inEnterprise(call)),
  },
  {
    method: "GET",
    path: `${ENTERPRISE}/users/{user}/action/virtualmachines`,
    privileges: ["VAPP_CUSTOMISE_SETTINGS"],
    produces: ["virtualmachines"],
    handle: machinesOfUser,
  },
  {
    method: "GET",
    path: "/cloud/virtualmachines",
    privileges: ["VAPP_CUSTOMISE_SETTINGS"],
    produces: ["virtualmachines"],
    handle: (call) =>
      machines(
        call,
        call.world.machines.filter(({ user }) => user === call.user.id),
      ),
  },
  { method: "GET", path: MACHINE, privileges: READS_MACHINES, produces: ["virtualmachine", "virtualmachineflat"], handle: readMachine },
  {
    method: "PUT",
    path: MACHINE,
    privileges: ["VAPP_CUSTOMISE_SETTINGS"],
    consumes: ["virtualmachine"],
    produces: ["acceptedrequest"],
    handle: reconfigure,
  },
  {
    method: "GET",
    path: `${MACHINE}/state`,
    privileges: ["VAPP_PERFORM_ACTIONS"],
    produces: ["virtualmachinestate"],
    handle: machineState,
  },
  {
    method: "PUT",
    path: `${MACHINE}/state`,
    privileges: ["VAPP_PERFORM_ACTIONS"],
    consumes: ["virtualmachinestate"],
    produces: ["acceptedrequest"],
    handle: changeState,
  },
  { method: "POST", path: `${MACHINE}/action/deploy`, privileges: ["VAPP_DEPLOY_UNDEPLOY"], produces: ["acceptedrequest"], handle: deploy },
  {
    method: "POST",
    path: `${MACHINE}/action/undeploy`,
    privileges: ["VAPP_DEPLOY_UNDEPLOY"],
    produces: ["acceptedrequest"],
    handle: undeploy,
  },
  { method: "GET", path: `${MACHINE}/storage/disks`, privileges: READS_DISKS, produces: ["harddisks"], handle: disks },
  { method: "GET", path: `${MACHINE}/storage/volumes`, privileges: READS_DISKS, produces: ["volumes"], handle: volumes },
  {
    method: "GET",
    path: `${ENTERPRISE}/action/volumes`,
    privileges: ["VDC_ENUMERATE"],
    produces: ["volumes"],
    handle: (call) => volumesOn(call, inEnterprise(call)),
  },
  {
    method: "GET",
    path: `${DATACENTER}/volumes`,
    privileges: ["VDC_MANAGE_STORAGE", "VDC_ENUMERATE", "PHYS_DC_RETRIEVE_DETAILS"],
    produces: ["volumes"],
    handle: (call) => volumesOn(call, inDatacenter(call)),
  },
  {
    method: "GET",
    path: "/cloud/locations",
    privileges: ["AUTHENTICATED"],
    produces: ["datacenters", "publiccloudregions"],
    handle: locations,
  },
  {
    method: "GET",
    path: "/cloud/locations/{location}",
    privileges: ["AUTHENTICATED"],
    produces: ["datacenter", "publiccloudregion"],
    handle: readLocation,
  },
  {
    method: "GET",
    path: `${ENTERPRISE}/limits`,
    privileges: ["USERS_MANAGE_ENTERPRISE", "VDC_ENUMERATE", "APPLIB_VIEW"],
    produces: ["limits"],
    handle: limits,
  },
  {
    method: "GET",
    path: `${ENTERPRISE}/limits/{location}`,
    privileges: ["USERS_MANAGE_ENTERPRISE"],
    produces: ["limit"],
    handle: readLimit,
  },
];

const BY_NAME = { name: ({ name }: { readonly name: string }) => name, id: ({ id }: { readonly id: number }) => id };
const NAME = ({ name }: { readonly name: string }): string[] => [name];

function datacenters(call: Call, enterprise?: number): Result {
  const { world, user, abiquo } = call;
  const visible = world.datacenters.filter((each) =>
    enterprise === undefined ? each.enterprise === user.enterprise : each.enterprise === enterprise,
  );
  return { dto: listOf(call, visible, BY_NAME, NAME, (each: VirtualDatacenter) => datacenterDto(each, world, abiquo.url)) };
}

function appliances(call: Call, found: readonly VirtualAppliance[]): Result {
  return {
    dto: listOf(call, found, BY_NAME, NAME, (each: VirtualAppliance) =>
      applianceDto(each, applianceStateOf(call, each), call.world, call.abiquo.url),
    ),
  };
}

function appliancesOfDatacenter(call: Call): Result {
  const { id } = datacenterOf(call);
  return appliances(
    call,
    call.world.appliances.filter(({ virtualDatacenter }) => virtualDatacenter === id),
  );
}

function appliancesOfEnterprise(call: Call): Result {
  const enterprise = enterpriseOf(call);
  return appliances(
    call,
    call.world.appliances.filter(({ virtualDatacenter }) => call.world.datacenters.get(virtualDatacenter)?.enterprise === enterprise.id),
  );
}

/** `expand=last_task` adds what the recording shows: links to itself and up, and an empty list. */
function readAppliance(call: Call): Result {
  const appliance = applianceOf(call);
  const dto = applianceDto(appliance, applianceStateOf(call, appliance), call.world, call.abiquo.url);
  if (call.query.get("expand") !== "last_task") return { dto };
  const self = call.abiquo.url + call.path;
  const parent = self.replace(/\/virtualappliances\/.*$/, "");
  return {
    dto: {
      ...dto,
      expands: { links: [], collection: [] },
      links: [...(dto["links"] as object[]), { rel: "parent", href: parent }, { rel: "self", href: self }],
    },
  };
}

function applianceState(call: Call): Result {
  const appliance = applianceOf(call);
  return { dto: applianceStateDto(appliance, applianceStateOf(call, appliance), call.abiquo.url) };
}

/** An estimate that grows with the machines; only that the route answers in plain text is evidenced. */
function price(call: Call): Result {
  const machines = call.world.machinesOf(applianceOf(call).id);
  const monthly = machines.reduce((sum, { cpu, ram }) => sum + cpu * 10 + (ram / 1_024) * 5, 0);
  return { text: `${monthly.toFixed(2)} EUR` };
}

function machines(call: Call, found: readonly VirtualMachine[]): Result {
  const flat = call.wanted === "virtualmachinesflat";
  const dto = (machine: VirtualMachine): object =>
    flat
      ? flatMachineDto(machine, stateOf(call, machine), call.world, call.abiquo.url)
      : machineDto(machine, stateOf(call, machine), call.world, call.abiquo.url);
  return { dto: listOf(call, found, BY_NAME, NAME, dto) };
}

function inDatacenter(call: Call): VirtualMachine[] {
  const { id } = datacenterOf(call);
  return call.world.machines.filter(({ virtualDatacenter }) => virtualDatacenter === id);
}

function inEnterprise(call: Call): VirtualMachine[] {
  const { id } = enterpriseOf(call);
  return call.world.machines.filter(({ virtualDatacenter }) => call.world.datacenters.get(virtualDatacenter)?.enterprise === id);
}

function machinesOfUser(call: Call): Result {
  const { id } = userOf(call);
  return machines(
    call,
    call.world.machines.filter(({ user }) => user === id),
  );
}

function readMachine(call: Call): Result {
  const machine = machineOf(call);
  const state = stateOf(call, machine);
  const { world, abiquo } = call;
  return {
    dto:
      call.wanted === "virtualmachineflat"
        ? flatMachineDto(machine, state, world, abiquo.url)
        : machineDto(machine, state, world, abiquo.url),
  };
}

function machineState(call: Call): Result {
  const machine = machineOf(call);
  return { dto: machineStateDto(machine, stateOf(call, machine), call.world, call.abiquo.url) };
}

/** Turns a machine on or off; power tasks are never held. */
function changeState(call: Call): Result {
  const machine = machineOf(call);
  requireUnlocked(call, machine);
  const { state } = call.value;
  if (state !== "ON" && state !== "OFF") throw new ApiError("GEN-2");
  if (machine.state === "NOT_ALLOCATED") throw new ApiError("VM-11");
  return accepted(call, call.abiquo.act([machine], state === "ON" ? "POWER_ON" : "POWER_OFF", call.user), FOLLOW);
}

function requireUnlocked(call: Call, machine: VirtualMachine): void {
  if (call.abiquo.isLocked(machine)) throw new ApiError("VM-2");
}

function accepted(call: Call, tasks: readonly SimTask[], entity?: string): Result {
  const links = tasks.map((task) => ({ rel: "status", href: `${call.abiquo.url}/${taskPath(task)}` }));
  return { status: 202, dto: { links, ...(entity === undefined ? {} : { entity }) } };
}

const FOLLOW = "You can follow the progress at the link";

function deploy(call: Call): Result {
  const machine = machineOf(call);
  requireUnlocked(call, machine);
  if (machine.state !== "NOT_ALLOCATED") throw new ApiError("VM-7");
  return accepted(call, call.abiquo.act([machine], "DEPLOY", call.user), FOLLOW);
}

/** A machine that runs nowhere is undeployed already: no task, and so no webhook (recorded). */
function undeploy(call: Call): Result {
  const machine = machineOf(call);
  if (call.abiquo.isLocked(machine)) throw new ApiError("VM-12");
  if (machine.state === "NOT_ALLOCATED") return {};
  return accepted(call, call.abiquo.act([machine], "UNDEPLOY", call.user), FOLLOW);
}

/** A machine that runs nowhere is changed at once; one that is on takes no change of its size. */
function reconfigure(call: Call): Result {
  const machine = machineOf(call);
  requireUnlocked(call, machine);
  const change = changeIn(call.value);
  if (machine.state === "NOT_ALLOCATED") {
    Object.assign(machine, change);
    return {};
  }
  if (machine.state !== "OFF") throw new ApiError("VM-13");
  return accepted(call, call.abiquo.act([machine], "RECONFIGURE", call.user, change), FOLLOW);
}

function changeIn({ cpu, ram }: Call["value"]): Change {
  for (const value of [cpu, ram]) if (value !== undefined && !(Number.isInteger(value) && Number(value) > 0)) throw new ApiError("GEN-2");
  return { ...(typeof cpu === "number" ? { cpu } : {}), ...(typeof ram === "number" ? { ram } : {}) };
}

/** One status link for each machine, and no sentence, unlike the action on one machine (recorded). */
function applianceAction(call: Call, type: TaskType): Result {
  const all = call.world.machinesOf(applianceOf(call).id);
  for (const machine of all) requireUnlocked(call, machine);
  const concerned = all.filter(({ state }) => (state === "NOT_ALLOCATED") === (type === "DEPLOY"));
  return accepted(call, concerned.length === 0 ? [] : call.abiquo.act(concerned, type, call.user));
}

function disks(call: Call): Result {
  return { dto: { links: [], collection: disksOf(machineOf(call), call.world, call.abiquo.url) } };
}

function volumes(call: Call): Result {
  const all = volumesOf(machineOf(call), call.world, call.abiquo.url);
  const sorted = call.query.has("by") ? sortedBy(all, call.query, { name: ({ name }) => String(name), id: ({ id }) => Number(id) }) : all;
  return { dto: { links: [], collection: sorted } };
}

function volumesOn(call: Call, found: readonly VirtualMachine[]): Result {
  const all = found.flatMap((machine) => volumesOf(machine, call.world, call.abiquo.url));
  return {
    dto: listOf(
      call,
      all,
      { name: ({ name }) => String(name), id: ({ id }) => Number(id) },
      ({ name }) => [String(name)],
      (volume) => volume,
    ),
  };
}

/** What is accepted decides of which kind they are. */
function locations(call: Call): Result {
  const kind: Location["kind"] = call.wanted === "publiccloudregions" ? "publiccloudregion" : "datacenter";
  const found = call.world.locations.filter((location) => location.kind === kind);
  return { dto: { links: [], collection: found.map((location) => locationDto(location, call.abiquo.url, kind)) } };
}

function locationOf(call: Call): Location {
  const location = call.world.locations.get(call.id("location"));
  if (location === undefined) throw new ApiError("DC-0");
  return location;
}

function readLocation(call: Call): Result {
  const location = locationOf(call);
  if (call.wanted !== location.kind) throw new ApiError("DC-0");
  return { dto: locationDto(location, call.abiquo.url, location.kind) };
}

function limits(call: Call): Result {
  const { id } = enterpriseOf(call);
  return { dto: { links: [], collection: [...call.world.locations].map((location) => limitDto(id, location, call.abiquo.url)) } };
}

function readLimit(call: Call): Result {
  return { dto: limitDto(enterpriseOf(call).id, locationOf(call), call.abiquo.url) };
}
