import assert from "node:assert/strict";
import type { SimTask } from "../../harness/index.ts";
import { Cloud, machinePath } from "./support.ts";

/** A simulated Abiquo 3.10 with machines in every state, and where they are by the names that fixtures use. */
export interface Furnished {
  readonly cloud: Cloud;
  readonly places: Readonly<Record<string, string>>;
  /** Fills in the places of a path or a body. */
  filled(text: string): string;
}

/**
 * `machine`: with a task that is held, one that runs and one that failed; `freeMachine`, `freeAppliance`: deployed;
 * `stoppedMachine`: off; `freshMachine`, `newAppliance`: never deployed; `emptyAppliance`.
 */
export async function furnish(): Promise<Furnished> {
  const cloud = await Cloud.start({ version: "3.10" });
  const { abiquo } = cloud;
  const free = (request: Parameters<typeof abiquo.hold>[0]): SimTask => {
    const tasks = abiquo.hold(request);
    for (const { taskId } of tasks) abiquo.trim(taskId);
    return tasks[0] as SimTask;
  };
  const held = cloud.held();
  const machine = abiquo.world.machines.get(held.virtualMachine);
  assert.ok(machine);
  machine.disksMb.push(1_024);
  machine.volumesMb.push(2_048);
  const [running, failed] = (["PENDING", "FINISHED_UNSUCCESSFULLY"] as const).map((state) => {
    const task: SimTask = { ...held, taskId: crypto.randomUUID(), state };
    abiquo.adopt(task);
    return task.taskId;
  });
  cloud.held();
  const [deployed, fresh, fleet, stopped] = [
    free({ count: 3, type: "UNDEPLOY" }),
    free({}),
    free({ count: 3 }),
    free({ type: "RECONFIGURE" }),
  ];
  const user = abiquo.users.get(1);
  assert.ok(user && running && failed);
  const applianceOf = (task: SimTask): string => machinePath(task).replace(/\/virtualmachines.*/, "");
  const datacenter = abiquo.world.datacenterOf(2);
  const places: Record<string, string> = {
    url: abiquo.url,
    machine: machinePath(held),
    held: held.taskId,
    running,
    failed,
    datacenter: `/cloud/virtualdatacenters/${held.virtualDatacenter}`,
    appliance: applianceOf(held),
    freeMachine: machinePath(deployed),
    freeAppliance: applianceOf(deployed),
    freshMachine: machinePath(fresh),
    newAppliance: applianceOf(fleet),
    stoppedMachine: machinePath(stopped),
    emptyAppliance: `/cloud/virtualdatacenters/${datacenter.id}/virtualappliances/${abiquo.world.addAppliance(datacenter).id}`,
    application: String(abiquo.registration.register(user, "connector", "Answers", []).id),
  };
  return { cloud, places, filled: (text) => text.replace(/\{(\w+)\}/g, (whole, name: string) => places[name] ?? whole) };
}

/** `rel: type, title` of a link, the attributes in order. */
function linkForm(link: Record<string, string> | string): string {
  if (typeof link === "string") {
    const [rel = "", rest = ""] = link.split(/: (.*)/s);
    const [type = "", ...others] = rest === "" ? [] : rest.split(", ");
    return [rel, type === "" || type.includes("/") ? type : `application/vnd.abiquo.${type}+json`, ...others.sort()].join(" ").trim();
  }
  const { rel = "", href, type = "", ...others } = link;
  assert.match(href ?? "", /^http:\/\//, `${rel} has an address`);
  for (const [name, value] of Object.entries(others)) assert.equal(typeof value, "string", `${rel} ${name}`);
  return [rel, type, ...Object.keys(others).sort()].join(" ").trim();
}

/** What is compared of a value: keys and JSON types, and for links their relations and attributes. */
export function formOf(value: unknown, key = ""): unknown {
  if (key === "links") return [...new Set((value as (Record<string, string> | string)[]).map(linkForm))].sort();
  if (Array.isArray(value))
    return [...new Set(value.map((item) => JSON.stringify(formOf(item))))].sort().map((text) => JSON.parse(text) as unknown);
  if (value === null) return "null";
  if (typeof value === "object")
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, child]) => [name, formOf(child, name)]),
    );
  return Number.isInteger(value) ? "integer" : typeof value;
}
