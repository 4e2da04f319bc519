import {
  type Approval,
  type HistoryEntry as CoreEntry,
  type DecisionLink,
  identify,
  identity,
  required,
  tally,
  waitingFor,
} from "../../approval/index.ts";
import { UNDECIDED } from "../../ledger/index.ts";
import {
  type DecidedState,
  type HistoryEntry,
  type InboxRow,
  type LevelView,
  type MailView,
  type RequestState,
  type RequestView,
  type SubjectView,
  totalsOf,
} from "../../pages/index.ts";
import { NOBODY_KNOWN } from "../elsewhere.ts";
import type { Notification } from "./notifier.ts";
import { type KeptState, personView, type Standing } from "./request.ts";

/** What is asked, as a page or a mail shows it. The message that asked may have had tasks that were decided by then. */
function subjectView({ record, request, state: { approval, requester } }: Standing): SubjectView {
  const items = new Set(approval.subject.items);
  const excepted = new Set(approval.excepted);
  const decided = decidedPast(record, approval);
  const machines = request.subject.machines
    .filter(({ id }) => items.has(id))
    .map((machine) => {
      if (decided.has(machine.id)) return { ...machine, decided: true };
      return excepted.has(machine.id) ? { ...machine, excepted: true } : machine;
    });
  return { ...request.subject, machines, ...(requester === undefined ? {} : { requester }) };
}

/** Ids of the items that are beyond a request that still waits. */
function decidedPast({ tasks }: Standing["record"], { status }: Approval): Set<string> {
  const decided = status === "open" ? tasks.filter(({ stage }) => !UNDECIDED.includes(stage)) : [];
  return new Set(decided.map(({ taskId }) => taskId));
}

/** Ids of the items that an answer is about, but for those that it leaves out itself. */
export function itemsLeft({ record, state: { approval } }: Standing, except: readonly string[]): string[] {
  const out = new Set([...approval.excepted, ...decidedPast(record, approval), ...except]);
  return approval.subject.items.filter((item) => !out.has(item));
}

/** A request as the person of the link sees it. */
export function requestView(
  request: Standing,
  link: Pick<DecisionLink, "person" | "level">,
  now: number,
): Omit<RequestView, "inbox" | "result" | "typed"> {
  const { state } = request;
  const { approval } = state;
  return {
    now,
    level: approval.level,
    person: personView(approval, link.person),
    subject: subjectView(request),
    state: stateFor(approval, link),
    levels: approval.policy.levels.map((_, index) => levelView(approval, index)),
    history: approval.history.flatMap((entry) => historyEntry(state, entry)),
  };
}

function stateFor(approval: Approval, { person, level }: Pick<DecisionLink, "person" | "level">): RequestState {
  const closed = closedState(approval);
  if (closed !== undefined) return closed;
  const email = identify(approval, person);
  const { policy, frozen, votes } = approval;
  const { onDeadline } = policy.levels[approval.level] ?? { onDeadline: "wait" as const };
  const due = { onDeadline, ...dueOf(approval) };
  const given = votes.findLast((vote) => vote.by === email);
  const voted =
    given === undefined ? undefined : ({ kind: "voted", vote: given.action, at: given.at, ...reasonOf(given.reason), ...due } as const);
  if (voted !== undefined && given?.level === approval.level) return voted;
  if (frozen !== undefined) return { kind: "frozen", by: personView(approval, frozen.by), at: frozen.at, ...reasonOf(frozen.reason) };
  if (waitingFor(approval).some((each) => identity(each.email) === email)) {
    return { kind: "waiting", requireReason: policy.requireReason, delegation: policy.delegation, ...due };
  }
  if (voted !== undefined) return voted;
  const handed = approval.history.findLast(
    ({ what, by, level: at }) => what === "delegated" && at === approval.level && identify(approval, by ?? "") === email,
  );
  if (handed !== undefined) return { kind: "delegated", to: personView(approval, handed.to ?? ""), at: handed.at };
  const passed = approval.history.find((entry) => entry.what === "level-approved" && entry.level === level);
  if (passed === undefined) return { kind: "passed" };
  const { cause = "vote", by, reason, at } = passed;
  return {
    kind: "passed",
    decision: { outcome: "approved", cause, at, ...reasonOf(reason), ...(by === undefined ? {} : { by: personView(approval, by) }) },
  };
}

/** The deadline that is still to come; none while the clock stands. */
export function dueOf({ dueAt, overdue, frozen }: Approval): { dueAt?: number } {
  return dueAt === undefined || overdue === true || frozen !== undefined ? {} : { dueAt };
}

/** How a closed request ended. */
export function closedState(approval: Approval): Extract<RequestState, { kind: "decided" | "withdrawn" }> | undefined {
  if (approval.status === "withdrawn") return { kind: "withdrawn", ...withdrawalOf(approval) };
  return approval.decision === undefined ? undefined : decidedState(approval, approval.decision);
}

export function decidedState(approval: Approval, { outcome, cause, by, reason, at }: NonNullable<Approval["decision"]>): DecidedState {
  return { kind: "decided", outcome, cause, at, ...reasonOf(reason), ...(by === undefined ? {} : { by: personView(approval, by) }) };
}

function withdrawalOf(approval: Approval): NonNullable<MailView["withdrawal"]> {
  const { by, at = 0, reason } = approval.history.findLast(({ what }) => what === "withdrawn") ?? {};
  if (by === NOBODY_KNOWN) return { at, elsewhere: true, ...reasonOf(reason) };
  return { at, ...reasonOf(reason), ...(by === undefined ? {} : { by: personView(approval, by) }) };
}

function reasonOf(reason: string | undefined): { reason?: string } {
  return reason === undefined || reason === "" ? {} : { reason };
}

function levelView(approval: Approval, index: number): LevelView {
  const { policy, level, votes, seats, escalatedTo } = approval;
  const { name, approvers, need } = policy.levels[index] as (typeof policy.levels)[number];
  const given = votes.filter((vote) => vote.level === index);
  const voteOf = (email: string): { vote?: "approve" | "reject" } => {
    const vote = given.find(({ by }) => by === identity(email));
    return vote === undefined ? {} : { vote: vote.action };
  };
  const asked = index === level ? [...seats, ...escalatedTo].map(({ person }) => person) : [];
  const people = asked.length > 0 ? asked : [...given.map(({ by }) => personView(approval, by)), ...(index > level ? approvers : [])];
  const { approvals, needed } =
    index === level
      ? tally(approval)
      : { approvals: given.filter(({ action }) => action === "approve").length, needed: required(need, approvers.length) };
  return {
    name,
    state: levelState(approval, index),
    approvals,
    needed,
    people: people.map(({ email, name: own }) => ({ person: { email, ...(own === undefined ? {} : { name: own }) }, ...voteOf(email) })),
  };
}

function levelState({ level, status, decision }: Approval, index: number): LevelView["state"] {
  if (index < level) return "approved";
  if (status === "open") return index === level ? "current" : "ahead";
  const isDecidedHere = index === level && decision !== undefined && decision.cause !== "bypass";
  return isDecidedHere ? decision.outcome : "closed";
}

const PLAIN = [
  "opened",
  "overdue",
  "escalated",
  "fallback",
  "delegated",
  "reassigned",
  "approve",
  "reject",
  "level-approved",
  "frozen",
  "unfrozen",
  "withdrawn",
  "stuck",
] as const;

function historyEntry({ approval, requester }: KeptState, entry: CoreEntry): HistoryEntry[] {
  const { what, at, by, to, level, reason, outcome, cause } = entry;
  const isElsewhere = what === "withdrawn" && by === NOBODY_KNOWN;
  const kind = isElsewhere ? "elsewhere" : what === "decided" ? endOf(outcome, cause) : PLAIN.find((each) => each === what);
  if (kind === undefined) return [];
  const isRequester = by !== undefined && identity(requester?.email ?? "") === identity(by);
  // The vote before it said so.
  const isVotesResult = what === "level-approved" || (what === "decided" && cause === "vote");
  const excepted = isVotesResult ? undefined : approval.votes.find((vote) => vote.at === at && vote.by === by)?.except?.length;
  return [
    {
      kind,
      at,
      ...(by === undefined || isElsewhere ? {} : { by: isRequester ? requester : personView(approval, by) }),
      ...(to === undefined ? {} : { to: personView(approval, to) }),
      ...(approval.policy.levels.length > 1 ? { level: approval.policy.levels[level]?.name ?? "" } : {}),
      ...reasonOf(isVotesResult ? undefined : reason),
      ...(excepted === undefined ? {} : { excepted }),
    },
  ];
}

function endOf(outcome: CoreEntry["outcome"], cause: CoreEntry["cause"]): HistoryEntry["kind"] {
  if (cause === "bypass") return "bypass";
  if (cause === "no-approver") return "no-approver-rejected";
  if (cause === "deadline") return outcome === "approved" ? "deadline-approved" : "deadline-rejected";
  return outcome === "approved" ? "approved" : "rejected";
}

/** What a ticked row of an inbox says: this request, as it waited on this level; -1 = on whichever it waits. */
export function pickOf(id: string, level: number): string {
  return level < 0 ? id : `${id}.${level}`;
}

/** The level is absent where a form names none. */
export function pickedBy(pick: string): { readonly id: string; readonly level?: number } {
  const [, id = pick, level] = /^([^.]*)\.(\d{1,4})$/.exec(pick) ?? [];
  return level === undefined ? { id } : { id, level: Number(level) };
}

/** One line of an inbox. */
export function inboxRow(request: Standing, page: string): InboxRow {
  const { approval } = request.state;
  const subject = subjectView(request);
  const { machines, ...rest } = subject;
  const { count: _count, incomplete: _incomplete, ...totals } = totalsOf(machines);
  const [only] = machines;
  return {
    id: pickOf(approval.id, approval.level),
    page,
    subject: rest,
    machines: machines.length,
    ...(machines.length === 1 && only?.name !== undefined ? { machine: only.name } : {}),
    ...totals,
    ...(approval.policy.levels.length > 1 ? { level: approval.policy.levels[approval.level]?.name ?? "" } : {}),
    ...dueOf(approval),
  };
}

/** A message to one person about a request. */
export function mailView(request: Standing, notification: Notification, links: MailView["links"], now: number): MailView {
  const { approval } = request.state;
  const { kind, level, person, dueAt, requester } = notification;
  const { levels } = approval.policy;
  const closed = closedState(approval);
  const { name = "", onDeadline } = levels[level] ?? {};
  return {
    kind,
    audience: requester === true ? "requester" : "approver",
    now,
    person,
    subject: subjectView(request),
    ...(levels.length > 1 ? { level: { name, position: level + 1, count: levels.length } } : {}),
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(onDeadline === undefined ? {} : { onDeadline }),
    ...(kind === "decided" && closed?.kind === "decided" ? { decision: closed } : {}),
    ...(kind === "withdrawn" ? { withdrawal: withdrawalOf(approval) } : {}),
    links,
  };
}
