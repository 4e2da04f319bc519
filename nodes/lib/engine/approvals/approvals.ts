import type { AbiquoClient } from "../../abiquo/index.ts";
import {
  type Ballot,
  type Command,
  type CommandStep,
  command,
  identity,
  type VoteStep,
  vote,
  waitingFor,
  wake,
} from "../../approval/index.ts";
import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import { type ApprovalRecord, type Ledger, type TaskKey, UNDECIDED } from "../../ledger/index.ts";
import { type Elsewhere, NOBODY_KNOWN } from "../elsewhere.ts";
import type { OpenRequest } from "../message.ts";
import { Looks } from "./looks.ts";
import { type Notification, Notifier, type NotifierPort, newNotification } from "./notifier.ts";
import { OpenCount } from "./open-count.ts";
import { openRequests } from "./open-requests.ts";
import { type AskCall, type AskedTask, Opening } from "./opening.ts";
import { OutcomeEmitter, type OutcomePort } from "./outcome-emitter.ts";
import { isStanding, type OpenedApproval, type Standing } from "./request.ts";
import { type Changed, Steps } from "./steps.ts";
import { Unworkable } from "./unworkable.ts";
import { dueOf } from "./views.ts";
import { AGAIN, DUE_AT_ONCE, Wakes } from "./wakes.ts";

/** How a node that carries approvals on hears of them. */
export interface ApprovalPort extends NotifierPort, OutcomePort {
  /** Nobody can be asked, or not for now; the request is kept. */
  report(problem: unknown): void;
  /** How many requests are open. */
  count(open: number): void;
}

/** A command to a request. */
export interface GivenCommand {
  readonly command: Command;
  /** what it is about; it comes too late once the request has gone on to another. Absent = the present one */
  readonly level?: number | undefined;
}

/** How many requests are opened in one commit: other writes wait for it. */
const OPENED_AT_ONCE = 200;

/** The approvals of one ledger at work: asked, voted on, moved by time, and made known. */
export class Approvals {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #ports = new Map<string, ApprovalPort>();
  readonly #checkpoint: (key: TaskKey) => void;
  readonly #unworkable: Unworkable;
  readonly #notifier: Notifier;
  readonly #outcomes: OutcomeEmitter;
  readonly #open: OpenCount;
  readonly #steps: Steps;
  readonly #opening: Opening;
  readonly #wakes: Wakes;
  readonly #looks: Looks;

  /**
   * @param clientOf the client of the connection that a request came by, while there is one
   * @param elsewhere finds out what became of tasks in Abiquo
   * @param settle how long after it left an outcome counts as held by the flow, in ms of process life
   * @param checkpoint hears of tasks that an approval holds from now on
   */
  constructor(
    ledger: Ledger,
    clock: Clock,
    clientOf: (record: ApprovalRecord) => Promise<AbiquoClient | undefined>,
    elsewhere: Pick<Elsewhere, "findAll" | "settle">,
    settle: number,
    checkpoint: (key: TaskKey) => void,
  ) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#checkpoint = checkpoint;
    const portOf = (key: string): ApprovalPort | undefined => this.#ports.get(key);
    const report = (key: string, problem: unknown): void => portOf(key)?.report(problem);
    const wakeAt = (at: number): void => this.#wakes.at(at);
    this.#unworkable = new Unworkable(ledger, report);
    this.#outcomes = new OutcomeEmitter(ledger, clock, settle, portOf);
    this.#notifier = new Notifier(ledger, clock, portOf);
    this.#open = new OpenCount(ledger, clock, (key, open) => portOf(key)?.count(open));
    this.#steps = new Steps(ledger, clock, {
      notify: (key) => void this.#notifier.notify(key),
      wakeAt,
      moved: (key) => this.#open.soon(key),
      stuck: report,
      closed: (request) => this.#outcomes.emit(request),
    });
    this.#opening = new Opening(ledger, clock, this.#steps, { clientOf, report, wakeAt });
    this.#looks = new Looks(clock, elsewhere, async (record) => {
      const client = await clientOf(record);
      return client === undefined ? undefined : { id: record.connection, client };
    });
    this.#wakes = new Wakes(
      ledger,
      clock,
      () => [...this.#ports.keys()],
      this.#unworkable,
      (id) => this.#moveOn(id),
    );
  }

  /**
   * Carries on the requests of this key: notifies of what is new, does what is due, lets outcomes leave.
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
    await this.#closeWhatIsOver(key, false);
    await this.#notifier.begin(key);
    void this.#beginAll();
    this.#wakes.at(this.#clock.now());
  }

  /** Goes on with what this instance has taken over from another; what is at work goes on as it was. */
  async takeUp(): Promise<void> {
    for (const key of [...this.#ports.keys()]) {
      await this.#closeWhatIsOver(key, true);
      void this.#notifier.notify(key);
    }
    void this.#beginAll();
    this.#wakes.at(this.#clock.now());
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
    this.#open.soon(call.key);
    this.#wakes.at(this.#clock.now());
  }

  async #askOne(call: AskCall, unit: readonly AskedTask[]): Promise<void> {
    const { asked, asking, decided, message } = await this.#opening.open(call, unit);
    for (const key of [...asked, ...asking]) this.#checkpoint(key);
    if (decided.length > 0) await this.#outcomes.emitDecided(call.key, call.connection.id, message, decided);
  }

  /** @throws Fault APPROVAL_UNKNOWN when there is no such request */
  async vote(id: string, ballot: Ballot): Promise<VoteStep> {
    return (await this.voteOn(id, () => ballot)).step;
  }

  /**
   * Votes by what the request is, which is read once and does not change in between.
   *
   * @param ballotOf what to vote on it; undefined = nothing
   * @throws Fault APPROVAL_UNKNOWN when there is no such request
   */
  voteOn(id: string, ballotOf: (request: Standing) => Ballot): Promise<Changed<VoteStep>>;
  voteOn(id: string, ballotOf: (request: Standing) => Ballot | undefined): Promise<Changed<VoteStep | undefined>>;
  voteOn(id: string, ballotOf: (request: Standing) => Ballot | undefined): Promise<Changed<VoteStep | undefined>> {
    return this.#steps.change(
      id,
      (request, now) => {
        const ballot = ballotOf(request);
        return ballot === undefined ? undefined : vote(request.state.approval, ballot, now);
      },
      this.#looks,
    );
  }

  /** @throws Fault APPROVAL_UNKNOWN when there is no such request */
  async command(id: string, given: Command): Promise<CommandStep> {
    return (await this.commandOn(id, () => ({ command: given }))).step;
  }

  /**
   * Commands by what the request is, which is read once and does not change in between.
   *
   * @param commandOf what to command; undefined = nothing
   * @throws Fault APPROVAL_UNKNOWN when there is no such request
   */
  commandOn(id: string, commandOf: (request: Standing) => GivenCommand): Promise<Changed<CommandStep>>;
  commandOn(id: string, commandOf: (request: Standing) => GivenCommand | undefined): Promise<Changed<CommandStep | undefined>>;
  commandOn(id: string, commandOf: (request: Standing) => GivenCommand | undefined): Promise<Changed<CommandStep | undefined>> {
    return this.#steps.change(id, (request, now) => {
      const { approval } = request.state;
      const given = commandOf(request);
      if (given === undefined) return undefined;
      const { level = approval.level } = given;
      return level === approval.level ? command(approval, given.command, now) : { approval, events: [], result: "late" };
    });
  }

  /** A request as it stands. */
  get(id: string): Promise<OpenedApproval | undefined> {
    return this.#steps.get(id);
  }

  /** A request as it stands, for somebody who looks at it: what was decided in Abiquo meanwhile is settled before. */
  async visited(id: string): Promise<OpenedApproval | undefined> {
    const opened = await this.get(id);
    const found = opened === undefined ? [] : await this.#looks.look(opened.record);
    if (found.length === 0) return opened;
    await this.#looks.settle(found);
    return this.get(id);
  }

  /** A channel says what it calls the message of this notification, or that it could not deliver it. */
  notified(notification: string, news: { readonly ref?: string; readonly failed?: boolean }): Promise<void> {
    return this.#notifier.notified(notification, news);
  }

  /**
   * Sends a person's notification again, with a fresh link, if the request waits for that person.
   *
   * @returns the request
   */
  async notifyAgain(id: string, email: string): Promise<OpenedApproval | undefined> {
    return this.#steps.exclusively(id, async () => {
      const opened = await this.get(id);
      if (!isStanding(opened)) return opened;
      const { record, state } = opened;
      const { level } = state.approval;
      const person = waitingFor(state.approval).find((each) => identity(each.email) === identity(email));
      if (person === undefined) return opened;
      const body: Notification = { kind: "asked", level, person, ...dueOf(state.approval) };
      await this.#steps.write(record, state, [newNotification(`${id}-again-${record.version}`, body)]);
      return opened;
    });
  }

  /** By `keyText` of the task, the newest request that is open about it and whose people are known. */
  openRequests(keys: readonly TaskKey[]): Promise<Map<string, OpenRequest>> {
    return openRequests(this.#ledger, keys);
  }

  /** Tasks were decided while an approval held them: it is withdrawn once nothing of it is left to decide. */
  async overtake(keys: readonly TaskKey[]): Promise<void> {
    const ids = (await this.#ledger.approvals.about(keys)).map(({ id }) => id);
    for (const id of new Set(ids)) await this.#withdrawOvertaken(id);
  }

  close(): void {
    this.#wakes.close();
    this.#outcomes.close();
    this.#notifier.close();
    this.#open.close();
  }

  /** @param isRunning whether the flow goes on, and so has what this process gave it */
  async #closeWhatIsOver(key: string, isRunning: boolean): Promise<void> {
    for (const id of await this.#ledger.approvals.overtaken(key)) await this.#withdrawOvertaken(id);
    await this.#outcomes.resume(key, isRunning);
    this.#open.soon(key);
  }

  #withdrawOvertaken(id: string): Promise<void> {
    return this.#unworkable.ifReadable(id, async () => {
      const opened = await this.get(id);
      if (opened === undefined || opened.record.tasks.some(({ stage }) => UNDECIDED.includes(stage))) return;
      const [decision] = (await this.#outcomes.decisionsOn(opened.record.tasks)).values();
      const { by = NOBODY_KNOWN, reason } = decision ?? {};
      if (opened.state === undefined) await this.#steps.closeUnopened(id);
      else await this.command(id, { action: "withdraw", by, ...(reason === undefined ? {} : { reason }) });
    });
  }

  async #moveOn(id: string): Promise<void> {
    const record = await this.#ledger.approvals.get(id);
    if (record === undefined) return;
    if (record.status === "opening") await this.#opening.begin(id);
    else await this.#steps.change(id, ({ state }, now) => wake(state.approval, now));
  }

  async #beginAll(): Promise<void> {
    const keys = [...this.#ports.keys()];
    if (keys.length === 0) return;
    try {
      const ids = await this.#ledger.approvals.opening(keys);
      for (let start = 0; start < ids.length; start += DUE_AT_ONCE) {
        const some = ids.slice(start, start + DUE_AT_ONCE);
        await Promise.all(some.map((id) => this.#unworkable.try(id, () => this.#opening.begin(id))));
      }
    } catch {
      this.#wakes.at(this.#clock.now() + AGAIN);
    }
  }
}
