import type { FaultList } from "../base/fault.ts";

/** What keeps the store from being used, and what it does not hold. */
export const LEDGER_FAULTS = {
  LEDGER_NEEDS_NODE: ["version", "needed"],
  LEDGER_UNAVAILABLE: ["file", "reason"],
  LEDGER_IN_USE: ["file"],
  LEDGER_DAMAGED: ["file", "reason"],
  LEDGER_SET_ASIDE: ["file", "kept", "reason"],
  LEDGER_MISSING: ["file", "lock"],
  LEDGER_REMOVED: ["file"],
  LEDGER_REPLACED: ["file", "kept"],
  LEDGER_LOST: ["file", "reason"],
  LEDGER_UNSURE: ["file", "reason"],
  LEDGER_NEWER: ["file"],
  LEDGER_OLDER: ["file"],
  STORE_EXISTS: ["file"],
  TASK_UNKNOWN: ["taskId"],
} as const satisfies FaultList;

declare module "../base/fault.ts" {
  interface FaultRegistry {
    ledger: typeof LEDGER_FAULTS;
  }
}
