import type { NodeKit } from "../lib/node-red/define.ts";
import type { NodeWords } from "../lib/node-red/words.ts";

export const WEBHOOK_WORDS = {
  status: {
    listening: ["green", "ring"],
    limit: ["yellow", "ring", "limit"],
    received: ["green", "dot", "type", "count"],
    rejected: ["yellow", "ring", "count"],
    catchUpNotAllowed: ["yellow", "ring"],
    catchUpPartly: ["yellow", "ring"],
    catchUpFailed: ["yellow", "ring"],
  },
  texts: {
    limitedBody: ["limit", "wanted"],
    previousUsed: [],
    refusedLately: ["count", "statuses"],
  },
} as const satisfies NodeWords;

export type WebhookKit = NodeKit<typeof WEBHOOK_WORDS>;
