import type { FaultList } from "../lib/base/fault.ts";

export const APPROVAL_NODE_FAULTS = {
  APPROVAL_ID_MISSING: [],
  APPROVAL_NOTIFICATION_MISSING: [],
  APPROVAL_NOT_SIGNED_IN: [],
  APPROVAL_NO_ADDRESS: ["user"],
  APPROVERS_NOT_IN_MESSAGE: ["property"],
  NODE_NOT_DEPLOYED: [],
  PUBLIC_URL_MISSING: [],
} as const satisfies FaultList;

declare module "../lib/base/fault.ts" {
  interface FaultRegistry {
    approvalNode: typeof APPROVAL_NODE_FAULTS;
  }
}
