import type { NodeKit } from "../lib/node-red/define.ts";
import type { NodeWords } from "../lib/node-red/words.ts";

export const EVENTS_WORDS = {
  status: {
    waiting: ["green", "ring"],
    sent: ["green", "dot", "count"],
  },
  texts: {},
} as const satisfies NodeWords;

export type EventsKit = NodeKit<typeof EVENTS_WORDS>;
