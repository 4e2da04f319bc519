import type { Ledger, Stage } from "../ledger/index.ts";
import { type RecordedTask, recordedTask } from "../rules/index.ts";
import { entryOf, type TaskEntry } from "./message.ts";

const EVERY_STAGE: readonly Stage[] = ["received", "held", "asked", "decided", "undeliverable", "delivered", "elsewhere", "gone"];

export interface LedgerTask extends RecordedTask {
  readonly entry: TaskEntry;
}

/**
 * The newest tasks of the ledger, for rules to be tried on, each at the moment when it came; newest first.
 *
 * @param query `api` empty = every platform; `limit` 0 = all
 */
export async function recordedTasks(ledger: Pick<Ledger, "list">, query: { api?: string; limit: number }): Promise<LedgerTask[]> {
  const found = await ledger.list({ ...query, stages: EVERY_STAGE, newestFirst: true });
  return found.map(({ task, decision }) => {
    const { id, count } = task.group;
    const entry = entryOf(task, decision);
    return { ...recordedTask({ ...entry }, { id, count }, new Date(task.receivedAt)), entry };
  });
}
