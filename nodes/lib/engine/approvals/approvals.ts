import type { AbiquoClient } from "../../abiquo/index.ts";
import {
  type Approval,
  type Ballot,
  type Command,
  type CommandStep,
  clashingAliases,
  command,
  identity,
  isAddress,
  newApprovalId,
  nextWake,
  openApproval,
  type Person,
  resolvePolicy,
  type Step,
  type StuckWhy,
  type Subject,
  type VoteStep,
  vote,
  waitingFor,
  wake,
} from "../../approval/index.ts";
import type { Clock } from "../../base/clock.ts";
import { isUnread, readOrWhy } from "../../base/codec.ts";
import { Fault, type FaultCode } from "../../base/fault.ts";
import { KeyedMutex } from "../../base/keyed-mutex.ts";
import {
  type ApprovalRecord,
  keyText,
  type Ledger,
  type NewNotification,
  type Proposal,
  type TaskKey,
  UNDECIDED,
} from "../../ledger/index.ts";
import type { OpenRequest, TaskEntry, WholeTask } from "../message.ts";
import { type DeparturePort, Departures } from "./departures.ts";
import { keptRequest, keptState } from "./kept.ts";
import { type Notification, Notifier, type NotifierPort, newNotification, notificationsOf } from "./notifier.ts";
import { type People, readPeople } from "./people.ts";
import {
  type ApprovalTerms,
  type KeptRequest,
  type KeptState,
  type OpenedApproval,
  openedApproval,
  searchTextOf,
  subjectOf,
} from "./request.ts";
import { UserReads } from "./user-reads.ts";
import { dueOf } from "./views.ts";

/** How a node that carries approvals on hears of them. */
export interface ApprovalPort extends NotifierPort, DeparturePort {
  /** Nobody can be asked, or not for now; the request is kept. */
  report(problem: unknown): void;
  /** How many requests are open. */
  count(open: number): void;
}

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

/** How often the open requests are counted, in ms. */
const COUNT_INTERVAL = 250;
/** How many requests are opened in one commit: other writes wait for it. */
const OPENED_AT_ONCE = 200;
/** How many due approvals are worked on at once. */
const DUE_AT_ONCE = 50;
/** How long until what could not be done is tried again, as when Abiquo does not tell a request's people, in ms. */
const AGAIN = 30_000;
/** Node's timers hold 24 days; a look once a day costs nothing. */
const LONGEST_SLEEP = 24 * 60 * 60_000;

/** The approvals of one ledger at work: asked, voted on, moved by time, and told of. */
export class Approvals {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #ports = new Map<string, ApprovalPort>();
  readonly #notifier: Notifier;
  readonly #mutex = new KeyedMutex();
  readonly #users: UserReads;
  readonly #reported = new Set<string>();
  /** ids of those that this release cannot read */
  readonly #unreadable = new Set<string>();
  readonly #clientOf: (record: ApprovalRecord) => Promise<AbiquoClient | undefined>;
  readonly #checkpoint: (key: TaskKey) => void;
  readonly #departures: Departures;
  readonly #counting = new Map<string, () => void>();
  #cancel: (() => void) | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  #isClosed = false;

  /**
   * @param clientOf the client of the connection that a request came by, while there is one
   * @param settle how long after it left an outcome counts as held by the flow, in ms of process life
   * @param checkpoint is told of tasks that an approval holds from now on
   */
  constructor(
    ledger: Ledger,
    clock: Clock,
    clientOf: (record: ApprovalRecord) => Promise<AbiquoClient | undefined>,
    settle: number,
    checkpoint: (key: TaskKey) => void,
  ) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#clientOf = clientOf;
    this.#users = new UserReads(clock);
    this.#checkpoint = checkpoint;
    this.#departures = new Departures(ledger, clock, settle, (key) => this.#ports.get(key));
    this.#notifier = new Notifier(ledger, clock, (key) => this.#ports.get(key));
  }

  /**
   * Carries on the requests of this key: tells what was not told yet, does what is due, lets outcomes leave.
   *
   * @throws Fault APPROVAL_KEY_TAKEN while another port has this key: outcomes would leave by either
   */
  async attach(key: string, port: ApprovalPort): Promise<void> {
    if ((this.#ports.get(key) ?? port) !== port) throw new Fault("APPROVAL_KEY_TAKEN", { key });
    this.#ports.set(key, port);
    await this.resume(key);
  }

  /** Lets outcomes leave again that the flow may have lost, and does what was left undone. */
  async resume(key: string): Promise<void> {
    const store = this.#ledger.approvals;
    for (const id of await store.overtaken(key)) await this.#ifReadable(id, () => this.#withdrawOvertaken(id));
    await this.#departures.resume(key);
    this.#count(key);
    await this.#notifier.begin(key);
    void this.#beginAll();
    this.#sleepUntil(this.#clock.now());
  }

  /** A connection is there: those that waited for one begin. */
  connected(): void {
    void this.#beginAll();
  }

  detach(key: string, port: ApprovalPort): void {
    if (this.#ports.get(key) === port) this.#ports.delete(key);
  }

  /**
   * Asks. Resolves once the requests are on disk; what then leaves, leaves by the key's port. Tasks that are being
   * asked about already, under this key, make no second request; decided ones are answered as withdrawn.
   *
   * @throws Fault TASK_UNKNOWN, ABIQUO_BAD_LINK when a task is not fit to be kept
   */
  async ask(call: AskCall): Promise<void> {
    const units = call.scope === "group" ? [call.tasks] : call.tasks.map((task) => [task]);
    for (let start = 0; start < units.length; start += OPENED_AT_ONCE) {
      await Promise.all(units.slice(start, start + OPENED_AT_ONCE).map((unit) => this.#askOne(call, unit)));
    }
    this.#count(call.key);
    this.#sleepUntil(this.#clock.now());
  }

  async #askOne({ key, connection, title, terms, messageFor, after }: AskCall, unit: readonly AskedTask[]): Promise<void> {
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
      tasks: unit.map(({ taskId, task }) => ({ api, taskId, task })),
      after,
    });
    for (const asked of [...opened.asked, ...opened.asking]) this.#checkpoint(asked);
    if (opened.decided.length > 0) await this.#departures.leaveDecided(key, connection.id, message, opened.decided);
  }

  /** @throws Fault APPROVAL_UNKNOWN when there is no such request */
  async vote(id: string, ballot: Ballot): Promise<VoteStep> {
    return this.#change(id, (approval, now) => vote(approval, ballot, now));
  }

  /**
   * @param level what the command is about; it comes too late once the request has gone on to another. Absent = the present one
   * @throws Fault APPROVAL_UNKNOWN when there is no such request
   */
  async command(id: string, given: Command, level?: number): Promise<CommandStep> {
    return this.#change(id, (approval, now) => {
      if (level !== undefined && level !== approval.level) return { approval, events: [], result: "late" };
      return command(approval, given, now);
    });
  }

  /** A request as it stands. */
  async get(id: string): Promise<OpenedApproval | undefined> {
    const record = await this.#ledger.approvals.get(id);
    return record === undefined ? undefined : openedApproval(record);
  }

  /** A channel says what it calls the message of this notification, or that it could not deliver it. */
  notified(notification: string, news: { readonly ref?: string; readonly failed?: boolean }): Promise<void> {
    return this.#notifier.notified(notification, news);
  }

  /** Sends a person's notification again, with a fresh link. False when the request does not wait for that person. */
  async tellAgain(id: string, email: string): Promise<boolean> {
    return this.#mutex.run(id, async () => {
      const opened = await this.get(id);
      const approval = opened?.state?.approval;
      const person = approval === undefined ? undefined : waitingFor(approval).find((each) => identity(each.email) === identity(email));
      if (opened?.state === undefined || person === undefined) return false;
      const {
        approval: { level },
      } = opened.state;
      const body: Notification = { kind: "asked", level, person, ...dueOf(opened.state.approval) };
      const again = `${id}-again-${opened.record.version}`;
      return this.#write(opened.record, opened.state, [newNotification(again, body)]);
    });
  }

  /** By `keyText` of the task, the newest request that is open about it and whose people are known. */
  async openRequests(keys: readonly TaskKey[]): Promise<Map<string, OpenRequest>> {
    const about = await this.#ledger.approvals.about(keys);
    const records = await this.#ledger.approvals.several(about.map(({ id }) => id));
    const requests = new Map(records.map((record) => [record.id, openRequestsOf(record)]));
    return new Map(
      about.flatMap(({ id, key }): [string, OpenRequest][] => {
        const request = requests.get(id)?.get(key.taskId);
        return request === undefined ? [] : [[keyText(key), request]];
      }),
    );
  }

  /** Tasks were decided while an approval held them: it is withdrawn once nothing of it is left to decide. */
  async overtake(keys: readonly TaskKey[]): Promise<void> {
    const ids = (await this.#ledger.approvals.about(keys)).map(({ id }) => id);
    for (const id of new Set(ids)) await this.#ifReadable(id, () => this.#withdrawOvertaken(id));
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    this.#departures.close();
    this.#notifier.close();
    for (const cancel of this.#counting.values()) cancel();
  }

  async #withdrawOvertaken(id: string): Promise<void> {
    const opened = await this.get(id);
    if (opened === undefined || opened.record.tasks.some(({ stage }) => UNDECIDED.includes(stage))) return;
    const [decision] = (await this.#departures.decisionsOn(opened.record.tasks)).values();
    const { by = "Abiquo", reason } = decision ?? {};
    if (opened.state === undefined) await this.#mutex.run(id, () => this.#closeUnopened(id));
    else await this.command(id, { action: "withdraw", by, ...(reason === undefined ? {} : { reason }) });
  }

  /** Nobody was asked yet, so nobody is told. */
  async #closeUnopened(id: string): Promise<void> {
    const opened = await this.get(id);
    if (opened?.record.status !== "opening") return;
    const { version, key } = opened.record;
    const at = this.#clock.now();
    const change = { id, version, status: "withdrawn", state: "", waiting: [], notifications: [], at, closedBy: "" } as const;
    if (!(await this.#ledger.approvals.change(change))) return;
    await this.#departures.leave({ ...opened, record: { ...opened.record, status: "withdrawn" } });
    this.#count(key);
  }

  async #change<S extends Step>(id: string, work: (approval: Approval, now: number) => S): Promise<S> {
    return this.#mutex.run(id, async () => {
      for (;;) {
        const opened = await this.get(id);
        if (opened?.state === undefined) throw new Fault("APPROVAL_UNKNOWN", { approval: id });
        const step = work(opened.state.approval, this.#clock.now());
        if (step.approval === opened.state.approval || (await this.#commit(opened, opened.state, step))) return step;
      }
    });
  }

  /** Writes a step with all that it tells. False when another instance was faster. */
  async #commit(opened: OpenedApproval, { requester }: Pick<KeptState, "requester">, step: Step): Promise<boolean> {
    const state: KeptState = { approval: step.approval, ...(requester === undefined ? {} : { requester }) };
    if (!(await this.#write(opened.record, state, step.events.flatMap(notificationsOf)))) return false;
    for (const event of step.events) {
      if (event.kind === "stuck") this.#ports.get(opened.record.key)?.report(stuckFault(opened, step.approval, event.why));
    }
    if (step.approval.status !== "open") {
      const closed = await this.get(opened.record.id);
      if (closed !== undefined) await this.#departures.leave(closed);
    }
    return true;
  }

  async #write(record: ApprovalRecord, state: KeptState, notifications: readonly NewNotification[]): Promise<boolean> {
    const { approval } = state;
    const wakeAt = nextWake(approval);
    const isWritten = await this.#ledger.approvals.change({
      id: record.id,
      version: record.version,
      status: approval.status,
      state: keptState.write(state),
      nextWake: wakeAt,
      waiting: [...new Set(waitingFor(approval).flatMap(addressesOf))],
      level: approval.level,
      notifications,
      at: this.#clock.now(),
      closedBy: approval.decision?.by ?? approval.decision?.cause,
    });
    if (!isWritten) return false;
    if (notifications.length > 0) void this.#notifier.tell(record.key);
    if (wakeAt !== undefined) this.#sleepUntil(wakeAt);
    this.#count(record.key);
    return true;
  }

  /** One timer for all of them: the next one due is found in the ledger. */
  #sleepUntil(at: number): void {
    if (this.#isClosed || at >= this.#wakeAt) return;
    this.#cancel?.();
    this.#wakeAt = at;
    const delay = Math.min(Math.max(0, at - this.#clock.now()), LONGEST_SLEEP);
    this.#cancel = this.#clock.after(delay, () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      void this.#wake();
    });
  }

  async #wake(): Promise<void> {
    const keys = [...this.#ports.keys()];
    if (keys.length === 0 || this.#isClosed) return;
    const store = this.#ledger.approvals;
    try {
      const now = this.#clock.now();
      // Those that cannot be read stay due, and must not stand before all others.
      const stay = this.#unreadable;
      const due = (await store.due(keys, now, DUE_AT_ONCE + stay.size)).filter((id) => !stay.has(id)).slice(0, DUE_AT_ONCE);
      const moved = await Promise.all(due.map((id) => this.#each(id, () => this.#moveOn(id))));
      const isMore = moved.length === DUE_AT_ONCE && moved.includes(true);
      const next = isMore ? now : await store.nextWake(keys, now);
      if (next !== undefined) this.#sleepUntil(next);
      if (moved.includes(false)) this.#sleepUntil(now + AGAIN);
    } catch {
      // The ledger cannot be read or written for now; whoever asks or votes is told so.
      this.#sleepUntil(this.#clock.now() + AGAIN);
    }
  }

  /** One request that cannot be worked on does not stop the others. False when it could not; that is told once. */
  async #each(id: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await this.#ifReadable(id, work);
      if (!this.#unreadable.has(id)) this.#reported.delete(id);
      return true;
    } catch (problem) {
      await this.#reportOnce(id, problem);
      return false;
    }
  }

  /** What cannot be read waits, as it is, for a release that can: that is told once, and stops nothing else. */
  async #ifReadable(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (problem) {
      if (!isUnread(problem)) throw problem;
      this.#unreadable.add(id);
      await this.#reportOnce(id, problem);
    }
  }

  async #reportOnce(id: string, problem: unknown): Promise<void> {
    if (this.#reported.has(id)) return;
    const record = await this.#ledger.approvals.get(id);
    this.#reported.add(id);
    if (record !== undefined) this.#ports.get(record.key)?.report(problem);
  }

  async #moveOn(id: string): Promise<void> {
    const record = await this.#ledger.approvals.get(id);
    if (record === undefined) return;
    if (record.status === "opening") await this.#mutex.run(id, () => this.#begin(id));
    else await this.#change(id, (approval, now) => wake(approval, now));
  }

  /** Finds out the people, and asks the first of them. */
  async #begin(id: string): Promise<void> {
    const opened = await this.get(id);
    if (opened?.record.status !== "opening") return;
    const { record, request } = opened;
    const port = this.#ports.get(record.key);
    try {
      const client = await this.#clientOf(record);
      if (client === undefined) return await this.#postpone(opened);
      const people = await readPeople(this.#users, client, request.policy, record.tasks);
      for (const fault of people.faults) port?.report(fault);
      for (const alias of clashingAliases(request.policy, people.roles)) port?.report(new Fault("APPROVAL_ALIAS_AMBIGUOUS", { alias }));
      const items = record.tasks.map(({ taskId }) => taskId);
      const subject: Subject = { id, items, ...requesterIn(people) };
      const step = openApproval(resolvePolicy(request.policy, people.roles), subject, this.#clock.now());
      await this.#commit(opened, people, step);
    } catch (error) {
      if (error instanceof Fault && error.code === "ABIQUO_CLOSED") return await this.#postpone(opened);
      await this.#postpone(opened, this.#clock.now() + AGAIN);
      throw error;
    }
  }

  async #beginAll(): Promise<void> {
    const keys = [...this.#ports.keys()];
    if (keys.length === 0) return;
    try {
      const ids = await this.#ledger.approvals.opening(keys);
      for (let start = 0; start < ids.length; start += DUE_AT_ONCE) {
        await Promise.all(
          ids.slice(start, start + DUE_AT_ONCE).map((id) => this.#each(id, () => this.#mutex.run(id, () => this.#begin(id)))),
        );
      }
    } catch {
      this.#sleepUntil(this.#clock.now() + AGAIN);
    }
  }

  /** @param until when to try again; absent = once there is a connection, as when one closes in a deploy */
  async #postpone({ record }: OpenedApproval, until?: number): Promise<void> {
    const { id, version } = record;
    const at = this.#clock.now();
    await this.#ledger.approvals.change({ id, version, status: "opening", state: "", nextWake: until, waiting: [], notifications: [], at });
    if (until !== undefined) this.#sleepUntil(until);
  }

  /** Soon, and once for all that changes meanwhile: to count many takes longer than to change one. */
  #count(key: string): void {
    if (this.#counting.has(key)) return;
    const cancel = this.#clock.after(COUNT_INTERVAL, () => {
      this.#counting.delete(key);
      this.#ledger.approvals.count(key).then(
        (open) => this.#ports.get(key)?.count(open),
        () => undefined,
      );
    });
    this.#counting.set(key, cancel);
  }
}

/** Under each of them a person may sign in. */
function addressesOf({ email, aliases = [] }: Person): string[] {
  return [email, ...aliases.filter(isAddress)].map(identity);
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

/** By task id; none while the people are being found out, and of what cannot be read. */
function openRequestsOf(record: ApprovalRecord): Map<string, OpenRequest> {
  const reading = readOrWhy(() => openedApproval(record));
  if ("unread" in reading || reading.value.state === undefined) return new Map();
  const { state, request: kept } = reading.value;
  const { subject } = kept;
  const { level } = state.approval;
  const { dueAt } = dueOf(state.approval);
  const request = {
    id: record.id,
    level,
    waitingFor: waitingFor(state.approval).map(({ email }) => email),
    ...(dueAt === undefined ? {} : { dueAt: new Date(dueAt).toISOString() }),
    ...(subject.title === undefined ? {} : { title: subject.title }),
  };
  return new Map(subject.machines.map(({ id, ...machine }) => [id, { ...request, machine }]));
}

function stuckFault({ record }: OpenedApproval, { policy, level: index }: Approval, why: StuckWhy): Fault {
  const level = policy.levels[index]?.name ?? "";
  const reason: FaultCode = `APPROVAL_${why}`;
  return new Fault("APPROVAL_STUCK", { approval: record.id, level, reason });
}
