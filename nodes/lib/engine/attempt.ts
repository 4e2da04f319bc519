import { type AbiquoClient, AbiquoFault, type TaskLinks } from "../abiquo/index.ts";
import { Fault } from "../base/fault.ts";
import type { DecisionRecord } from "../ledger/index.ts";
import { doneTo } from "./elsewhere.ts";
import { ALREADY, ANSWERED, type Outcome } from "./message.ts";
import { isPassing } from "./passing.ts";

/** A decision on its way, as far as an attempt to deliver it goes. */
export interface Answer {
  readonly action: DecisionRecord["action"];
  /** for Abiquo to keep; empty for none */
  readonly text: string;
  readonly links: TaskLinks;
  /** an earlier attempt got no answer, so that Abiquo may have acted on it */
  readonly uncertain: boolean;
  /** its task is read first, and the answer sent where that waits */
  readonly looksFirst: boolean;
}

/** What an attempt has brought: the end of the decision, or another attempt later. */
export type Attempt =
  | { readonly end: "delivered" | "elsewhere" | "gone"; readonly outcome: Outcome }
  | { readonly end: "undeliverable"; readonly fault: Fault }
  | {
      readonly end: "none";
      readonly fault: Fault;
      /**
       * What this says of the platform: it works; nothing; it cannot be reached or has no room, which is no doing of this
       * answer; or that it, or what stands before it, has failed, perhaps by this answer alone.
       */
      readonly says: "health" | "nothing" | "away" | "failure";
      /** this attempt got no answer, so that Abiquo may have acted on it */
      readonly uncertain: boolean;
      /** how long Abiquo asks to wait, in ms */
      readonly retryAfterMs: number;
    }
  /** the caller's signal came first */
  | { readonly end: "interrupted" };

/**
 * Sends an answer once, and finds out what became of its task where Abiquo says that it is not waiting. Nothing but
 * Abiquo's own word ends a decision: what a proxy, a maintenance page or a servlet container says passes.
 *
 * @param isYoung whether Abiquo may not show the task yet, although it exists
 * @throws what is no Fault
 */
export async function attemptAnswer(client: AbiquoClient, answer: Answer, isYoung: () => boolean, signal: AbortSignal): Promise<Attempt> {
  const { action, text, links, looksFirst } = answer;
  if (looksFirst) {
    const seen = await examine(client, answer, isYoung, signal);
    if (seen.end !== "none" || seen.fault.code !== "TASK_STILL_QUEUEING") return seen;
  }
  try {
    if (action === "continue") await client.continueTask(links.continue, text, signal);
    else await client.cancelTask(links.cancel, text, signal);
    return { end: "delivered", outcome: ANSWERED[action] };
  } catch (error) {
    if (signal.aborted) return { end: "interrupted" };
    return isLost(error) ? examine(client, answer, isYoung, signal) : judge(error);
  }
}

/** Abiquo says that the task is unknown or not waiting: its state tells what happened. */
async function examine(client: AbiquoClient, answer: Answer, isYoung: () => boolean, signal: AbortSignal): Promise<Attempt> {
  const { action, links, uncertain } = answer;
  try {
    const { task } = await client.readTask(links.self, signal);
    if (task.state === "QUEUEING") return later(new Fault("TASK_STILL_QUEUEING"), "health");
    const happened = doneTo(task.state);
    if (happened === undefined) return { end: "gone", outcome: "gone" };
    if (happened === action && uncertain) return { end: "delivered", outcome: ANSWERED[action] };
    return { end: "elsewhere", outcome: ALREADY[happened] };
  } catch (error) {
    if (signal.aborted) return { end: "interrupted" };
    // Some page in JSON: Abiquo has just named this task.
    if (error instanceof Fault && error.code === "ABIQUO_BAD_TASK") return later(error, "nothing");
    if (!(error instanceof AbiquoFault && error.code === "ABIQUO_NOT_FOUND")) return judge(error);
    return isYoung() ? later(error, "health") : { end: "gone", outcome: "gone" };
  }
}

function judge(error: unknown): Attempt {
  if (!(error instanceof Fault)) throw error;
  if (!(error instanceof AbiquoFault)) return { end: "undeliverable", fault: error };
  const { mayHaveArrived, code, retryAfterMs = 0 } = error;
  if (!isPassing(error) && code !== "ABIQUO_CLOSED") return { end: "undeliverable", fault: error };
  return { end: "none", fault: error, says: saidBy(error), uncertain: mayHaveArrived, retryAfterMs };
}

/** No room, or a gateway that finds nobody behind it (RFC 9110 section 15.6; RFC 6585 section 4). */
const AWAY = new Set([429, 502, 503, 504]);

function saidBy({ retriable, mayHaveArrived, status }: AbiquoFault): (Attempt & { end: "none" })["says"] {
  if (!retriable) return "nothing";
  const isAway = status === undefined ? !mayHaveArrived : AWAY.has(status);
  return isAway ? "away" : "failure";
}

function later(fault: Fault, says: "health" | "nothing"): Attempt {
  return { end: "none", fault, says, uncertain: false, retryAfterMs: 0 };
}

/** TASK-1: unknown task; TASK-2: not in the appropriate state. The status of TASK-2 is not known for sure. */
function isLost(error: unknown): boolean {
  if (!(error instanceof AbiquoFault)) return false;
  return error.code === "ABIQUO_NOT_FOUND" || error.apiErrors.some(({ code }) => code === "TASK-1" || code === "TASK-2");
}
