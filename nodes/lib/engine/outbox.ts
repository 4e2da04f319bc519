import type { AbiquoClient } from "../abiquo/index.ts";
import type { Clock } from "../base/clock.ts";
import { isNewer, readOrWhy } from "../base/codec.ts";
import { Fault } from "../base/fault.ts";
import { getOrCreate } from "../base/get-or-create.ts";
import { Pace } from "../base/pace.ts";
import { type DecisionRecord, keyText, type Ledger, type TaskKey, type TaskRecord } from "../ledger/index.ts";
import { Bulkhead } from "./delivery/bulkhead.ts";
import type { CircuitReport } from "./delivery/circuit.ts";
import { Courier, type DeliveryEvents, type Way } from "./delivery/courier.ts";
import { type Job, jobOf } from "./delivery/job.ts";
import { Lane } from "./delivery/lane.ts";
import { entryOf } from "./message.ts";
import { Principals } from "./principals.ts";

export interface Connection {
  /** id of the abiquo-config node */
  readonly id: string;
  readonly client: AbiquoClient;
  /** answers a second; 0 = no limit */
  readonly pace: number;
}

/** How the answers of one connection get on. */
export interface LaneReport {
  /** id of the connection */
  readonly connection: string;
  readonly circuit: CircuitReport;
  /** answers that wait for their turn */
  readonly waiting: number;
  /** answers on their way */
  readonly inFlight: number;
}

/** How long answers may be without a connection before that is told, in ms. */
const PATIENCE = 60_000;
/** How long until an instance that may have lost its work looks again whether it has, in ms. */
const UNCERTAIN = 1_000;
/** As long as Abiquo may ask to wait, in ms: more was left only by a clock that has been set back since. */
const LONGEST_LEFT = 3_600_000;

/**
 * Delivers the decisions on one platform's tasks, each until Abiquo has taken it, refused it, or shows that
 * it was decided elsewhere. A decision is on disk before it comes here.
 */
export class Outbox {
  readonly #ledger: Ledger;
  readonly #principals: Principals;
  readonly #api: string;
  readonly #events: DeliveryEvents;
  readonly #clock: Clock;
  readonly #isCertain: () => boolean;
  readonly #courier: Courier;
  readonly #jobs = new Map<string, Job>();
  readonly #lanes = new Map<string, Lane>();
  /** by the connection's id: a redeploy gives no leave to be faster */
  readonly #paces = new Map<string, Pace>();
  readonly #bulkhead = new Bulkhead();
  /** those that no attached connection can deliver for now */
  #stranded: Job[] = [];
  /** cancels telling of answers that no connection can deliver; undefined while there are none */
  #endPatience: (() => void) | undefined;

  /** @param isCertain whether what this instance delivers is surely still its own */
  constructor(ledger: Ledger, api: string, events: DeliveryEvents, clock: Clock, isCertain = () => true) {
    this.#isCertain = isCertain;
    this.#ledger = ledger;
    this.#principals = new Principals(ledger, api);
    this.#api = api;
    this.#events = events;
    this.#clock = clock;
    const settled: DeliveryEvents["settled"] = (task, decision, fault) => {
      // First, so that whoever asks for the same again finds it here no more.
      this.#jobs.delete(keyText(decision));
      events.settled(task, decision, fault);
    };
    this.#courier = new Courier(ledger, { ...events, settled }, clock);
  }

  /** This connection's client, or that of another which signs in as the same user: others may see less. */
  async client(id: string): Promise<AbiquoClient | undefined> {
    await this.#principals.learn([id]);
    return this.#laneOf(id)?.connection.client;
  }

  get lanes(): LaneReport[] {
    return [...this.#lanes].map(([connection, { report: circuit, waiting, inFlight }]) => ({ connection, circuit, waiting, inFlight }));
  }

  has(key: TaskKey): boolean {
    return this.#jobs.has(keyText(key));
  }

  /** The 401 that keeps this task's connection from delivering. */
  haltedBy(key: TaskKey): Fault | undefined {
    const job = this.#jobs.get(keyText(key));
    return job === undefined ? undefined : this.#laneOf(job.decision.connection)?.connection.client.halted;
  }

  /**
   * Delivers by this connection from now on, beginning with what an earlier run left.
   *
   * @param mayBeDelivered whether all of that may have been delivered, and is to be looked at before it is sent
   */
  async attach(connection: Connection, mayBeDelivered = false): Promise<void> {
    const before = this.#lanes.get(connection.id)?.close() ?? [];
    if (mayBeDelivered) for (const job of this.#jobs.values()) lookFirst(job);
    this.#lanes.set(connection.id, this.#lane(connection));
    const noted = this.#principals.note(connection);
    this.#share(before);
    await noted;
    await this.takeUp(mayBeDelivered);
  }

  /** Delivers what the ledger has for this instance and nobody delivers. @param mayBeDelivered as for `attach` */
  async takeUp(mayBeDelivered = false): Promise<void> {
    if (this.#lanes.size === 0) return;
    const left = await this.#ledger.undelivered(this.#api);
    await this.#principals.learn(left.map(({ decision }) => decision.connection));
    for (const { task, decision } of left) {
      if (mayBeDelivered) this.#add(task, decision, lookFirst);
      else this.resume(task, decision);
    }
    this.#share();
  }

  /** Leaves to others what they have taken over. */
  async dropTaken(): Promise<void> {
    const before = [...this.#jobs.values()];
    const own = new Set((await this.#ledger.undelivered(this.#api)).map(({ decision }) => keyText(decision)));
    for (const job of before) {
      if (own.has(job.key) || job.busy) continue;
      job.isTaken = true;
      job.cancel?.();
      this.#jobs.delete(job.key);
    }
  }

  /** Ends the attempts under way on this connection; what they did is found out by the next one. */
  detach(id: string): void {
    const before = this.#lanes.get(id)?.close() ?? [];
    this.#lanes.delete(id);
    if (this.#lanes.size > 0) return this.#share(before);
    this.#endPatience?.();
    this.#endPatience = undefined;
    for (const job of this.#jobs.values()) {
      job.cancel?.();
      if (!job.busy) this.#jobs.delete(job.key);
    }
    this.#stranded = [];
  }

  /** Somebody asks this connection to answer a task whose own connection is not there. */
  handOver(key: TaskKey, id: string): void {
    const job = this.#jobs.get(keyText(key));
    if (job === undefined || !this.#lanes.has(id) || this.#lanes.has(job.decision.connection)) return;
    job.decision = { ...job.decision, connection: id };
    this.#share();
  }

  /** Takes a decision that was just made. */
  add(task: TaskRecord, decision: DecisionRecord): void {
    this.#add(task, decision);
  }

  #add(task: TaskRecord, decision: DecisionRecord, prepare?: (job: Job) => void): void {
    const key = keyText(decision);
    if (this.#jobs.has(key)) return;
    const entry = readOrWhy(() => entryOf(task, decision));
    // Whoever wrote it may mean something else by it: it waits for that release, as it is.
    if ("unread" in entry && isNewer(entry.unread)) return this.#events.stopped(decision, entry.unread);
    const job = jobOf(task, decision, "value" in entry ? entry.value.task : undefined);
    prepare?.(job);
    this.#jobs.set(key, job);
    const delay = decision.delivery === "waiting" ? Math.min(decision.nextAt - this.#clock.now(), LONGEST_LEFT) : 0;
    this.#in(delay, job);
  }

  /** Takes a decision that an earlier run left: an attempt that may have been under way got no answer. */
  resume(task: TaskRecord, decision: DecisionRecord): void {
    this.add(task, decision.delivery === "sending" ? { ...decision, uncertain: true } : decision);
  }

  /** This connection has proved to work: what waits for that goes on at once. */
  restart(id: string): void {
    const lane = this.#lanes.get(id);
    lane?.circuit.reset();
    for (const job of this.#jobs.values()) if (job.cancel !== undefined && this.#laneOf(job.decision.connection) === lane) this.#now(job);
    this.#share();
  }

  #lane(connection: Connection): Lane {
    return new Lane(connection, {
      clock: this.#clock,
      pace: getOrCreate(this.#paces, connection.id, () => new Pace(this.#clock)),
      bulkhead: this.#bulkhead,
      send: (job, way) => this.#send(job, way),
      ended: (job, delay) => this.#ended(job, delay),
      turned: (state) => this.#events.turned(connection.id, state),
      halted: (job, fault) => this.#events.halted(job.decision, fault),
    });
  }

  async #send(job: Job, way: Way): Promise<number | undefined> {
    if (job.isTaken === true) return undefined;
    return this.#isCertain() ? this.#courier.deliver(job, way) : UNCERTAIN;
  }

  #ended(job: Job, delay: number | undefined): void {
    if (delay !== undefined) {
      if (this.#lanes.size === 0) this.#jobs.delete(job.key);
      else this.#in(delay, job);
    }
    this.#pump();
  }

  #in(ms: number, job: Job): void {
    if (ms > 0) job.cancel = this.#clock.after(ms, () => this.#now(job));
    else this.#now(job);
  }

  #now(job: Job): void {
    job.cancel?.();
    job.cancel = undefined;
    const lane = this.#laneOf(job.decision.connection);
    if (lane === undefined) {
      this.#stranded.push(job);
      this.#endPatience ??= this.#clock.after(PATIENCE, () => this.#tellOfStranded());
      return;
    }
    lane.add(job);
    lane.pump();
  }

  /** Gives each answer that waits to the connection that may deliver it now. @param before what one has given back */
  #share(before: readonly Job[] = []): void {
    const waiting = [...this.#stranded, ...before, ...[...this.#lanes.values()].flatMap((lane) => lane.empty())];
    this.#stranded = [];
    for (const job of waiting) this.#now(job);
    this.#pump();
  }

  /** Room that one connection leaves in a virtual datacenter may be for another. */
  #pump(): void {
    for (const lane of this.#lanes.values()) lane.pump();
  }

  /** The connection of this id, or another that signs in as the same user when that one is no more. */
  #laneOf(id: string): Lane | undefined {
    const own = this.#lanes.get(id);
    if (own !== undefined) return own;
    const same = [...this.#lanes.values()].filter(({ connection }) => this.#principals.isOf(id, connection));
    return same.find(({ connection }) => connection.client.halted === undefined) ?? same[0];
  }

  /** A deploy takes a moment; what then still has no connection waits for somebody to act. */
  #tellOfStranded(): void {
    this.#endPatience = undefined;
    for (const { decision } of this.#stranded) {
      this.#events.stopped(decision, new Fault("ANSWER_WITHOUT_CONNECTION", { taskId: decision.taskId }));
    }
  }
}

/** Abiquo may have acted on it, and not at our last attempt. */
function lookFirst(job: Job): void {
  job.looksFirst = true;
  job.decision = { ...job.decision, uncertain: true };
}
