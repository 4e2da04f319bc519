export { compileRules } from "./compile.ts";
export { readRecordedTasks, recordedTask, type RecordedTask } from "./recorded.ts";
export { unreachableRules, type Unreachable } from "./reach.ts";
export { readRuleSet, type RuleSet } from "./ruleset.ts";
export { tryRules, type FactSourceFor, type Trial, type Tried } from "./trial.ts";
export { RULE_FAULTS, RulesFault, type RuleFaultCode, type RuleProblem } from "./faults.ts";
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
