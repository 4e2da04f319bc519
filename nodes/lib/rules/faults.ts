import { Fault, type FaultList, type FaultParams, type ParamsOf } from "../base/fault.ts";
import type { UnjudgedCode } from "./types.ts";

/** What is wrong with rules, and why one cannot be judged. Only RULES_INVALID is thrown; the others are told in it, or in a verdict. */
export const RULE_FAULTS = {
  /** `rule` is 1-based (0: the list or the options), `problem` the code of the first problem. */
  RULES_INVALID: ["count", "rule", "problem"],

  RULES_NOT_A_LIST: [],
  RULES_NOT_JSON: [],
  RULES_KEY_TWICE: ["key"],
  RULES_KEY_UNKNOWN: ["key", "known"],
  RULES_NOT_TEXT: ["key"],
  RULES_OTHERWISE_UNKNOWN: ["outcome"],
  RULES_SCOPE_UNKNOWN: ["scope"],
  RULE_NOT_AN_OBJECT: [],
  RULE_OUTCOME_UNKNOWN: ["outcome"],
  RULE_CONDITIONS_NOT_A_LIST: [],
  RULE_CONDITION_NOT_AN_OBJECT: [],
  RULE_FIELD_MISSING: ["op"],
  RULE_FIELD_REFUSED: ["field"],
  RULE_OP_UNKNOWN: ["op"],
  RULE_OP_NOT_FOR_FIELD: ["op", "field"],
  RULE_VALUE_TYPE_REFUSED: ["valueType", "op"],
  RULE_VALUE_MISSING: ["op"],
  RULE_VALUE_NOT_A_NUMBER: ["value", "op"],
  RULE_VALUE_NOT_A_BOOLEAN: ["value"],
  RULE_VALUE_NOT_JSON: ["value"],
  RULE_VALUE_NOT_A_LIST: ["value", "op"],
  RULE_VALUE_NOT_A_RANGE: ["value"],
  RULE_VALUE_TOO_LONG: ["op", "limit"],
  RULE_TIME_INVALID: ["value"],
  RULE_TIME_DAY_UNKNOWN: ["day"],
  RULE_TIME_HOUR_INVALID: ["hour"],
  RULE_TIME_ZONE_UNKNOWN: ["timeZone"],
  /** `error` is JSONata's own code, `position` counts characters from 0. */
  RULE_EXPRESSION_INVALID: ["error", "position", "token"],
  RULE_EXPRESSION_EVAL: [],
  RULE_EXPRESSION_REGEX: ["pattern"],

  RULE_FACT_ABSENT: ["rule", "field"],
  /** `reason` is why, in words. */
  RULE_FACT_UNAVAILABLE: ["rule", "field", "reason"],
  RULE_FACT_WRONG_KIND: ["rule", "field"],
  RULE_EXPRESSION_FAILED: ["rule"],
  RULE_EXPRESSION_NOT_BOOLEAN: ["rule"],
  RULE_EXPRESSION_RUNAWAY: ["rule"],
  RULE_EXPRESSION_UNAVAILABLE: ["rule"],
} as const satisfies FaultList;

declare module "../base/fault.ts" {
  interface FaultRegistry {
    rules: typeof RULE_FAULTS;
  }
}

export type RuleFaultCode = keyof typeof RULE_FAULTS;

/** What may be wrong with one rule, or with a condition of it, as it is written. */
export type RuleMistake = Exclude<Extract<RuleFaultCode, `RULE_${string}`>, UnjudgedCode>;

/** Takes what is wrong with a rule. */
export type Report<Known extends RuleFaultCode = RuleMistake> = <Code extends Known>(code: Code, params: ParamsOf<Code>) => void;

/** One thing that is wrong with a set of rules. */
export interface RuleProblem<Code extends RuleFaultCode = RuleFaultCode> {
  /** Position of the rule from 0; -1 when it concerns the list or the options. */
  rule: number;
  /** Position of the condition from 0, when it concerns one. */
  condition?: number;
  code: Code;
  params: FaultParams;
  /** The rule's name, where it has one and the rules were written elsewhere. */
  name?: string;
  /** Where it is in the text that the rules were read from; both count from 1. */
  line?: number;
  column?: number;
}

/** Rules that cannot be compiled, with everything that is wrong with them. Code `RULES_INVALID`. */
export class RulesFault extends Fault<"RULES_INVALID"> {
  readonly problems: readonly RuleProblem[];

  constructor(problems: readonly RuleProblem[]) {
    const first = problems[0];
    // The first problem is told in its own words, which need its own parameters.
    super("RULES_INVALID", { ...first?.params, count: problems.length, rule: (first?.rule ?? -1) + 1, problem: first?.code ?? "" });
    this.name = "RulesFault";
    this.problems = problems;
  }
}
