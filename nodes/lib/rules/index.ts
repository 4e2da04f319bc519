export { compileRules } from "./compile.ts";
export { RULE_FAULTS, RulesFault, type RuleFaultCode, type RuleProblem } from "./faults.ts";
export type {
  CompiledRules,
  Condition,
  Outcome,
  Rule,
  RuleOptions,
  RuleSubject,
  Scope,
  TimeWindow,
  Unjudged,
  UnjudgedCode,
  Verdict,
} from "./types.ts";
