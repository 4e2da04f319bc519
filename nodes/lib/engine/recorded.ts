import { readOrWhy } from "../base/codec.ts";
import { type Ledger, STAGES } from "../ledger/index.ts";
import { type RecordedTask, recordedTask } from "../rules/index.ts";
import { entryOf, type TaskEntry } from "./message.ts";

export interface LedgerTask extends RecordedTask {
  readonly entry: TaskEntry;
}

/**
 * The newest tasks of the ledger, for rules to be tried on, each at the moment when it came; newest first.
 *
 * One that cannot be read is left out.
 *
 * @param query `api` empty = every platform; `limit` 0 = all
 */
export async function recordedTasks(ledger: Pick<Ledger, "list">, query: { api?: string; limit: number }): Promise<LedgerTask[]> {
  const found = await ledger.list({ ...query, stages: STAGES, newestFirst: true });
  return found.flatMap(({ task, decision }) => {
    const { id, count } = task.group;
    const reading = readOrWhy(() => entryOf(task, decision));
    if ("unread" in reading) return [];
    const entry = reading.value;
    return [{ ...recordedTask({ ...entry }, { id, count }, new Date(task.receivedAt)), entry }];
  });
}
