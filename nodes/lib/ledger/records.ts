import type { FaultRecord } from "../base/fault.ts";
import type { DeliveryState, Stage } from "./schema.ts";

/** A task is known by the platform it lives on and its id there. */
export interface TaskKey {
  /** base URL of the API, normalised */
  readonly api: string;
  readonly taskId: string;
}

/** One string for a key, for maps; a line break stands in neither part. */
export function keyText(key: TaskKey): string {
  return `${key.api}\n${key.taskId}`;
}

/** `summary`, `links` and `payload` are JSON text: the ledger keeps them and does not read them. */
export interface TaskRecord extends TaskKey {
  readonly connection: string;
  /** id of the node that received it; empty when a message made it known */
  readonly source: string;
  readonly group: { readonly id: string; readonly index: number; readonly count: number };
  readonly stage: Stage;
  readonly summary: string;
  readonly links: string;
  /** milliseconds since 1970 */
  readonly receivedAt: number;
  /** a sweep found it: its webhook never came */
  readonly adopted?: true;
}

export interface WholeTaskRecord extends TaskRecord {
  readonly payload: string;
}

export interface NewTask extends Omit<WholeTaskRecord, "stage"> {
  readonly about?: TaskAbout | undefined;
}

/** What the audit says of a task when it comes. */
export interface TaskAbout {
  /** id of the enterprise of whoever wants it */
  readonly tenant: string;
  readonly type: string;
  /** who wants it, as Abiquo says */
  readonly requester: string;
}

export interface Proposal extends TaskKey {
  readonly connection: string;
  readonly action: "continue" | "cancel";
  readonly by: string;
  readonly cause: string;
  readonly rule?: string | undefined;
  readonly reason?: string | undefined;
  /** JSON text */
  readonly facts?: string | undefined;
  /** milliseconds since 1970 */
  readonly at: number;
  /** text for Abiquo to keep; empty for none */
  readonly text: string;
  /**
   * What is written first when the ledger does not know the task yet; or why it is not fit to be kept, which
   * then fails the whole job.
   */
  readonly task?: NewTask | { readonly unfit: FaultRecord } | undefined;
}

export interface DecisionRecord extends Omit<Proposal, "task"> {
  readonly delivery: DeliveryState;
  readonly outcome?: string | undefined;
  readonly attempts: number;
  /** an attempt got no answer: Abiquo may have acted on it */
  readonly uncertain: boolean;
  /** milliseconds since 1970: when the next attempt is due */
  readonly nextAt: number;
  /** JSON text of the fault that the last attempt met */
  readonly fault?: string | undefined;
  /** milliseconds since 1970 */
  readonly settledAt?: number | undefined;
  /** the instance that delivers it, where there are several */
  readonly holder?: string | undefined;
}

/**
 * What became of a proposal: `won`: it is the decision; `same`: the task was already decided this way;
 * `other`: it was already decided the other way; `unknown`: nothing is known of this task.
 */
export type Verdict =
  | { readonly verdict: "unknown" }
  | {
      readonly verdict: "won" | "same" | "other";
      readonly task: TaskRecord;
      readonly decision: DecisionRecord;
      /** true when this proposal must see to the delivery: it won, or it asks again for a refused one */
      readonly deliver: boolean;
    };

/** A message that leaves its node once each of its tasks has an outcome. */
export interface SubmissionRecord {
  readonly id: string;
  readonly node: string;
  readonly action: Proposal["action"];
  /** JSON text */
  readonly message: string;
  readonly tasks: readonly TaskKey[];
  /** why its tasks cannot be read: none are known then */
  readonly unread?: FaultRecord;
  readonly createdAt: number;
}

/** How one attempt to deliver a decision went. */
export interface DeliveryNews extends TaskKey {
  /** milliseconds since 1970 */
  readonly reportedAt: number;
  /** the one that delivers it from now on; absent = as before */
  readonly connection?: string | undefined;
  readonly delivery: DeliveryState;
  readonly outcome?: string | undefined;
  readonly attempts: number;
  readonly uncertain: boolean;
  readonly nextAt: number;
  readonly fault?: string | undefined;
}

export interface AuditEntry extends TaskKey {
  readonly at: number;
  readonly event: string;
  readonly actor: string;
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}
