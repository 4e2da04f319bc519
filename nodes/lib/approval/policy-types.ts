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
