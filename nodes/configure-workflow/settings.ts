import type { AbiquoClient, AbiquoEnterprise } from "../lib/abiquo/index.ts";
import { Fault } from "../lib/base/fault.ts";

export interface WorkflowChange {
  readonly action: "read" | "enable" | "disable";
  /** disable even while tasks wait */
  readonly force: boolean;
  readonly signal: AbortSignal;
}

/**
 * Reads or changes the workflow of the whole platform.
 *
 * @throws Fault WORKFLOW_TASKS_WAITING when tasks wait that disabling would strand; nothing was changed
 */
export async function configurePlatform(
  client: AbiquoClient,
  { action, force, endpoint, signal }: WorkflowChange & { readonly endpoint: string },
): Promise<{ endpoint: string; enabled: boolean }> {
  if (action === "read") return client.platformWorkflow(signal);
  if (action === "enable") {
    if (!URL.canParse(endpoint)) throw new Fault("CONFIG_INVALID", { property: "endpoint" });
    return client.setPlatformWorkflow({ endpoint, enabled: true }, signal);
  }
  if (!force) {
    let waiting = 0;
    for await (const { id } of client.enterprises({ workflow: true }, signal)) waiting += await countWaiting(client, id, signal);
    refuseWhileWaiting(waiting);
  }
  return client.setPlatformWorkflow({ enabled: false }, signal);
}

/** The same for one enterprise. @throws Fault WORKFLOW_TASKS_WAITING */
export async function configureEnterprise(
  client: AbiquoClient,
  id: string,
  { action, force, signal }: WorkflowChange,
): Promise<AbiquoEnterprise> {
  if (action === "read") return client.enterprise(id, signal);
  if (action === "disable" && !force) refuseWhileWaiting(await countWaiting(client, id, signal));
  return client.setEnterpriseWorkflow(id, action === "enable", signal);
}

async function countWaiting(client: AbiquoClient, enterprise: string, signal: AbortSignal): Promise<number> {
  let count = 0;
  for await (const _ of client.pendingTasks({ enterprise }, signal)) count++;
  return count;
}

/** Tasks that wait when the feature is turned off stay where they are, and nothing asks for them again. */
function refuseWhileWaiting(count: number): void {
  if (count > 0) throw new Fault("WORKFLOW_TASKS_WAITING", { count });
}
