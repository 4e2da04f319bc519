import type { NewTask } from "../../nodes/lib/ledger/index.ts";

/** Where the tasks of specs live, unless they say otherwise. */
export const API = "https://cloud.example.com/api";

/** A task as a ledger receives it, of a group of its own. */
export function newTask(taskId: string, change: Partial<NewTask> = {}): NewTask {
  return {
    api: API,
    taskId,
    connection: "config",
    source: "hook",
    group: { id: taskId, index: 0, count: 1 },
    summary: "{}",
    links: "{}",
    payload: "{}",
    receivedAt: 1,
    ...change,
  };
}
