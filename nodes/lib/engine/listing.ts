import { keptPayload } from "../abiquo/index.ts";
import { readOrWhy } from "../base/codec.ts";
import { eachPage, type KeptFault, keyText, type Ledger, type ListedTask, type StageQuery, type TaskKey } from "../ledger/index.ts";
import type { Approvals } from "./approvals/approvals.ts";
import { listedDelivery } from "./listed-delivery.ts";
import { entryOf, type ListedEntry, type OpenRequest, unreadEntry } from "./message.ts";

export interface ListedInEngine {
  readonly key: TaskKey;
  readonly connection: string;
  readonly entry: ListedEntry;
  readonly payload: unknown;
}

/**
 * Tasks at these stages, oldest first, as `msg.abiquo` shows them; those that people are asked about say by which
 * request, those whose answer is on its way or refused what keeps it.
 *
 * @param words for a fault; its code unless told
 */
export async function listTasks(
  ledger: Pick<Ledger, "listPage">,
  approvals: Pick<Approvals, "openRequests">,
  query: StageQuery,
  words: (fault: KeptFault) => string = ({ code }) => code,
): Promise<ListedInEngine[]> {
  const all: ListedInEngine[] = [];
  for await (const rows of eachPage((after) => ledger.listPage(query, after))) all.push(...(await listed(approvals, rows, words)));
  return all;
}

async function listed(
  approvals: Pick<Approvals, "openRequests">,
  found: readonly ListedTask[],
  words: (fault: KeptFault) => string,
): Promise<ListedInEngine[]> {
  const asked = found.flatMap(({ task }) => (task.stage === "asked" ? [{ api: task.api, taskId: task.taskId }] : []));
  const requests = await approvals.openRequests(asked);
  return found.map(({ task, decision }) => {
    const approval = requests.get(keyText(task));
    return {
      key: { api: task.api, taskId: task.taskId },
      connection: task.connection,
      ...listedPart(task, decision, approval, words),
    };
  });
}

/** What cannot be read is listed by what is known of it without, so that nobody takes it for gone. */
function listedPart(
  task: ListedTask["task"],
  decision: ListedTask["decision"],
  approval: OpenRequest | undefined,
  words: (fault: KeptFault) => string,
): Pick<ListedInEngine, "entry" | "payload"> {
  const reading = readOrWhy(() => ({ entry: entryOf(task, decision), payload: keptPayload.read(task.payload) }));
  const found =
    "value" in reading ? reading.value : { entry: { ...unreadEntry(task.taskId), unreadable: reading.unread.code }, payload: {} };
  const delivery = decision === undefined ? undefined : listedDelivery(decision, words);
  const entry = { ...found.entry, ...(approval === undefined ? {} : { approval }), ...(delivery === undefined ? {} : { delivery }) };
  return { ...found, entry };
}
