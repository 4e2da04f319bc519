import { canonicalAddress, isAddress, mailboxOf } from "./address.ts";
import type { Person, Policy } from "./policy-types.ts";
import type { Approval } from "./state.ts";

/** Where people are known from. */
type Acquaintance = Pick<Approval, "policy" | "told">;

/** The form in which addresses and aliases are compared where somebody is given a right by it. */
export function identity(text: string): string {
  return canonicalAddress(text) ?? text.trim().toLowerCase();
}

/** The wider form, for refusing: whoever could be the same person is. */
export function possibleIdentity(text: string): string {
  return mailboxOf(text) ?? text.trim().toLowerCase();
}

/** Each person once, the first mention winning. */
export function distinctPeople(people: readonly Person[]): readonly Person[] {
  const byEmail = new Map<string, Person>();
  for (const person of people) {
    const email = identity(person.email);
    if (!byEmail.has(email)) byEmail.set(email, person);
  }
  return byEmail.size === people.length ? people : [...byEmail.values()];
}

/**
 * The compared e-mail address of the person whom an address or alias means, whichever mention in the policy or
 * among those asked gives the alias. An alias of two people means neither of them.
 */
export function identify(approval: Acquaintance, addressOrAlias: string): string {
  const given = identity(addressOrAlias);
  const owners = new Set<string>();
  for (const person of known(approval)) {
    const email = identity(person.email);
    if (email === given) return email;
    if (person.aliases?.some((alias) => identity(alias) === given) === true) owners.add(email);
  }
  const [owner = given] = owners;
  return owners.size > 1 ? given : owner;
}

function* known({ policy, told }: Acquaintance): Generator<Person> {
  yield* peopleOf(policy);
  yield* told;
}

/**
 * The requester as far as votes can be compared with: an address, or the alias of somebody known. A name alone would
 * be equal to nobody, and so let the requester pass for somebody else.
 */
export function comparableRequester(policy: Policy, requester: string | undefined): string | undefined {
  const given = requester?.trim() ?? "";
  if (isAddress(given)) return given;
  return [canonicalAddress(given), identify({ policy, told: [] }, given)].find((each) => each !== undefined && isAddress(each));
}

/**
 * Whether a compared address is the requester's, by account, by address in any spelling, or by any other name that
 * somebody known has in common with the requester.
 */
export function requesterTest(approval: Pick<Approval, "policy" | "told" | "subject">): (email: string) => boolean {
  const { requester, requesterAccount, requesterNames = [] } = approval.subject;
  const names = new Set([...(requester === undefined ? [] : [requester]), ...requesterNames].map(possibleIdentity));
  const own = [...known(approval)].filter(
    (person) =>
      (requesterAccount !== undefined && person.account === requesterAccount) ||
      namesOf(person).some((name) => names.has(possibleIdentity(name))),
  );
  const all = new Set([...names, ...own.flatMap(namesOf).map(possibleIdentity)]);
  return (email) => all.has(possibleIdentity(email));
}

function namesOf({ email, aliases = [] }: Person): string[] {
  return [email, ...aliases];
}

/** Who gives a command: the address of a person who is known, else the name as given. */
export function speaker(approval: Approval, by: string): string {
  const email = identify(approval, by);
  for (const person of known(approval)) if (identity(person.email) === email) return person.email;
  return by.trim();
}

/**
 * The person as the policy or those asked already know them, so that a second address makes no second person, and
 * without the aliases by which others are known.
 */
export function asKnown(approval: Approval, person: Person): Person {
  const mailbox = possibleIdentity(identify(approval, person.email));
  const others: Person[] = [];
  let self: Person | undefined;
  for (const each of known(approval)) {
    if (possibleIdentity(each.email) !== mailbox) others.push(each);
    else self ??= each;
  }
  const taken = new Set(others.flatMap(namesOf).map(possibleIdentity));
  const { aliases = self?.aliases ?? [], ...rest } = person;
  const { aliases: _, ...before } = self ?? person;
  const own = aliases.filter((alias) => !taken.has(possibleIdentity(alias)));
  return { ...before, ...rest, email: before.email, ...(own.length === 0 ? {} : { aliases: own }) };
}

/** Everybody a policy names, with repetitions. */
export function peopleOf(policy: Policy): Person[] {
  return [...policy.levels.flatMap((level) => [...level.approvers, ...level.escalateTo]), ...policy.fallback];
}
