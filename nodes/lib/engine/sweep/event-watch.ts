import { type AbiquoClient, type AbiquoEvent, AbiquoFault, type EventCursor, type EventPage } from "../../abiquo/index.ts";
import { BoundedMap } from "../../base/bounded-map.ts";
import { type Clock, sleep } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Elsewhere } from "../elsewhere.ts";
import { PacedCalls } from "./paced-calls.ts";

export interface Watched {
  readonly id: string;
  readonly client: Pick<AbiquoClient, "base" | "clockOffset" | "currentUser" | "events" | "readTask" | "tasksOf" | "version">;
}

/** How often the event log is read, in ms: a decision is to be seen within 15 s. */
const INTERVAL = 10_000;
/** How long until a server is asked again that has no event log, or does not let it be read, in ms. */
const ASKED_AGAIN = 6 * 60 * 60_000;
/** Events may be written a little after what they tell of: so far back each reading begins, in seconds. */
const OVERLAP = 5;
/** How many events are remembered, to tell apart those of the overlap. */
const REMEMBERED = 2_000;
/** How many pages, and how many machines, one reading looks at; the sweep finds what is beyond. */
const MOST_PAGES = 10;
const MOST_MACHINES = 50;
/** The first version whose documentation has the event log. */
const SINCE = [4, 4] as const;

/** As `TASK_DEPLOY_CANCEL`. */
const IS_ANSWER = /(CONTINUE|CANCEL)/i;

/**
 * Reads Abiquo's event log between sweeps, so that a decision made elsewhere is seen soon, at a cost that does not grow
 * with what waits. An event is only a hint to look at the tasks of its machine: what they say counts, and who decided is
 * not believed of it, since nothing shows what these entries hold.
 */
export class EventWatch {
  readonly #clock: Clock;
  readonly #elsewhere: Pick<Elsewhere, "seen" | "settle">;
  readonly #connection: Watched;
  readonly #calls: PacedCalls;
  readonly #known = new BoundedMap<string, true>(REMEMBERED);
  /** in seconds since 1970 of the server's clock; undefined before the first reading */
  #since: number | undefined;
  /** whose events tell of our own answers */
  #self = "";
  #abort: AbortController | undefined;

  constructor(clock: Clock, elsewhere: Pick<Elsewhere, "seen" | "settle">, connection: Watched) {
    this.#clock = clock;
    this.#elsewhere = elsewhere;
    this.#connection = connection;
    this.#calls = new PacedCalls(clock);
  }

  start(): void {
    if (this.#abort !== undefined) return;
    this.#abort = new AbortController();
    void this.#loop(this.#abort.signal);
  }

  stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    // What happens meanwhile the sweep at the next start finds.
    this.#since = undefined;
  }

  async #loop(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        const isThere = await this.#read(signal);
        await sleep(this.#clock, isThere ? INTERVAL : ASKED_AGAIN, { signal });
      }
    } catch {
      // Its signal, or a closed connection.
    }
  }

  /** False when there is nothing to read for long. */
  async #read(signal: AbortSignal): Promise<boolean> {
    try {
      if (this.#since === undefined) return await this.#begin(signal);
      const machines = await this.#hints(this.#since, signal);
      for (const machine of machines) await this.#look(machine, signal);
      return true;
    } catch (error) {
      if (!(error instanceof Fault) || error.code === "ABIQUO_CLOSED") throw error;
      // A store that cannot be written for now is no reason to stop.
      return !(error instanceof AbiquoFault);
    }
  }

  async #begin(signal: AbortSignal): Promise<boolean> {
    const { client } = this.#connection;
    if (!isRecent(await this.#calls.run(() => client.version(signal), signal))) return false;
    const { nick } = await this.#calls.run(() => client.currentUser(signal), signal);
    this.#self = nick;
    this.#since = Math.floor((this.#clock.now() + (client.clockOffset ?? 0)) / 1_000) - OVERLAP;
    return true;
  }

  /** Links of machines of whose tasks somebody else may have decided one. */
  async #hints(since: number, signal: AbortSignal): Promise<string[]> {
    const machines = new Set<string>();
    let latest = since;
    let from: number | EventCursor | undefined = since;
    for (let pages = 0; from !== undefined && pages < MOST_PAGES; pages++) {
      const place: number | EventCursor = from;
      const page: EventPage = await this.#calls.run(() => this.#connection.client.events(place, signal), signal);
      for (const event of page.events) {
        latest = Math.max(latest, Math.floor((event.at ?? 0) / 1_000) - OVERLAP);
        if (event.machine !== undefined && this.#isHint(event)) machines.add(event.machine);
      }
      from = page.next;
    }
    this.#since = latest;
    return [...machines].slice(0, MOST_MACHINES);
  }

  #isHint({ id, action, by }: AbiquoEvent): boolean {
    if (!IS_ANSWER.test(action) || (by !== "" && by === this.#self)) return false;
    if (id !== "" && this.#known.has(id)) return false;
    this.#known.set(id, true);
    return true;
  }

  async #look(machine: string, signal: AbortSignal): Promise<void> {
    const { client } = this.#connection;
    try {
      const tasks = await this.#calls.run(() => client.tasksOf(machine, signal), signal);
      await this.#elsewhere.settle(tasks.flatMap((task) => this.#elsewhere.seen(this.#connection, task) ?? []));
    } catch (error) {
      // A machine that is no more, or may not be seen: the sweep finds out about its tasks.
      if (!(error instanceof AbiquoFault) || error.code === "ABIQUO_CLOSED") throw error;
    }
  }
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > SINCE[0] || (major === SINCE[0] && minor >= SINCE[1]);
}
