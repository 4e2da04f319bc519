import { Fault } from "../base/fault.ts";
import { type Api, segment } from "./api.ts";
import { elementsOf, PAGE } from "./paging.ts";
import { type AbiquoTask, taskFromDto } from "./task.ts";

/** Which tasks that wait for an answer are meant. */
export interface PendingQuery {
  /** id */
  readonly enterprise: string;
  /** id of one of its users; absent = all */
  readonly user?: string;
  /** nick of the requester */
  readonly filter?: string;
  /** 0 or absent = all */
  readonly limit?: number;
}

/** As `AbiquoClient.pendingTasks`. */
export async function* pendingTasksOf(
  api: Api,
  { enterprise, user, filter = "", limit = 0 }: PendingQuery,
  signal: AbortSignal | undefined,
  onProblem: (fault: Fault) => void,
): AsyncGenerator<AbiquoTask, void> {
  const ofUser = user === undefined ? "" : `/users/${segment(user)}`;
  const path = `/admin/enterprises/${segment(enterprise)}${ofUser}/action/pendingtasks`;
  const size = limit > 0 ? Math.min(limit, PAGE) : PAGE;
  let count = 0;
  for await (const dto of elementsOf(api, { path, name: "tasks", has: filter, size, id: "taskId" }, signal)) {
    let task: AbiquoTask;
    try {
      task = taskFromDto(dto, api.base);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      onProblem(error);
      continue;
    }
    yield task;
    if (++count === limit) return;
  }
}
