import { parentPort, workerData } from "node:worker_threads";
import { every, systemClock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { type Call, type FromThread, failureOf, type Reply } from "./calls.ts";
import type { SqlLedger } from "./ledger.ts";
import { callMethod } from "./methods.ts";
import { type OpenedLedger, type OpenOptions, openLedgerHere, type SqlitePlace } from "./open.ts";
import { faultOfSqlite } from "./sqlite.ts";

const { place, options } = workerData as { place: SqlitePlace; options: OpenOptions };

/** How often it is looked whether the file is still there while nothing is written, in ms. */
const LOOK_INTERVAL = 1_000;

void openLedgerHere(place, options).then(
  (opened) => {
    send({ isOpen: true, isNew: opened.isNew });
    parentPort?.on("message", (calls: readonly Call[]) => void answer(opened, calls));
    if (opened.guard !== undefined) every(systemClock, LOOK_INTERVAL, () => void look(opened));
  },
  // Nothing listens then, and so the thread ends.
  (error: unknown) => send({ isOpen: false, failure: failureOf(error) }),
);

/** What was called and is not done yet. */
const inFlight = new Set<Promise<unknown>>();
/** why nothing can be done for now */
let fault: Fault | undefined;
let isEnding = false;

async function answer(opened: OpenedLedger, calls: readonly Call[]): Promise<void> {
  const isOver = calls.some(({ method }) => method === "close");
  // What is closed without a name is gone for good.
  if (isOver) await look(opened, true);
  const replies = await Promise.all(calls.map((call) => replyTo(opened.ledger, call)));
  // What went into a file without a name is not kept until that has one again.
  const isKept = isOver || (await look(opened));
  send({ replies: isKept ? replies : replies.map(unsure) });
  // Nothing listens any more, and so the thread ends.
  if (isOver) parentPort?.close();
}

async function replyTo(ledger: SqlLedger, { id, method, parameters }: Call): Promise<Reply> {
  if (fault !== undefined && method !== "close") return { id, failure: failureOf(fault) };
  try {
    return { id, value: await run(ledger, method, parameters) };
  } catch (error) {
    return { id, failure: failureOf(faultOfSqlite(error, place.file) ?? error) };
  }
}

/** Whether what was written is found under the file's name. Where the file is another one by now, the thread begins anew. */
async function look({ guard, ledger }: OpenedLedger, isClosing = false): Promise<boolean> {
  if (guard === undefined || isEnding) return true;
  const found = await guard.look(() => Promise.allSettled(inFlight));
  const before = fault?.message;
  fault = found === "fine" ? undefined : guard.fault;
  if (fault !== undefined && fault.message !== before) send({ ailing: failureOf(fault) });
  if (isClosing) isEnding = true;
  if (found === "rescued" && !isEnding) {
    isEnding = true;
    setImmediate(() => void ledger.close().finally(() => parentPort?.close()));
  }
  return found !== "lost";
}

/** What was done is not kept, or not yet. */
function unsure(reply: Reply): Reply {
  if (!("value" in reply)) return reply;
  return { id: reply.id, failure: failureOf(new Fault("LEDGER_UNSURE", { file: place.file, reason: fault?.code ?? "" })) };
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
