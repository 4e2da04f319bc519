import { AbiquoFault, type AbiquoTask } from "../../abiquo/index.ts";
import { type Clock, sleep } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Ledger } from "../../ledger/index.ts";
import type { Elsewhere } from "../elsewhere.ts";
import { HeldLease } from "../held-lease.ts";
import type { Observer } from "../observer.ts";
import { Candidates } from "./candidates.ts";
import { PacedCalls } from "./paced-calls.ts";
import { Sweep, type SweepTools } from "./sweep.ts";

/** A node for which Abiquo is swept. */
export interface SweepPort {
  /** Commits tasks whose webhook never came, and gives them to the flow. */
  adopt(tasks: readonly AbiquoTask[]): Promise<void>;
  /** Something keeps sweeps from being whole, told once; undefined once they are whole again. */
  report(problem: unknown): void;
}

/** What sweeps of one engine share. */
export interface SweepShop {
  readonly ledger: Pick<Ledger, "openTasks" | "strangers" | "tasks" | "acquireLease" | "releaseLease">;
  readonly elsewhere: Pick<Elsewhere, "find" | "settle">;
  readonly clock: Clock;
  readonly observer: Observer;
}

/** The sweeps of one connection, each of other enterprises. */
export interface Neighbours {
  /** Lets them wait for each other. */
  inTurn(work: () => Promise<void>): Promise<void>;
  /** Whether another one looks into this enterprise. */
  areSwept(enterprise: string, besides: Sweeper): boolean;
}

/** How long an instance may be silent before another one sweeps, in ms. */
const LEASE = 60_000;
/** How long until a sweep goes on that the store has cut short, in ms. */
const STORE_RETRY = 5_000;

/** The lease is another instance's. */
const isElsewhere = Symbol("another instance sweeps");

/**
 * Sweeps the same enterprises of one connection again and again, each time so long after the last sweep ended, for one
 * node or several: what is adopted goes to the first of them. The state of a sweep that a deploy cuts short stays here.
 */
export class Sweeper {
  readonly #shop: SweepShop;
  readonly #connection: SweepTools["connection"];
  readonly #enterprises: readonly string[];
  readonly #neighbours: Neighbours;
  readonly #lease: HeldLease;
  readonly #candidates: Candidates;
  readonly #readBefore = new Set<string>();
  /** by node, how long it wants a sweep to be over before the next, in ms */
  readonly #ports = new Map<SweepPort, number>();
  #abort: AbortController | undefined;
  #sweep: { readonly it: Sweep; readonly began: number } | undefined;
  /** problems of the last sweep, and of the one under way */
  #told = new Set<string>();
  #problems = new Set<string>();

  constructor(shop: SweepShop, connection: SweepTools["connection"], enterprises: readonly string[], neighbours: Neighbours) {
    this.#shop = shop;
    this.#connection = connection;
    this.#enterprises = enterprises;
    this.#neighbours = neighbours;
    const name = `sweep of ${connection.client.base}, ${enterprises.join(" ")}`;
    this.#lease = new HeldLease(shop.ledger, shop.clock, { name, ms: LEASE, least: LEASE / 2 });
    this.#candidates = new Candidates(shop.clock);
  }

  /** @param interval between the end of a sweep and the next, in ms; the shortest of all nodes' counts */
  join(port: SweepPort, interval: number): void {
    this.#ports.set(port, interval);
    if (this.#abort !== undefined) return;
    this.#abort = new AbortController();
    void this.#loop(this.#abort.signal);
  }

  /** Ends the sweep under way with the last node. */
  leave(port: SweepPort): void {
    this.#ports.delete(port);
    if (this.#ports.size === 0) this.stop();
  }

  stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
  }

  /** Whether it looks into this enterprise. Where all are swept, that is for sure only of those with workflow on. */
  sweeps(enterprise: string): boolean {
    return !this.isIdle && this.#enterprises.includes(enterprise);
  }

  get isIdle(): boolean {
    return this.#ports.size === 0;
  }

  async #loop(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        let pause = 0;
        await this.#neighbours.inTurn(async () => {
          pause = await this.#once(signal);
        });
        await sleep(this.#shop.clock, pause, { signal });
      }
    } catch (error) {
      if (!signal.aborted) this.#report(error);
    }
    // Unless a node has joined anew.
    if (this.#abort === undefined) await this.#lease.release();
  }

  /** Answers how long to wait then, in ms. */
  async #once(signal: AbortSignal): Promise<number> {
    const interval = Math.min(...this.#ports.values());
    try {
      signal.throwIfAborted();
      this.#goOnIf(await this.#lease.isHeld());
      await this.#run(signal);
      // Whoever has swept sweeps again, while it lives.
      this.#goOnIf(await this.#lease.extend(interval));
    } catch (error) {
      if (signal.aborted || error === isElsewhere) return Math.min(interval, LEASE);
      // The store's own fault is told by others, and the sweep goes on where it was.
      if (error instanceof Fault && error.code.startsWith("LEDGER_")) return STORE_RETRY;
      this.#end(false);
      if (!(error instanceof AbiquoFault && error.code === "ABIQUO_CLOSED")) this.#report(error);
      this.#told = this.#problems;
    }
    return interval;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, ledger, elsewhere } = this.#shop;
    if (this.#sweep === undefined) {
      const tools: SweepTools = {
        ledger,
        elsewhere,
        connection: this.#connection,
        calls: new PacedCalls(clock),
        candidates: this.#candidates,
        isOthers: (enterprise) => this.#neighbours.areSwept(enterprise, this),
        adopt: async (tasks) => this.#first?.adopt(tasks),
        report: (fault) => this.#report(fault),
        goOn: async () => this.#goOnIf(await this.#lease.isHeld()),
      };
      this.#problems = new Set();
      this.#sweep = { it: new Sweep(tools, this.#enterprises, this.#readBefore), began: clock.monotonic() };
    }
    await this.#sweep.it.run(signal);
    this.#candidates.endSweep();
    this.#end(true);
    if (this.#told.size > 0 && this.#problems.size === 0) for (const port of this.#ports.keys()) port.report(undefined);
    this.#told = this.#problems;
  }

  #end(isComplete: boolean): void {
    if (this.#sweep === undefined) return;
    const { it, began } = this.#sweep;
    this.#sweep = undefined;
    const ms = this.#shop.clock.monotonic() - began;
    this.#shop.observer({ kind: "swept", connection: this.#connection.id, ms, enterprises: it.enterprises, isComplete });
  }

  get #first(): SweepPort | undefined {
    for (const port of this.#ports.keys()) return port;
    return undefined;
  }

  /** The same problem is told once, and not by each sweep. */
  #report(problem: unknown): void {
    const text = problem instanceof Error ? problem.message : String(problem);
    const isNew = !this.#told.has(text) && !this.#problems.has(text);
    this.#problems.add(text);
    if (isNew) for (const port of this.#ports.keys()) port.report(problem);
  }

  /** @throws isElsewhere where another instance sweeps */
  #goOnIf(isOurs: boolean): void {
    if (isOurs) return;
    this.#sweep = undefined;
    throw isElsewhere;
  }
}
