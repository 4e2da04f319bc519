import { Fault } from "../base/fault.ts";
import { type Api, segment } from "./api.ts";
import { elementsOf, ListPages, mappedPages, PAGE, type Pages } from "./paging.ts";
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
  query: PendingQuery,
  signal: AbortSignal | undefined,
  onProblem: (fault: Fault) => void,
): AsyncGenerator<AbiquoTask, void> {
  const { limit = 0 } = query;
  let count = 0;
  for await (const task of elementsOf(pendingPagesOf(api, query, onProblem), signal)) {
    yield task;
    if (++count === limit) return;
  }
}

/** As `AbiquoClient.pendingPages`. */
export function pendingPagesOf(
  api: Api,
  { enterprise, user, filter = "", limit = 0 }: PendingQuery,
  onProblem: (fault: Fault) => void,
): Pages<AbiquoTask> {
  const ofUser = user === undefined ? "" : `/users/${segment(user)}`;
  const path = `/admin/enterprises/${segment(enterprise)}${ofUser}/action/pendingtasks`;
  const size = limit > 0 ? Math.min(limit, PAGE) : PAGE;
  const pages = new ListPages(api, { path, name: "tasks", has: filter, size, id: "taskId" });
  return mappedPages(pages, (elements) => tasksIn(elements, api, onProblem));
}

/** Those of these DTOs that are usable tasks. */
export function tasksIn(elements: readonly unknown[], { base }: Api, onProblem: (fault: Fault) => void): AbiquoTask[] {
  return elements.flatMap((dto) => {
    try {
      return [taskFromDto(dto, base)];
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      onProblem(error);
      return [];
    }
  });
}
