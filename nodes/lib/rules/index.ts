export { compileRules } from "./compile.ts";
export { RULE_FAULTS, type RuleFaultCode, type RuleProblem, RulesFault } from "./faults.ts";
export { type Unreachable, unreachableRules } from "./reach.ts";
export { type RecordedTask, readRecordedTasks, recordedTask } from "./recorded.ts";
export { type RuleSet, readRuleSet } from "./ruleset.ts";
export { type FactSourceFor, type Trial, type Tried, tryRules } from "./trial.ts";
export type {
  CompiledRules,
  Condition,
  FactCause,
  FactSource,
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
