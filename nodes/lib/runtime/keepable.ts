import type { AbiquoMessage } from "../engine/index.ts";
import { isObject } from "../json.ts";
import type { Message } from "./define.ts";

/**
 * What the ledger keeps of a message, as JSON text: all of it that is JSON, without the HTTP request it may hold,
 * and without what the ledger itself knows of the tasks.
 */
export function keepable(message: Message): string {
  const { req: _req, res: _res, ...kept } = message as Message & { req?: unknown; res?: unknown };
  if (isObject(kept.abiquo) && kept.abiquo.tasks === undefined && kept.abiquo.details === undefined) {
    const { task: _task, links: _links, decision: _decision, ...abiquo } = kept.abiquo;
    kept.abiquo = abiquo as AbiquoMessage;
  }
  try {
    return JSON.stringify(kept) ?? "{}";
  } catch {
    const { _msgid, topic, abiquo } = kept;
    return JSON.stringify({ _msgid, topic, abiquo });
  }
}
