import type { FaultList } from "../base/fault.ts";

/** What any node may meet in its configuration or in a message. */
export const NODE_RED_FAULTS = {
  ABIQUO_NO_CONNECTION: [],
  ABIQUO_OTHER_CONNECTION: [],
  CREDENTIAL_MISSING: ["name"],
  DETAIL_NO_AMOUNT: ["field"],
  DUPLICATE_PATH: ["path"],
  ENTRIES_WITHOUT_TASK: ["entries"],
  ENV_UNSET: ["name"],
  EXPRESSION_FAILED: ["property", "reason"],
  GROUP_NOT_WHOLE: ["count", "of"],
  WEBHOOK_UNKNOWN: [],
} as const satisfies FaultList;

declare module "../base/fault.ts" {
  interface FaultRegistry {
    nodeRed: typeof NODE_RED_FAULTS;
  }
}
