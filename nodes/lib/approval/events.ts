import type { Person } from "./policy-types.ts";
import type { Approval, Decision, StuckWhy, Vote } from "./state.ts";

/** A message to one person about the end of the request. */
export interface Notice {
  readonly person: Person;
  /** True for the requester, who hears of the result without having been asked. */
  readonly requester: boolean;
  readonly notification: string;
}

export interface AskEvent {
  readonly kind: "asked" | "reminder" | "escalated";
  readonly level: number;
  readonly person: Person;
  readonly dueAt?: number;
  /** Unique, and the same again when the same step is computed again from the same state. */
  readonly notification: string;
}

/** The one outcome. */
export interface DecidedEvent extends Decision {
  readonly kind: "decided";
  readonly level: number;
  readonly approvedItems: readonly string[];
  readonly rejectedItems: readonly string[];
  /** The approving votes that excepted items, to say of each item who left it out and why. */
  readonly exceptions: readonly Vote[];
  readonly notices: readonly Notice[];
}

export interface WithdrawnEvent {
  readonly kind: "withdrawn";
  readonly level: number;
  readonly by: string;
  readonly reason?: string;
  readonly at: number;
  readonly notices: readonly Notice[];
}

/** Nobody can answer, and the policy says to keep the request: it must not go unseen. */
export interface StuckEvent {
  readonly kind: "stuck";
  readonly level: number;
  readonly why: StuckWhy;
}

export type ApprovalEvent = AskEvent | DecidedEvent | WithdrawnEvent | StuckEvent;

/** A new state and what must be told because of it; both are to be committed together. */
export interface Step {
  readonly approval: Approval;
  readonly events: readonly ApprovalEvent[];
}
