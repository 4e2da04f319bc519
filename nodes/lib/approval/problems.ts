import type { FaultParams, ParamsOf } from "../base/fault.ts";
import type { JsonPath } from "../base/json-path.ts";
import type { PolicyFaultCode } from "./faults.ts";

/** One thing that is wrong with a policy. */
export interface PolicyProblem {
  readonly path: JsonPath;
  readonly code: PolicyFaultCode;
  readonly params: FaultParams;
}

export type Report = <Code extends PolicyFaultCode>(path: JsonPath, code: Code, params: ParamsOf<Code>) => void;

/** A report on a part of what `report` is about. */
export function within(report: Report, ...below: JsonPath): Report {
  return (path, code, params) => report([...below, ...path], code, params);
}
