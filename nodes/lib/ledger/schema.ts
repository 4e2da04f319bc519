import type { Generated } from "kysely";
import type { EntryRow } from "./chain/entry.ts";

/**
 * Where a task rests. `received`: committed, emitted to the flow, may be emitted again after a stop;
 * `held`: the flow has had it longer than the settling time; `asked`: an approval holds it; `decided`: a
 * decision is committed and its answer is being delivered; `undeliverable`: Abiquo refused the answer;
 * `delivered`: Abiquo has our answer; `elsewhere`: decided in Abiquo by somebody else; `gone`: Abiquo does
 * not know it any more.
 */
export type Stage = "received" | "held" | "asked" | "decided" | "undeliverable" | "delivered" | "elsewhere" | "gone";

/** `sending`: an attempt is, or may be, under way; `waiting`: the next attempt is due at `next_at`. */
export type DeliveryState = "sending" | "waiting" | "undeliverable" | "delivered" | "elsewhere" | "gone";

/**
 * All times are milliseconds since 1970 (UTC); columns named after JSON values hold JSON text. A row that many
 * others point to has a number for its key: random texts in several indexes are most of what a write costs.
 */
export interface LedgerSchema {
  /** the Abiquo platforms, by the normalised base URL of their API */
  platform: {
    id: Generated<number>;
    api: string;
  };
  task: {
    id: Generated<number>;
    platform: number;
    task_id: string;
    connection: string;
    /** id of the node that received it; empty when a message made it known */
    source: string;
    /** the task's own id when it came alone */
    group_id: string;
    group_index: number;
    group_count: number;
    stage: Stage;
    summary: string;
    links: string;
    received_at: number;
    /** 1 when a sweep found it, since its webhook never came */
    adopted: Generated<number>;
    /** id of the enterprise of whoever wants it; empty where it is not known */
    tenant: Generated<string>;
    /** the instance whose work it is; empty where a ledger belongs to one process */
    holder: Generated<string>;
  };
  /** The task as Abiquo sent it, apart from what is read and changed often. */
  payload: {
    task: number;
    body: string;
  };
  decision: {
    task: number;
    connection: string;
    action: "continue" | "cancel";
    decided_by: string;
    cause: string;
    rule: string | null;
    reason: string | null;
    facts: string | null;
    decided_at: number;
    /** the text that Abiquo keeps with the task; empty for none */
    text: string;
    delivery: DeliveryState;
    outcome: string | null;
    attempts: number;
    /** 1 when an attempt got no answer, so that Abiquo may have acted on it */
    uncertain: number;
    next_at: number;
    fault: string | null;
    settled_at: number | null;
    holder: Generated<string>;
  };
  /** A message that waits for its tasks to be answered, and then leaves the node that took it. */
  request: {
    id: string;
    node: string;
    action: "continue" | "cancel";
    message: string;
    /** [api, taskId][] */
    tasks: string;
    created_at: number;
    holder: Generated<string>;
  };
  /** All that ever happened: each entry is bound to the one before by its hash. Nothing in it is changed. */
  audit_entry: EntryRow;
  /** The one row with the two ends of what is kept of the chain. */
  audit_head: {
    id: number;
    /** what the chain begins with: of this store and no other */
    store: string;
    /** of the last entry */
    seq: number;
    hash: string;
    /** of the last entry that was deleted; 0 and the genesis where there is none */
    kept_after: number;
    kept_after_hash: string;
  };
  approval: {
    id: string;
    /** whose request it is: the nodes with this key carry it on */
    key: string;
    platform: number;
    connection: string;
    status: ApprovalStatus;
    version: number;
    created_at: number;
    /** when time alone moves it */
    next_wake: number | null;
    type: string;
    search: string;
    request: string;
    /** read once only, when the outcome leaves; that of a large group has megabytes */
    message: string;
    state: string;
    holder: Generated<string>;
  };
  approval_task: {
    approval: string;
    task: number;
    position: number;
    /** 1 from the end of the approval until the flow has had its outcome for the settling time, or went on with it */
    settling: Generated<number>;
  };
  /** Whose answer the open approvals wait for. */
  approval_person: {
    /** compared e-mail address */
    person: string;
    /** the approval's, so that an inbox is read in order */
    created_at: number;
    approval: string;
    /** the approval's, so that an inbox is filtered without it */
    type: string;
    /** on which level of the approval; -1 where an older release wrote the row */
    level: Generated<number>;
    /** grows with each row of all approvals: what an inbox has shown has a lower one than what came after */
    turn: Generated<number>;
  };
  notification: {
    id: string;
    approval: string;
    key: string;
    person: string;
    body: string;
    created_at: number;
    /** among those of one moment */
    position: number;
    state: NotificationState;
    /** a channel's own name of the message */
    ref: string | null;
    /** how often its channel has failed in a row */
    failures: Generated<number>;
    /** not to be told before */
    next_at: Generated<number>;
    holder: Generated<string>;
  };
  setting: {
    name: string;
    value: string;
  };
  /** What one of several instances does for all of them. */
  lease: {
    name: string;
    /** the instance that has it */
    holder: string;
    /** when it may be another's, by the database's clock */
    until: number;
  };
}

/** `opening`: committed, and the people to be asked are being found out. */
export type ApprovalStatus = "opening" | "open" | "approved" | "rejected" | "withdrawn";
/** `superseded`: never told, since something newer says all that it would have said. */
export type NotificationState = "pending" | "sent" | "superseded";

/** While people may still answer. */
export const OPEN_APPROVAL: readonly ApprovalStatus[] = ["opening", "open"];

/** Where a task rests until Abiquo's answer is settled. */
export const OPEN: readonly Stage[] = ["received", "held", "asked", "decided", "undeliverable"];

/** What never changes again, of a task or of a delivery. */
export const FINAL = ["delivered", "elsewhere", "gone"] as const;

export function isFinal(state: Stage | DeliveryState): boolean {
  return (FINAL as readonly string[]).includes(state);
}

export const STAGES: readonly Stage[] = [...OPEN, ...FINAL];

/** While nobody has decided. */
export const UNDECIDED: readonly Stage[] = ["received", "held", "asked"];

/** While Abiquo may settle a task without us. */
export const UNANSWERED: readonly Stage[] = [...UNDECIDED, "undeliverable"];
