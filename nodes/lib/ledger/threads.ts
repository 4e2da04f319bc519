import { getOrCreate } from "../base/get-or-create.ts";
import type { SqlLedger } from "./ledger.ts";
import { isRead, type Method, methods } from "./methods.ts";
import type { OpenOptions, SqlitePlace } from "./open.ts";
import { allPages, type Cursor, type PageOf } from "./pages.ts";
import { requireSqlite } from "./sqlite.ts";
import { LedgerThread, type LedgerWatch } from "./thread.ts";

type ThreadedLedger = Pick<SqlLedger, keyof SqlLedger>;

/**
 * A ledger that works in threads of its own, which are started again when they break down.
 *
 * @throws Fault as `openSqlLedger`; no thread is left then
 */
export async function openInThread(place: SqlitePlace, options: OpenOptions = {}): Promise<ThreadedLedger> {
  // Before the thread: what it loads needs such a Node as well.
  requireSqlite();
  const writer = new LedgerThread(place, options);
  await writer.open();
  return ledgerOf(new Threads(place, writer, options.readOnly !== true));
}

/**
 * As `openInThread`, but a ledger that cannot be opened is tried again, with growing pauses.
 *
 * @param signal ends the trying
 * @returns the ledger once it is open
 * @throws Fault LEDGER_NEEDS_NODE, since trying again is no use then; the reason of the signal
 */
export async function keepOpenInThread(place: SqlitePlace, watch: LedgerWatch, signal: AbortSignal): Promise<ThreadedLedger> {
  requireSqlite();
  const writer = new LedgerThread(place, {}, watch);
  await writer.open(signal);
  return ledgerOf(new Threads(place, writer, true));
}

/** One thread that writes, and one beside it that reads, from the first long read on. */
class Threads {
  readonly #place: SqlitePlace;
  readonly #writer: LedgerThread;
  #hasReader: boolean;
  #reader: LedgerThread | undefined;

  constructor(place: SqlitePlace, writer: LedgerThread, hasReader: boolean) {
    this.#place = place;
    this.#writer = writer;
    // What is kept in memory is seen by its own connection only.
    this.#hasReader = hasReader && place.file !== ":memory:";
    // The file may be another one when the writer comes back.
    writer.onEnd = () => void this.#endReader();
  }

  call(method: Method, parameters: readonly unknown[]): Promise<unknown> {
    if (method === "close") return this.#close();
    const isBeside = this.#hasReader && this.#writer.isOpen && isRead(method);
    return (isBeside ? this.#beside() : this.#writer).call(method, parameters);
  }

  #beside(): LedgerThread {
    if (this.#reader !== undefined) return this.#reader;
    const reader = new LedgerThread(this.#place, { readOnly: true });
    this.#reader = reader;
    reader.open().catch(() => {
      if (this.#reader === reader) this.#reader = undefined;
    });
    return reader;
  }

  /** The writer last: it then clears the log away, which a reader cannot. */
  async #close(): Promise<unknown> {
    this.#hasReader = false;
    await this.#endReader();
    return this.#writer.call("close", []);
  }

  #endReader(): Promise<unknown> | undefined {
    const ended = this.#reader?.call("close", []);
    this.#reader = undefined;
    return ended;
  }
}

/** The ledger as it is here: each method of the list, and nothing else, is called in a thread. */
function ledgerOf(threads: Threads): ThreadedLedger {
  const parts = new Map<string, Record<string, object>>();
  const ledger: Record<string, object> = {
    list: (query: unknown) => allPages((after) => threads.call("listPage", [query, after]) as Promise<PageOf<unknown>>),
    receivedBy: (source: unknown) =>
      allPages((after?: Cursor) => threads.call("receivedByPage", [source, after]) as Promise<PageOf<unknown>>),
  };
  for (const method of methods) {
    const [name = "", part] = method.split(".").reverse();
    const owner: Record<string, object> = part === undefined ? ledger : getOrCreate(parts, part, () => ({}));
    owner[name] = (...parameters: unknown[]) => threads.call(method, parameters);
  }
  Object.assign(ledger, Object.fromEntries(parts));
  // The list has every method, which its type requires; what crosses the threads is plain data.
  return ledger as unknown as ThreadedLedger;
}
