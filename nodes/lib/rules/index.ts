export { compileRules } from "./compile.ts";
export { type FactSourceFor, type Trial, type Tried, tryRules } from "./dry-run.ts";
export { RULE_FAULTS, type RuleFaultCode, type RuleProblem, RulesFault } from "./faults.ts";
export { type RecordedTask, readRecordedTasks, recordedTask } from "./recorded-tasks.ts";
export { type RuleSet, readRuleSet } from "./ruleset.ts";
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
export { type Unreachable, unreachableRules } from "./unreachable.ts";
