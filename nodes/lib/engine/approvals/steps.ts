import { type Approval, identity, isAddress, nextWake, type Person, type Step, type StuckWhy, waitingFor } from "../../approval/index.ts";
import type { Clock } from "../../base/clock.ts";
import { Fault, type FaultCode } from "../../base/fault.ts";
import { KeyedMutex } from "../../base/keyed-mutex.ts";
import type { ApprovalRecord, Finding, Ledger, NewNotification } from "../../ledger/index.ts";
import { keptState } from "./kept.ts";
import type { Looks } from "./looks.ts";
import { notificationsOf } from "./notifier.ts";
import { isStanding, type KeptState, type OpenedApproval, openedApproval, type Standing } from "./request.ts";
import { type Told, toldBetween } from "./told.ts";

/** Who hears of what was written. */
export interface StepEvents {
  /** Notifications are to leave. */
  notify(key: string): void;
  /** Time moves a request at this moment, in ms since 1970. */
  wakeAt(at: number): void;
  /** A request of this key was opened, moved or closed. */
  moved(key: string): void;
  /** Nobody can be waited for; the request is kept. */
  stuck(key: string, fault: Fault): void;
  /** A request is closed: its outcome is to leave. */
  closed(request: OpenedApproval): Promise<void>;
}

/** What has come of a change: the request as it stands after it, and the step that led there. */
export interface Changed<Taken> {
  readonly request: Standing;
  readonly step: Taken;
}

/** Moves requests on: those at the same request one after the other, each read once, and written with all that it makes known. */
export class Steps {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #events: StepEvents;
  readonly #mutex = new KeyedMutex();

  constructor(ledger: Ledger, clock: Clock, events: StepEvents) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#events = events;
  }

  /** A request as it stands. */
  async get(id: string): Promise<OpenedApproval | undefined> {
    const record = await this.#ledger.approvals.get(id);
    return record === undefined ? undefined : openedApproval(record);
  }

  /** Does work while nothing else of this process changes the request. */
  exclusively<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
    return this.#mutex.run(id, work);
  }

  /**
   * Takes a step. Where another instance was faster, it is taken again from what that one has left.
   *
   * @param take makes the step from the request as it stands; undefined = none, and nothing changes
   * @param looks sees first whether Abiquo still waits for an answer, and settles what was decided there
   * @throws Fault APPROVAL_UNKNOWN when there is no such request, or its people are not known yet; what `take` throws
   */
  async change<Taken extends Step | undefined>(
    id: string,
    take: (request: Standing, now: number) => Taken,
    looks?: Pick<Looks, "look" | "settle">,
  ): Promise<Changed<Taken>> {
    for (;;) {
      const turn = await this.exclusively(id, () => this.#turn(id, take, looks));
      if ("step" in turn) return turn;
      // Not while the request is held: what follows withdraws it.
      if (turn.found.length > 0) await looks?.settle(turn.found);
    }
  }

  /** One try to take a step; what was found in Abiquo instead, and nothing when another instance was faster. */
  async #turn<Taken extends Step | undefined>(
    id: string,
    take: (request: Standing, now: number) => Taken,
    looks: Pick<Looks, "look"> | undefined,
  ): Promise<Changed<Taken> | { readonly found: readonly Finding[] }> {
    const request = await this.get(id);
    if (!isStanding(request)) throw new Fault("APPROVAL_UNKNOWN", { approval: id });
    const found = (await looks?.look(request.record)) ?? [];
    if (found.length > 0) return { found };
    const step = take(request, this.#clock.now());
    if (step === undefined || step.approval === request.state.approval) return { request, step };
    const after = await this.commit(request, request.state, step);
    return after === undefined ? { found } : { request: after, step };
  }

  /** Writes a step with all that it makes known. Undefined when another instance was faster. */
  async commit(opened: OpenedApproval, { requester }: Pick<KeptState, "requester">, step: Step): Promise<Standing | undefined> {
    const state: KeptState = { approval: step.approval, ...(requester === undefined ? {} : { requester }) };
    const told = toldBetween(opened.state?.approval, step.approval);
    const record = await this.write(opened.record, state, step.events.flatMap(notificationsOf), told);
    if (record === undefined) return undefined;
    const after: Standing = { ...opened, record, state };
    for (const event of step.events) if (event.kind === "stuck") this.#events.stuck(record.key, stuckFault(after, event.why));
    if (step.approval.status !== "open") await this.#events.closed(after);
    return after;
  }

  /** Writes a state with notifications. Answers with the record as it is then; undefined when another instance was faster. */
  async write(
    record: ApprovalRecord,
    state: KeptState,
    notifications: readonly NewNotification[],
    told: readonly Told[] = [],
  ): Promise<ApprovalRecord | undefined> {
    const { approval } = state;
    const { id, version, key } = record;
    const wakeAt = nextWake(approval);
    const { status, level, decision } = approval;
    const text = keptState.write(state);
    const isWritten = await this.#ledger.approvals.change({
      id,
      version,
      status,
      state: text,
      nextWake: wakeAt,
      waiting: [...new Set(waitingFor(approval).flatMap(addressesOf))],
      level,
      notifications,
      at: this.#clock.now(),
      closedBy: decision?.by ?? decision?.cause,
      reason: decision?.reason,
      told,
    });
    if (!isWritten) return undefined;
    if (notifications.length > 0) this.#events.notify(key);
    if (wakeAt !== undefined) this.#events.wakeAt(wakeAt);
    this.#events.moved(key);
    return { ...record, status, state: text, version: version + 1 };
  }

  /** Withdraws a request before anybody was asked, so nobody is notified. */
  async closeUnopened(id: string): Promise<void> {
    await this.exclusively(id, async () => {
      const opened = await this.get(id);
      if (opened?.record.status !== "opening") return;
      const { version, key } = opened.record;
      const at = this.#clock.now();
      const change = { id, version, status: "withdrawn", state: "", waiting: [], notifications: [], at, closedBy: "" } as const;
      if (!(await this.#ledger.approvals.change(change))) return;
      await this.#events.closed({ ...opened, record: { ...opened.record, status: "withdrawn", version: version + 1 } });
      this.#events.moved(key);
    });
  }
}

/** Under each of them a person may sign in. */
function addressesOf({ email, aliases = [] }: Person): string[] {
  return [email, ...aliases.filter(isAddress)].map(identity);
}

function stuckFault({ record, state: { approval } }: Standing, why: StuckWhy): Fault {
  const { policy, level: index }: Approval = approval;
  const level = policy.levels[index]?.name ?? "";
  const reason: FaultCode = `APPROVAL_${why}`;
  return new Fault("APPROVAL_STUCK", { approval: record.id, level, reason });
}
