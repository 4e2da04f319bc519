import type { Person, Policy } from "./policy-types.ts";

/** What is asked about. */
export interface Subject {
  /** Becomes the approval's id: at most 22 URL-safe characters (see `newApprovalId`). */
  readonly id: string;
  /** Ids of the items, each once, each of which may be excepted from an approval. */
  readonly items: readonly string[];
  /**
   * E-mail address, or an approver's alias. Absent or anything else means unknown, and then nobody but the fallback
   * may vote unless self-approval is allowed.
   */
  readonly requester?: string;
  /** The requester's `Person.account`. */
  readonly requesterAccount?: string;
  /** What the requester is called besides, such as a login: whoever has it as an alias is the requester. */
  readonly requesterNames?: readonly string[];
}

export type Action = "approve" | "reject";
export type Outcome = "approved" | "rejected";
export type Cause = "vote" | "deadline" | "no-approver" | "bypass";

/** A place at the present level. */
export interface Seat {
  readonly person: Person;
  /** E-mail addresses of those in whose place the person votes, the first holder first. */
  readonly inPlaceOf?: readonly string[];
}

/** A vote that counted. */
export interface Vote {
  readonly level: number;
  /** E-mail address. */
  readonly by: string;
  readonly inPlaceOf?: readonly string[];
  readonly action: Action;
  readonly reason?: string;
  /** Items that an approval left out. With a reject: all that were left, so that nothing remained to approve. */
  readonly except?: readonly string[];
  readonly at: number;
}

/** Why a level has nobody to wait for. */
export type StuckWhy = "NO_APPROVER" | "TOO_FEW_APPROVERS" | "REQUESTER_UNKNOWN" | "NOBODY_TO_ESCALATE_TO";

/** How a level or the whole request was decided. */
export interface Decision {
  readonly outcome: Outcome;
  readonly cause: Cause;
  /** The last voter's e-mail address, or who bypassed; absent for a deadline and for want of an approver. */
  readonly by?: string;
  readonly reason?: string;
  readonly at: number;
}

export interface HistoryEntry {
  readonly at: number;
  readonly level: number;
  readonly what:
    | "opened"
    | "approve"
    | "reject"
    | "level-approved"
    | "overdue"
    | "escalated"
    | "stuck"
    | "fallback"
    | "reassigned"
    | "delegated"
    | "frozen"
    | "unfrozen"
    | "decided"
    | "withdrawn";
  readonly by?: string;
  readonly from?: string;
  readonly to?: string;
  readonly reason?: string;
  readonly outcome?: Outcome;
  readonly cause?: Cause;
  readonly why?: StuckWhy;
}

/** The state of a level's quorum. */
export interface Tally {
  readonly asked: number;
  /** How many must approve. */
  readonly needed: number;
  readonly approvals: number;
  readonly rejects: number;
}

export type Status = "open" | Outcome | "withdrawn";

/**
 * The state of an approval: plain JSON, never changed in place. `policy` and `subject` stay the same objects from
 * opening to the end, so that they need to be stored once only.
 */
export interface Approval {
  readonly id: string;
  readonly policy: Policy;
  readonly subject: Subject;
  readonly status: Status;
  /** Position of the present level, from 0; where the approval ended once it is closed. */
  readonly level: number;
  /** When people were last asked by a level's beginning, in ms since 1970. */
  readonly askedAt: number;
  /** Since when the level's clock runs: it starts when its people are asked, and again after a freeze. */
  readonly runningSince: number;
  /** Those whose votes make up the quorum of the present level. */
  readonly seats: readonly Seat[];
  /** Those asked at the deadline, each of whom decides the level. */
  readonly escalatedTo: readonly Seat[];
  readonly votes: readonly Vote[];
  /** Items that approvals have left out so far, over all levels. */
  readonly excepted: readonly string[];
  /** The present level's deadline in ms since 1970, kept for display after it fired. Stale while frozen. */
  readonly dueAt?: number;
  /** The deadline has done what it does. */
  readonly overdue?: true;
  readonly nextReminderAt?: number;
  /** Who stopped the clock and the votes. */
  readonly frozen?: { readonly by: string; readonly reason: string; readonly at: number };
  /** Set while nobody can be waited for. */
  readonly stuck?: StuckWhy;
  /** Everybody who was asked, in this order, each once. */
  readonly told: readonly Person[];
  /** How many notifications were made: makes the next one's id. */
  readonly notified: number;
  readonly decision?: Decision;
  readonly history: readonly HistoryEntry[];
}
