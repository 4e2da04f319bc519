import { type AbiquoClient, AbiquoFault, type AbiquoUser, keptLinks, keptSummary } from "../../abiquo/index.ts";
import { isAddress, type Person, type RawPolicy, rolesOf } from "../../approval/index.ts";
import { Fault } from "../../base/fault.ts";
import type { TaskRecord } from "../../ledger/index.ts";
import type { PersonView } from "../../pages/index.ts";
import type { UserReads } from "./user-reads.ts";

/** Who asked, with what tells that user from others. */
export interface Requester extends PersonView {
  readonly account: string;
  readonly login: string;
}

/** Who takes part in an approval, as Abiquo knows them. */
export interface People {
  /** absent when Abiquo does not say who asked, or several did */
  readonly requester?: Requester;
  /** by the role's name */
  readonly roles: Readonly<Record<string, readonly Person[]>>;
  /** what Abiquo does not have, or does not show where that is no answer to what is asked */
  readonly faults: readonly Fault[];
}

/**
 * Reads the requester and those who hold the roles of the policy: users of the enterprise that the virtual
 * datacenter belongs to. Nobody is found only where Abiquo says that there is nobody: what it refuses to show is no
 * answer, and a request that took it for one would be decided by fewer people than its policy asks for.
 *
 * @throws AbiquoFault when Abiquo cannot be asked for now, or does not show what the policy needs; to be tried again
 */
export async function readPeople(reads: UserReads, client: AbiquoClient, policy: RawPolicy, tasks: readonly TaskRecord[]): Promise<People> {
  const faults: Fault[] = [];
  const unless = async <T>(isAnswer: (fault: AbiquoFault) => boolean, read: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await read;
    } catch (error) {
      if (!(error instanceof AbiquoFault && isAnswer(error))) throw error;
      faults.push(error);
      return otherwise;
    }
  };
  // The fallback stands in for a requester who is not shown; where people may approve their own, it matters to nobody.
  const mayStayUnknown = policy.allowSelfApproval || policy.noApprover === "fallback";
  const requester = await unless(
    (fault) => isAbsent(fault) || (mayStayUnknown && isForbidden(fault)),
    readRequester(reads, client, tasks),
    undefined,
  );
  const roles = rolesOf(policy);
  const holders = roles.length === 0 ? [] : await unless(isAbsent, readHolders(reads, client, tasks), []);
  const found = roles.map((role) => {
    const own = holders.filter(({ roleName }) => isSameRole(roleName, role));
    // A mail program could read it as somebody else's, or as several: the link in the mail is for this one alone.
    for (const { email, nick } of own)
      if (!isAddress(email)) faults.push(new Fault("APPROVAL_ADDRESS_UNUSABLE", { value: email, user: nick }));
    return [role, own.filter(({ email }) => isAddress(email)).map(personOf)] as const;
  });
  return { ...(requester === undefined ? {} : { requester }), roles: Object.fromEntries(found), faults };
}

function isAbsent({ code }: AbiquoFault): boolean {
  return code === "ABIQUO_NOT_FOUND";
}

function isForbidden({ code }: AbiquoFault): boolean {
  return code === "ABIQUO_FORBIDDEN";
}

/** Abiquo's own names are in capitals; who types one means the same. */
function isSameRole(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}

async function readRequester(reads: UserReads, client: AbiquoClient, tasks: readonly TaskRecord[]): Promise<Requester | undefined> {
  const links = new Set(tasks.map((task) => keptLinks.read(task.links).user));
  const [link] = links;
  if (link === undefined || link === "" || links.size > 1) return undefined;
  const user = await reads.user(client, link);
  return { email: user.email, name: user.name || user.nick, account: user.id, login: user.nick };
}

async function readHolders(reads: UserReads, client: AbiquoClient, tasks: readonly TaskRecord[]): Promise<AbiquoUser[]> {
  const summaries = tasks.map((task) => keptSummary.read(task.summary));
  const users: AbiquoUser[] = [];
  for (const datacenter of new Set(summaries.map(({ virtualDatacenterId }) => virtualDatacenterId))) {
    if (datacenter === "") continue;
    const enterprise = await reads.enterpriseOf(client, datacenter);
    if (enterprise === "") continue;
    // Somebody who may not log in cannot answer either.
    for (const user of await reads.usersOf(client, enterprise)) if (user.isActive && user.email !== "") users.push(user);
  }
  return users;
}

function personOf({ id, email, name, nick }: AbiquoUser): Person {
  return { email, name: name || nick, ...(id === "" ? {} : { account: id }) };
}
