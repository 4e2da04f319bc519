import type { NodeKit } from "../lib/node-red/define.ts";
import type { NodeWords } from "../lib/node-red/words.ts";

export const LIST_WORDS = {
  status: {
    reading: ["blue", "dot"],
    count: ["green", "dot", "count"],
  },
  texts: {},
} as const satisfies NodeWords;

export type ListKit = NodeKit<typeof LIST_WORDS>;
