import type { Ballot, Refusal, VoteStep } from "./ballot.ts";
import type { Step } from "./events.ts";
import { barriers, conclude, isUnasked } from "./levels.ts";
import { wake } from "./lifecycle.ts";
import { identify, identity } from "./people.ts";
import type { Approval, Decision, HistoryEntry, Seat, Vote } from "./state.ts";
import { Transition } from "./transition.ts";

/**
 * Takes a vote. What is due by `now` happens first, so that the outcome does not depend on how promptly `wake` is
 * called: a vote after the deadline finds what the deadline decided.
 *
 * A vote once given stands. The level ends as soon as its outcome is certain:
 *
 * - need `any`: the first answer, approve or reject, decides.
 * - need `all`: the first reject ends it.
 * - a number or percentage: enough approvals, or a reject that leaves too few people to reach them. A minority
 *   that rejects is outvoted.
 * - whoever was asked by escalation decides alone.
 *
 * A rejected level rejects the request. Items that an approval excepts are rejected while the rest goes on: they do
 * not have the approvals they need when the rest has. Exceptions add up over votes and levels; once nothing is
 * left, the request is rejected. An approval that excepts all that is left is taken as the reject it is.
 */
export function vote(approval: Approval, ballot: Ballot, now: number): VoteStep {
  const step = wake(approval, now);
  const { approval: awake } = step;
  const by = identify(awake, ballot.by);
  const level = ballot.level ?? meantLevel(awake, by, ballot);

  const earlier = awake.votes.find((given) => given.by === by && given.level === level);
  if (earlier !== undefined && sameVote(earlier, ballot)) return answer(step, "repeated", level);
  if (isDecided(awake, level)) {
    if (isConcerned(awake, by)) return answer(step, "late", level);
    return { ...step, result: "forbidden", why: whyWithoutSeat(awake, by) };
  }
  const why = refusal(awake, ballot, by, level, earlier);
  if (why !== undefined) return { ...step, result: "forbidden", why };

  const transition = new Transition(step, now);
  cast(transition, by, ballot);
  return answer(transition.done(), "counted", level);
}

/**
 * The level that a vote without one is for: the present one, unless it says again what the person said on an earlier
 * level, as a message that is delivered twice does, or comes from somebody who was asked before and is not any more.
 */
function meantLevel(approval: Approval, by: string, ballot: Ballot): number {
  const { status, level, votes } = approval;
  if (status !== "open") return level;
  const said = votes.findLast((vote) => vote.by === by && sameVote(vote, ballot));
  if (said !== undefined) return said.level;
  const isPast =
    level > 0 && seatOf(approval, by) === undefined && whyWithoutSeat(approval, by) === "NOT_APPROVER" && isConcerned(approval, by);
  return isPast ? level - 1 : level;
}

function sameVote(given: Vote, ballot: Ballot): boolean {
  const before = new Set(given.except);
  const now = new Set(ballot.except);
  // A reject with exceptions was said as an approval that left nothing.
  const said = before.size > 0 ? "approve" : given.action;
  return said === ballot.action && before.size === now.size && [...now].every((item) => before.has(item));
}

function isDecided({ status, level }: Approval, asked: number): boolean {
  return status !== "open" || asked < level;
}

/** Whether the person was ever asked, by compared address. Outsiders are told nothing. */
export function isConcerned(approval: Approval, email: string): boolean {
  return seatOf(approval, email) !== undefined || approval.told.some((person) => identity(person.email) === email);
}

function refusal(approval: Approval, ballot: Ballot, by: string, level: number, earlier: Vote | undefined): Refusal | undefined {
  if (level > approval.level) return "LEVEL_NOT_OPEN";
  if (seatOf(approval, by) === undefined) return whyWithoutSeat(approval, by);
  if (approval.frozen !== undefined) return "FROZEN";
  if (isUnasked(approval)) return "TOO_FEW_APPROVERS";
  if (earlier !== undefined) return "ALREADY_VOTED";
  const except = ballot.except ?? [];
  if (except.length > 0) {
    if (ballot.action === "reject") return "EXCEPT_WITH_REJECT";
    const known = new Set(approval.subject.items);
    if (!except.every((item) => known.has(item))) return "ITEM_UNKNOWN";
  }
  const rejects = ballot.action === "reject" || except.length > 0;
  const { requireReason } = approval.policy;
  const reasonNeeded = requireReason === "always" || (requireReason === "reject" && rejects);
  return reasonNeeded && textOrNothing(ballot.reason) === undefined ? "REASON_REQUIRED" : undefined;
}

export function seatOf({ seats, escalatedTo }: Approval, email: string): Seat | undefined {
  return [...seats, ...escalatedTo].find(({ person }) => identity(person.email) === email);
}

function whyWithoutSeat(approval: Approval, by: string): Refusal {
  const { seats, escalatedTo } = approval;
  if ([...seats, ...escalatedTo].some(({ inPlaceOf }) => inPlaceOf?.includes(by) === true)) return "HANDED_OVER";
  return hadSeat(approval, by) ? (barriers(approval)(by) ?? "HANDED_OVER") : "NOT_APPROVER";
}

/** Whether the policy or somebody's command gave the person a place on the present level, unless there was a bar. */
function hadSeat(approval: Approval, email: string): boolean {
  const { policy, level, history } = approval;
  const here = history.filter((entry) => entry.level === level);
  const happened = (what: HistoryEntry["what"]): boolean => here.some((entry) => entry.what === what);
  const { approvers = [], escalateTo = [] } = policy.levels[level] ?? {};
  const named = [...approvers, ...(happened("escalated") ? escalateTo : []), ...(happened("fallback") ? policy.fallback : [])];
  const put = here.flatMap(({ what, to }) => (to !== undefined && (what === "reassigned" || what === "delegated") ? [to] : []));
  return [...named.map((person) => person.email), ...put].some((each) => identity(each) === email);
}

/** The text without blanks around it; undefined for none. */
export function textOrNothing(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? "";
  return trimmed === "" ? undefined : trimmed;
}

function cast(transition: Transition, by: string, ballot: Ballot): void {
  const { state } = transition;
  const seat = seatOf(state, by);
  const reason = textOrNothing(ballot.reason);
  const before = new Set(state.excepted);
  const except = [...new Set(ballot.except)];
  const fresh = except.filter((item) => !before.has(item));
  const leavesNothing = fresh.length > 0 && before.size + fresh.length === state.subject.items.length;
  const given: Vote = {
    level: state.level,
    by,
    ...(seat?.inPlaceOf === undefined ? {} : { inPlaceOf: seat.inPlaceOf }),
    action: leavesNothing ? "reject" : ballot.action,
    ...(reason === undefined ? {} : { reason }),
    ...(except.length === 0 ? {} : { except }),
    at: transition.now,
  };
  state.votes = [...state.votes, given];
  if (fresh.length > 0 && !leavesNothing) state.excepted = [...state.excepted, ...fresh];
  transition.record({ what: given.action, by, ...(reason === undefined ? {} : { reason }) });
  conclude(transition);
}

/** How the level, or the request, stands decided; undefined while it is open. */
function decisionOn({ decision, status, level, history }: Approval, asked: number): VoteStep["decision"] {
  if (asked < level) {
    const passed = history.find((entry) => entry.what === "level-approved" && entry.level === asked);
    if (passed === undefined) return undefined;
    const { cause = "vote", by, reason, at } = passed;
    return { outcome: "approved", cause, ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }), at };
  }
  if (status !== "withdrawn") return decision;
  const { by = "", at = 0 } = history.at(-1) ?? {};
  return { outcome: "withdrawn", by, at };
}

function answer(step: Step, result: VoteStep["result"], level: number): VoteStep {
  const decision = decisionOn(step.approval, level);
  if (decision === undefined) return { ...step, result };
  return { ...step, result, decision, ...saidBy(decision), at: decision.at };
}

function saidBy({ by }: Pick<Decision, "by">): { decidedBy?: string } {
  return by === undefined ? {} : { decidedBy: by };
}
