import { addTime } from "./calendar.ts";
import { distinctPeople, identity, possibleIdentity, requesterTest } from "./people.ts";
import type { Need, Person } from "./policy-types.ts";
import type { Action, Approval, Decision, StuckWhy, Tally, Vote } from "./state.ts";
import type { Transition } from "./transition.ts";

const MINUTE_MS = 60_000;

/** How many approvals a need means when `asked` people may vote. */
export function required(need: Need, asked: number): number {
  if (need === "any") return 1;
  if (need === "all") return asked;
  if (typeof need === "number") return need;
  return Math.max(1, Math.ceil((Number.parseFloat(need) * asked) / 100));
}

type Bar = "VOTED_ON_OTHER_LEVEL" | "SELF_APPROVAL" | "REQUESTER_UNKNOWN";

/** What stands against a person's vote on the present level, by compared e-mail address; undefined for nothing. */
export function barriers(approval: Approval): (email: string) => Bar | undefined {
  const { policy, subject, votes, level } = approval;
  const others = policy.allowSamePersonTwice ? [] : votes.filter((vote) => vote.level !== level);
  const spent = new Set(others.flatMap((vote) => [vote.by, ...(vote.inPlaceOf ?? [])]).map(possibleIdentity));
  const isRequester = requesterTest(approval);
  return (email) => {
    if (spent.has(possibleIdentity(email))) return "VOTED_ON_OTHER_LEVEL";
    if (policy.allowSelfApproval) return undefined;
    if (isRequester(email)) return "SELF_APPROVAL";
    return subject.requester === undefined ? "REQUESTER_UNKNOWN" : undefined;
  };
}

function admitted(approval: Approval, people: readonly Person[]): readonly Person[] {
  const barrier = barriers(approval);
  return distinctPeople(people).filter(({ email }) => barrier(identity(email)) === undefined);
}

/** The fallback stands in for an unknown requester too, so that alone does not bar it. */
function admittedFallback(approval: Approval): readonly Person[] {
  const barrier = barriers(approval);
  return distinctPeople(approval.policy.fallback).filter(({ email }) => {
    const bar = barrier(identity(email));
    return bar === undefined || bar === "REQUESTER_UNKNOWN";
  });
}

/** Why this many people cannot meet the present level's need; undefined when they can. */
function shortage(transition: Transition, people: readonly Person[]): StuckWhy | undefined {
  const { policy, subject } = transition.state;
  if (people.length >= Math.max(1, required(transition.level.need, people.length))) return undefined;
  if (people.length > 0) return "TOO_FEW_APPROVERS";
  const anonymous = subject.requester === undefined && !policy.allowSelfApproval;
  return anonymous && transition.level.approvers.length > 0 ? "REQUESTER_UNKNOWN" : "NO_APPROVER";
}

/** Asks the people of a level, or does what the policy says when there are too few. */
export function enterLevel(transition: Transition, level: number): void {
  const { state } = transition;
  state.level = level;
  state.escalatedTo = [];
  clearClock(transition);
  const people = admitted(state, transition.level.approvers);
  const short = shortage(transition, people);
  if (short === undefined) ask(transition, people);
  else helpOut(transition, people, short);
}

function helpOut(transition: Transition, people: readonly Person[], short: StuckWhy): void {
  const { state } = transition;
  // Those found are kept as seats, unasked: they are told how it ended, and somebody put beside them may make up the number.
  state.seats = people.map((person) => ({ person }));
  if (state.policy.noApprover === "reject") {
    transition.decide({ outcome: "rejected", cause: "no-approver", at: transition.now });
    return;
  }
  if (state.policy.noApprover === "fallback") {
    const helped = distinctPeople([...people, ...admittedFallback(state)]);
    if (shortage(transition, helped) === undefined) {
      transition.record({ what: "fallback", why: short });
      ask(transition, helped);
      return;
    }
  }
  keep(transition, short);
}

function keep(transition: Transition, why: StuckWhy): void {
  transition.state.stuck = why;
  transition.record({ what: "stuck", why });
  transition.emit({ kind: "stuck", level: transition.state.level, why });
}

function ask(transition: Transition, people: readonly Person[]): void {
  transition.state.seats = people.map((person) => ({ person }));
  startClock(transition);
  transition.notify("asked", people);
}

/** Whether the present level's people are known too few, so that they were never asked. */
export function isUnasked({ stuck }: Approval): boolean {
  return stuck !== undefined && stuck !== "NOBODY_TO_ESCALATE_TO";
}

/** Adds a person to those found too few, in the place of `from` where given; asks them all once they are enough. */
export function joinLevel(transition: Transition, person: Person, from: string | undefined): void {
  const { state } = transition;
  const found = state.seats.map((seat) => (identity(seat.person.email) === from ? person : seat.person));
  const people = distinctPeople([...found, person]);
  const short = shortage(transition, people);
  if (short === undefined) {
    delete state.stuck;
    ask(transition, people);
  } else {
    state.seats = people.map((each) => ({ person: each }));
    state.stuck = short;
  }
}

function clearClock({ state }: Transition): void {
  delete state.dueAt;
  delete state.overdue;
  delete state.nextReminderAt;
  delete state.stuck;
}

function startClock(transition: Transition): void {
  const { state, level, now } = transition;
  state.askedAt = now;
  state.runningSince = now;
  if (level.deadline !== undefined) state.dueAt = addTime(state.policy.calendar, now, level.deadline * MINUTE_MS);
  scheduleReminder(transition);
}

/** Counts from now, so that reminders missed during a stop are not sent in a row. */
export function scheduleReminder({ state, level, now }: Transition): void {
  if (level.remindEvery === undefined) return;
  state.nextReminderAt = addTime(state.policy.calendar, now, level.remindEvery * MINUTE_MS);
}

/** The votes given on the present level. */
export function votesHere({ votes, level }: Approval): readonly Vote[] {
  return votes.filter((vote) => vote.level === level);
}

/** Whose answer the approval waits for; while frozen too, although votes are refused then. */
export function waitingFor(approval: Approval): readonly Person[] {
  return approval.status === "open" && !isUnasked(approval) ? unanswered(approval) : [];
}

/** Those with a seat on the present level who have not answered. */
export function unanswered(approval: Approval): readonly Person[] {
  const voted = new Set(votesHere(approval).map(({ by }) => by));
  const people = distinctPeople([...approval.seats, ...approval.escalatedTo].map(({ person }) => person));
  return people.filter(({ email }) => !voted.has(identity(email)));
}

/** Asks the people to escalate to. Somebody who has answered is not asked again: the answer is known. */
export function escalate(transition: Transition): void {
  const { state } = transition;
  const voted = new Set(votesHere(state).map(({ by }) => by));
  const open = (people: readonly Person[]): readonly Person[] => people.filter(({ email }) => !voted.has(identity(email)));
  let people = open(admitted(state, transition.level.escalateTo));
  if (people.length === 0 && state.policy.noApprover === "fallback") {
    people = open(admittedFallback(state));
    if (people.length > 0) transition.record({ what: "fallback", why: "NOBODY_TO_ESCALATE_TO" });
  }
  if (people.length > 0) {
    state.escalatedTo = people.map((person) => ({ person }));
    transition.record({ what: "escalated" });
    transition.notify("escalated", people);
  } else if (state.policy.noApprover === "reject") {
    transition.decide({ outcome: "rejected", cause: "no-approver", at: transition.now });
  } else {
    keep(transition, "NOBODY_TO_ESCALATE_TO");
  }
}

/**
 * Ends the level if the votes given on it decide it. To be called after whatever changes votes or seats: a quorum is
 * met by a smaller number of people as well as by another vote.
 */
export function conclude(transition: Transition): void {
  const decisive = decisiveVote(transition.state);
  if (decisive === undefined) return;
  const { by, reason, action } = decisive;
  const decision = { cause: "vote", by, ...(reason === undefined ? {} : { reason }), at: transition.now } as const;
  if (action === "approve") passLevel(transition, { ...decision, outcome: "approved" });
  else transition.decide({ ...decision, outcome: "rejected" });
}

/**
 * The vote that decides the present level: the last of those that make up the outcome. Undefined while the outcome
 * depends on those who have not answered, and while votes are stopped.
 */
export function decisiveVote(approval: Approval): Vote | undefined {
  if (approval.status !== "open" || approval.frozen !== undefined || isUnasked(approval)) return undefined;
  const votes = votesHere(approval);
  const alone = votes.find(({ by }) => decidesAlone(approval, by));
  if (alone !== undefined) return alone;
  const action = actionOfQuorum(tally(approval));
  return votes.findLast((vote) => vote.action === action);
}

function decidesAlone({ policy, level, escalatedTo }: Approval, email: string): boolean {
  return policy.levels[level]?.need === "any" || escalatedTo.some(({ person }) => identity(person.email) === email);
}

function actionOfQuorum(tally: Tally): Action | undefined {
  if (tally.approvals >= tally.needed) return "approve";
  return isOutOfReach(tally) ? "reject" : undefined;
}

/** Whether too few are left to approve. */
export function isOutOfReach({ asked, needed, rejects }: Tally): boolean {
  return asked - rejects < needed;
}

/** How the quorum of the present level stands; those it was escalated to decide beside it and are not counted. */
export function tally(approval: Approval): Tally {
  const { policy, level, seats } = approval;
  const votes = votesHere(approval);
  const rejects = votes.filter(({ action }) => action === "reject").length;
  const needed = required(policy.levels[level]?.need ?? "all", seats.length);
  return { asked: seats.length, needed, approvals: votes.length - rejects, rejects };
}

/** The present level is approved: the next one begins, or the request is decided. */
export function passLevel(transition: Transition, decision: Decision): void {
  const next = transition.state.level + 1;
  if (next >= transition.state.policy.levels.length) {
    transition.decide(decision);
    return;
  }
  const { at: _, ...said } = decision;
  transition.record({ what: "level-approved", ...said });
  enterLevel(transition, next);
}
