import type { RuleSubject, UnjudgedCode } from "./types.ts";

/** How far one evaluation may go before it counts as running away. */
export const EXPRESSION_LIMITS = {
  /** Nodes of the expression evaluated for one task; the usual rule needs some tens. */
  steps: 100_000,
  /** The same for all tasks and expressions of one verdict. */
  stepsPerVerdict: 400_000,
  /** Nested evaluations. */
  depth: 300,
  /** Length of any list made on the way. */
  listLength: 100_000,
  /** Length of any text made on the way, in UTF-16 units. */
  textLength: 100_000,
  /** Processor time of one evaluation, in ms. The steps are meant to end it first; functions of JSONata make none. */
  processorTime: 1_000,
  /** Memory of a thread that evaluates, in MB. */
  memory: 256,
} as const;

/** The facts of one task, as an expression sees them. */
export type ExpressionFacts = Readonly<Record<string, unknown>>;

/** An expression with what it is to be judged for. All of it can be copied to another thread. */
export interface ExpressionJob {
  readonly text: string;
  /** It is judged for one after the other, until it is false for one, or runs away. */
  readonly tasks: readonly ExpressionFacts[];
  /** Totals, seen as `group`. */
  readonly group: RuleSubject["group"];
  /** Seen as `tasks`; absent in scope `task`. */
  readonly all?: readonly ExpressionFacts[];
  /** What `$now()` and `$millis()` mean, in ms since 1970. */
  readonly at: number;
  /** How many steps are left to the verdict. */
  readonly steps: number;
}

/** Whether the expression holds; else why that cannot be said. */
export type ExpressionTruth = boolean | UnjudgedCode;

export interface ExpressionReply {
  /** For the first tasks of the job; for all of them unless it ended early. */
  readonly truths: readonly ExpressionTruth[];
  /** How many steps that took. */
  readonly steps: number;
}
