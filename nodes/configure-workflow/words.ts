import type { NodeKit } from "../lib/node-red/define.ts";
import type { NodeWords } from "../lib/node-red/words.ts";

export const CONFIGURE_WORDS = {
  status: {
    enabled: ["green", "dot"],
    disabled: ["grey", "dot"],
  },
  texts: {},
} as const satisfies NodeWords;

export type ConfigureKit = NodeKit<typeof CONFIGURE_WORDS>;
