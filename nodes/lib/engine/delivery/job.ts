import { apiBase, keptLinks, linksOfTask, type TaskLinks, type TaskSummary } from "../../abiquo/index.ts";
import { type Fault, valueOrFault } from "../../base/fault.ts";
import { type DecisionRecord, keyText, type TaskRecord } from "../../ledger/index.ts";
import type { Place } from "./turns.ts";

/** A decision that Abiquo has yet to be told. */
export interface Job extends Place {
  readonly key: string;
  readonly task: TaskRecord;
  /** or why it has none that lead to it */
  readonly links: TaskLinks | Fault;
  /** whether Abiquo may have the answer already, so that its task is read before it is sent */
  looksFirst: boolean;
  decision: DecisionRecord;
  /** true while an attempt is under way */
  busy: boolean;
  /** true once another instance delivers it */
  isTaken?: boolean;
  /** since when Abiquo has not shown the task, in the clock's monotonic time */
  missingSince?: number;
  /** cancels the next attempt */
  cancel?: (() => void) | undefined;
}

/** @param summary of the task; undefined where it cannot be read */
export function jobOf(task: TaskRecord, decision: DecisionRecord, summary: TaskSummary | undefined): Job {
  const { enterpriseId = "", virtualDatacenterId = "" } = summary ?? {};
  const place = { enterprise: enterpriseId, datacenter: virtualDatacenterId };
  return { ...place, key: keyText(decision), task, links: ownLinks(task), looksFirst: false, decision, busy: false };
}

/** Stores of 0.1.0 may hold what only a message said of a task: links of another one, or too few. */
function ownLinks({ api, taskId, links }: TaskRecord): TaskLinks | Fault {
  return valueOrFault(() => linksOfTask(keptLinks.read(links), taskId, apiBase(api)));
}
