import { Fault } from "../base/fault.ts";
import { isObject } from "../base/json.ts";
import type { AbiquoMessage, TaskEntry } from "../engine/index.ts";
import type { Message } from "./define.ts";

/** The tasks of a message: its one, or those of its group or list. Any node may have written what is there. */
export function entriesOf(abiquo: unknown): TaskEntry[] {
  if (!isObject(abiquo)) return [];
  return (Array.isArray(abiquo["tasks"]) ? abiquo["tasks"] : [abiquo]).filter(isEntry);
}

/** As `entriesOf`, for whoever must not pass over a task. @throws Fault NO_TASK_IN_MESSAGE */
export function allEntriesOf(abiquo: unknown): TaskEntry[] {
  const entries = entriesOf(abiquo);
  const isPartial = isObject(abiquo) && Array.isArray(abiquo["tasks"]) && entries.length < abiquo["tasks"].length;
  if (entries.length === 0 || isPartial) throw new Fault("NO_TASK_IN_MESSAGE");
  return entries;
}

function isEntry(value: unknown): value is TaskEntry {
  return isObject(value) && isObject(value["task"]) && isObject(value["links"]);
}

/** The namespace with these tasks in place of its own; one task stays one, a group stays a group. */
export function withEntries(before: AbiquoMessage, entries: readonly TaskEntry[]): AbiquoMessage {
  const { task: _task, links: _links, details: _details, decision: _decision, answer: _answer, tasks, ...kept } = before;
  return tasks === undefined ? { ...kept, ...(entries[0] as TaskEntry) } : { ...kept, tasks: entries };
}

/** One message for each port that has tasks; the message itself serves the first of them. */
export function portMessages(
  message: Message,
  abiquo: AbiquoMessage,
  byPort: readonly (readonly TaskEntry[])[],
  clone: (message: Message) => Message,
): (Message | null)[] {
  const ports = byPort.filter((entries) => entries.length > 0).length;
  return byPort.map((entries) => {
    if (entries.length === 0) return null;
    const own = ports > 1 ? clone(message) : message;
    own.abiquo = withEntries(abiquo, entries);
    return own;
  });
}
