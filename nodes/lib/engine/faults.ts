import type { StuckWhy } from "../approval/index.ts";
import type { FaultList } from "../base/fault.ts";

/** Why nobody can answer a request: reasons of APPROVAL_STUCK. */
const STUCK_REASONS = {
  APPROVAL_NO_APPROVER: [],
  APPROVAL_TOO_FEW_APPROVERS: [],
  APPROVAL_REQUESTER_UNKNOWN: [],
  APPROVAL_NOBODY_TO_ESCALATE_TO: [],
} as const satisfies Record<`APPROVAL_${StuckWhy}`, readonly string[]>;

/** What keeps answers and approvals from going on. */
export const ENGINE_FAULTS = {
  /** The parameters of the reason, which is a code itself, are among its own. */
  ABIQUO_UNDELIVERABLE: ["taskId", "reason"],
  ANSWER_WITHOUT_CONNECTION: ["taskId"],
  /** Without this privilege no task can be caught up. */
  SWEEP_NOT_ALLOWED: ["privilege"],
  SWEEP_ENTERPRISES_SKIPPED: ["enterprises"],
  TASK_STILL_QUEUEING: [],
  TAKEN_OVER: [],
  NO_TASK_IN_MESSAGE: [],
  APPROVAL_KEY_TAKEN: ["key"],
  APPROVAL_UNKNOWN: ["approval"],
  APPROVAL_ADDRESS_UNUSABLE: ["value", "user"],
  APPROVAL_STUCK: ["approval", "level", "reason"],
  ...STUCK_REASONS,
} as const satisfies FaultList;

declare module "../base/fault.ts" {
  interface FaultRegistry {
    engine: typeof ENGINE_FAULTS;
  }
}
