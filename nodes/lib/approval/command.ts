import type { Command, CommandStep, Refusal } from "./ballot.ts";
import { addTime, timeBetween } from "./calendar.ts";
import type { Step } from "./events.ts";
import { barriers, conclude, isOutOfReach, isUnasked, joinLevel, tally, unanswered } from "./levels.ts";
import { wake } from "./lifecycle.ts";
import { asKnown, identify, identity, possibleIdentity, requesterTest, speaker } from "./people.ts";
import type { Person } from "./policy-types.ts";
import type { Approval, Seat } from "./state.ts";
import { Transition } from "./transition.ts";
import { seatOf, textOrNothing } from "./vote.ts";

type Verdict = Pick<CommandStep, "result" | "why">;

/**
 * Carries out a command. What is due by `now` happens first. Whether `by` may give it is the caller's to know; it
 * is recorded. `freeze` and `bypass` need a reason.
 *
 * Nobody is handed a vote who could not have been asked: the requester, anybody while the requester is unknown,
 * who voted on another level, who sits on this one.
 */
export function command(approval: Approval, given: Command, now: number): CommandStep {
  const step = wake(approval, now);
  const early = standing(step.approval, given) ?? refusalOf(step.approval, given);
  if (early !== undefined) return answer(step, early);
  const transition = new Transition(step, now);
  carryOut(transition, given);
  return answer(transition.done(), { result: "done" });
}

function answer(step: Step, verdict: Verdict): CommandStep {
  const { status, decision, history } = step.approval;
  const end = status === "withdrawn" ? history.at(-1) : decision;
  if (end === undefined) return { ...step, ...verdict };
  return { ...step, ...verdict, ...(end.by === undefined ? {} : { decidedBy: end.by }), at: end.at };
}

/** What the state alone answers. */
function standing({ status, frozen, decision }: Approval, given: Command): Verdict | undefined {
  if (status !== "open") {
    const again =
      given.action === "withdraw"
        ? status === "withdrawn"
        : given.action === "bypass" && decision?.cause === "bypass" && status === (given.outcome ?? "approved");
    return { result: again ? "repeated" : "late" };
  }
  if (given.action === "freeze" && frozen !== undefined) return { result: "repeated" };
  if (given.action === "unfreeze" && frozen === undefined) return { result: "repeated" };
  return undefined;
}

function refusalOf(approval: Approval, given: Command): Verdict | undefined {
  const why = whyNot(approval, given);
  return why === undefined ? undefined : { result: "forbidden", why };
}

function whyNot(approval: Approval, given: Command): Refusal | undefined {
  if (textOrNothing(given.by) === undefined) return "BY_REQUIRED";
  const explained = textOrNothing(given.reason) !== undefined;
  switch (given.action) {
    case "withdraw":
    case "unfreeze":
      return undefined;
    case "freeze":
      return explained ? undefined : "REASON_REQUIRED";
    case "bypass":
      return explained ? whyNoBypass(approval, given) : "REASON_REQUIRED";
    case "delegate":
      return whyNoDelegation(approval, given.by) ?? whyNoDelegate(approval, given.to) ?? whyNoSuccessor(approval, given.to);
    case "reassign":
      return whyNoReassignment(approval, given.from) ?? whyNoSuccessor(approval, given.to);
  }
}

function whyNoBypass(approval: Approval, { by, outcome }: Command & { action: "bypass" }): Refusal | undefined {
  if (approval.policy.allowSelfApproval || outcome === "rejected") return undefined;
  return requesterTest(approval)(identify(approval, by)) ? "SELF_APPROVAL" : undefined;
}

function whyNoDelegation(approval: Approval, by: string): Refusal | undefined {
  if (approval.policy.delegation === false) return "DELEGATION_OFF";
  if (approval.frozen !== undefined) return "FROZEN";
  if (isUnasked(approval)) return whyNotSeated(approval, by) ?? "TOO_FEW_APPROVERS";
  return whyNoReassignment(approval, by);
}

function whyNoDelegate({ policy }: Approval, { email }: Person): Refusal | undefined {
  if (typeof policy.delegation === "boolean") return undefined;
  const address = identity(email);
  const domain = address.slice(address.lastIndexOf("@"));
  return policy.delegation.some((allowed) => allowed === address || allowed === domain) ? undefined : "DELEGATE_NOT_LISTED";
}

function whyNoReassignment(approval: Approval, from: string | undefined): Refusal | undefined {
  if (isUnasked(approval)) return from === undefined ? undefined : whyNotSeated(approval, from);
  if (from !== undefined) return whyNotSeated(approval, from) ?? (hasVoted(approval, from) ? "ALREADY_VOTED" : undefined);
  const silent = new Set(unanswered(approval).map(({ email }) => identity(email)));
  const left = approval.seats.filter(({ person }) => !silent.has(identity(person.email)));
  const someone: Seat = { person: { email: "" } };
  return isOutOfReach(tally({ ...approval, seats: [...left, someone] })) ? "TOO_FEW_APPROVERS" : undefined;
}

function whyNotSeated(approval: Approval, from: string): Refusal | undefined {
  return seatOf(approval, identify(approval, from)) === undefined ? "NOT_APPROVER" : undefined;
}

function hasVoted(approval: Approval, person: string): boolean {
  const email = identify(approval, person);
  return approval.votes.some((vote) => vote.level === approval.level && vote.by === email);
}

function whyNoSuccessor(approval: Approval, to: Person): Refusal | undefined {
  // A second address of the requester, or of somebody who voted, must not come in as an alias.
  const names = [to.email, ...(to.aliases ?? [])].map((name) => identify(approval, name));
  const seated = new Set([...approval.seats, ...approval.escalatedTo].map(({ person }) => possibleIdentity(person.email)));
  if (names.some((name) => seated.has(possibleIdentity(name)))) return "ALREADY_APPROVER";
  return names.map(barriers(approval)).find((bar) => bar !== undefined);
}

function carryOut(transition: Transition, given: Command): void {
  const reason = textOrNothing(given.reason);
  const why = reason === undefined ? {} : { reason };
  const by = speaker(transition.state, given.by);
  switch (given.action) {
    case "withdraw":
      transition.withdraw(by, reason);
      break;
    case "bypass":
      transition.decide({ outcome: given.outcome ?? "approved", cause: "bypass", by, ...why, at: transition.now });
      break;
    case "freeze":
      transition.state.frozen = { by, reason: reason ?? "", at: transition.now };
      transition.record({ what: "frozen", by, ...why });
      break;
    case "unfreeze":
      thaw(transition);
      transition.record({ what: "unfrozen", by, ...why });
      conclude(transition);
      break;
    case "delegate":
      hand(transition, "delegated", { by, from: identify(transition.state, by), to: given.to, ...why });
      break;
    case "reassign": {
      const from = given.from === undefined ? {} : { from: identify(transition.state, given.from) };
      hand(transition, "reassigned", { by, ...from, to: given.to, ...why });
      break;
    }
  }
}

/** The clock goes on where it stopped. */
function thaw({ state, now }: Transition): void {
  const { frozen, policy, runningSince, dueAt, overdue, nextReminderAt } = state;
  // Asked anew while frozen, or frozen by a clock set back: no time has run yet.
  const stopped = Math.max(frozen?.at ?? now, runningSince);
  const later = (moment: number): number => addTime(policy.calendar, now, timeBetween(policy.calendar, stopped, moment));
  if (dueAt !== undefined && overdue !== true) state.dueAt = later(dueAt);
  if (nextReminderAt !== undefined) state.nextReminderAt = later(nextReminderAt);
  state.runningSince = now;
  delete state.frozen;
}

interface Handover {
  readonly by: string;
  /** Absent: everybody on the level who has not answered. */
  readonly from?: string;
  readonly to: Person;
  readonly reason?: string;
}

function hand(transition: Transition, what: "delegated" | "reassigned", handover: Handover): void {
  const { state } = transition;
  const to = asKnown(state, handover.to);
  transition.record({ what, ...handover, to: to.email });
  if (isUnasked(state)) {
    joinLevel(transition, to, handover.from);
    return;
  }
  const leaving = new Set(handover.from === undefined ? unanswered(state).map(({ email }) => identity(email)) : [handover.from]);
  state.seats = replaced(state.seats, leaving, to, what);
  state.escalatedTo = replaced(state.escalatedTo, leaving, to, what);
  delete state.stuck;
  const { level } = state;
  conclude(transition);
  // Fewer people may have met the quorum: then there is nothing left to ask the new one.
  if (state.status === "open" && state.level === level) transition.notify("asked", [to]);
}

/** One seat for the new person, where the first of those who leave sat. */
function replaced(seats: readonly Seat[], leaving: ReadonlySet<string>, to: Person, what: "delegated" | "reassigned"): readonly Seat[] {
  const left = seats.filter(({ person }) => leaving.has(identity(person.email)));
  const [first] = left;
  if (first === undefined) return seats;
  // Who was replaced by somebody else had no say in it, so the vote is not also that person's.
  const chain = what === "delegated" ? [...(first.inPlaceOf ?? []), identity(first.person.email)] : [];
  const seat: Seat = chain.length === 0 ? { person: to } : { person: to, inPlaceOf: chain };
  return seats.flatMap((each) => (each === first ? [seat] : left.includes(each) ? [] : [each]));
}
