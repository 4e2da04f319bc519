import type { FaultList } from "../base/fault.ts";

/** What can be wrong with a policy. Dialogs have words for each of them, and `parsePolicy` throws a Fault of that code. */
export const POLICY_FAULTS = {
  APPROVAL_LEVELS_MISSING: [],
  APPROVAL_LEVEL_INVALID: ["level"],
  APPROVAL_PERSON_INVALID: ["level", "field", "value"],
  APPROVAL_NEED_INVALID: ["level", "value"],
  APPROVAL_MINUTES_INVALID: ["level", "field", "value", "limit"],
  APPROVAL_ON_DEADLINE_INVALID: ["level", "value"],
  APPROVAL_DEADLINE_MISSING: ["level", "value"],
  APPROVAL_FALLBACK_INVALID: ["value"],
  APPROVAL_FALLBACK_MISSING: [],
  APPROVAL_CALENDAR_INVALID: ["field", "value"],
  APPROVAL_SETTING_INVALID: ["field", "value"],
  APPROVAL_DELEGATION_INVALID: ["value"],
  APPROVAL_ALIAS_AMBIGUOUS: ["alias"],
} as const satisfies FaultList;

export type PolicyFaultCode = keyof typeof POLICY_FAULTS;

export const APPROVAL_FAULTS = {
  ...POLICY_FAULTS,
  APPROVAL_VOTE_INVALID: ["field", "value"],
  APPROVAL_COMMAND_INVALID: ["field", "value"],
} as const satisfies FaultList;

declare module "../base/fault.ts" {
  interface FaultRegistry {
    approval: typeof APPROVAL_FAULTS;
  }
}
