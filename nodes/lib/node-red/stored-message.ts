import { isObject } from "../base/json.ts";
import { type AbiquoMessage, keptMessage, type TaskEntry } from "../engine/index.ts";
import type { Message } from "./define.ts";

/**
 * What the ledger keeps of a message, as JSON text: all of it that is JSON, without the HTTP request it may hold,
 * and without what the ledger itself knows of the tasks.
 */
export function storedMessage(message: Message): string {
  const { req: _req, res: _res, ...kept } = message as Message & { req?: unknown; res?: unknown };
  if (isObject(kept.abiquo)) kept.abiquo = withoutKnown(kept.abiquo);
  try {
    return keptMessage.write(kept);
  } catch {
    const { _msgid, topic, abiquo } = kept;
    return keptMessage.write({ _msgid, topic, abiquo });
  }
}

/** @throws Fault KEPT_NEWER, KEPT_UNREADABLE */
export function messageIn(text: string): Message {
  return keptMessage.read(text) as Message;
}

/** Of the tasks the ledger has everything but the details. */
function withoutKnown(abiquo: AbiquoMessage): AbiquoMessage {
  if (Array.isArray(abiquo.tasks)) {
    const detailed = abiquo.tasks.filter((entry) => isObject(entry) && entry.details !== undefined);
    return { ...abiquo, tasks: detailed.map(onlyDetails) };
  }
  if (abiquo.details !== undefined) return abiquo;
  const { task: _task, links: _links, decision: _decision, ...rest } = abiquo;
  return rest;
}

function onlyDetails({ task, details }: TaskEntry): TaskEntry {
  return { task: { taskId: task?.taskId }, links: {}, details } as unknown as TaskEntry;
}
