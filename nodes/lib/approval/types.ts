/** Somebody who may be asked. Identity is the e-mail address, however it is spelled. */
export interface Person {
  readonly email: string;
  readonly name?: string;
  /** Other names of the same person: a second address, a Slack or Telegram id. Without regard to case. */
  readonly aliases?: readonly string[];
  /** Id in the system that is asked about: tells the requester from others whatever their addresses say. */
  readonly account?: string;
}

/** The people who hold a role, to be found out when the approval is opened. */
export interface Role {
  readonly role: string;
}

/**
 * How many of those asked must approve.
 *
 * - `"any"`: the first answer decides, whichever it is.
 * - `"all"`: everybody approves; the first reject ends it.
 * - a number or a percentage (rounded up) of those asked: that many approve. A reject ends it once too few are
 *   left to reach that number. So `1` differs from `"any"`: one approval is enough even after rejects.
 *
 * People who may not vote, such as the requester, are not asked and so do not count for `"all"` and percentages.
 */
export type Need = "any" | "all" | number | `${number}%`;

export type OnDeadline = "wait" | "reject" | "approve" | "escalate";

interface LevelOf<Member> {
  readonly name: string;
  readonly approvers: readonly Member[];
  readonly need: Need;
  /** Minutes from asking; of business time where the policy has a calendar. */
  readonly deadline?: number;
  /**
   * What happens at the deadline, once. `escalate` asks `escalateTo` as well: from then on one answer of theirs
   * decides the level, unless those asked first get there before; after that the level waits.
   */
  readonly onDeadline: OnDeadline;
  readonly escalateTo: readonly Member[];
  /** Minutes between reminders to those who have not answered; of business time where there is a calendar. */
  readonly remindEvery?: number;
}

/** Business hours. Time counts while the wall clock of `timeZone` shows a working day between `from` and `to`. */
export interface Calendar {
  /** IANA name. */
  readonly timeZone: string;
  /** ISO 8601 weekdays: 1 is Monday, 7 Sunday. */
  readonly days: readonly number[];
  /** `HH:MM`, included. */
  readonly from: string;
  /** `HH:MM`, not included; `24:00` is the end of the day. */
  readonly to: string;
  /** Days off, `YYYY-MM-DD`. */
  readonly holidays: readonly string[];
}

export type RequireReason = "never" | "reject" | "always";
export type NoApprover = "keep" | "reject" | "fallback";

interface PolicyOf<Member> {
  /** Answered one after the other; the request is approved when the last is. */
  readonly levels: readonly LevelOf<Member>[];
  /** `reject` includes approvals that except items. */
  readonly requireReason: RequireReason;
  readonly allowSelfApproval: boolean;
  /** Whether one person may vote on two levels. Who votes in place of another stands for both. */
  readonly allowSamePersonTwice: boolean;
  /** Whether people may hand their vote to somebody else; a list of domains and addresses allows these only. */
  readonly delegation: boolean | readonly string[];
  /**
   * What happens to a level whose need cannot be met by the people who may vote: it is kept until somebody acts
   * (`reassign`, `bypass`, `withdraw`), rejected, or `fallback` is asked too. Kept as well when the fallback is
   * not enough.
   */
  readonly noApprover: NoApprover;
  readonly fallback: readonly Member[];
  readonly calendar?: Calendar;
}

export type RawLevel = LevelOf<Person | Role>;
/** A policy as configured: roles are not yet people. */
export type RawPolicy = PolicyOf<Person | Role>;
export type Level = LevelOf<Person>;
export type Policy = PolicyOf<Person>;

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

/** A message to one person about the end of the request. */
export interface Notice {
  readonly person: Person;
  /** True for the requester, who hears of the result without having been asked. */
  readonly requester: boolean;
  readonly notification: string;
}

export interface AskEvent {
  readonly kind: "asked" | "reminder" | "escalated";
  readonly level: number;
  readonly person: Person;
  readonly dueAt?: number;
  /** Unique, and the same again when the same step is computed again from the same state. */
  readonly notification: string;
}

/** The one outcome. */
export interface DecidedEvent extends Decision {
  readonly kind: "decided";
  readonly level: number;
  readonly approvedItems: readonly string[];
  readonly rejectedItems: readonly string[];
  /** The approving votes that excepted items, to say of each item who left it out and why. */
  readonly exceptions: readonly Vote[];
  readonly notices: readonly Notice[];
}

export interface WithdrawnEvent {
  readonly kind: "withdrawn";
  readonly level: number;
  readonly by: string;
  readonly reason?: string;
  readonly at: number;
  readonly notices: readonly Notice[];
}

/** Nobody can answer, and the policy says to keep the request: it must not go unseen. */
export interface StuckEvent {
  readonly kind: "stuck";
  readonly level: number;
  readonly why: StuckWhy;
}

export type ApprovalEvent = AskEvent | DecidedEvent | WithdrawnEvent | StuckEvent;

/** A new state and what must be told because of it; both are to be committed together. */
export interface Step {
  readonly approval: Approval;
  readonly events: readonly ApprovalEvent[];
}

/** What somebody says to a request. */
export interface Ballot {
  /**
   * The level it was asked on, from 0. Absent means the present one, except for what the person has said before and
   * for whoever was asked on an earlier level only. Needed where one person may vote on two levels.
   */
  readonly level?: number;
  readonly action: Action;
  /** E-mail address or alias. */
  readonly by: string;
  readonly reason?: string;
  /** Items that an approval leaves out. */
  readonly except?: readonly string[];
}

/** Why a vote or a command was refused. */
export type Refusal =
  /** not one of those asked on this level */
  | "NOT_APPROVER"
  /** the level has not been asked yet */
  | "LEVEL_NOT_OPEN"
  | "FROZEN"
  /** the requester may not approve the own request */
  | "SELF_APPROVAL"
  /** nobody knows who the requester is, so self-approval cannot be ruled out */
  | "REQUESTER_UNKNOWN"
  /** the person voted on another level */
  | "VOTED_ON_OTHER_LEVEL"
  /** the vote was handed to somebody else */
  | "HANDED_OVER"
  /** the person voted on this level, and otherwise; the first vote stands and cannot be handed over */
  | "ALREADY_VOTED"
  | "REASON_REQUIRED"
  /** an item to except does not belong to the request */
  | "ITEM_UNKNOWN"
  /** only an approval can except items */
  | "EXCEPT_WITH_REJECT"
  /** a command without saying who gives it */
  | "BY_REQUIRED"
  | "DELEGATION_OFF"
  /** votes may be handed to certain addresses only, and this is none */
  | "DELEGATE_NOT_LISTED"
  /** the person to hand over to is asked on this level already */
  | "ALREADY_APPROVER"
  /** the level has too few people to be asked, or would have */
  | "TOO_FEW_APPROVERS";

export interface VoteStep extends Step {
  /**
   * `repeated`: the same vote of the same person again, nothing changes. `late`: the level or the request was
   * already decided.
   */
  readonly result: "counted" | "repeated" | "late" | "forbidden";
  readonly why?: Refusal;
  /** How the level or the request stands decided, for `late`, and for the others once it is. */
  readonly decision?: Decision | { readonly outcome: "withdrawn"; readonly by: string; readonly at: number };
  /** From `decision`, in the form of `msg.abiquo.vote`. */
  readonly decidedBy?: string;
  readonly at?: number;
}

export type Command =
  /**
   * Puts `to` in place of `from`, or of everybody on the level who has not answered; beside those found where they
   * were too few to be asked. The deadline stays. A need that the votes given meet among fewer people ends the level
   * at once; one that could no longer be met makes the command refused.
   */
  | { readonly action: "reassign"; readonly to: Person; readonly from?: string; readonly by: string; readonly reason?: string }
  /** A person (`by`) hands the own vote to `to`. */
  | { readonly action: "delegate"; readonly to: Person; readonly by: string; readonly reason?: string }
  | { readonly action: "withdraw"; readonly by: string; readonly reason?: string }
  /** Stops votes, deadlines and reminders. */
  | { readonly action: "freeze"; readonly by: string; readonly reason: string }
  | { readonly action: "unfreeze"; readonly by: string; readonly reason?: string }
  /** Decides the whole request past its levels, `approved` unless told otherwise; also while frozen. */
  | { readonly action: "bypass"; readonly outcome?: Outcome; readonly by: string; readonly reason: string };

export interface CommandStep extends Step {
  /** `repeated`: it is already so. `late`: the request is closed. */
  readonly result: "done" | "repeated" | "late" | "forbidden";
  readonly why?: Refusal;
  readonly decidedBy?: string;
  readonly at?: number;
}
