import { Worker } from "node:worker_threads";
import { Fault } from "../fault.ts";
import { moduleBeside } from "../here.ts";
import { type Call, errorOf, type Reply } from "./calls.ts";
import type { SqlLedger } from "./ledger.ts";
import type { LedgerPlace, OpenOptions } from "./open.ts";
import { requireSqlite } from "./sqlite.ts";

/** One message is at work while the next one waits; further calls gather and share one message and one commit. */
const GIVEN_AT_ONCE = 2;

interface Caller {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A ledger that works in a thread of its own.
 *
 * @throws Fault LEDGER_NEEDS_NODE, LEDGER_UNAVAILABLE as `openSqlLedger`
 */
export async function openInThread(place: LedgerPlace, options: OpenOptions = {}): Promise<Pick<SqlLedger, keyof SqlLedger>> {
  // Before the thread: what it loads needs such a Node as well.
  requireSqlite();
  const thread = new LedgerThread(place, options);
  await thread.call("open", []);
  const approvals = methodsOf(thread, "approvals.", {});
  return methodsOf(thread, "", { approvals }) as unknown as SqlLedger;
}

/** An object any method of which is called in the thread. */
function methodsOf(thread: LedgerThread, prefix: string, own: Record<string, object>): object {
  const methods = new Map<string, unknown>(Object.entries(own));
  return new Proxy(own, {
    get(_target, name) {
      // Awaited as it is handed on, an object is asked whether it is a promise.
      if (typeof name !== "string" || name === "then") return undefined;
      let method = methods.get(name);
      if (method === undefined) {
        method = (...parameters: unknown[]) => thread.call(`${prefix}${name}`, parameters);
        methods.set(name, method);
      }
      return method;
    },
  });
}

/** The thread is started again after it broke down, by the next call. */
class LedgerThread {
  readonly #place: LedgerPlace;
  readonly #options: OpenOptions;
  readonly #callers = new Map<number, Caller>();
  #worker: Worker | undefined;
  #calls: Call[] = [];
  #isSending = false;
  /** how many messages with calls the thread has not answered */
  #given = 0;
  #lastId = 0;
  #isClosed = false;

  constructor(place: LedgerPlace, options: OpenOptions) {
    this.#place = place;
    this.#options = options;
  }

  call(method: string, parameters: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // Closing what is closed is no fault.
      if (this.#isClosed) return method === "close" ? resolve(undefined) : reject(this.#unavailable("CLOSED"));
      const worker = (this.#worker ??= this.#start());
      const id = ++this.#lastId;
      // An open call keeps the process alive, an idle ledger does not.
      if (this.#callers.size === 0) worker.ref();
      this.#callers.set(id, { resolve, reject });
      this.#calls.push({ id, method, parameters });
      if (this.#given < GIVEN_AT_ONCE) this.#sendSoon();
      this.#isClosed = method === "close";
    });
  }

  #start(): Worker {
    const worker = new Worker(moduleBeside("worker"), { workerData: { place: this.#place, options: this.#options } });
    worker.on("message", (replies: readonly Reply[]) => this.#settle(replies));
    worker.on("error", (error: Error) => this.#fail(worker, error.message));
    worker.on("exit", () => this.#fail(worker, "CLOSED"));
    worker.unref();
    return worker;
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
    this.#given--;
    if (this.#calls.length > 0) this.#sendSoon();
    for (const reply of replies) {
      const caller = this.#callerOf(reply);
      if ("failure" in reply) caller?.reject(errorOf(reply.failure));
      else caller?.resolve(reply.value);
    }
    if (this.#callers.size === 0) this.#worker?.unref();
  }

  #callerOf({ id }: { readonly id: number }): Caller | undefined {
    const caller = this.#callers.get(id);
    this.#callers.delete(id);
    return caller;
  }

  #fail(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#given = 0;
    this.#calls = [];
    const callers = [...this.#callers.values()];
    this.#callers.clear();
    for (const caller of callers) caller.reject(this.#unavailable(reason));
  }

  #unavailable(reason: string): Fault {
    return new Fault("LEDGER_UNAVAILABLE", { file: this.#place.file, reason });
  }
}
