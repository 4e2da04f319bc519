import { isAddress } from "./read.ts";
import type { Approval, Person, Policy } from "./types.ts";

/** Where people are known from. */
type Acquaintance = Pick<Approval, "policy" | "told">;

/** The form in which addresses and aliases are compared. */
export function identity(text: string): string {
  return text.trim().toLowerCase();
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
  return isAddress(given) || isAddress(identify({ policy, told: [] }, given)) ? given : undefined;
}

/** Who gives a command: the address of a person who is known, else the name as given. */
export function speaker(approval: Approval, by: string): string {
  const email = identify(approval, by);
  for (const person of known(approval)) if (identity(person.email) === email) return person.email;
  return by.trim();
}

/** The person as the policy or those asked already know them, so that a second address makes no second person. */
export function asKnown(approval: Approval, person: Person): Person {
  const email = identify(approval, person.email);
  for (const each of known(approval)) if (identity(each.email) === email) return { ...each, ...person, email: each.email };
  return person;
}

/** Everybody a policy names, with repetitions. */
export function peopleOf(policy: Policy): Person[] {
  return [...policy.levels.flatMap((level) => [...level.approvers, ...level.escalateTo]), ...policy.fallback];
}
