import type { FaultList } from "../lib/base/fault.ts";

export const WEBHOOK_FAULTS = {
  ABIQUO_BAD_TASKS: ["count"],
  HTTP_NODE_OFF: [],
} as const satisfies FaultList;

declare module "../lib/base/fault.ts" {
  interface FaultRegistry {
    webhookIn: typeof WEBHOOK_FAULTS;
  }
}
