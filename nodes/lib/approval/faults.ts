import type { FaultList } from "../base/fault.ts";

/** What is wrong with how an approval is set up, or with a vote or a command that a message brings. */
export const APPROVAL_FAULTS = {
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
  APPROVAL_VOTE_INVALID: ["field", "value"],
  APPROVAL_COMMAND_INVALID: ["field", "value"],
} as const satisfies FaultList;

declare module "../base/fault.ts" {
  interface FaultRegistry {
    approval: typeof APPROVAL_FAULTS;
  }
}
