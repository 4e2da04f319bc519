import type { SimTask, SubmitRequest } from "./tasks.ts";
import type { World } from "./world.ts";

/** What can be filled: a simulated Abiquo. */
export interface Fillable {
  readonly world: World;
  hold(request: SubmitRequest): SimTask[];
}

/** Adds tenants, each with a user of its own, and tasks of theirs that wait. */
export function populate(cloud: Fillable, { tenants = 0, waiting = 0 }: { readonly tenants?: number; readonly waiting?: number }): void {
  const nicks: string[] = [];
  for (let index = 1; index <= tenants; index++) {
    const nick = `tenant-${index}`;
    const { id } = cloud.world.addEnterprise(`Tenant ${index}`, { workflow: true });
    cloud.world.addUser({ nick, name: "User", surname: String(index), email: `${nick}@example.com`, enterprise: id, role: 3 });
    nicks.push(nick);
  }
  for (let index = 0; index < waiting; index++) cloud.hold({ user: nicks[index % nicks.length] ?? "ana" });
}
