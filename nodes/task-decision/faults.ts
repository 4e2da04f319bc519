import type { FaultList } from "../lib/base/fault.ts";

export const DECISION_FAULTS = {
  CONNECTION_NOT_DEPLOYED: [],
  RULES_NOT_DEPLOYED: [],
  /** The parameters of the problem, which is a code itself, are among its own. */
  RULES_UNUSABLE: ["place", "rule", "problem", "count"],
  RULES_KEPT: ["place", "rule", "problem", "count"],
  /** A problem of the two above. */
  RULES_FILE_UNREADABLE: ["reason"],
  TRIAL_TOO_LONG: ["seconds"],
} as const satisfies FaultList;

declare module "../lib/base/fault.ts" {
  interface FaultRegistry {
    taskDecision: typeof DECISION_FAULTS;
  }
}
