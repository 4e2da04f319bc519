import { isAbsolute, join } from "node:path";
import type { Node, NodeAPI } from "node-red";
import { Fault } from "../base/fault.ts";
import { getOrCreate } from "../base/get-or-create.ts";
import { unlessAborted } from "../base/unless-aborted.ts";
import { Engine, EngineMetrics, type EngineOptions, type Observation } from "../engine/index.ts";
import type { LedgerPlace } from "../ledger/index.ts";
import { EngineLog } from "./engine-log.ts";
import { pageTexts } from "./page-texts.ts";

const DEFAULT_FILE = "abiquo-workflow.sqlite";
const DEFAULT_SETTLE_SECONDS = 60;
const DEFAULT_LEASE_SECONDS = 15;

/** What an abiquo-store says of its ledger. */
export type StoreSettings = (FileSettings | DatabaseSettings) & {
  /** how long settled tasks are kept, in days; 0 = for ever */
  readonly keep: number;
};

interface FileSettings {
  readonly engine: "sqlite";
  /** relative to the user directory; empty = `abiquo-workflow.sqlite` there */
  readonly file: string;
}

interface DatabaseSettings {
  readonly engine: "postgres";
  /** with a password, maybe */
  readonly url: string;
}

export interface StoreNode extends Node {
  store: StoreSettings;
}

export const DEFAULT_STORE: StoreSettings = { engine: "sqlite", file: "", keep: 0 };

/** Hears why the store cannot be used for now, and `undefined` once it works again. */
export type StoreListener = (fault: Fault | undefined) => void;

/** One engine for each ledger of this process, whatever loads this module and however often. */
const engines = new Map<string, SharedEngine>();

export interface EngineUse {
  /** The engine; rejected with the reason while its store cannot be used. */
  readonly engine: Promise<Engine>;
  /** The engine, as soon as its store can be used; rejected when it was released before that, or will never work. */
  readonly opened: Promise<Engine>;
  /** The engine, also while its store cannot be used; undefined as long as that was never opened. */
  readonly current: Engine | undefined;
  /** what is counted of the engine, also before it is there */
  readonly metrics: EngineMetrics;
  /** Tells whether the store can be used: at once where it cannot, and then whenever that changes. Answers how to end that. */
  onStore(listener: StoreListener): () => void;
  /** The last one to release an engine closes it. */
  release(): Promise<void>;
}

class SharedEngine {
  readonly metrics = new EngineMetrics();
  readonly #closing = new AbortController();
  readonly #listeners = new Set<StoreListener>();
  readonly #first: Promise<Engine>;
  /** how the first attempt ends, which may not be the last */
  readonly #attempt = Promise.withResolvers<Engine>();
  #current: Engine | undefined;
  /** why the store cannot be used for now */
  #fault: Fault | undefined;
  /** ends when it can be used again, where somebody waits for that */
  #works: PromiseWithResolvers<void> | undefined;
  #hasFailed = false;
  #users = 0;

  constructor(place: LedgerPlace, options: EngineOptions, log: EngineLog) {
    let isNew = false;
    const watch = {
      opened: (wasEmpty: boolean) => void (isNew ||= wasEmpty),
      waiting: (fault: Fault) => this.#tell(fault),
      works: () => this.#tell(undefined),
    };
    const observer = (observation: Observation): void => {
      this.metrics.observe(observation);
      log.observe(observation);
    };
    const observed = { ...options, observer };
    this.#first = Engine.keep(place, observed, watch, this.#closing.signal);
    void handled(this.#attempt.promise);
    this.#first.then(
      (engine) => {
        this.#current = engine;
        this.metrics.attach(engine.ledger);
        this.#attempt.resolve(engine);
        // Where it fails right away, that is told.
        log.started(engine, isNew).catch(() => undefined);
      },
      (error: unknown) => {
        this.#attempt.reject(error);
        if (error instanceof Fault) this.#tell(error);
      },
    );
  }

  /** Whether the store can be used, or why not; `opening` while that has yet to show. */
  get state(): "works" | "opening" | Fault {
    return this.#fault ?? (this.#current === undefined ? "opening" : "works");
  }

  get engine(): Promise<Engine> {
    if (this.#fault !== undefined) return handled(Promise.reject(this.#fault));
    return this.#hasFailed ? this.#first : this.#attempt.promise;
  }

  use(onLast: () => void): EngineUse {
    const shared = this;
    this.#users++;
    return {
      get engine() {
        return shared.engine;
      },
      get opened() {
        return handled(shared.#whenUsable());
      },
      get current() {
        return shared.#current;
      },
      metrics: this.metrics,
      onStore: (listener) => {
        this.#listeners.add(listener);
        if (this.#fault !== undefined) listener(this.#fault);
        return () => void this.#listeners.delete(listener);
      },
      release: async () => {
        if (--this.#users > 0) return;
        onLast();
        this.#closing.abort();
        await this.#first.then(
          (engine) => engine.close(),
          () => undefined,
        );
      },
    };
  }

  /** The first opening may be long over, and the store have broken down since. */
  async #whenUsable(): Promise<Engine> {
    const engine = await this.#first;
    if (this.#fault === undefined) return engine;
    this.#works ??= Promise.withResolvers();
    await unlessAborted(this.#works.promise, this.#closing.signal);
    return engine;
  }

  #tell(fault: Fault | undefined): void {
    this.#fault = fault;
    if (fault === undefined) {
      this.#works?.resolve();
      this.#works = undefined;
    } else {
      this.#hasFailed = true;
      this.#attempt.reject(fault);
    }
    for (const listener of [...this.#listeners]) listener(fault);
  }
}

/** A promise that nobody may look at: that it is rejected is no fault of this process then. */
function handled<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}

/** The engine on this ledger. Connections that name the same file or database share it, and the settings of the first. */
export function useEngine(RED: NodeAPI, store: StoreSettings): EngineUse {
  const settings = RED.settings as unknown as { abiquoConfigSettle?: number; abiquoConfigLease?: number };
  const settle = (settings.abiquoConfigSettle ?? DEFAULT_SETTLE_SECONDS) * 1000;
  const { keep } = store;
  const place = placeOf(RED, store);
  const key = keyOf(place);
  const lease = place.engine === "postgres" ? { lease: (settings.abiquoConfigLease ?? DEFAULT_LEASE_SECONDS) * 1000 } : {};

  const shared = getOrCreate(
    engines,
    key,
    () =>
      new SharedEngine(place, { settle, keep, texts: pageTexts, ...lease }, new EngineLog(RED, nameOf(place), place.engine === "sqlite")),
  );
  return shared.use(() => engines.delete(key));
}

/** For logs: a database's address may hold its password. */
function nameOf(place: LedgerPlace): string {
  return place.engine === "sqlite" ? place.file : "PostgreSQL";
}

function keyOf(place: LedgerPlace): string {
  return place.engine === "sqlite" ? place.file : place.url;
}

function placeOf(RED: NodeAPI, store: StoreSettings): LedgerPlace {
  if (store.engine === "postgres") return { engine: "postgres", url: store.url };
  const name = store.file === "" ? DEFAULT_FILE : store.file;
  const file = isAbsolute(name) || name === ":memory:" ? name : join(RED.settings.userDir ?? process.cwd(), name);
  return { engine: "sqlite", file };
}

/** How the engine on this ledger is, for whoever looks at it from outside; undefined where nobody uses it. */
export function engineState(RED: NodeAPI, store: StoreSettings): Pick<SharedEngine, "state" | "metrics"> | undefined {
  return engines.get(keyOf(placeOf(RED, store)));
}

/** The engines that run, for what comes without saying whose it is, and whether there are no others. */
export async function runningEngines(): Promise<{ engines: Engine[]; areAll: boolean }> {
  const opened = await Promise.allSettled([...engines.values()].map(({ engine }) => engine));
  const running = opened.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  return { engines: running, areAll: running.length === opened.length };
}
