import { randomUUID } from "node:crypto";
import type { MachineState, User, VirtualAppliance, VirtualDatacenter, VirtualMachine, World } from "./world.ts";

/** What is held for workflow. */
export type TaskType = "DEPLOY" | "UNDEPLOY" | "RECONFIGURE";

/** What is never held. */
export type PowerTask = "POWER_ON" | "POWER_OFF";

export type TaskState =
  | "QUEUEING"
  | "PENDING"
  | "STARTED"
  | "FINISHED_SUCCESSFULLY"
  | "FINISHED_UNSUCCESSFULLY"
  | "ABORTED"
  | "CANCELLED"
  | "ACK_ERROR";

/** What a held RECONFIGURE would make of its machine. */
export interface Change {
  readonly cpu?: number;
  /** MB */
  readonly ram?: number;
}

/** A task of the simulated Abiquo. */
export interface SimTask {
  readonly taskId: string;
  readonly type: TaskType | PowerTask;
  state: TaskState;
  /** who asked for it */
  readonly user: User;
  /** the requester's */
  readonly enterprise: number;
  readonly virtualDatacenter: number;
  readonly virtualAppliance: number;
  readonly virtualMachine: number;
  /** epoch seconds */
  readonly created: number;
  timestamp: number;
  readonly change?: Change;
  /** what the answer said; Abiquo keeps it as extradata */
  text?: string;
  /** who answered it */
  answeredBy?: string;
  /** the job that failed, counted from 0 */
  failedJob?: number;
}

export interface SubmitRequest {
  readonly type?: TaskType;
  /** virtual machines in one action; more than one makes a group */
  readonly count?: number;
  /** nick or id of the user who asks; `ana` unless told */
  readonly user?: string;
  readonly cpu?: number;
  /** MB */
  readonly ram?: number;
  /** the first one of the user's enterprise unless told */
  readonly virtualDatacenter?: number;
}

const LOCKING: ReadonlySet<TaskState> = new Set(["QUEUEING", "PENDING", "STARTED"]);

/** `abiquo.tasks.history.size`: how many tasks of each machine are kept. */
export const HISTORY_SIZE = 20;

/** The tasks, found by id, by machine, and by the enterprise whose answer they wait for, however many there are. */
export class Tasks {
  readonly #byId = new Map<string, SimTask>();
  readonly #byMachine = new Map<number, Map<string, SimTask>>();
  readonly #heldByEnterprise = new Map<number, Map<string, SimTask>>();

  add(task: SimTask): void {
    this.#byId.set(task.taskId, task);
    within(this.#byMachine, task.virtualMachine).set(task.taskId, task);
    if (task.state === "QUEUEING") within(this.#heldByEnterprise, task.enterprise).set(task.taskId, task);
  }

  get(taskId: string): SimTask | undefined {
    return this.#byId.get(taskId);
  }

  all(): IterableIterator<SimTask> {
    return this.#byId.values();
  }

  /** In the order of their making. */
  ofMachine(machine: number): SimTask[] {
    return [...(this.#byMachine.get(machine)?.values() ?? [])];
  }

  /** In the order of their making. */
  heldOf(enterprise: number): SimTask[] {
    return [...(this.#heldByEnterprise.get(enterprise)?.values() ?? [])];
  }

  /** While one of its tasks waits or runs. */
  isLocked(machine: number): boolean {
    for (const { state } of this.#byMachine.get(machine)?.values() ?? []) if (LOCKING.has(state)) return true;
    return false;
  }

  /** @param now epoch seconds */
  change(task: SimTask, state: TaskState, now: number): void {
    task.state = state;
    task.timestamp = now;
    if (state === "QUEUEING") within(this.#heldByEnterprise, task.enterprise).set(task.taskId, task);
    else this.#heldByEnterprise.get(task.enterprise)?.delete(task.taskId);
  }

  delete(task: SimTask): void {
    this.#byId.delete(task.taskId);
    this.#byMachine.get(task.virtualMachine)?.delete(task.taskId);
    this.#heldByEnterprise.get(task.enterprise)?.delete(task.taskId);
  }

  /** Forgets what Abiquo's daily round forgets: all but the last tasks of each machine. */
  trimHistory(): void {
    for (const tasks of this.#byMachine.values()) {
      const surplus = [...tasks.values()].slice(0, Math.max(0, tasks.size - HISTORY_SIZE));
      for (const task of surplus) if (!LOCKING.has(task.state)) this.delete(task);
    }
  }

  clear(): void {
    this.#byId.clear();
    this.#byMachine.clear();
    this.#heldByEnterprise.clear();
  }
}

function within<Key>(map: Map<Key, Map<string, SimTask>>, key: Key): Map<string, SimTask> {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = new Map<string, SimTask>();
  map.set(key, made);
  return made;
}

/**
 * Makes a virtual appliance with machines and their tasks, as a user's action does.
 *
 * @param now epoch seconds
 * @throws Error when there is no such user, or the virtual datacenter is another enterprise's
 */
export function createTasks(world: World, request: SubmitRequest, now: number): SimTask[] {
  const wanted = request.user ?? "ana";
  const user = world.userNamed(wanted) ?? world.users.get(wanted);
  if (user === undefined) throw new Error(`The simulated Abiquo has no user ${wanted}`);
  const appliance = world.addAppliance(datacenterFor(world, user, request.virtualDatacenter));
  const type = request.type ?? "DEPLOY";
  return Array.from({ length: request.count ?? 1 }, () => taskOn(newMachine(world, appliance, user, request), user, type, now));
}

function datacenterFor(world: World, { enterprise }: User, id: number | undefined): VirtualDatacenter {
  if (id === undefined) return world.datacenterOf(enterprise);
  const known = world.datacenters.get(id);
  if (known === undefined) return world.addDatacenter(id, enterprise);
  if (known.enterprise !== enterprise) throw new Error(`The virtual datacenter ${id} belongs to another enterprise`);
  return known;
}

/** What is asked to be undeployed or reconfigured was deployed before, and is off for a change. */
const STATE_BEFORE = { DEPLOY: "NOT_ALLOCATED", UNDEPLOY: "ON", RECONFIGURE: "OFF" } as const;

function newMachine(
  world: World,
  appliance: VirtualAppliance,
  user: User,
  { type = "DEPLOY", cpu = 2, ram = 2_048 }: SubmitRequest,
): VirtualMachine {
  const id = world.nextId();
  return world.addMachine({
    id,
    name: `vm-${id}`,
    cpu,
    ram,
    disksMb: [10_240],
    volumesMb: [],
    virtualDatacenter: appliance.virtualDatacenter,
    virtualAppliance: appliance.id,
    user: user.id,
    state: STATE_BEFORE[type],
  });
}

/** Makes the machine of a task, and where it stands, where they are missing. */
export function makePlace(world: World, { type, user, enterprise, virtualDatacenter, virtualAppliance, virtualMachine }: SimTask): void {
  if (world.datacenters.get(virtualDatacenter) === undefined) world.addDatacenter(virtualDatacenter, enterprise);
  if (world.appliances.get(virtualAppliance) === undefined)
    world.appliances.add({ id: virtualAppliance, name: `vapp-${virtualAppliance}`, virtualDatacenter });
  if (world.machines.get(virtualMachine) !== undefined) return;
  const state = type === "DEPLOY" || type === "UNDEPLOY" || type === "RECONFIGURE" ? STATE_BEFORE[type] : "ON";
  world.addMachine({
    id: virtualMachine,
    name: `vm-${virtualMachine}`,
    cpu: 2,
    ram: 2_048,
    disksMb: [10_240],
    volumesMb: [],
    virtualDatacenter,
    virtualAppliance,
    user: user.id,
    state,
  });
}

/**
 * A task of this user on this machine, which waits.
 *
 * @param now epoch seconds
 */
export function taskOn(machine: VirtualMachine, user: User, type: TaskType | PowerTask, now: number, change?: Change): SimTask {
  return {
    taskId: randomUUID(),
    type,
    state: "QUEUEING",
    user,
    enterprise: user.enterprise,
    virtualDatacenter: machine.virtualDatacenter,
    virtualAppliance: machine.virtualAppliance,
    virtualMachine: machine.id,
    created: now,
    timestamp: now,
    ...(change === undefined ? {} : { change }),
  };
}

const STATE_AFTER: Readonly<Partial<Record<SimTask["type"], MachineState>>> = {
  DEPLOY: "ON",
  UNDEPLOY: "NOT_ALLOCATED",
  POWER_ON: "ON",
  POWER_OFF: "OFF",
};

/** What a task that succeeded has made of its machine. */
export function complete(task: SimTask, machine: VirtualMachine): void {
  machine.state = STATE_AFTER[task.type] ?? machine.state;
  const { cpu, ram } = task.change ?? {};
  if (cpu !== undefined) machine.cpu = cpu;
  if (ram !== undefined) machine.ram = ram;
}
