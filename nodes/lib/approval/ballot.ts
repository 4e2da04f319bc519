import type { Step } from "./events.ts";
import type { Person } from "./policy-types.ts";
import type { Action, Decision, Outcome } from "./state.ts";

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
