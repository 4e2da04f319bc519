import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { getCallSites } from "node:util";
import { Worker } from "node:worker_threads";
import { Fault } from "../fault.ts";
import { type Call, errorOf, type Reply } from "./calls.ts";
import type { SqlLedger } from "./ledger.ts";
import type { LedgerPlace } from "./open.ts";

/** One message is at work while the next one waits; further calls gather and share one message and one commit. */
const GIVEN_AT_ONCE = 2;

interface Caller {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A ledger that works in a thread of its own.
 *
 * @throws Fault LEDGER_NEEDS_NODE, LEDGER_UNAVAILABLE as `openSqlLedger`
 */
export async function openInThread(place: LedgerPlace): Promise<Pick<SqlLedger, keyof SqlLedger>> {
  const thread = new LedgerThread(place);
  await thread.call("open", [place]);
  const methods = new Map<string, unknown>();
  return new Proxy({} as SqlLedger, {
    get(_target, name) {
      // Awaited as it is handed on, an object is asked whether it is a promise.
      if (typeof name !== "string" || name === "then") return undefined;
      let method = methods.get(name);
      if (method === undefined) {
        method = (...parameters: unknown[]) => thread.call(name, parameters);
        methods.set(name, method);
      }
      return method;
    },
  });
}

class LedgerThread {
  readonly #worker: Worker;
  readonly #callers = new Map<number, Caller>();
  readonly #place: LedgerPlace;
  #calls: Call[] = [];
  #isSending = false;
  /** how many messages with calls the thread has not answered */
  #given = 0;
  #lastId = 0;
  #end: Error | undefined;

  constructor(place: LedgerPlace) {
    this.#place = place;
    this.#worker = new Worker(beside("worker"));
    this.#worker.on("message", (replies: readonly Reply[]) => this.#settle(replies));
    this.#worker.on("error", (error) => this.#fail(error.message));
    this.#worker.on("exit", () => this.#fail("CLOSED"));
    this.#worker.unref();
  }

  call(method: string, parameters: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // Closing what has ended is no fault.
      if (this.#end !== undefined) return method === "close" ? resolve(undefined) : reject(this.#end);
      const id = ++this.#lastId;
      // An open call keeps the process alive, an idle ledger does not.
      if (this.#callers.size === 0) this.#worker.ref();
      this.#callers.set(id, { resolve, reject });
      this.#calls.push({ id, method, parameters });
      if (this.#given < GIVEN_AT_ONCE) this.#sendSoon();
    });
  }

  /** What is called while the thread is at work travels together, and then shares one commit. */
  #sendSoon(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    setImmediate(() => {
      this.#isSending = false;
      this.#given++;
      this.#worker.postMessage(this.#calls);
      this.#calls = [];
    });
  }

  #settle(replies: readonly Reply[]): void {
    this.#given--;
    if (this.#calls.length > 0) this.#sendSoon();
    for (const reply of replies) {
      const caller = this.#callers.get(reply.id);
      this.#callers.delete(reply.id);
      if ("failure" in reply) caller?.reject(errorOf(reply.failure));
      else caller?.resolve(reply.value);
    }
    if (this.#callers.size === 0) this.#worker.unref();
  }

  #fail(reason: string): void {
    this.#end ??= new Fault("LEDGER_UNAVAILABLE", { file: this.#place.file, reason });
    for (const caller of this.#callers.values()) caller.reject(this.#end);
    this.#callers.clear();
  }
}

/** A module of this folder: TypeScript in the sources, JavaScript where it is built. */
function beside(name: string): URL {
  const here = getCallSites(1)[0]?.scriptName ?? "";
  const url = here.startsWith("file:") ? new URL(here) : pathToFileURL(here);
  return new URL(`${name}${extname(url.pathname)}`, url);
}
