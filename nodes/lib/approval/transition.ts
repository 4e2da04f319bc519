import { createHash } from "node:crypto";
import type { ApprovalEvent, AskEvent, Notice, Step } from "./events.ts";
import { identify, identity, peopleOf } from "./people.ts";
import type { Level, Person } from "./policy-types.ts";
import type { Approval, Decision, HistoryEntry } from "./state.ts";

type Changeable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A state on its way to the next: a shallow copy, so that what stays is shared and not copied. */
export class Transition {
  readonly state: Changeable<Approval>;
  readonly now: number;
  readonly #events: ApprovalEvent[];

  constructor(step: Step, now: number) {
    this.state = { ...step.approval };
    this.now = now;
    this.#events = [...step.events];
  }

  /** The present level's rules. */
  get level(): Level {
    const level = this.state.policy.levels[this.state.level];
    if (level === undefined) throw new RangeError("an approval has at least one level");
    return level;
  }

  done(): Step {
    return { approval: this.state, events: this.#events };
  }

  emit(event: ApprovalEvent): void {
    this.#events.push(event);
  }

  record(entry: Omit<HistoryEntry, "at" | "level">): void {
    this.state.history = [...this.state.history, { at: this.now, level: this.state.level, ...entry }];
  }

  /** Notifies each of them, and remembers to notify them of the end. */
  notify(kind: AskEvent["kind"], people: readonly Person[]): void {
    const { level, dueAt, overdue, frozen } = this.state;
    const due = dueAt === undefined || overdue === true || frozen !== undefined ? {} : { dueAt };
    for (const person of people) this.emit({ kind, level, person, ...due, notification: this.#notification(kind, person) });
    const told = new Set(this.state.told.map(({ email }) => identity(email)));
    const fresh = people.filter(({ email }) => !told.has(identity(email)));
    if (fresh.length > 0) this.state.told = [...this.state.told, ...fresh];
  }

  decide(decision: Decision): void {
    const { subject, excepted, votes, level } = this.state;
    this.#close(decision.outcome);
    this.state.decision = decision;
    this.record({ what: "decided", ...withoutMoment(decision) });
    const approved = decision.outcome === "approved";
    const left = new Set(excepted);
    this.emit({
      kind: "decided",
      level,
      ...decision,
      approvedItems: approved ? subject.items.filter((item) => !left.has(item)) : [],
      rejectedItems: approved ? subject.items.filter((item) => left.has(item)) : subject.items,
      exceptions: approved ? votes.filter(({ action, except }) => action === "approve" && except !== undefined) : [],
      notices: this.#notices("decided"),
    });
  }

  withdraw(by: string, reason: string | undefined): void {
    this.#close("withdrawn");
    const why = reason === undefined ? {} : { reason };
    this.record({ what: "withdrawn", by, ...why });
    const { level } = this.state;
    this.emit({ kind: "withdrawn", level, by, ...why, at: this.now, notices: this.#notices("withdrawn") });
  }

  #close(status: Approval["status"]): void {
    this.state.status = status;
    delete this.state.nextReminderAt;
    delete this.state.frozen;
    delete this.state.stuck;
  }

  #notices(kind: "decided" | "withdrawn"): Notice[] {
    const { told, subject } = this.state;
    const requester = subject.requester === undefined ? undefined : identify(this.state, subject.requester);
    const notice = (person: Person): Notice => ({
      person,
      requester: identity(person.email) === requester,
      notification: this.#notification(kind, person),
    });
    const notices = told.map(notice);
    if (subject.requester === undefined || notices.some((each) => each.requester)) return notices;
    const named = peopleOf(this.state.policy).find(({ email }) => identity(email) === requester);
    return [...notices, notice(named ?? { email: subject.requester })];
  }

  #notification(kind: AskEvent["kind"] | "decided" | "withdrawn", person: Person): string {
    const { id, level, notified } = this.state;
    this.state.notified = notified + 1;
    const source = JSON.stringify([id, level, kind, identity(person.email), notified]);
    return createHash("sha256").update(source).digest("base64url").slice(0, 22);
  }
}

function withoutMoment({ at: _, ...rest }: Decision): Omit<Decision, "at"> {
  return rest;
}
