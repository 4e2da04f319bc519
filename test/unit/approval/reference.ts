import { type Ballot, type Command, type Need, type Policy, type Subject, timeBetween } from "../../../nodes/lib/approval/index.ts";
import { MINUTE } from "./support.ts";

/** Somebody's place on a level: who votes now, and who held the place before, the first holder first. */
interface Place {
  readonly email: string;
  readonly before: readonly string[];
}

interface Given {
  readonly level: number;
  readonly by: string;
  readonly inPlaceOf: readonly string[];
  readonly action: "approve" | "reject";
  readonly except: readonly string[];
  /** What the person said, word for word, to know a vote that is said again. */
  readonly said: string;
}

interface End {
  readonly outcome: string;
  readonly by: string | undefined;
  readonly at: number;
}

/**
 * The rules of an approval as they are told in words, said once more in the plainest way: nothing is kept that can be
 * counted again from who holds which place and who said what. Emails are the ones written in the policy, in lower case.
 */
export class Reference {
  status = "open";
  level = 0;
  places: Place[] = [];
  bosses: Place[] = [];
  excepted = new Set<string>();
  frozen = false;
  readonly #policy: Policy;
  readonly #subject: Subject;
  readonly #names: Readonly<Record<string, string>>;
  readonly #heard: string[] = [];
  readonly #given: Given[] = [];
  /** How each level ended that has; the last one is how the request ended. */
  readonly #ends: End[] = [];
  /** Everybody who has been asked so far. */
  readonly #asked = new Set<string>();
  /** Everybody on a list that was to be asked on the present level, also those who may not vote. */
  readonly #named = new Set<string>();
  /** Whose place on the present level went to somebody else. */
  readonly #replaced = new Set<string>();
  /** Places found, but too few: nobody has been asked. */
  #unasked = false;
  #overdue = false;
  #bypassed = false;
  /** Business time that passed before the last freeze, and since when it runs again. */
  #spent = 0;
  #runsSince = 0;
  #reminderSpent = 0;
  #reminderSince = 0;

  /** @param names who is meant by each other name, in lower case */
  constructor(policy: Policy, subject: Subject, names: Readonly<Record<string, string>>, now: number) {
    this.#policy = policy;
    this.#subject = subject;
    this.#names = names;
    this.#begin(now);
  }

  /** What was told since the last time. */
  hear(): string[] {
    return this.#heard.splice(0);
  }

  // ------------------------------------------------------------------ what people say

  /** The result of a vote, with why it was refused and how it stands decided. */
  vote(ballot: Ballot, now: number): string {
    this.wake(now);
    const by = this.#who(ballot.by);
    const said = JSON.stringify([ballot.action, [...new Set(ballot.except ?? [])].sort()]);
    const level = ballot.level ?? this.#meant(by, said);
    const earlier = this.#given.find((each) => each.level === level && each.by === by);
    if (earlier?.said === said) return this.#result("repeated", level);
    if (this.status !== "open" || level < this.level)
      return this.#asked.has(by) || this.#placeOf(by) !== undefined ? this.#result("late", level) : `forbidden ${this.#whyNoPlace(by)}`;
    const refused = this.#whyNot(by, level) ?? (earlier === undefined ? this.#whatIsWrong(ballot) : "ALREADY_VOTED");
    if (refused !== undefined) return `forbidden ${refused}`;
    this.#count(by, ballot, said, now);
    return this.#result("counted", level);
  }

  /** What names no level is for the present one; but who says something twice has said it once, and who was asked only before comes late. */
  #meant(by: string, said: string): number {
    if (this.status !== "open") return this.level;
    const before = this.#given.filter((each) => each.by === by && each.said === said).at(-1);
    if (before !== undefined) return before.level;
    const isAskedNow = this.#placeOf(by) !== undefined || this.#replaced.has(by) || this.#whyNotAsked(by) !== "NOT_APPROVER";
    return isAskedNow || !this.#asked.has(by) ? this.level : Math.max(0, this.level - 1);
  }

  #whyNot(by: string, level: number): string | undefined {
    if (level > this.level) return "LEVEL_NOT_OPEN";
    if (this.#placeOf(by) === undefined) {
      return this.#whyNoPlace(by);
    }
    if (this.frozen) return "FROZEN";
    return this.#unasked ? "TOO_FEW_APPROVERS" : undefined;
  }

  /** A place that went to somebody else has gone to them for good, however the request ends. */
  #whyNoPlace(by: string): string {
    return this.#replaced.has(by) ? "HANDED_OVER" : this.#whyNotAsked(by);
  }

  /** Somebody named for the level is told why the name did not count. */
  #whyNotAsked(by: string): string {
    return (this.#named.has(by) ? this.#barred(by, false) : undefined) ?? "NOT_APPROVER";
  }

  #whatIsWrong({ action, except = [], reason }: Ballot): string | undefined {
    if (action === "reject" && except.length > 0) return "EXCEPT_WITH_REJECT";
    if (!except.every((item) => this.#subject.items.includes(item))) return "ITEM_UNKNOWN";
    const { requireReason } = this.#policy;
    const leavesOut = action === "reject" || except.length > 0;
    const needed = requireReason === "always" || (requireReason === "reject" && leavesOut);
    return needed && blank(reason) ? "REASON_REQUIRED" : undefined;
  }

  #count(by: string, { action, except = [] }: Ballot, said: string, now: number): void {
    const left = this.#subject.items.filter((item) => !this.excepted.has(item));
    const nothingLeft = left.length > 0 && left.every((item) => except.includes(item));
    const counts = nothingLeft ? "reject" : action;
    this.#given.push({ level: this.level, by, inPlaceOf: this.#placeOf(by)!.before, action: counts, except, said });
    if (counts === "approve") for (const item of except) this.excepted.add(item);
    this.#conclude(now);
  }

  // ------------------------------------------------------------------ when a level ends

  /** Ends the level if those asked have said enough, or have said so much that it cannot be approved any more. */
  #conclude(now: number): void {
    if (this.status !== "open" || this.#unasked || this.frozen) return;
    const said = this.#given.filter(({ level }) => level === this.level);
    const boss = said.find(({ by }) => this.bosses.some(({ email }) => email === by));
    const outcome =
      boss?.action ??
      this.#outcome(
        said.filter(({ by }) => this.places.some(({ email }) => email === by)),
        this.places.length,
      );
    if (outcome === undefined) return;
    const last = said.findLast(({ action }) => action === outcome)!;
    if (outcome === "approve") this.#pass("vote", last.by, now);
    else this.#end("rejected", "vote", last.by, now);
  }

  /** What votes of so many people amount to: `approve`, `reject`, or nothing yet. */
  #outcome(said: readonly Given[], people: number): Given["action"] | undefined {
    const { need } = this.#rules;
    if (need === "any") return said[0]?.action;
    const yes = said.filter(({ action }) => action === "approve").length;
    const stillPossible = people - (said.length - yes);
    if (yes >= needed(need, people)) return "approve";
    return stillPossible < needed(need, people) ? "reject" : undefined;
  }

  #pass(cause: string, by: string | undefined, now: number): void {
    if (this.level + 1 === this.#policy.levels.length) return this.#end("approved", cause, by, now);
    this.#ends[this.level] = { outcome: "approved", by, at: now };
    this.level += 1;
    this.#begin(now);
  }

  #end(outcome: string, cause: string, by: string | undefined, now: number): void {
    this.status = outcome;
    this.#ends[this.level] = { outcome, by, at: now };
    const { items } = this.#subject;
    const approved = outcome === "approved" ? items.filter((item) => !this.excepted.has(item)) : [];
    const rejected = items.filter((item) => !approved.includes(item));
    this.#heard.push(`decided ${outcome} ${cause} ${by} yes:${approved} no:${rejected} to ${this.#audience()}`);
  }

  #audience(): string {
    const { requester } = this.#subject;
    return [...new Set([...this.#asked, ...(requester === undefined ? [] : [this.#who(requester)])])].sort().join();
  }

  // ------------------------------------------------------------------ who is asked

  #begin(now: number): void {
    const level = this.#rules;
    const places = this.#eligible(level.approvers, false);
    this.bosses = [];
    this.#replaced.clear();
    this.#named.clear();
    this.#name(level.approvers);
    this.#overdue = false;
    this.#unasked = true;
    const { noApprover, fallback } = this.#policy;
    const helped = [...new Set([...places, ...this.#eligible(fallback, true)])];
    const needsHelp = !this.#enough(places.length) && noApprover === "fallback" && this.#enough(helped.length);
    if (needsHelp) this.#name(fallback);
    const found = needsHelp ? helped : places;
    this.places = found.map((email) => ({ email, before: [] }));
    if (!this.#enough(found.length) && noApprover === "reject") return this.#end("rejected", "no-approver", undefined, now);
    if (this.#enough(found.length)) return this.#ask(now);
    this.#heard.push(`stuck ${this.level}`);
  }

  #ask(now: number): void {
    this.#unasked = false;
    this.#spent = 0;
    this.#runsSince = now;
    this.#restartReminders(now);
    for (const { email } of this.places) this.#tell("asked", email);
  }

  #name(people: readonly { email: string }[]): void {
    for (const { email } of people) this.#named.add(this.#who(email));
  }

  #tell(kind: string, email: string): void {
    this.#asked.add(email);
    this.#heard.push(`${kind} ${this.level} ${email}`);
  }

  /** Those of a list who may vote on the present level, each once. */
  #eligible(people: readonly { email: string }[], standsInForUnknown: boolean): string[] {
    const emails = [...new Set(people.map(({ email }) => this.#who(email)))];
    return emails.filter((email) => this.#barred(email, standsInForUnknown) === undefined);
  }

  #barred(email: string, standsInForUnknown: boolean): string | undefined {
    const { allowSelfApproval, allowSamePersonTwice } = this.#policy;
    if (this.#isRequester(email)) return "SELF_APPROVAL";
    const votedElsewhere = this.#given.some(
      ({ level, by, inPlaceOf }) => level !== this.level && (by === email || inPlaceOf.includes(email)),
    );
    if (votedElsewhere && !allowSamePersonTwice) return "VOTED_ON_OTHER_LEVEL";
    return this.#subject.requester === undefined && !allowSelfApproval && !standsInForUnknown ? "REQUESTER_UNKNOWN" : undefined;
  }

  #isRequester(email: string): boolean {
    const { requester } = this.#subject;
    return !this.#policy.allowSelfApproval && requester !== undefined && this.#who(requester) === email;
  }

  #enough(people: number): boolean {
    const { need } = this.#rules;
    return people >= (typeof need === "number" ? need : 1);
  }

  // ------------------------------------------------------------------ what time does

  wake(now: number): void {
    if (this.status !== "open" || this.#unasked || this.frozen) return;
    const { deadline, onDeadline, remindEvery } = this.#rules;
    if (deadline !== undefined && !this.#overdue && this.#spent + this.#since(this.#runsSince, now) >= deadline * MINUTE) {
      this.#overdue = true;
      if (onDeadline === "reject") return this.#end("rejected", "deadline", undefined, now);
      if (onDeadline === "approve") return this.#pass("deadline", undefined, now);
      if (onDeadline === "escalate") return this.#escalate(now);
    }
    if (remindEvery !== undefined && this.#reminderSpent + this.#since(this.#reminderSince, now) >= remindEvery * MINUTE) {
      for (const email of this.#silent()) this.#heard.push(`reminder ${this.level} ${email}`);
      this.#restartReminders(now);
    }
  }

  #escalate(now: number): void {
    const voted = (email: string): boolean => this.#given.some(({ level, by }) => level === this.level && by === email);
    const open = (people: readonly { email: string }[], standIn: boolean): string[] =>
      this.#eligible(people, standIn).filter((email) => !voted(email));
    let bosses = open(this.#rules.escalateTo, false);
    const { noApprover, fallback } = this.#policy;
    if (bosses.length === 0 && noApprover === "reject") return this.#end("rejected", "no-approver", undefined, now);
    if (bosses.length === 0 && noApprover === "fallback") {
      bosses = open(fallback, true);
      if (bosses.length > 0) this.#name(fallback);
    }
    if (bosses.length > 0) this.#name(this.#rules.escalateTo);
    this.bosses = bosses.map((email) => ({ email, before: [] }));
    this.#restartReminders(now);
    if (bosses.length === 0) this.#heard.push(`stuck ${this.level}`);
    for (const email of bosses) this.#tell("escalated", email);
  }

  // ------------------------------------------------------------------ what those in charge do

  command(given: Command, now: number): string {
    this.wake(now);
    const by = this.#who(given.by);
    if (this.status !== "open") {
      const again =
        given.action === "withdraw"
          ? this.status === "withdrawn"
          : given.action === "bypass" && this.#bypassed && this.status === (given.outcome ?? "approved");
      return this.#result(again ? "repeated" : "late", this.level);
    }
    switch (given.action) {
      case "withdraw":
        this.status = "withdrawn";
        this.#ends[this.level] = { outcome: "withdrawn", by: given.by, at: now };
        this.#heard.push(`withdrawn ${given.by} to ${this.#audience()}`);
        return this.#result("done", this.level);
      case "bypass": {
        const outcome = given.outcome ?? "approved";
        if (blank(given.reason)) return "forbidden REASON_REQUIRED";
        if (outcome === "approved" && this.#isRequester(by)) return "forbidden SELF_APPROVAL";
        this.#bypassed = true;
        this.#end(outcome, "bypass", given.by, now);
        return this.#result("done", this.level);
      }
      case "freeze":
        if (this.frozen) return "repeated";
        if (blank(given.reason)) return "forbidden REASON_REQUIRED";
        this.#spent += this.#since(this.#runsSince, now);
        this.#reminderSpent += this.#since(this.#reminderSince, now);
        this.frozen = true;
        return "done";
      case "unfreeze":
        if (!this.frozen) return "repeated";
        this.frozen = false;
        this.#runsSince = now;
        this.#reminderSince = now;
        this.#conclude(now);
        return this.status === "open" ? "done" : this.#result("done", this.level);
      case "delegate":
        return this.#delegate(by, this.#who(given.to.email), now);
      case "reassign":
        return this.#reassign(given.from === undefined ? undefined : this.#who(given.from), this.#who(given.to.email), now);
    }
  }

  #delegate(from: string, to: string, now: number): string {
    if (this.#policy.delegation === false) return "forbidden DELEGATION_OFF";
    if (this.frozen) return "forbidden FROZEN";
    if (this.#placeOf(from) === undefined) return "forbidden NOT_APPROVER";
    if (this.#unasked) return "forbidden TOO_FEW_APPROVERS";
    return this.#hand([from], to, true, now);
  }

  #reassign(from: string | undefined, to: string, now: number): string {
    if (from !== undefined && this.#placeOf(from) === undefined) return "forbidden NOT_APPROVER";
    return this.#hand(from !== undefined ? [from] : this.#unasked ? [] : this.#silent(), to, false, now);
  }

  /** Puts somebody in the places of others who have not answered. */
  #hand(from: readonly string[], to: string, own: boolean, now: number): string {
    if (from.some((email) => !this.#silent().includes(email))) return "forbidden ALREADY_VOTED";
    const places = put(this.places, from, to, own);
    const said = this.#given.filter(({ level, by }) => level === this.level && places.some(({ email }) => email === by));
    const barred = this.#barred(to, false);
    const tooFew = !this.#enough(places.length) || this.#outcome(said, places.length) === "reject";
    if (tooFew && !this.#unasked) return "forbidden TOO_FEW_APPROVERS";
    if (this.#placeOf(to) !== undefined) return "forbidden ALREADY_APPROVER";
    if (barred !== undefined) return `forbidden ${barred}`;
    this.places = places;
    for (const email of from) this.#replaced.add(email);
    if (from.length > 0) this.bosses = put(this.bosses, from, to, own);
    const { level } = this;
    if (this.#unasked) {
      if (!tooFew) this.#ask(now);
    } else {
      this.#conclude(now);
      if (this.status === "open" && this.level === level) this.#tell("asked", to);
    }
    return this.status === "open" ? "done" : this.#result("done", this.level);
  }

  // ------------------------------------------------------------------ small things

  get #rules(): Policy["levels"][number] {
    return this.#policy.levels[this.level]!;
  }

  #who(name: string): string {
    const known = name.trim().toLowerCase();
    return this.#names[known] ?? known;
  }

  #placeOf(email: string): Place | undefined {
    return [...this.places, ...this.bosses].find((place) => place.email === email);
  }

  /** Those with a place who have not answered, each once. */
  #silent(): string[] {
    const answered = this.#given.filter(({ level }) => level === this.level).map(({ by }) => by);
    const emails = [...this.places, ...this.bosses].map(({ email }) => email);
    return [...new Set(emails)].filter((email) => !answered.includes(email));
  }

  #since(from: number, to: number): number {
    return timeBetween(this.#policy.calendar, from, to);
  }

  #restartReminders(now: number): void {
    this.#reminderSpent = 0;
    this.#reminderSince = now;
  }

  #result(result: string, level: number): string {
    const end = this.#ends[level] ?? (this.status === "open" ? undefined : this.#ends[this.level]);
    return end === undefined ? result : `${result} by ${end.by} at ${end.at}`;
  }
}

/** The places after somebody took those of others: one place, where the first of them was. */
function put(places: readonly Place[], from: readonly string[], to: string, own: boolean): Place[] {
  const taken = places.filter(({ email }) => from.includes(email));
  const before = own ? taken.flatMap((place) => [...place.before, place.email]) : [];
  if (from.length === 0) return [...places, { email: to, before }];
  const first = places.findIndex(({ email }) => from.includes(email));
  const kept = places.map((place, at) => (at === first ? { email: to, before } : place));
  return kept.filter((place, at) => at === first || !from.includes(place.email));
}

function blank(text: string | undefined): boolean {
  return text === undefined || text.trim() === "";
}

/** How many of so many people must approve. */
function needed(need: Exclude<Need, "any">, people: number): number {
  if (need === "all") return people;
  if (typeof need === "number") return need;
  return Math.ceil((Number(need.slice(0, -1)) * people) / 100);
}
