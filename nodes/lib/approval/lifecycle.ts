import type { Step } from "./events.ts";
import { conclude, decisiveVote, enterLevel, escalate, passLevel, scheduleReminder, unanswered } from "./levels.ts";
import { comparableRequester } from "./people.ts";
import type { Policy } from "./policy-types.ts";
import type { Approval, Subject } from "./state.ts";
import { Transition } from "./transition.ts";

/**
 * Opens an approval and asks its first level. The outcome may be there at once: a level without approvers may be
 * rejected, as the policy says.
 *
 * @param policy with at least one level, as `parsePolicy` and `resolvePolicy` give it
 * @param now ms since 1970, as everywhere in this folder
 */
export function openApproval(policy: Policy, subject: Subject, now: number): Step {
  const items = new Set(subject.items);
  const requester = comparableRequester(policy, subject.requester);
  const isPlain = items.size === subject.items.length && requester === subject.requester;
  const approval: Approval = {
    id: subject.id,
    policy,
    subject: isPlain ? subject : subjectOf(subject, items, requester),
    status: "open",
    level: 0,
    askedAt: now,
    runningSince: now,
    seats: [],
    escalatedTo: [],
    votes: [],
    excepted: [],
    told: [],
    notified: 0,
    history: [],
  };
  const transition = new Transition({ approval, events: [] }, now);
  transition.record({ what: "opened", ...(requester === undefined ? {} : { by: requester }) });
  enterLevel(transition, 0);
  return transition.done();
}

function subjectOf({ requester: given, ...subject }: Subject, items: ReadonlySet<string>, requester: string | undefined): Subject {
  if (requester !== undefined || given === undefined)
    return { ...subject, items: [...items], ...(requester === undefined ? {} : { requester }) };
  // Not enough to tell who asked, but whoever could be meant by it may not decide.
  return { ...subject, items: [...items], requesterNames: [...(subject.requesterNames ?? []), given] };
}

/** When `wake` has something to do, in ms since 1970; undefined when only people can move the approval. */
export function nextWake(approval: Approval): number | undefined {
  const { status, frozen, dueAt, overdue, nextReminderAt } = approval;
  if (status !== "open" || frozen !== undefined) return undefined;
  const decisive = decisiveVote(approval);
  if (decisive !== undefined) return decisive.at;
  const deadline = overdue === true ? undefined : dueAt;
  if (deadline === undefined || nextReminderAt === undefined) return deadline ?? nextReminderAt;
  return Math.min(deadline, nextReminderAt);
}

/**
 * Does what is due: the deadline once, however late; one reminder, however many were missed. The same object comes
 * back when nothing is.
 */
export function wake(approval: Approval, now: number): Step {
  const next = nextWake(approval);
  if (next === undefined || now < next) return { approval, events: [] };
  const transition = new Transition({ approval, events: [] }, now);
  // Only a state that 0.1.0 wrote can be decided by its votes and still be open.
  if (decisiveVote(approval) !== undefined) {
    conclude(transition);
    return transition.done();
  }
  if (approval.overdue !== true && approval.dueAt !== undefined && now >= approval.dueAt) fireDeadline(transition);
  const { status, nextReminderAt } = transition.state;
  if (status === "open" && nextReminderAt !== undefined && now >= nextReminderAt) {
    transition.notify("reminder", unanswered(transition.state));
    scheduleReminder(transition);
  }
  return transition.done();
}

function fireDeadline(transition: Transition): void {
  transition.state.overdue = true;
  transition.record({ what: "overdue" });
  switch (transition.level.onDeadline) {
    case "reject":
      transition.decide({ outcome: "rejected", cause: "deadline", at: transition.now });
      break;
    case "approve":
      passLevel(transition, { outcome: "approved", cause: "deadline", at: transition.now });
      break;
    case "escalate":
      // The people escalated to are told just now; a reminder in the same breath would say it twice.
      scheduleReminder(transition);
      escalate(transition);
      break;
    case "wait":
      break;
  }
}
