import type { ApplianceState, ShownState } from "../dto/cloud.ts";
import type { SimTask } from "../world/tasks.ts";
import type { VirtualAppliance, VirtualDatacenter, VirtualMachine } from "../world/world.ts";
import { ApiError } from "./errors.ts";
import type { Call } from "./route.ts";

export const DATACENTER = "/cloud/virtualdatacenters/{datacenter}";
export const APPLIANCE = `${DATACENTER}/virtualappliances/{appliance}`;
export const MACHINE = `${APPLIANCE}/virtualmachines/{machine}`;
export const TASK = `${MACHINE}/tasks/{task}`;

/** The virtual datacenter of the path: nobody reaches another tenant's but by their scope. */
export function datacenterOf(call: Call): VirtualDatacenter {
  const datacenter = call.world.datacenters.get(call.id("datacenter"));
  if (datacenter === undefined) throw new ApiError("VDC-0");
  if (!call.world.sees(call.user, datacenter.enterprise)) throw new ApiError("403-FORBIDDEN");
  return datacenter;
}

export function applianceOf(call: Call): VirtualAppliance {
  const datacenter = datacenterOf(call);
  const appliance = call.world.appliances.get(call.id("appliance"));
  if (appliance === undefined || appliance.virtualDatacenter !== datacenter.id) throw new ApiError("VAPP-0");
  return appliance;
}

export function machineOf(call: Call): VirtualMachine {
  const appliance = applianceOf(call);
  const machine = call.world.machines.get(call.id("machine"));
  if (machine === undefined || machine.virtualAppliance !== appliance.id) throw new ApiError("VM-1");
  return machine;
}

/** A task that exists, but under another machine, is as unknown as none (2.0, `TaskService.java`). */
export function taskOf(call: Call): SimTask {
  const machine = machineOf(call);
  const task = call.abiquo.task(call.id("task"));
  if (task === undefined || task.virtualMachine !== machine.id) throw new ApiError("TASK-1");
  return task;
}

export function stateOf({ abiquo }: Call, machine: VirtualMachine): ShownState {
  return abiquo.isLocked(machine) ? "LOCKED" : machine.state;
}

/** The state of an appliance follows from those of its machines. */
export function applianceStateOf(call: Call, appliance: VirtualAppliance): ApplianceState {
  const states = call.world.machinesOf(appliance.id).map((machine) => stateOf(call, machine));
  if (states.length === 0) return "NOT_DEPLOYED";
  if (states.includes("LOCKED")) return "LOCKED";
  const deployed = states.filter((state) => state !== "NOT_ALLOCATED").length;
  return deployed === 0 ? "NOT_DEPLOYED" : deployed === states.length ? "DEPLOYED" : "NEEDS_SYNC";
}
