import { readOrWhy } from "../base/codec.ts";
import { type DecisionRecord, type KeptFault, keptFault } from "../ledger/index.ts";
import type { ListedDelivery } from "./message.ts";

/** The fault that the ledger has kept with a decision; undefined where there is none. */
export function faultKept({ fault }: DecisionRecord): KeptFault | undefined {
  if (fault === undefined) return undefined;
  const reading = readOrWhy(() => keptFault.read(fault));
  return "unread" in reading ? reading.unread : reading.value;
}

/**
 * How far the answer of this decision has got; undefined once it has come to its end.
 *
 * @param words for a fault
 */
export function listedDelivery(decision: DecisionRecord, words: (fault: KeptFault) => string): ListedDelivery | undefined {
  const { delivery: state, attempts, at, nextAt } = decision;
  if (state !== "sending" && state !== "waiting" && state !== "undeliverable") return undefined;
  const fault = faultKept(decision);
  return {
    state,
    attempts,
    // A refused answer has no next attempt: there it is when it was refused.
    since: new Date(state === "undeliverable" ? nextAt : at).toISOString(),
    ...(state === "waiting" ? { nextAttempt: new Date(nextAt).toISOString() } : {}),
    ...(fault === undefined ? {} : { reason: fault.code, message: words(fault) }),
  };
}
