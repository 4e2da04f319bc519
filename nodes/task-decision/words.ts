import type { NodeKit } from "../lib/node-red/define.ts";
import type { NodeWords } from "../lib/node-red/words.ts";

export const DECISION_WORDS = {
  status: {
    continue: ["green", "dot"],
    cancel: ["red", "dot"],
    review: ["yellow", "dot"],
    rulesRead: ["green", "ring", "count"],
    rulesKept: ["yellow", "ring"],
    rulesUnusable: ["red", "ring"],
  },
  texts: {
    by: [],
    "cli.named": ["name"],
    "cli.numbered": ["number"],
    "reach.contradiction": ["field"],
    "reach.covered": ["rule"],
  },
} as const satisfies NodeWords;

export type DecisionKit = NodeKit<typeof DECISION_WORDS>;
