import {
  type Ballot,
  type Command,
  type Need,
  type Policy,
  type Subject,
  timeBetween,
} from "../../../nodes/lib/approval/index.ts";
import { MINUTE } from "./support.ts";

interface Given {
  level: number;
  by: string;
  standsFor: string[];
  /** as said, so that the same again is recognised */
  said: string;
  approves: boolean;
}

interface Place {
  email: string;
  /** who handed the vote on, in order */
  chain: string[];
}

/**
 * What an approval should do, written as plainly as possible: changed in place, outcomes of a quorum found by
 * trying every way in which the people left could vote, elapsed time added up instead of a due date moved.
 */
export class Reference {
  readonly policy: Policy;
  readonly subject: Subject;
  readonly aliases: Readonly<Record<string, string>>;
  level = 0;
  status = "open";
  frozen = false;
  waiting = false;
  places: Place[] = [];
  bosses: Place[] = [];
  votes: Given[] = [];
  excepted: string[] = [];
  told: string[] = [];
  ends: ({ by: string | undefined; at: number } | undefined)[] = [];
  end: { by: string | undefined; at: number } | undefined;
  heard: string[] = [];
  fired = false;
  spent = 0;
  since = 0;
  reminderSpent = 0;
  reminderSince = 0;

  constructor(policy: Policy, subject: Subject, aliases: Readonly<Record<string, string>>, now: number) {
    this.policy = policy;
    this.subject = subject;
    this.aliases = aliases;
    this.#enter(0, now);
  }

  /** What was told since the last call. */
  hear(): string[] {
    return this.heard.splice(0);
  }

  who(name: string): string {
    const given = name.trim().toLowerCase();
    return this.aliases[given] ?? given;
  }

  vote(ballot: Ballot, now: number): string {
    this.wake(now);
    const by = this.who(ballot.by);
    const level = ballot.level ?? this.level;
    const said = `${ballot.action} but ${[...new Set(ballot.except)].sort().join()}`;
    const before = this.votes.find((vote) => vote.by === by && vote.level === level);
    if (before?.said === said) return this.#report("repeated", level);
    if (this.status !== "open" || level < this.level) {
      return this.told.includes(by) || this.#places().some(({ email }) => email === by)
        ? this.#report("late", level)
        : `forbidden ${this.#whyNoPlace(by)}`;
    }
    if (level > this.level) return "forbidden LEVEL_NOT_OPEN";
    const place = this.#places().find(({ email }) => email === by);
    if (place === undefined) return `forbidden ${this.#whyNoPlace(by)}`;
    if (this.frozen) return "forbidden FROZEN";
    if (!this.waiting) return "forbidden TOO_FEW_APPROVERS";
    if (before !== undefined) return "forbidden ALREADY_VOTED";
    const except = ballot.except ?? [];
    if (except.length > 0 && ballot.action === "reject") return "forbidden EXCEPT_WITH_REJECT";
    if (except.some((item) => !this.subject.items.includes(item))) return "forbidden ITEM_UNKNOWN";
    const hasReason = (ballot.reason ?? "").trim() !== "";
    const mustExplain =
      this.policy.requireReason === "always" ||
      (this.policy.requireReason === "reject" && (ballot.action === "reject" || except.length > 0));
    if (mustExplain && !hasReason) return "forbidden REASON_REQUIRED";

    const out = [...new Set([...this.excepted, ...except])];
    const nothingLeft = except.some((item) => !this.excepted.includes(item)) && out.length === this.subject.items.length;
    const approves = ballot.action === "approve" && !nothingLeft;
    if (approves) this.excepted = out;
    this.votes.push({ level, by, standsFor: [by, ...place.chain], said, approves });
    const outcome =
      this.#rules.need === "any" || this.bosses.some(({ email }) => email === by) ? approves : this.#certainOutcome();
    if (outcome === true) this.#pass("vote", by, now);
    if (outcome === false) this.#decide("rejected", "vote", by, now);
    return this.#report("counted", level);
  }

  command(given: Command, now: number): string {
    this.wake(now);
    if (this.status !== "open") {
      const again =
        (given.action === "withdraw" && this.status === "withdrawn") ||
        (given.action === "bypass" && this.heardCause === "bypass" && this.status === (given.outcome ?? "approved"));
      return this.#report(again ? "repeated" : "late", this.level);
    }
    const refusal = this.#whyNot(given);
    if (refusal !== undefined) return refusal;
    switch (given.action) {
      case "withdraw":
        this.status = "withdrawn";
        this.end = { by: this.who(given.by), at: now };
        this.heard.push(`withdrawn ${given.by} to ${this.#audience()}`);
        break;
      case "bypass":
        this.#decide(given.outcome ?? "approved", "bypass", this.who(given.by), now);
        break;
      case "freeze":
        this.spent += this.#since(this.since, now);
        this.reminderSpent += this.#since(this.reminderSince, now);
        this.frozen = true;
        break;
      case "unfreeze":
        this.frozen = false;
        this.since = now;
        this.reminderSince = now;
        break;
      case "delegate":
        this.#hand(this.who(given.by), this.who(given.to.email), true, now);
        break;
      case "reassign":
        this.#hand(given.from === undefined ? undefined : this.who(given.from), this.who(given.to.email), false, now);
        break;
    }
    return this.#report("done", this.level);
  }

  heardCause = "";

  #whyNot(given: Command): string | undefined {
    if (given.action === "freeze" && this.frozen) return this.#report("repeated", this.level);
    if (given.action === "unfreeze" && !this.frozen) return this.#report("repeated", this.level);
    const explained = (given.reason ?? "").trim() !== "";
    if ((given.action === "freeze" || given.action === "bypass") && !explained) return "forbidden REASON_REQUIRED";
    if (given.action === "bypass") {
      const own = this.subject.requester !== undefined && this.who(this.subject.requester) === this.who(given.by);
      return own && !this.policy.allowSelfApproval && given.outcome !== "rejected" ? "forbidden SELF_APPROVAL" : undefined;
    }
    if (given.action !== "delegate" && given.action !== "reassign") return undefined;
    if (given.action === "delegate" && !this.policy.delegation) return "forbidden DELEGATION_OFF";
    if (given.action === "delegate" && this.frozen) return "forbidden FROZEN";
    const from = given.action === "delegate" ? given.by : given.from;
    if (from !== undefined) {
      if (!this.#places().some(({ email }) => email === this.who(from))) return "forbidden NOT_APPROVER";
      if (!this.waiting && given.action === "delegate") return "forbidden TOO_FEW_APPROVERS";
      if (this.waiting && this.#hasVoted(this.who(from))) return "forbidden ALREADY_VOTED";
    } else if (this.waiting) {
      const left = this.places.filter(({ email }) => this.#hasVoted(email)).length + 1;
      if (left < needed(this.#rules.need, left)) return "forbidden TOO_FEW_APPROVERS";
    }
    const to = this.who(given.to.email);
    if (this.#places().some(({ email }) => email === to)) return "forbidden ALREADY_APPROVER";
    const bar = this.#bar(to);
    return bar === undefined ? undefined : `forbidden ${bar}`;
  }

  wake(now: number): void {
    if (this.status !== "open" || this.frozen || !this.waiting) return;
    const { deadline, onDeadline, remindEvery } = this.#rules;
    if (deadline !== undefined && !this.fired && this.spent + this.#since(this.since, now) >= deadline * MINUTE) {
      this.fired = true;
      if (onDeadline === "reject") this.#decide("rejected", "deadline", undefined, now);
      if (onDeadline === "approve") this.#pass("deadline", undefined, now);
      if (onDeadline === "escalate") this.#escalate(now);
      if (onDeadline !== "wait") return;
    }
    if (remindEvery !== undefined && this.reminderSpent + this.#since(this.reminderSince, now) >= remindEvery * MINUTE) {
      for (const email of this.#unanswered()) this.heard.push(`reminder ${this.level} ${email}`);
      this.#restartReminders(now);
    }
  }

  get #rules(): Policy["levels"][number] {
    return this.policy.levels[this.level]!;
  }

  #since(from: number, to: number): number {
    return timeBetween(this.policy.calendar, from, to);
  }

  #restartReminders(now: number): void {
    this.reminderSpent = 0;
    this.reminderSince = now;
  }

  #places(): Place[] {
    return [...this.places, ...this.bosses];
  }

  #hasVoted(email: string): boolean {
    return this.votes.some((vote) => vote.level === this.level && vote.by === email);
  }

  #unanswered(): string[] {
    return [...new Set(this.#places().map(({ email }) => email))].filter((email) => !this.#hasVoted(email));
  }

  #bar(email: string): string | undefined {
    const elsewhere = this.votes.some((vote) => vote.level !== this.level && vote.standsFor.includes(email));
    if (elsewhere && !this.policy.allowSamePersonTwice) return "VOTED_ON_OTHER_LEVEL";
    if (this.policy.allowSelfApproval) return undefined;
    if (this.subject.requester === undefined) return "REQUESTER_UNKNOWN";
    return this.who(this.subject.requester) === email ? "SELF_APPROVAL" : undefined;
  }

  #whyNoPlace(email: string): string {
    if (this.#places().some(({ chain }) => chain.includes(email))) return "HANDED_OVER";
    if (!this.#rules.approvers.some((person) => person.email === email)) return "NOT_APPROVER";
    return this.#bar(email) ?? "HANDED_OVER";
  }

  #emails(people: readonly { email: string }[], trusted: boolean): string[] {
    const emails = [...new Set(people.map(({ email }) => email))];
    return emails.filter((email) => [undefined, ...(trusted ? ["REQUESTER_UNKNOWN"] : [])].includes(this.#bar(email)));
  }

  #enter(level: number, now: number): void {
    this.level = level;
    this.waiting = false;
    this.bosses = [];
    const found = this.#emails(this.#rules.approvers, false);
    if (this.#enough(found)) return this.#ask(found, now);
    if (this.policy.noApprover === "reject") return this.#decide("rejected", "no-approver", undefined, now);
    const helped = [...new Set([...found, ...this.#emails(this.policy.fallback, true)])];
    if (this.policy.noApprover === "fallback" && this.#enough(helped)) return this.#ask(helped, now);
    this.places = found.map((email) => ({ email, chain: [] }));
    this.heard.push(`stuck ${level}`);
  }

  #enough(emails: readonly string[]): boolean {
    return emails.length > 0 && emails.length >= needed(this.#rules.need, emails.length);
  }

  #ask(emails: readonly string[], now: number): void {
    this.waiting = true;
    this.places = emails.map((email) => ({ email, chain: [] }));
    this.spent = 0;
    this.since = now;
    this.fired = false;
    this.#restartReminders(now);
    for (const email of emails) this.#tell("asked", email);
  }

  #tell(kind: string, email: string): void {
    this.heard.push(`${kind} ${this.level} ${email}`);
    if (!this.told.includes(email)) this.told.push(email);
  }

  #escalate(now: number): void {
    this.#restartReminders(now);
    let bosses = this.#emails(this.#rules.escalateTo, false).filter((email) => !this.#hasVoted(email));
    if (bosses.length === 0 && this.policy.noApprover === "fallback") {
      bosses = this.#emails(this.policy.fallback, true).filter((email) => !this.#hasVoted(email));
    }
    if (bosses.length === 0) {
      if (this.policy.noApprover === "reject") this.#decide("rejected", "no-approver", undefined, now);
      else this.heard.push(`stuck ${this.level}`);
      return;
    }
    this.bosses = bosses.map((email) => ({ email, chain: [] }));
    for (const email of bosses) this.#tell("escalated", email);
  }

  #hand(from: string | undefined, to: string, delegated: boolean, now: number): void {
    if (!this.waiting) {
      const people = [...this.places.map(({ email }) => email).filter((email) => email !== from), to];
      if (this.#enough(people)) this.#ask(people, now);
      else this.places = people.map((email) => ({ email, chain: [] }));
      return;
    }
    const leaving = from === undefined ? this.#unanswered() : [from];
    for (const list of [this.places, this.bosses]) {
      const gone = list.filter(({ email }) => leaving.includes(email));
      if (gone.length === 0) continue;
      const at = list.indexOf(gone[0]!);
      list[at] = { email: to, chain: delegated ? [...gone[0]!.chain, gone[0]!.email] : [] };
      for (const place of gone.slice(1)) list.splice(list.indexOf(place), 1);
    }
    this.#tell("asked", to);
  }

  /** The outcome that comes whatever the others say; undefined when they can still make a difference. */
  #certainOutcome(): boolean | undefined {
    const here = this.votes.filter((vote) => vote.level === this.level);
    const left = this.places.length - here.length;
    const approvals = here.filter((vote) => vote.approves).length;
    const outcomes = new Set<boolean>();
    for (let ways = 0; ways < 2 ** left; ways += 1) {
      const more = [...ways.toString(2)].filter((digit) => digit === "1").length;
      outcomes.add(approvals + more >= needed(this.#rules.need, this.places.length));
    }
    return outcomes.size === 1 ? [...outcomes][0] : undefined;
  }

  #pass(cause: string, by: string | undefined, now: number): void {
    if (this.level === this.policy.levels.length - 1) return this.#decide("approved", cause, by, now);
    this.ends[this.level] = { by, at: now };
    this.#enter(this.level + 1, now);
  }

  #decide(outcome: string, cause: string, by: string | undefined, now: number): void {
    this.status = outcome;
    this.heardCause = cause;
    this.end = { by, at: now };
    const { items } = this.subject;
    const approved = outcome === "approved" ? items.filter((item) => !this.excepted.includes(item)) : [];
    const rejected = items.filter((item) => !approved.includes(item));
    this.heard.push(`decided ${outcome} ${cause} ${by} yes:${approved} no:${rejected} to ${this.#audience()}`);
  }

  #audience(): string {
    const requester = this.subject.requester === undefined ? [] : [this.who(this.subject.requester)];
    return [...new Set([...this.told, ...requester])].sort().join();
  }

  #report(result: string, level: number): string {
    const end = level < this.level ? this.ends[level] : this.end;
    return end === undefined ? result : `${result} by ${end.by} at ${end.at}`;
  }
}

function needed(need: Need, of: number): number {
  if (need === "any") return 1;
  if (need === "all") return of;
  return typeof need === "number" ? need : Math.max(1, Math.ceil((of * Number(need.slice(0, -1))) / 100));
}
