import { randomUUID } from "node:crypto";
import { AbiquoFault, type AbiquoTask, keptLinks, keptPayload, keptSummary, type WebhookBody } from "../abiquo/index.ts";
import { type Clock, every, sleep } from "../base/clock.ts";
import { readOrWhy } from "../base/codec.ts";
import { Fault } from "../base/fault.ts";
import { getOrCreate } from "../base/get-or-create.ts";
import type { JsonObject } from "../base/json.ts";
import { Semaphore } from "../base/semaphore.ts";
import { keyText, type Ledger, type TaskKey, type WholeTaskRecord } from "../ledger/index.ts";
import { type AbiquoMessage, aboutOf, entryOf } from "./message.ts";
import { NOT_YET_SHOWN } from "./not-yet-shown.ts";
import type { Observer } from "./observer.ts";
import type { Connection } from "./outbox.ts";
import { isPassing } from "./passing.ts";

/** One task on its way into the flow. */
export interface Arrival {
  readonly key: TaskKey;
  readonly abiquo: AbiquoMessage & { readonly group: { readonly id: string; readonly count: number } };
  readonly payload: JsonObject;
  readonly index: number;
}

/** A task that is to be committed. */
interface Comer {
  readonly task: AbiquoTask;
  readonly group: Arrival["abiquo"]["group"];
  readonly index: number;
  readonly adopted?: true;
}

export interface Receipt {
  /** tasks that are new, in the order of the body */
  readonly arrivals: readonly Arrival[];
  /** how many of the body's tasks the ledger knew before */
  readonly known: number;
}

/** What Abiquo said of a task, if there is anything to do about it. */
type Look =
  | { readonly genuine: Arrival }
  | { readonly again: Arrival; readonly isAbsent: boolean }
  | { readonly fault: Fault; readonly arrival: Arrival }
  | Record<string, never>;

const VERIFY_DELAY = 2_000;
const LONGEST_VERIFY_DELAY = 60_000;
/** How many tasks are read at once by one connection, however many wait for it. */
const READS = 32;

/**
 * Takes the tasks of webhooks into the ledger, and knows which of them the flow has had for less than the
 * settling time: those are emitted again after a stop.
 */
export class Intake {
  readonly #ledger: Ledger;
  readonly #settle: number;
  /** `at` in the clock's monotonic time */
  readonly #emitted = new Map<string, { readonly key: TaskKey; readonly at: number }>();
  readonly #clock: Clock;
  readonly #observer: Observer;
  readonly #reads = new WeakMap<Connection, Semaphore>();
  readonly #endWatch: () => void;

  /** @param settle how long after its emission a task counts as held by the flow, in ms of process life */
  constructor(ledger: Ledger, settle: number, clock: Clock, observer: Observer) {
    this.#ledger = ledger;
    this.#settle = settle;
    this.#clock = clock;
    this.#observer = observer;
    this.#endWatch = every(clock, Math.min(1_000, settle), () => this.#hold());
  }

  /** Commits the tasks of one POST; resolves when they are on disk. */
  async receive(source: string, connection: Connection, { tasks }: Pick<WebhookBody, "tasks">): Promise<Receipt> {
    const now = this.#clock.now();
    const began = this.#clock.monotonic();
    const alone = tasks.length === 1 ? tasks[0]?.task.taskId : undefined;
    const group = { id: alone ?? groupId(now), count: tasks.length };
    const comers = tasks.map((task, index) => ({ task, group, index }));
    const arrivals = await this.#commit(source, connection, comers, now);
    const known = tasks.length - arrivals.length;
    const taskIds = arrivals.map(({ key }) => key.taskId);
    this.#observer({ kind: "received", connection: connection.id, taskIds, known, ms: this.#clock.monotonic() - began });
    return { arrivals, known };
  }

  /**
   * Commits tasks whose webhook never came, each a group of its own; resolves when they are on disk.
   *
   * @returns those that no webhook has brought in the meantime
   */
  async adopt(source: string, connection: Connection, tasks: readonly AbiquoTask[]): Promise<readonly Arrival[]> {
    const comers = tasks.map((task): Comer => ({ task, group: { id: task.task.taskId, count: 1 }, index: 0, adopted: true }));
    const arrivals = await this.#commit(source, connection, comers, this.#clock.now());
    for (const { key } of arrivals) this.#observer({ kind: "drift", connection: connection.id, key, drift: "adopted" });
    return arrivals;
  }

  async #commit(source: string, connection: Connection, comers: readonly Comer[], now: number): Promise<readonly Arrival[]> {
    const api = connection.client.base;
    const isNew = await this.#ledger.receive(
      comers.map(({ task: { task, links, payload }, group, index, adopted }) => ({
        api,
        taskId: task.taskId,
        connection: connection.id,
        source,
        group: { ...group, index },
        summary: keptSummary.write(task),
        links: keptLinks.write(links),
        payload: keptPayload.write(payload),
        about: aboutOf(task),
        receivedAt: now,
        ...marked(adopted),
      })),
    );
    return comers.flatMap(({ task: { task, links, payload }, group, index, adopted }, place): Arrival[] => {
      if (!isNew[place]) return [];
      return [
        {
          key: { api, taskId: task.taskId },
          abiquo: { connection: connection.id, task, links, group, ...marked(adopted) },
          payload,
          index,
        },
      ];
    });
  }

  /**
   * Tasks that this node received and whose flow may have lost them: emitted, without a checkpoint since.
   *
   * @param unread hears of each that cannot be read, and stays received
   */
  async unsettled(source: string, connection: string, unread: (fault: Fault) => void = () => undefined): Promise<Arrival[]> {
    const records = await this.#ledger.receivedBy(source);
    return records.flatMap((record) => {
      const reading = readOrWhy(() => arrivalOf(record, connection));
      if ("value" in reading) return [reading.value];
      unread(reading.unread);
      return [];
    });
  }

  /** Notes that the flow has been given this task. */
  emitted(key: TaskKey): void {
    const text = keyText(key);
    this.#emitted.delete(text);
    this.#emitted.set(text, { key, at: this.#clock.monotonic() });
  }

  /** True for a task that is in the ledger for sure, since it was emitted a short while ago. */
  knows(key: TaskKey): boolean {
    return this.#emitted.has(keyText(key));
  }

  /** A checkpoint was reached: the task is not emitted again. */
  checkpoint(key: TaskKey): void {
    this.#emitted.delete(keyText(key));
  }

  /**
   * Reads tasks of one POST from Abiquo, so that a forged one creates no request, and hands on what Abiquo shows, as
   * Abiquo has it: what one look shows together, and what comes later by itself. Waits while Abiquo cannot be reached
   * or refuses the credentials, and up to a minute while it does not know a task yet. What no longer waits in Abiquo
   * is not handed on, which the ledger then says.
   *
   * @param report hears of each task that is given up: Fault TASK_UNKNOWN, or why it may not be read
   * @throws the reason of the signal, when that comes first
   */
  async *verified(
    arrivals: readonly Arrival[],
    connection: Connection,
    signal: AbortSignal,
    report: (fault: Fault, arrival: Arrival) => void,
  ): AsyncGenerator<readonly Arrival[]> {
    const deadline = this.#clock.monotonic() + NOT_YET_SHOWN;
    let waiting = arrivals;
    for (let delay = VERIFY_DELAY; ; delay = Math.min(delay * 2, LONGEST_VERIFY_DELAY)) {
      const looks = await Promise.all(waiting.map((arrival) => this.#look(arrival, connection, deadline, signal)));
      signal.throwIfAborted();
      const genuine = looks.flatMap((look) => ("genuine" in look ? [look.genuine] : []));
      if (genuine.length > 0) yield genuine;
      for (const look of looks) if ("fault" in look) report(look.fault, look.arrival);
      const again = looks.flatMap((look) => ("again" in look ? [look] : []));
      if (again.length === 0) return;
      waiting = again.map((look) => look.again);
      await sleep(this.#clock, again.some(({ isAbsent }) => isAbsent) ? VERIFY_DELAY : delay, { signal });
    }
  }

  async #look(arrival: Arrival, connection: Connection, deadline: number, signal: AbortSignal): Promise<Look> {
    const { key, abiquo } = arrival;
    try {
      const read = await this.#semaphoreOf(connection).run(() => connection.client.readTask(abiquo.links?.self ?? "", signal));
      const { task, links, payload } = read;
      if (task.state === "QUEUEING") return { genuine: { ...arrival, payload, abiquo: { ...abiquo, task, links } } };
      await this.#ledger.move({ ...key, from: ["received", "held"], to: "elsewhere", at: this.#clock.now() });
      return {};
    } catch (error) {
      // What Abiquo shows is no task that could be used, and will be none at the next look.
      if (error instanceof Fault && error.code.startsWith("ABIQUO_BAD_")) return { fault: error, arrival };
      if (!(error instanceof AbiquoFault)) return { again: arrival, isAbsent: false };
      const isAbsent = error.code === "ABIQUO_NOT_FOUND";
      if (isAbsent && this.#clock.monotonic() >= deadline) return this.#gone(arrival, error);
      // The connection tells of an outage, and of a 401, after which nothing is sent until somebody acts.
      if (isAbsent || isPassing(error)) return { again: arrival, isAbsent };
      return { fault: error, arrival };
    }
  }

  async #gone(arrival: Arrival, cause: AbiquoFault): Promise<Look> {
    const { key } = arrival;
    await this.#ledger.move({ ...key, from: ["received", "held"], to: "gone", at: this.#clock.now() }).catch(() => undefined);
    return { fault: new Fault("TASK_UNKNOWN", { taskId: key.taskId }, cause), arrival };
  }

  #semaphoreOf(connection: Connection): Semaphore {
    return getOrCreate(this.#reads, connection, () => new Semaphore(READS));
  }

  close(): void {
    this.#endWatch();
  }

  #hold(): void {
    const settledBefore = this.#clock.monotonic() - this.#settle;
    for (const [text, { key, at }] of this.#emitted) {
      if (at > settledBefore) return;
      this.#emitted.delete(text);
      this.#ledger.move({ ...key, from: ["received"], to: "held" }).catch(() => this.#emitted.set(text, { key, at }));
    }
  }
}

/** Ids that grow with time keep their index small in memory, as UUID version 7 does (RFC 9562 section 5.7). */
function groupId(now: number): string {
  return `${now.toString(36)}-${randomUUID().slice(-12)}`;
}

function marked(adopted: true | undefined): { readonly adopted?: true } {
  return adopted === undefined ? {} : { adopted };
}

function arrivalOf(record: WholeTaskRecord, connection: string): Arrival {
  const { id, index, count } = record.group;
  return {
    key: { api: record.api, taskId: record.taskId },
    abiquo: { connection, ...entryOf(record), group: { id, count }, redelivered: true, ...marked(record.adopted) },
    payload: keptPayload.read(record.payload),
    index,
  };
}
