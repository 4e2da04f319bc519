import type { FaultRecord } from "../base/fault.ts";

/** What becomes of a task: answered with continue, answered with cancel, or handed to a person. */
export type Outcome = "continue" | "cancel" | "review";

/** What one set of rules judges: every task by itself, or the tasks of one POST together. */
export type Scope = "task" | "group";

/**
 * One condition, as a Node-RED dialog stores it.
 *
 * - `field`: `task.…`, `details.…` (a path below `msg.abiquo`, list positions as `.0` or `[0]`), a total
 *   `group.id|count|cpu|ram|diskMb`, or `time`. May be empty for `jsonata` only.
 * - `op`: `eq neq lt lte gt gte in nin between match jsonata`; for `time`, `in` and `nin`.
 * - `value`: a scalar; for `in`/`nin` a list as array, JSON text or comma-separated text; for `between`
 *   `[lo, hi]`, `"lo,hi"` or `{from, to}`, both ends included; for `match` a text with `*` and `?`; for
 *   `time` a {@link TimeWindow} or its JSON text; for `jsonata` the expression.
 *   An expression sees `task`, `details`, the totals as `group`, and in scope `group` all tasks as `tasks`; it
 *   must hold for each task, and yield true or false. A fact it names must be there, unless the expression asks
 *   for it with `$exists()` or gives a value in its place with `??`. `$eval` is refused, and so are regular
 *   expressions that may backtrack without end.
 * - `valueType`: TypedInput's `str`, `num`, `bool`, `json` or `jsonata`; empty takes the value as it is.
 */
export interface Condition {
  field: string;
  op: string;
  value: unknown;
  valueType?: string;
}

/** All of `when` must hold; an empty `when` always does. */
export interface Rule {
  name: string;
  when: Condition[];
  outcome: Outcome;
  reason: string;
}

/**
 * Hours of the week on a wall clock. `from` is included, `to` is not (`"24:00"` closes a day). A range that
 * crosses midnight (22:00 to 06:00) belongs to the day on which it starts. No `days` means every day, no hours
 * the whole day, no `timeZone` the one of the options.
 */
export interface TimeWindow {
  days?: string[];
  from?: string;
  to?: string;
  timeZone?: string;
}

/** What is to be judged. */
export interface RuleSubject {
  /** For each task the facts, in the shape of `msg.abiquo`: `{task, group, details?}`. Exactly one in scope `task`. */
  tasks: readonly Readonly<Record<string, unknown>>[];
  /** Totals over the whole group: `cpu` in cores, `ram` in MB, `diskMb` in MB, disks and volumes; absent when not known. */
  group: { id: string; count: number; cpu?: number; ram?: number; diskMb?: number };
  /** The moment that `time` and JSONata's `$now()` and `$millis()` mean. */
  at: Date;
}

/** Why a rule could not be judged; each has its text in the catalogue. */
export type UnjudgedCode =
  | "RULE_FACT_ABSENT"
  | "RULE_FACT_UNAVAILABLE"
  | "RULE_FACT_WRONG_KIND"
  | "RULE_EXPRESSION_FAILED"
  | "RULE_EXPRESSION_NOT_BOOLEAN"
  | "RULE_EXPRESSION_RUNAWAY"
  | "RULE_EXPRESSION_UNAVAILABLE";

/** A rule that could not be judged, and the first condition that is to blame. */
export interface Unjudged {
  /** The rule's name, or `rule 3` when it has none. */
  rule: string;
  /** The fact that is missing or of the wrong kind; empty for an expression that failed. */
  field: string;
  why: UnjudgedCode;
  /** Position in `subject.tasks` of the task concerned; absent for totals and `time`. */
  task?: number;
  /** Why the fact could not be had, with `RULE_FACT_UNAVAILABLE`. */
  cause?: FactCause;
}

/** Why a fact cannot be had, for the catalogue. */
export type FactCause = FaultRecord;

/** Where facts come from that a subject lacks. */
export interface FactSource {
  /**
   * Puts a fact into the subject, if it can be had; asked only for what is absent there, or may be.
   *
   * @param field a path such as `details.virtualmachine.cpu`, or a total such as `group.cpu`; `details` or `group`
   *   for all that there is
   * @param task position in `subject.tasks`; undefined for a total
   * @returns why it cannot be had; undefined when the subject now holds all that is known of it, be it nothing
   */
  load(field: string, task: number | undefined): Promise<FactCause | undefined>;
}

/** The outcome and what it rests on. */
export interface Verdict {
  outcome: Outcome;
  /** The rule that matched: its name, or `rule 3` when it has none. Absent when none matched. */
  rule?: string;
  /** Position of that rule, from 0. */
  index?: number;
  /** That rule's `reason`, when it has one. */
  reason?: string;
  /**
   * The facts the outcome rests on, by path: those of the rule that matched or could not be judged; every
   * rule's when none matched. In a group whose tasks differ, the distinct values (at most 20) as a list.
   */
  facts: Record<string, unknown>;
  /** Set when a rule could not be judged; the outcome is then `review`. */
  unjudged?: Unjudged;
}

/** Settings of one set of rules. */
export interface RuleOptions {
  /** The outcome when no rule matches. */
  otherwise: Outcome;
  scope: Scope;
  /** IANA zone for `time` without its own; empty means the zone of the process. */
  timeZone?: string;
}

/** Rules ready to judge. */
export interface CompiledRules {
  /** Every fact the rules name, without repetition, in rule order; `time` included. */
  readonly fields: readonly string[];
  /**
   * Judges in order; the first rule that matches wins. A rule that cannot be judged ends the evaluation with
   * `review`, because a later rule must not continue what this one might have cancelled; but a rule with one
   * condition that is certainly false does not match, whatever is unknown about its others.
   *
   * With a source, facts that the subject lacks are loaded: those of one rule after the other, and only until it is
   * certain whether the rule matches. A fact that cannot be had leaves its rule in doubt.
   *
   * Rejects with RangeError where a subject of scope `task` does not hold exactly one task, and as the source does.
   */
  evaluate(subject: RuleSubject, source?: FactSource): Promise<Verdict>;
}
