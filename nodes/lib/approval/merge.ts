import { grouped } from "../base/grouped.ts";
import { identity, possibleIdentity } from "./people.ts";
import type { Person } from "./policy-types.ts";

/** All mentions of people, put together by person. */
export interface MergedPeople {
  /** The person that a mention means, with all their names. */
  readonly personOf: (mention: Person) => Person;
  /** Aliases that two people have: they mean neither of them. */
  readonly clashes: readonly string[];
}

/**
 * Finds who is the same person: by mailbox however it is spelled, or by an address that is somebody else's alias. The
 * one who has the alias gives the main address; the others become aliases.
 */
export function mergePeople(mentions: readonly Person[]): MergedPeople {
  const byMailbox = grouped(mentions, ({ email }) => possibleIdentity(email));
  const ownersOf = ownersOfAliases(byMailbox);
  const parents = new Map<string, string>();
  const rootOf = (mailbox: string): string => {
    const parent = parents.get(mailbox);
    return parent === undefined ? mailbox : rootOf(parent);
  };
  for (const [alias, owners] of ownersOf) {
    const [owner, another] = [...owners].filter((each) => each !== alias);
    if (owner === undefined || another !== undefined || !byMailbox.has(alias)) continue;
    if (rootOf(owner) !== rootOf(alias)) parents.set(rootOf(alias), rootOf(owner));
  }

  const isClash = (alias: string): boolean => {
    const owners = [...(ownersOf.get(alias) ?? []), ...(byMailbox.has(alias) ? [alias] : [])];
    return new Set(owners.map(rootOf)).size > 1;
  };
  const byRoot = grouped(byMailbox.keys(), rootOf);
  const people = new Map(
    [...byRoot].map(([root, mailboxes]) => {
      const own = byMailbox.get(root) ?? [];
      const others = mailboxes.filter((each) => each !== root).flatMap((each) => byMailbox.get(each) ?? []);
      return [root, merged(own, others, isClash)];
    }),
  );
  return {
    personOf: (mention) => people.get(rootOf(possibleIdentity(mention.email))) ?? mention,
    clashes: [...ownersOf.keys()].filter(isClash),
  };
}

/** By alias, the mailboxes of those who have it. */
function ownersOfAliases(byMailbox: ReadonlyMap<string, readonly Person[]>): Map<string, Set<string>> {
  const owners = new Map<string, Set<string>>();
  for (const [mailbox, people] of byMailbox) {
    for (const alias of people.flatMap(({ aliases = [] }) => aliases)) {
      const name = possibleIdentity(alias);
      owners.set(name, (owners.get(name) ?? new Set()).add(mailbox));
    }
  }
  return owners;
}

/** One person of all mentions: those under the main address, and those under others. */
function merged(own: readonly Person[], others: readonly Person[], isClash: (alias: string) => boolean): Person {
  const [first = { email: "" }] = own;
  const mailbox = possibleIdentity(first.email);
  const named = own.find(({ name }) => name !== undefined);
  const account = [...own, ...others].find((each) => each.account !== undefined)?.account;
  const names = [...own, ...others].flatMap(({ email, aliases = [] }) => [email, ...aliases]);
  // The first spelling is the one that somebody chose.
  const aliases = new Map(names.reverse().map((name) => [identity(name), name]));
  aliases.delete(identity(first.email));
  const kept = [...aliases.values()].reverse().filter((alias) => possibleIdentity(alias) === mailbox || !isClash(possibleIdentity(alias)));
  return {
    email: first.email,
    ...(named?.name === undefined ? {} : { name: named.name }),
    ...(kept.length === 0 ? {} : { aliases: kept }),
    ...(account === undefined ? {} : { account }),
  };
}
