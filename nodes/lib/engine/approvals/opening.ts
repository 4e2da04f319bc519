import type { AbiquoClient } from "../../abiquo/index.ts";
import { clashingAliases, newApprovalId, openApproval, resolvePolicy, type Subject } from "../../approval/index.ts";
import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import { type ApprovalRecord, keptFacts, type Ledger, type Opened, type Proposal, type RuleSpoke } from "../../ledger/index.ts";
import type { Decision, TaskEntry, WholeTask } from "../message.ts";
import { keptRequest } from "./kept.ts";
import { type People, readPeople } from "./people.ts";
import { type ApprovalTerms, type KeptRequest, type OpenedApproval, searchTextOf, subjectOf } from "./request.ts";
import type { Steps } from "./steps.ts";
import { UserReads } from "./user-reads.ts";

/** What a node asks people about. */
export interface AskCall {
  readonly key: string;
  readonly connection: { readonly id: string; readonly client: AbiquoClient };
  /** one request for each task, or one for all of them */
  readonly scope: "task" | "group";
  readonly title: string;
  readonly terms: ApprovalTerms;
  /** JSON text of the message that leaves with the outcome of these tasks */
  readonly messageFor: (entries: readonly TaskEntry[]) => string;
  readonly tasks: readonly AskedTask[];
  /** the approval whose outcome the message is: asking goes on with it */
  readonly after?: string;
}

/** A task of the message that asks; one that only a message knows comes whole. */
export interface AskedTask {
  readonly taskId: string;
  readonly entry: TaskEntry | WholeTask;
  readonly task?: Proposal["task"];
}

/** What opening needs of the engine. */
export interface OpeningPort {
  /** The client of the connection that a request came by, while there is one. */
  clientOf(record: ApprovalRecord): Promise<AbiquoClient | undefined>;
  /** What the key's node is to report. */
  report(key: string, problem: unknown): void;
  /** The request is to be looked at again at this moment, in ms since 1970. */
  wakeAt(at: number): void;
}

/** How long until it is tried again when Abiquo does not tell a request's people, in ms. */
const AGAIN = 30_000;

/** Opens requests: first on disk with what is asked; then, once Abiquo has told who they are, its people are asked. */
export class Opening {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #steps: Steps;
  readonly #port: OpeningPort;
  readonly #users: UserReads;

  constructor(ledger: Ledger, clock: Clock, steps: Steps, port: OpeningPort) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#steps = steps;
    this.#port = port;
    this.#users = new UserReads(clock);
  }

  /**
   * Puts one request on disk. Its people are asked by `begin`.
   *
   * @param unit the tasks that it is about
   * @returns what became of them, and the message that leaves with the outcome, as JSON text
   * @throws Fault TASK_UNKNOWN, ABIQUO_BAD_LINK when a task is not fit to be kept
   */
  async open(
    { key, connection, title, terms, messageFor, after }: AskCall,
    unit: readonly AskedTask[],
  ): Promise<Opened & { message: string }> {
    const now = this.#clock.now();
    const api = connection.client.base;
    const entries = unit.map(({ entry }) => entry);
    const subject = subjectOf(title, entries, now);
    const request: KeptRequest = { ...terms, subject };
    const message = messageFor(entries);
    const opened = await this.#ledger.approvals.open({
      id: newApprovalId(),
      key,
      api,
      connection: connection.id,
      createdAt: now,
      request: keptRequest.write(request),
      message,
      type: subject.type,
      search: searchTextOf(subject, entries),
      tasks: unit.map(({ taskId, task, entry }) => ({ api, taskId, task, because: ruleIn(entry.decision) })),
      after,
    });
    return { ...opened, message };
  }

  /** Finds out the people of a request, and asks the first of them. */
  begin(id: string): Promise<void> {
    return this.#steps.exclusively(id, async () => {
      const opened = await this.#steps.get(id);
      if (opened?.record.status === "opening") await this.#ask(opened);
    });
  }

  async #ask(opened: OpenedApproval): Promise<void> {
    const { record, request } = opened;
    try {
      const client = await this.#port.clientOf(record);
      if (client === undefined) return await this.#postpone(record);
      const people = await readPeople(this.#users, client, request.policy, record.tasks);
      const clashing = clashingAliases(request.policy, people.roles).map((alias) => new Fault("APPROVAL_ALIAS_AMBIGUOUS", { alias }));
      for (const fault of [...people.faults, ...clashing]) this.#port.report(record.key, fault);
      const items = record.tasks.map(({ taskId }) => taskId);
      const subject: Subject = { id: record.id, items, ...requesterIn(people) };
      const step = openApproval(resolvePolicy(request.policy, people.roles), subject, this.#clock.now());
      await this.#steps.commit(opened, people, step);
    } catch (error) {
      if (error instanceof Fault && error.code === "ABIQUO_CLOSED") return await this.#postpone(record);
      await this.#postpone(record, this.#clock.now() + AGAIN);
      throw error;
    }
  }

  /** @param until when to try again; absent = once there is a connection, as when one closes in a deploy */
  async #postpone({ id, version }: ApprovalRecord, until?: number): Promise<void> {
    const at = this.#clock.now();
    await this.#ledger.approvals.change({ id, version, status: "opening", state: "", nextWake: until, waiting: [], notifications: [], at });
    if (until !== undefined) this.#port.wakeAt(until);
  }
}

function requesterIn({ requester }: People): Omit<Subject, "id" | "items"> {
  if (requester === undefined) return {};
  const { email, account, login } = requester;
  return {
    ...(email === "" ? {} : { requester: email }),
    ...(account === "" ? {} : { requesterAccount: account }),
    ...(login === "" ? {} : { requesterNames: [login] }),
  };
}

/** The rule that let people be asked. */
function ruleIn(decision: Decision | undefined): RuleSpoke | undefined {
  if (decision?.cause !== "rule" || decision.rule === undefined) return undefined;
  const { action, rule, facts } = decision;
  return { action, rule, facts: facts === undefined ? undefined : keptFacts.write(facts) };
}
