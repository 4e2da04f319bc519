import type { NodeKit } from "../lib/node-red/define.ts";
import type { NodeWords } from "../lib/node-red/words.ts";

export const CONFIG_WORDS = {
  status: {
    connected: ["green", "dot"],
    stopped: ["red", "ring"],
  },
  texts: { storeWorks: [], works: [] },
} as const satisfies NodeWords;

export type ConfigKit = NodeKit<typeof CONFIG_WORDS>;
