import { parentPort, workerData } from "node:worker_threads";
import { type Call, failureOf, type Reply } from "./calls.ts";
import { type LedgerPlace, type OpenOptions, openSqlLedger } from "./open.ts";
import { faultOfSqlite } from "./sqlite.ts";

type Method = (...parameters: unknown[]) => Promise<unknown>;

const { place, options } = workerData as { place: LedgerPlace; options: OpenOptions };
const opening = openSqlLedger(place, options);
// Each call tells of the failure; the first one comes later.
opening.catch(() => undefined);

parentPort?.on("message", (calls: readonly Call[]) => void answer(calls));

async function answer(calls: readonly Call[]): Promise<void> {
  const replies = calls.map(async ({ id, method, parameters }): Promise<Reply> => {
    try {
      return { id, value: await run(method, parameters) };
    } catch (error) {
      return { id, failure: failureOf(faultOfSqlite(error, place.file) ?? error) };
    }
  });
  parentPort?.postMessage(await Promise.all(replies));
  // Nothing listens any more, and so the thread ends.
  if (calls.some(({ method }) => method === "close")) parentPort?.close();
}

async function run(method: string, parameters: readonly unknown[]): Promise<unknown> {
  const ledger = await opening;
  if (method === "open") return undefined;
  const [part, name = ""] = method.startsWith("approvals.") ? [ledger.approvals, method.slice("approvals.".length)] : [ledger, method];
  return (part as unknown as Record<string, Method>)[name]?.apply(part, parameters as unknown[]);
}
