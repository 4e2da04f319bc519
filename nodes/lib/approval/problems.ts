import type { Fault } from "../base/fault.ts";
import type { JsonPath } from "../base/json-path.ts";

/** One thing that is wrong with a policy. */
export interface PolicyProblem {
  readonly fault: Fault;
  readonly path: JsonPath;
}

export type Report = (path: JsonPath, fault: Fault) => void;

/** A report on a part of what `report` is about. */
export function within(report: Report, ...below: JsonPath): Report {
  return (path, fault) => report([...below, ...path], fault);
}
