import { type Clock, systemClock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import {
  type DecisionRecord,
  type KeptFault,
  keepLedgerOpen,
  type Ledger,
  type LedgerPlace,
  type LedgerWatch,
  openLedger,
  type StageQuery,
  type TaskKey,
  type TaskRecord,
} from "../ledger/index.ts";
import type { Texts } from "../pages/index.ts";
import { Approvals } from "./approvals/approvals.ts";
import { ApprovalDesk } from "./approvals/desk.ts";
import { ApprovalLinks } from "./approvals/links.ts";
import type { AskCall, AskedTask } from "./approvals/opening.ts";
import { Elsewhere, type SettledTask } from "./elsewhere.ts";
import { Housekeeping } from "./housekeeping.ts";
import { Intake } from "./intake.ts";
import { type LeftWork, leftBehind } from "./left-behind.ts";
import { type ListedInEngine, listTasks } from "./listing.ts";
import type { Cause } from "./message.ts";
import { type Observer, UNOBSERVED } from "./observer.ts";
import type { Connection, LaneReport } from "./outbox.ts";
import { deliveryBy, Outboxes } from "./outboxes.ts";
import { Presence } from "./presence.ts";
import { type AnswerCall, proposalsOf } from "./proposals.ts";
import { References } from "./references.ts";
import { Restored } from "./restored.ts";
import type { SubmissionPort } from "./submission-port.ts";
import { Submissions } from "./submissions.ts";
import { Sweeps } from "./sweep/sweeps.ts";

export interface EngineOptions {
  /** how long after its emission a task counts as held by the flow, in ms of process life */
  readonly settle: number;
  /** how long settled tasks are kept, in days; 0 = for ever */
  readonly keep?: number;
  /** of pages and mails in a language, or in the one that comes nearest */
  readonly texts?: (language: string) => Texts;
  /** the system's unless told */
  readonly clock?: Clock;
  /** hears what happens */
  readonly observer?: Observer;
  /** how long other instances wait for one that says nothing, in ms; absent where the ledger belongs to one process */
  readonly lease?: number;
}

/** How long until what must follow a decision, and could not be done, is tried again, in ms. */
const AGAIN = 5_000;

export type Question = Omit<AskCall, "tasks" | "connection"> & Pick<AnswerCall, "connection" | "references">;

/**
 * Puts one ledger to work: takes tasks in, keeps the one decision of each, delivers it, and takes everything
 * up again after a stop. Nodes of any number of connections share it.
 */
export class Engine {
  readonly ledger: Ledger;
  readonly intake: Intake;
  readonly approvals: Approvals;
  readonly desk: ApprovalDesk;
  /** hears what happens; whoever works for this engine tells it too */
  readonly observer: Observer;
  readonly elsewhere: Elsewhere;
  readonly sweeps: Sweeps;
  readonly #clock: Clock;
  readonly #submissions: Submissions;
  readonly #references: References;
  readonly #outboxes: Outboxes;
  readonly #restored: Restored;
  /** end the comparing of a restored store */
  readonly #connecting = new Map<Connection, AbortController>();
  readonly #housekeeping: Housekeeping;
  readonly #presence: Presence | undefined;
  readonly #takers = new Set<() => void>();
  readonly #working = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(ledger: Ledger, { settle, keep = 0, clock = systemClock, texts = () => ({}), observer = UNOBSERVED, lease }: EngineOptions) {
    this.ledger = ledger;
    this.observer = observer;
    this.#housekeeping = new Housekeeping(ledger, keep, clock, observer);
    this.#clock = clock;
    this.#references = new References(ledger);
    this.intake = new Intake(ledger, settle, clock, observer);
    this.elsewhere = new Elsewhere(ledger, clock, { settled: (tasks) => this.#decidedElsewhere(tasks) });
    this.approvals = new Approvals(
      ledger,
      clock,
      ({ api, connection }) => this.#outboxes.of(api).client(connection),
      this.elsewhere,
      settle,
      (key) => this.intake.checkpoint(key),
    );
    this.desk = new ApprovalDesk(ledger, this.approvals, new ApprovalLinks(ledger, clock), clock, texts);
    this.sweeps = new Sweeps({ ledger, elsewhere: this.elsewhere, clock, observer });
    this.#restored = new Restored(ledger, this.elsewhere, clock);
    this.#submissions = new Submissions(
      ledger,
      deliveryBy((api) => this.#outboxes.of(api)),
      clock,
    );
    this.#outboxes = new Outboxes({
      ledger,
      clock,
      observer,
      submissions: this.#submissions,
      isCertain: () => this.#presence?.isCertain ?? true,
    });
    const events = { more: () => this.#takeUp(), lost: () => this.#dropTaken() };
    if (lease !== undefined) this.#presence = new Presence(ledger, clock, lease, events);
  }

  /** @throws Fault LEDGER_NEEDS_NODE, LEDGER_UNAVAILABLE */
  static async open(place: LedgerPlace, options: EngineOptions): Promise<Engine> {
    return new Engine(await openLedger(place), options);
  }

  /**
   * As `open`, but a ledger that cannot be opened, or breaks down, is tried again until it works.
   *
   * @param signal ends the trying
   * @returns the engine once its ledger is open
   * @throws Fault LEDGER_NEEDS_NODE, since no trying helps; the reason of the signal
   */
  static async keep(place: LedgerPlace, options: EngineOptions, watch: LedgerWatch, signal: AbortSignal): Promise<Engine> {
    return new Engine(await keepLedgerOpen(place, watch, signal), options);
  }

  /** Delivers by this connection, beginning with what an earlier run left; after a restore once that is compared with Abiquo. */
  async connect(connection: Connection): Promise<void> {
    this.#connecting.get(connection)?.abort();
    const abort = new AbortController();
    this.#connecting.set(connection, abort);
    const mayBeDelivered = await this.#restored.compare(connection, abort.signal);
    if (abort.signal.aborted) return;
    await this.#outboxes.of(connection.client.base).attach(connection, mayBeDelivered);
    this.approvals.connected();
  }

  /** Resolves when what a restored store holds is compared with Abiquo, as far as there are connections: what waits may leave. */
  compared(): Promise<void> {
    return this.#restored.settled();
  }

  disconnect(connection: Connection): void {
    this.#connecting.get(connection)?.abort();
    this.#connecting.delete(connection);
    this.#outboxes.of(connection.client.base).detach(connection.id);
    this.sweeps.forget(connection);
  }

  /** The open work that none of these connections does, which are all that work with this engine. */
  leftBehind(connections: readonly Connection[]): Promise<LeftWork[]> {
    return leftBehind(this.ledger, connections);
  }

  /** The connection has proved to work: what waits for that goes on at once. */
  restart(connection: Connection): void {
    this.#outboxes.of(connection.client.base).restart(connection.id);
  }

  /** How the answers of each attached connection get on. */
  get lanes(): LaneReport[] {
    return this.#outboxes.all.flatMap(({ lanes }) => lanes);
  }

  attach(node: string, port: SubmissionPort): Promise<void> {
    return this.#submissions.attach(node, port);
  }

  /**
   * Runs whenever this instance has taken over what another was at, and when what it wrote itself may have been kept
   * although it was told otherwise. Answers how to end that.
   */
  onTakeUp(run: () => void): () => void {
    this.#takers.add(run);
    return () => void this.#takers.delete(run);
  }

  async #takeUp(): Promise<void> {
    for (const outbox of this.#outboxes.all) await outbox.takeUp();
    await this.#submissions.takeUp();
    await this.approvals.takeUp();
    for (const run of this.#takers) run();
  }

  async #dropTaken(): Promise<void> {
    for (const outbox of this.#outboxes.all) await outbox.dropTaken();
    await this.#submissions.dropTaken();
  }

  /** Hands a node the finished submissions that it could not take when they were finished. */
  offerAgain(node: string): void {
    this.#submissions.offerAgain(node);
  }

  detach(node: string, port: SubmissionPort): void {
    this.#submissions.detach(node, port);
  }

  /**
   * Makes the decision, and delivers it. Resolves when it is on disk; the outcome comes to the node's port.
   *
   * @throws Fault TASK_UNKNOWN when an id is neither a known task's nor a known group's
   * @throws Fault ABIQUO_BAD_TASK, ABIQUO_BAD_LINK when a task that the ledger does not know has links not its own
   * @throws AbiquoFault when such a task cannot be read from Abiquo: nothing was decided
   * @throws Fault LEDGER_UNAVAILABLE when the ledger cannot be written: nothing was decided
   * @throws Fault LEDGER_UNSURE when it broke down meanwhile: what was decided is delivered once it works
   */
  answer(call: AnswerCall): Promise<void> {
    return this.#finish(this.#answer(call));
  }

  async #answer(call: AnswerCall): Promise<void> {
    const { connection } = call;
    const at = this.#clock.now();
    // The ledger's links are used whatever the message says, so that most need no look.
    const { list, gone } = proposalsOf(call, at, await this.#resolve(call, at, (key) => this.intake.knows(key)));
    const { id, node, message } = call;
    const verdicts = await this.#submissions.open({ id, node, message, proposals: list, gone }).catch((error: unknown) => {
      throw unavailable(error);
    });
    for (const proposal of list) this.intake.checkpoint(proposal);
    for (const v of verdicts) if (v.verdict === "won") this.#observeDecision(v.task, v.decision);
    for (const v of verdicts) if (v.verdict === "same") this.#outboxes.of(v.decision.api).handOver(v.decision, connection.id);
    const asked = verdicts.flatMap((v) => (v.verdict === "won" && v.task.stage === "asked" ? [v.task] : []));
    if (asked.length > 0) await this.#overtake(asked);
  }

  #observeDecision(task: TaskRecord, { api, taskId, connection, action, by, cause, rule, at }: DecisionRecord): void {
    const ms = Math.max(at - task.receivedAt, 0);
    this.observer({ kind: "decided", connection, key: { api, taskId }, action, by, cause: cause as Cause, rule, ms });
  }

  /** A close waits for it. */
  async #finish<Result>(work: Promise<Result>): Promise<Result> {
    this.#working.add(work);
    return work.finally(() => this.#working.delete(work));
  }

  async #decidedElsewhere(tasks: readonly SettledTask[]): Promise<void> {
    for (const { api, taskId, connection, found } of tasks) {
      const key = { api, taskId };
      this.intake.checkpoint(key);
      if (found !== "delivered") this.observer({ kind: "drift", connection, key, drift: found });
    }
    await this.#overtake(tasks);
  }

  /** The decision stands whatever comes of this: what cannot be done now is done later. */
  async #overtake(asked: readonly TaskKey[]): Promise<void> {
    try {
      await this.approvals.overtake(asked);
    } catch {
      if (!this.#isClosed) this.#clock.after(AGAIN, () => void this.#overtake(asked));
    }
  }

  /**
   * Asks people about the tasks that a message names. Resolves when the requests are on disk.
   *
   * @throws Fault TASK_UNKNOWN when a task is neither known here nor in Abiquo
   * @throws Fault ABIQUO_BAD_TASK, ABIQUO_BAD_LINK when a task that the ledger does not know has links not its own
   * @throws AbiquoFault when such a task cannot be read from Abiquo: nobody will be asked
   * @throws Fault LEDGER_UNAVAILABLE when the ledger cannot be written: nobody will be asked
   */
  ask(call: Question): Promise<void> {
    return this.#finish(this.#ask(call));
  }

  async #ask(call: Question): Promise<void> {
    const tasks = new Map<string, AskedTask>();
    for (const { taskId, entry, task, isGone } of await this.#resolve(call, this.#clock.now())) {
      if (isGone) throw new Fault("TASK_UNKNOWN", { taskId });
      tasks.set(taskId, { taskId, entry, ...(task === undefined ? {} : { task }) });
    }
    await this.approvals.ask({ ...call, tasks: [...tasks.values()] }).catch((error: unknown) => {
      throw unavailable(error);
    });
  }

  /**
   * Tasks at these stages, oldest first, as `msg.abiquo` shows them; those that people are asked about say by which
   * request, those whose answer is on its way or refused what keeps it.
   *
   * @param words for a fault
   */
  list(query: StageQuery, words?: (fault: KeptFault) => string): Promise<ListedInEngine[]> {
    return listTasks(this.ledger, this.approvals, query, words);
  }

  /** True once what is attached to it hears nothing more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Finishes what is being decided or asked, and ends everything else. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const abort of this.#connecting.values()) abort.abort();
    await Promise.allSettled(this.#working);
    this.sweeps.close();
    this.intake.close();
    this.#housekeeping.close();
    this.#presence?.close();
    this.approvals.close();
    await this.#submissions.close();
    await this.ledger.close();
  }

  #resolve(...call: Parameters<References["resolve"]>): ReturnType<References["resolve"]> {
    return this.#references.resolve(...call).catch((error: unknown) => {
      throw unavailable(error);
    });
  }
}

function unavailable(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new Fault("LEDGER_UNAVAILABLE", { file: "", reason }, error);
}
