import type { NodeAPI } from "node-red";
import { Fault, type FaultParams } from "../fault.ts";

/** The catalogue that holds the words for faults and for decisions, whichever node tells them. */
const SHARED = "@abiquo-workflow/node-red-abiquo/abiquo-config:abiquo-config";

/**
 * A fault in the operator's language, as Catch nodes, Debug and the log show it. It carries no cause, since
 * Node-RED copies that into messages.
 */
export class ToldFault extends Error {
  readonly code: string;

  constructor(code: string, text: string) {
    super(text);
    this.code = code;
    this.stack = `${code}: ${text}`;
  }

  /** Node-RED shows `toString()`; the class's name says nothing to a person. */
  override toString(): string {
    return this.message;
  }
}

/** The words of the catalogue for this fault; its code stands alone only for what no catalogue knows. */
export function faultText(RED: NodeAPI, code: string, params: FaultParams): string {
  const key = `${SHARED}.faults.${code}`;
  const text = RED._(key, withReason(RED, params));
  return text.endsWith(`faults.${code}`) ? [code, ...Object.values(params)].join(" ") : text;
}

/** A reason that is itself a fault's code is told in words too. */
function withReason(RED: NodeAPI, params: FaultParams): Record<string, string | number> {
  const { reason } = params;
  if (typeof reason !== "string" || !/^[A-Z]+(_[A-Z0-9]+)+$/.test(reason)) return params;
  return { ...params, reason: faultText(RED, reason, {}) };
}

export function tell(RED: NodeAPI, error: unknown): ToldFault {
  if (error instanceof ToldFault) return error;
  if (error instanceof Fault) return new ToldFault(error.code, faultText(RED, error.code, error.params));
  const reason = error instanceof Error ? error.message : String(error);
  return new ToldFault("UNEXPECTED", faultText(RED, "UNEXPECTED", { reason }));
}

/** A text of the shared catalogue. */
export function sharedText(RED: NodeAPI, key: string, params: Record<string, string | number> = {}): string {
  return RED._(`${SHARED}.${key}`, params);
}
