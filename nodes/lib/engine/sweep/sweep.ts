import { type AbiquoClient, AbiquoFault, type AbiquoTask, type Pages } from "../../abiquo/index.ts";
import { Fault } from "../../base/fault.ts";
import { keyText, type Ledger, UNANSWERED } from "../../ledger/index.ts";
import type { Elsewhere } from "../elsewhere.ts";
import type { Candidates } from "./candidates.ts";
import { OpenTasks } from "./open-tasks.ts";
import type { PacedCalls } from "./paced-calls.ts";

export type SweptClient = Pick<AbiquoClient, "base" | "clockOffset" | "enterprisePages" | "pendingPages" | "readTask">;

/** What a sweep works with; it outlives each of them. */
export interface SweepTools {
  readonly ledger: Pick<Ledger, "openTasks" | "strangers" | "tasks">;
  readonly elsewhere: Pick<Elsewhere, "find" | "settle">;
  readonly connection: { readonly id: string; readonly client: SweptClient };
  readonly calls: PacedCalls;
  readonly candidates: Candidates;
  /** Takes in tasks whose webhook never came. */
  readonly adopt: (tasks: readonly AbiquoTask[]) => Promise<void>;
  /** Whether somebody else sweeps this enterprise. */
  readonly isOthers: (enterprise: string) => boolean;
  /** Hears what keeps a part of the sweep from being done. */
  readonly report: (fault: Fault) => void;
  /** Comes between two steps; ends the sweep for now by what it throws. */
  readonly goOn: () => Promise<void>;
}

/** How many tasks are looked at in the ledger at once before they are read in Abiquo. */
const CHECKED_AT_ONCE = 100;
/** How many tasks of enterprises that no list was read of are read in one sweep; the next one goes on with the others. */
const MOST_OF_THE_REST = 300;
/** So many enterprises in a row that may not be read, and none that may: it is the role that forbids it. */
const REFUSED_IN_A_ROW = 5;
/** How many skipped enterprises a fault names. */
const NAMED = 10;

/**
 * One look through the enterprises of a platform: adopts what the ledger does not know, and settles what the ledger has
 * open and Abiquo does not hold any more. It keeps ids in memory, and one page of tasks. Cut short, it goes on with the
 * page that it was at when it is run again.
 */
export class Sweep {
  readonly #tools: SweepTools;
  /** undefined = all with workflow on, which have yet to be listed */
  #enterprises: readonly string[] | undefined;
  readonly #listed: string[] = [];
  #listing: ReturnType<SweptClient["enterprisePages"]> | undefined;
  #open: OpenTasks | undefined;
  #place = 0;
  #pages: Pages<AbiquoTask> | undefined;
  /** ids of those that may not be read, or are not known */
  readonly #skipped: string[] = [];
  /** how many may not be read; counted until one may */
  #refused = 0;
  #swept = 0;
  /** ids of open tasks that an earlier sweep has read by themselves, so that the others get their turn */
  readonly #readBefore: Set<string>;

  /**
   * @param enterprises ids; empty = all with workflow on
   * @param readBefore kept from sweep to sweep
   */
  constructor(tools: SweepTools, enterprises: readonly string[], readBefore: Set<string>) {
    this.#tools = tools;
    this.#enterprises = enterprises.length === 0 ? undefined : enterprises;
    this.#readBefore = readBefore;
  }

  /** How many enterprises were looked through. */
  get enterprises(): number {
    return this.#swept;
  }

  /**
   * Begins, or goes on.
   *
   * @throws Fault SWEEP_NOT_ALLOWED when the role lacks a privilege without which nothing can be swept
   * @throws Fault of the ledger; what `goOn` throws; the signal's reason
   */
  async run(signal: AbortSignal): Promise<void> {
    const { ledger, connection } = this.#tools;
    this.#open ??= await OpenTasks.read(ledger, connection.client.base);
    const refusal = await this.#sweepAll(signal).catch((error: unknown) => {
      if (error instanceof Fault && error.code === "SWEEP_NOT_ALLOWED") return error;
      throw error;
    });
    // What is open can be looked after one by one, whatever may be listed.
    await this.#readRest(this.#open, signal);
    if (this.#skipped.length > 0 && refusal === undefined) {
      this.#tools.report(new Fault("SWEEP_ENTERPRISES_SKIPPED", { enterprises: named(this.#skipped) }));
    }
    if (refusal !== undefined) throw refusal;
  }

  async #sweepAll(signal: AbortSignal): Promise<void> {
    const enterprises = await this.#all(signal);
    for (; this.#place < enterprises.length; this.#place++) {
      await this.#tools.goOn();
      await this.#enterprise(enterprises[this.#place] as string, signal);
      this.#pages = undefined;
    }
    if (this.#swept === 0 && this.#refused > 0) throw withoutOverride();
  }

  async #all(signal: AbortSignal): Promise<readonly string[]> {
    if (this.#enterprises !== undefined) return this.#enterprises;
    const { connection, calls } = this.#tools;
    const listing = (this.#listing ??= connection.client.enterprisePages());
    while (!listing.isOver) {
      const page = await calls
        .run(() => listing.next(signal), signal)
        .catch((error: unknown) => {
          throw isRefusal(error) ? new Fault("SWEEP_NOT_ALLOWED", { privilege: "ENTERPRISE_ENUMERATE" }, error) : error;
        });
      for (const { id } of page) this.#listed.push(id);
    }
    this.#enterprises = this.#listed;
    return this.#enterprises;
  }

  async #enterprise(id: string, signal: AbortSignal): Promise<void> {
    const { connection, calls, report } = this.#tools;
    const open = this.#open as OpenTasks;
    try {
      const pages = (this.#pages ??= connection.client.pendingPages(id, report));
      while (!pages.isOver) {
        const page = await calls.run(() => pages.next(signal), signal);
        open.seen(
          id,
          page.map(({ task }) => task.taskId),
        );
        await this.#adopt(page);
      }
    } catch (error) {
      if (!isRefusal(error) && !isUnknown(error)) throw error;
      this.#skip(id, error);
      return;
    }
    // Cut short among these, it comes here again.
    await this.#settle(open.unseen(id), signal);
    open.close(id);
    this.#swept++;
  }

  async #adopt(page: readonly AbiquoTask[]): Promise<void> {
    const { ledger, connection, candidates, adopt } = this.#tools;
    const waiting = page.filter(({ task }) => task.state === "QUEUEING");
    if (waiting.length === 0) return;
    const ids = waiting.map(({ task }) => task.taskId);
    const strangers = new Set(await ledger.strangers(connection.client.base, ids));
    for (const id of ids) if (!strangers.has(id)) candidates.forget(id);
    const { clockOffset } = connection.client;
    const lost = waiting.filter(({ task }) => strangers.has(task.taskId) && candidates.note(task, clockOffset));
    if (lost.length === 0) return;
    await adopt(lost);
    for (const { task } of lost) candidates.forget(task.taskId);
  }

  /** Reads those that the ledger still has open, and settles what no longer waits. */
  async #settle(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const { ledger, connection, elsewhere, calls, goOn } = this.#tools;
    const api = connection.client.base;
    for (let start = 0; start < ids.length; start += CHECKED_AT_ONCE) {
      const keys = ids.slice(start, start + CHECKED_AT_ONCE).map((taskId) => ({ api, taskId }));
      const tasks = await ledger.tasks(keys);
      for (const key of keys) {
        const task = tasks.get(keyText(key));
        if (task === undefined || !UNANSWERED.includes(task.stage)) continue;
        await goOn();
        const finding = await calls.run(() => elsewhere.find(connection, task, signal), signal);
        if (finding !== undefined) await elsewhere.settle([finding]);
      }
    }
  }

  async #readRest(open: OpenTasks, signal: AbortSignal): Promise<void> {
    const rest = open.rest(this.#tools.isOthers);
    let due = rest.filter((id) => !this.#readBefore.has(id));
    if (due.length === 0) {
      this.#readBefore.clear();
      due = rest;
    }
    const now = due.slice(0, MOST_OF_THE_REST);
    await this.#settle(now, signal);
    for (const id of now) this.#readBefore.add(id);
  }

  #skip(id: string, error: Fault): void {
    this.#skipped.push(id);
    if (isRefusal(error) && this.#swept === 0 && ++this.#refused >= REFUSED_IN_A_ROW) throw withoutOverride();
  }
}

function withoutOverride(): Fault {
  return new Fault("SWEEP_NOT_ALLOWED", { privilege: "WORKFLOW_OVERRIDE" });
}

function isRefusal(error: unknown): error is AbiquoFault {
  return error instanceof AbiquoFault && error.code === "ABIQUO_FORBIDDEN";
}

/** An enterprise that is no more, or an id that is none. */
function isUnknown(error: unknown): error is Fault {
  return error instanceof Fault && (error.code === "ABIQUO_NOT_FOUND" || error.code === "ABIQUO_BAD_LINK");
}

function named(ids: readonly string[]): string {
  return `${ids.slice(0, NAMED).join(", ")}${ids.length > NAMED ? ", …" : ""}`;
}
