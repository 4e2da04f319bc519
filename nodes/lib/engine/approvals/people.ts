import { type AbiquoClient, AbiquoFault, type AbiquoUser, type TaskLinks, type TaskSummary } from "../../abiquo/index.ts";
import { type Person, type RawPolicy, rolesOf } from "../../approval/index.ts";
import type { Fault } from "../../fault.ts";
import type { TaskRecord } from "../../ledger/index.ts";
import type { PersonView } from "../pages/index.ts";

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
  /** what could not be read, and will not be by trying again */
  readonly faults: readonly Fault[];
}

/**
 * Reads the requester and those who hold the roles of the policy: users of the enterprise that the virtual
 * datacenter belongs to.
 *
 * @throws AbiquoFault when Abiquo cannot be asked for now; to be tried again
 */
export async function readPeople(client: AbiquoClient, policy: RawPolicy, tasks: readonly TaskRecord[]): Promise<People> {
  const faults: Fault[] = [];
  const tolerated = async <T>(read: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await read;
    } catch (error) {
      // Only what Abiquo itself says is final: a connection that closes in a deploy says nothing of the people.
      const isFinal = error instanceof AbiquoFault && error.status !== undefined && !error.retriable && error.status !== 401;
      if (!isFinal) throw error;
      faults.push(error);
      return otherwise;
    }
  };
  const requester = await tolerated(readRequester(client, tasks), undefined);
  const roles = rolesOf(policy);
  const holders = roles.length === 0 ? [] : await tolerated(readHolders(client, tasks), []);
  const found = roles.map((role) => [role, holders.filter(({ roleName }) => roleName === role).map(personOf)] as const);
  return { ...(requester === undefined ? {} : { requester }), roles: Object.fromEntries(found), faults };
}

async function readRequester(client: AbiquoClient, tasks: readonly TaskRecord[]): Promise<Requester | undefined> {
  const links = new Set(tasks.map((task) => (JSON.parse(task.links) as TaskLinks).user));
  const [link] = links;
  if (link === undefined || link === "" || links.size > 1) return undefined;
  const user = await client.user(link);
  return { email: user.email, name: user.name || user.nick, account: user.id, login: user.nick };
}

async function readHolders(client: AbiquoClient, tasks: readonly TaskRecord[]): Promise<AbiquoUser[]> {
  const summaries = tasks.map((task) => JSON.parse(task.summary) as TaskSummary);
  const users: AbiquoUser[] = [];
  for (const datacenter of new Set(summaries.map(({ virtualDatacenterId }) => virtualDatacenterId))) {
    if (datacenter === "") continue;
    const enterprise = await client.datacenterEnterprise(datacenter);
    if (enterprise === "") continue;
    // Somebody who may not log in cannot answer either.
    for await (const user of client.users(enterprise)) if (user.isActive && user.email !== "") users.push(user);
  }
  return users;
}

function personOf({ id, email, name, nick }: AbiquoUser): Person {
  return { email, name: name || nick, ...(id === "" ? {} : { account: id }) };
}
