import type { NodeKit } from "../lib/node-red/define.ts";
import type { NodeWords } from "../lib/node-red/words.ts";

export const ANSWER_WORDS = {
  status: {
    sending: ["blue", "dot"],
    sent: ["green", "dot"],
    already: ["yellow", "ring"],
    gone: ["yellow", "ring"],
    unauthorized: ["red", "ring"],
  },
  texts: {},
} as const satisfies NodeWords;

export type AnswerKit = NodeKit<typeof ANSWER_WORDS>;
