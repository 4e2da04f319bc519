import { type Check, isEither, isFlag, isListOf, isNumber, isOneOf, isRecord, isText, isTrue, optional } from "../base/shape.ts";
import type { LinkKey } from "./links.ts";
import type { Calendar, Level, Need, Person, Policy, RawLevel, RawPolicy, Role } from "./policy-types.ts";
import type { Approval, Decision, HistoryEntry, Seat, Subject, Vote } from "./state.ts";

// What was kept of an approval is told from what was not. Whatever is added here must be right for all that any
// release has kept; a change of what is meant takes an upcaster.

const isPerson = isRecord<Person>({
  email: isText,
  name: optional(isText),
  aliases: optional(isListOf(isText)),
  account: optional(isText),
});
const isRole = isRecord<Role>({ role: isText });
const isPersonOrRole = isEither(isPerson, isRole);

const isNeed: Check<Need> = (value): value is Need =>
  typeof value === "number" || value === "any" || value === "all" || (typeof value === "string" && /^[\d.]+%$/.test(value));

const ofLevel = {
  name: isText,
  need: isNeed,
  deadline: optional(isNumber),
  onDeadline: isOneOf<Level["onDeadline"]>({ wait: true, reject: true, approve: true, escalate: true }),
  remindEvery: optional(isNumber),
} as const;
const isLevel = isRecord<Level>({ ...ofLevel, approvers: isListOf(isPerson), escalateTo: isListOf(isPerson) });
const isRawLevel = isRecord<RawLevel>({ ...ofLevel, approvers: isListOf(isPersonOrRole), escalateTo: isListOf(isPersonOrRole) });

const isCalendar = isRecord<Calendar>({
  timeZone: isText,
  days: isListOf(isNumber),
  from: isText,
  to: isText,
  holidays: isListOf(isText),
});

const ofPolicy = {
  requireReason: isOneOf<Policy["requireReason"]>({ never: true, reject: true, always: true }),
  allowSelfApproval: isFlag,
  allowSamePersonTwice: isFlag,
  delegation: isEither(isFlag, isListOf(isText)),
  noApprover: isOneOf<Policy["noApprover"]>({ keep: true, reject: true, fallback: true }),
  calendar: optional(isCalendar),
} as const;
const isPolicy = isRecord<Policy>({ ...ofPolicy, levels: isListOf(isLevel), fallback: isListOf(isPerson) });

/** Of a policy whose roles are not yet people. */
export const isRawPolicy = isRecord<RawPolicy>({ ...ofPolicy, levels: isListOf(isRawLevel), fallback: isListOf(isPersonOrRole) });

const isSubject = isRecord<Subject>({
  id: isText,
  items: isListOf(isText),
  requester: optional(isText),
  requesterAccount: optional(isText),
  requesterNames: optional(isListOf(isText)),
});

const isSeat = isRecord<Seat>({ person: isPerson, inPlaceOf: optional(isListOf(isText)) });

const isVote = isRecord<Vote>({
  level: isNumber,
  by: isText,
  inPlaceOf: optional(isListOf(isText)),
  action: isOneOf<Vote["action"]>({ approve: true, reject: true }),
  reason: optional(isText),
  except: optional(isListOf(isText)),
  at: isNumber,
});

const isStuckWhy = isOneOf<NonNullable<Approval["stuck"]>>({
  NO_APPROVER: true,
  TOO_FEW_APPROVERS: true,
  REQUESTER_UNKNOWN: true,
  NOBODY_TO_ESCALATE_TO: true,
});
const isOutcome = isOneOf<Decision["outcome"]>({ approved: true, rejected: true });
const isCause = isOneOf<Decision["cause"]>({ vote: true, deadline: true, "no-approver": true, bypass: true });

const isDecision = isRecord<Decision>({
  outcome: isOutcome,
  cause: isCause,
  by: optional(isText),
  reason: optional(isText),
  at: isNumber,
});

const isHistoryEntry = isRecord<HistoryEntry>({
  at: isNumber,
  level: isNumber,
  what: isOneOf<HistoryEntry["what"]>({
    opened: true,
    approve: true,
    reject: true,
    "level-approved": true,
    overdue: true,
    escalated: true,
    stuck: true,
    fallback: true,
    reassigned: true,
    delegated: true,
    frozen: true,
    unfrozen: true,
    decided: true,
    withdrawn: true,
  }),
  by: optional(isText),
  from: optional(isText),
  to: optional(isText),
  reason: optional(isText),
  outcome: optional(isOutcome),
  cause: optional(isCause),
  why: optional(isStuckWhy),
});

/** Of the state of an approval. */
export const isApproval = isRecord<Approval>({
  id: isText,
  policy: isPolicy,
  subject: isSubject,
  status: isOneOf<Approval["status"]>({ open: true, approved: true, rejected: true, withdrawn: true }),
  level: isNumber,
  askedAt: isNumber,
  runningSince: isNumber,
  seats: isListOf(isSeat),
  escalatedTo: isListOf(isSeat),
  votes: isListOf(isVote),
  excepted: isListOf(isText),
  dueAt: optional(isNumber),
  overdue: optional(isTrue),
  nextReminderAt: optional(isNumber),
  frozen: optional(isRecord<NonNullable<Approval["frozen"]>>({ by: isText, reason: isText, at: isNumber })),
  stuck: optional(isStuckWhy),
  told: isListOf(isPerson),
  notified: isNumber,
  decision: optional(isDecision),
  history: isListOf(isHistoryEntry),
});

export const isLinkKey = isRecord<LinkKey>({ id: isText, secret: isText, until: optional(isNumber) });
