import { AbiquoFault } from "../../../nodes/lib/abiquo/index.ts";
import { Fault, type FaultCode, type FaultParams } from "../../../nodes/lib/base/fault.ts";
import type { Report } from "../../../nodes/lib/rules/faults.ts";

// Nothing here runs: the compiler takes each line, or refuses it where it is expected to.

export function taken(code: FaultCode, params: FaultParams, cause: unknown): readonly Fault[] {
  return [
    new Fault("LEDGER_IN_USE", { file: "x" }, cause),
    new Fault("HTTP_NODE_OFF"),
    new Fault("HTTP_NODE_OFF", {}, cause),
    new Fault("ABIQUO_UNDELIVERABLE", { ...params, taskId: "t1", reason: "ABIQUO_FAILED" }),
    new Fault(code, params),
    new AbiquoFault("ABIQUO_FAILED", { status: 500 }),
  ];
}

export function refused(params: FaultParams, which: "ABIQUO_FAILED" | "ABIQUO_TIMEOUT", error: unknown, report: Report): void {
  // @ts-expect-error unknown code
  new Fault("LEDGER_IN_USEE", { file: "x" });
  // @ts-expect-error no parameters
  new Fault("LEDGER_IN_USE");
  // @ts-expect-error a parameter is missing
  new Fault("LEDGER_DAMAGED", { file: "x" });
  // @ts-expect-error a parameter is misspelt
  new Fault("LEDGER_IN_USE", { flie: "x" });
  // @ts-expect-error a parameter too many
  new Fault("LEDGER_IN_USE", { file: "x", reason: "y" });
  // @ts-expect-error a parameter where there is none
  new Fault("HTTP_NODE_OFF", { file: "x" });
  // @ts-expect-error neither text nor number
  new Fault("LEDGER_IN_USE", { file: {} });
  // @ts-expect-error parameters that nobody knows, for a code that is known
  new Fault("LEDGER_IN_USE", params);
  // @ts-expect-error either code, and the parameters of one
  new Fault(which, { status: 500 });
  // @ts-expect-error a code of another room
  new AbiquoFault("LEDGER_IN_USE", { file: "x" });
  // @ts-expect-error a parameter of another code
  new AbiquoFault("ABIQUO_TIMEOUT", { status: 500 });
  // @ts-expect-error a parameter of another code
  report("RULE_FIELD_MISSING", { field: "x" });
  // @ts-expect-error no code that there is
  if (error instanceof Fault && error.code === "LEDGER_IN_USEE") return;
}
