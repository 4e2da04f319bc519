import type { NodeKit } from "../lib/node-red/define.ts";
import type { NodeWords } from "../lib/node-red/words.ts";

export const APPROVAL_WORDS = {
  status: {
    idle: ["grey", "ring"],
    asked: ["blue", "ring"],
    waiting: ["blue", "dot", "count"],
    approved: ["green", "dot"],
    rejected: ["red", "dot"],
    withdrawn: ["yellow", "dot"],
    forbidden: ["yellow", "ring"],
    keyTaken: ["red", "ring"],
    stuck: ["red", "ring"],
  },
  texts: {
    "log.linksRevoked": ["by", "reason"],
    "warning.noNodeRoot": [],
    "warning.noPublicUrl": [],
  },
} as const satisfies NodeWords;

export type ApprovalKit = NodeKit<typeof APPROVAL_WORDS>;
