import type { FaultParams } from "../base/fault.ts";
import type { JsonPath } from "../base/json-path.ts";

/** What can be wrong with a policy. Dialogs have words for each of them, and `parsePolicy` throws a Fault of that code. */
export type PolicyFaultCode =
  | "APPROVAL_LEVELS_MISSING"
  | "APPROVAL_LEVEL_INVALID"
  | "APPROVAL_PERSON_INVALID"
  | "APPROVAL_NEED_INVALID"
  | "APPROVAL_MINUTES_INVALID"
  | "APPROVAL_ON_DEADLINE_INVALID"
  | "APPROVAL_DEADLINE_MISSING"
  | "APPROVAL_SETTING_INVALID"
  | "APPROVAL_DELEGATION_INVALID"
  | "APPROVAL_FALLBACK_INVALID"
  | "APPROVAL_FALLBACK_MISSING"
  | "APPROVAL_CALENDAR_INVALID"
  | "APPROVAL_ALIAS_AMBIGUOUS";

/** One thing that is wrong with a policy. */
export interface PolicyProblem {
  readonly path: JsonPath;
  readonly code: PolicyFaultCode;
  readonly params: FaultParams;
}

export type Report = (path: JsonPath, code: PolicyFaultCode, params?: FaultParams) => void;

/** A report on a part of what `report` is about. */
export function within(report: Report, ...below: JsonPath): Report {
  return (path, code, params) => report([...below, ...path], code, params);
}
