import { parentPort, workerData } from "node:worker_threads";
import { type Call, type FromThread, failureOf, type Reply } from "./calls.ts";
import type { SqlLedger } from "./ledger.ts";
import { callMethod } from "./methods.ts";
import { type OpenOptions, openSqlLedger, type SqlitePlace } from "./open.ts";
import { faultOfSqlite } from "./sqlite.ts";

const { place, options } = workerData as { place: SqlitePlace; options: OpenOptions };

void openSqlLedger(place, options).then(
  (ledger) => {
    send({ isOpen: true });
    parentPort?.on("message", (calls: readonly Call[]) => void answer(ledger, calls));
  },
  // Nothing listens then, and so the thread ends.
  (error: unknown) => send({ isOpen: false, failure: failureOf(error) }),
);

/** What was called and is not done yet. */
const inFlight = new Set<Promise<unknown>>();

async function answer(ledger: SqlLedger, calls: readonly Call[]): Promise<void> {
  const replies = calls.map(async ({ id, method, parameters }): Promise<Reply> => {
    try {
      return { id, value: await run(ledger, method, parameters) };
    } catch (error) {
      return { id, failure: failureOf(faultOfSqlite(error, place.file) ?? error) };
    }
  });
  send({ replies: await Promise.all(replies) });
  // Nothing listens any more, and so the thread ends.
  if (calls.some(({ method }) => method === "close")) parentPort?.close();
}

async function run(ledger: SqlLedger, method: string, parameters: readonly unknown[]): Promise<unknown> {
  // What was asked for before is done before.
  if (method === "close") await Promise.allSettled(inFlight);
  const work = callMethod(ledger, method, parameters);
  inFlight.add(work);
  return work.finally(() => inFlight.delete(work));
}

function send(message: FromThread): void {
  parentPort?.postMessage(message);
}
