import type { FaultList } from "../lib/base/fault.ts";

export const CONFIG_FAULTS = {
  SECRETS_NOT_TYPED: [],
  WORK_LEFT_BEHIND: ["url", "decisions", "requests"],
} as const satisfies FaultList;

declare module "../lib/base/fault.ts" {
  interface FaultRegistry {
    config: typeof CONFIG_FAULTS;
  }
}
