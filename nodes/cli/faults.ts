import type { FaultList } from "../lib/base/fault.ts";

export const CLI_FAULTS = {
  COMMAND_UNKNOWN: [],
  STORE_COMMAND_UNKNOWN: [],
  AUDIT_COMMAND_UNKNOWN: [],
  AUDIT_FORMAT_UNKNOWN: ["known"],
  AUDIT_HEAD_UNREADABLE: [],
  AUDIT_PAGE_OF_WHAT: [],
  AUDIT_PERSON_MISSING: ["shortest"],
  AUDIT_STORE_MISSING: [],
  OPTION_UNKNOWN: ["option"],
  OPTION_NOT_A_NUMBER: ["option"],
  OPTION_NOT_A_TIME: ["option"],
  LANGUAGE_UNKNOWN: ["language", "known"],
  FILE_UNREADABLE: ["file", "reason"],
  LEDGER_UNUSABLE: ["file", "reason"],
  TASKS_FROM_WHERE: [],
  TASKS_NONE: ["file"],
  TASKS_NOT_JSON: ["file", "line"],
  TASKS_NOT_RECORDED: ["file", "record"],
} as const satisfies FaultList;

declare module "../lib/base/fault.ts" {
  interface FaultRegistry {
    cli: typeof CLI_FAULTS;
  }
}
