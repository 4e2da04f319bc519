import { randomUUID } from "node:crypto";
import type { User, VirtualMachine, World } from "./world.ts";

export type TaskType = "DEPLOY" | "UNDEPLOY" | "RECONFIGURE";

/** A task of the simulated Abiquo. */
export interface SimTask {
  readonly taskId: string;
  readonly type: TaskType;
  state: string;
  readonly user: User;
  readonly enterprise: number;
  readonly virtualDatacenter: number;
  readonly virtualAppliance: number;
  readonly virtualMachine: number;
  /** epoch seconds */
  readonly created: number;
  timestamp: number;
  /** what the answer said; Abiquo keeps it as extradata */
  text?: string;
  /** who answered it */
  answeredBy?: string;
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
  readonly virtualDatacenter?: number;
}

/** Makes machines and their tasks, as a user's action does. */
export function createTasks(world: World, request: SubmitRequest, state: string): SimTask[] {
  const wanted = request.user ?? "ana";
  const user = world.users.find(({ nick, id }) => nick === wanted || String(id) === wanted);
  if (user === undefined) throw new Error(`The simulated Abiquo has no user ${wanted}`);
  const count = request.count ?? 1;
  const virtualAppliance = world.nextId++;
  return Array.from({ length: count }, () => {
    const machine: VirtualMachine = {
      id: world.nextId++,
      name: "",
      cpu: request.cpu ?? 2,
      ram: request.ram ?? 2_048,
      disksMb: [10_240],
      volumesMb: [],
      virtualDatacenter: request.virtualDatacenter ?? 7,
      virtualAppliance,
      user: user.id,
      // What is asked to be undeployed or reconfigured was deployed before.
      isDeployed: (request.type ?? "DEPLOY") !== "DEPLOY",
    };
    machine.name = `vm-${machine.id}`;
    world.machines.set(machine.id, machine);
    return taskOn(machine, user, request.type ?? "DEPLOY", state);
  });
}

/** A task of this user on this machine. */
export function taskOn(machine: VirtualMachine, user: User, type: TaskType, state: string): SimTask {
  const now = Math.floor(Date.now() / 1000);
  return {
    taskId: randomUUID(),
    type,
    state,
    user,
    enterprise: user.enterprise,
    virtualDatacenter: machine.virtualDatacenter,
    virtualAppliance: machine.virtualAppliance,
    virtualMachine: machine.id,
    created: now,
    timestamp: now,
  };
}

const NEXT: Record<string, string> = { PENDING: "STARTED", STARTED: "FINISHED_SUCCESSFULLY" };

export function advance(task: SimTask, world: World): void {
  const next = NEXT[task.state];
  if (next === undefined) return;
  change(task, next);
  const machine = world.machines.get(task.virtualMachine);
  if (machine !== undefined && next === "FINISHED_SUCCESSFULLY") machine.isDeployed = task.type !== "UNDEPLOY";
}

export function change(task: SimTask, state: string): void {
  task.state = state;
  task.timestamp = Math.floor(Date.now() / 1000);
}
