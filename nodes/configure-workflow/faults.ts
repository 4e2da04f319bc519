import type { FaultList } from "../lib/base/fault.ts";

export const CONFIGURE_FAULTS = {
  WORKFLOW_TASKS_WAITING: ["count"],
} as const satisfies FaultList;

declare module "../lib/base/fault.ts" {
  interface FaultRegistry {
    configureWorkflow: typeof CONFIGURE_FAULTS;
  }
}
