import { Worker } from "node:worker_threads";
import { equalJitter, exponential } from "../base/backoff.ts";
import { systemClock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { roomModule } from "../base/here.ts";
import { type Call, errorOf, type FromThread, type Reply } from "./calls.ts";
import type { Method } from "./methods.ts";
import type { OpenOptions, SqlitePlace } from "./open.ts";

/** One message is at work while the next one waits; further calls gather and share one message and one commit. */
const GIVEN_AT_ONCE = 2;

/** How long until a ledger that could not be opened is tried again. */
const PAUSES = { first: 500, longest: 15_000 };

interface Caller {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** How long until one that is open, and could not be written, is tried again. */
const PROBES = { first: 1_000, longest: 5_000 };

/** Who is to know whether the ledger can be used. */
export interface LedgerWatch {
  /** It was opened. @param isNew whether there was nothing before */
  opened?(isNew: boolean): void;
  /** It could not be opened or written, or broke down, for this reason, told once: it is tried again until it works. */
  waiting(fault: Fault): void;
  /** It works again. */
  works(): void;
}

/**
 * The thread, and the next one after it broke down. While there is none, calls fail at once with the reason.
 */
export class LedgerThread {
  /** Runs whenever the thread has ended. */
  onEnd: () => void = () => undefined;
  readonly #place: SqlitePlace;
  readonly #options: OpenOptions;
  readonly #watch: LedgerWatch | undefined;
  readonly #callers = new Map<number, Caller>();
  readonly #openers = new Set<Caller>();
  #worker: Worker | undefined;
  #isOpen = false;
  /** whether it is worth trying again: it was open once, or somebody watches */
  #goesOn: boolean;
  /** why it is not open; undefined while it is, or has yet to be tried */
  #fault: Fault | undefined;
  /** why it is not open, as it was told last */
  #told = "";
  #failures = 0;
  /** it is open, but cannot be used for now */
  #isAiling = false;
  #cancelStart: (() => void) | undefined;
  #calls: Call[] = [];
  #isSending = false;
  /** how many messages with calls the thread has not answered */
  #given = 0;
  #lastId = 0;
  #isClosed = false;
  /** the call that closes it */
  #closing: number | undefined;

  constructor(place: SqlitePlace, options: OpenOptions, watch?: LedgerWatch) {
    this.#place = place;
    this.#options = options;
    this.#watch = watch;
    this.#goesOn = watch !== undefined;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Resolves once it is open; rejects when it cannot be opened and is not tried again. */
  open(signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const abandon = (): void => {
        this.#end();
        reject(signal?.reason as Error);
      };
      if (signal?.aborted === true) return abandon();
      signal?.addEventListener("abort", abandon, { once: true });
      const settled =
        <Value>(act: (value: Value) => void) =>
        (value: Value): void => {
          signal?.removeEventListener("abort", abandon);
          act(value);
        };
      this.#openers.add({ resolve: settled(resolve), reject: settled(reject) });
      this.#start().ref();
    });
  }

  call(method: Method, parameters: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // Closing what is closed is no fault.
      if (this.#isClosed) return method === "close" ? resolve(undefined) : reject(this.#unavailable("CLOSED"));
      if (method === "close" && !this.#isOpen) {
        this.#end();
        return resolve(undefined);
      }
      if (this.#worker === undefined) return reject(this.#fault);
      const id = ++this.#lastId;
      // An open call keeps the process alive, an idle ledger does not.
      if (this.#callers.size === 0) this.#worker.ref();
      this.#callers.set(id, { resolve, reject });
      this.#calls.push({ id, method, parameters });
      if (this.#given < GIVEN_AT_ONCE) this.#sendSoon();
      this.#isClosed = method === "close";
      if (this.#isClosed) this.#closing = id;
    });
  }

  #start(): Worker {
    const worker = new Worker(roomModule("ledger/worker"), { workerData: { place: this.#place, options: this.#options } });
    let reason = this.#unavailable("CLOSED");
    worker.on("message", (message: FromThread) => {
      if ("replies" in message) return this.#settle(message.replies);
      if ("ailing" in message) return this.#ail(errorOf(message.ailing));
      if (message.isOpen) return this.#opened(message.isNew);
      const error = errorOf(message.failure);
      reason = error instanceof Fault ? error : this.#unavailable(error.message);
    });
    worker.on("error", (error: Error) => (reason = this.#unavailable(error.message)));
    worker.on("exit", (code) => this.#fail(worker, reason, code === 0));
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #opened(isNew: boolean): void {
    this.#isOpen = true;
    this.#isAiling = false;
    this.#goesOn = true;
    this.#fault = undefined;
    if (this.#callers.size === 0) this.#worker?.unref();
    for (const opener of this.#openers) opener.resolve(undefined);
    this.#openers.clear();
    this.#watch?.opened?.(isNew);
    this.#works();
  }

  #works(): void {
    this.#isAiling = false;
    if (this.#told !== "") this.#watch?.works();
    this.#told = "";
  }

  /** A full disk, or a file that is not in its place: somebody must hear of it, and hear when it is over. */
  #ail(error: Error): void {
    if (!(error instanceof Fault) || this.#watch === undefined || this.#isClosed) return;
    this.#tell(error);
    if (this.#isAiling) return;
    this.#isAiling = true;
    this.#probeIn(0);
  }

  #probeIn(failures: number): void {
    systemClock.after(equalJitter(exponential(PROBES, failures)), () => {
      if (!this.#isAiling || !this.#isOpen || this.#isClosed) return;
      this.call("probe", []).then(
        () => this.#works(),
        () => this.#probeIn(failures + 1),
      );
    });
  }

  /** What is called while the thread is at work travels together, and then shares one commit. */
  #sendSoon(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    setImmediate(() => {
      this.#isSending = false;
      const calls = this.#calls;
      this.#calls = [];
      if (!this.#send(calls) && calls.length > 1) for (const call of calls) this.#send([call]);
    });
  }

  #send(calls: readonly Call[]): boolean {
    try {
      this.#worker?.postMessage(calls);
      this.#given++;
      return true;
    } catch (error) {
      // Something in a message cannot leave this thread: only the call that holds it fails.
      if (calls.length === 1) this.#callerOf(calls[0] as Call)?.reject(error);
      return false;
    }
  }

  #settle(replies: readonly Reply[]): void {
    this.#failures = 0;
    this.#given--;
    if (this.#calls.length > 0) this.#sendSoon();
    for (const reply of replies) {
      const caller = this.#callerOf(reply);
      if (!("failure" in reply)) {
        caller?.resolve(reply.value);
        continue;
      }
      const error = errorOf(reply.failure);
      // Before its caller hears of it, who then may wait until it works again.
      if (error instanceof Fault && error.code === "LEDGER_UNAVAILABLE") this.#ail(error);
      caller?.reject(error);
    }
    if (this.#callers.size === 0) this.#worker?.unref();
  }

  #callerOf({ id }: { readonly id: number }): Caller | undefined {
    const caller = this.#callers.get(id);
    this.#callers.delete(id);
    return caller;
  }

  #fail(worker: Worker, fault: Fault, isClean: boolean): void {
    if (this.#worker !== worker) return;
    const wasOpen = this.#isOpen;
    const broke = wasOpen && this.#failures === 0;
    this.#worker = undefined;
    this.#isOpen = false;
    this.onEnd();
    const unsent = new Set(this.#calls.map(({ id }) => id));
    const callers = [...this.#callers];
    this.#given = 0;
    this.#calls = [];
    this.#fault = fault;
    this.#callers.clear();
    if (this.#goesOn && !this.#isClosed) {
      // One that has worked for a while is started again at once, and only then in pauses.
      if (broke) this.#start();
      else this.#cancelStart = systemClock.after(equalJitter(exponential(PAUSES, this.#failures)), () => this.#start());
      this.#failures++;
      if (!broke) this.#tell(fault);
    } else {
      for (const opener of this.#openers) opener.reject(fault);
      this.#openers.clear();
    }
    // What the thread was at may be on disk: nobody may be told that it is not.
    const unsure =
      wasOpen && this.#options.readOnly !== true
        ? new Fault("LEDGER_UNSURE", { file: this.#place.file, reason: String(fault.params["reason"] ?? fault.code) }, fault)
        : fault;
    for (const [id, caller] of callers) {
      // It had closed its file by itself, to begin anew.
      if (id === this.#closing && isClean) caller.resolve(undefined);
      else caller.reject(unsent.has(id) ? fault : unsure);
    }
  }

  #tell(fault: Fault): void {
    if (this.#told === fault.message) return;
    this.#told = fault.message;
    this.#watch?.waiting(fault);
  }

  /** Ends the thread, whatever it is at. */
  #end(): void {
    this.#isClosed = true;
    this.#cancelStart?.();
    void this.#worker?.terminate();
  }

  #unavailable(reason: string): Fault {
    return new Fault("LEDGER_UNAVAILABLE", { file: this.#place.file, reason });
  }
}
