import { Fault, type FaultRecord } from "../base/fault.ts";

/** A method of the ledger, called from another thread. */
export interface Call {
  readonly id: number;
  readonly method: string;
  readonly parameters: readonly unknown[];
}

export type Reply = { readonly id: number } & ({ readonly value: unknown } | { readonly failure: Failure });

/** What the thread says: first whether the ledger is open, and then the replies. */
export type FromThread =
  | { readonly isOpen: true; readonly isNew: boolean }
  | { readonly isOpen: false; readonly failure: Failure }
  | { readonly replies: readonly Reply[] }
  /** it is open, but cannot be used for now */
  | { readonly ailing: Failure };

/** An error without its class, which does not survive the way between threads. */
export type Failure = FaultRecord | { readonly message: string };

export function failureOf(error: unknown): Failure {
  if (error instanceof Fault) return { code: error.code, params: error.params };
  return { message: error instanceof Error ? error.message : String(error) };
}

export function errorOf(failure: Failure): Error {
  return "code" in failure ? new Fault(failure.code, failure.params) : new Error(failure.message);
}
