import type { NodeKit } from "../lib/node-red/define.ts";
import type { NodeWords } from "../lib/node-red/words.ts";

export const DETAILS_WORDS = {
  status: {
    reading: ["blue", "dot"],
    complete: ["green", "dot"],
    missing: ["yellow", "ring", "count"],
  },
  texts: {},
} as const satisfies NodeWords;

export type DetailsKit = NodeKit<typeof DETAILS_WORDS>;
