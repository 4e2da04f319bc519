import type { TextList } from "../base/texts.ts";

export type Fill = "red" | "green" | "yellow" | "blue" | "grey";
export type Shape = "dot" | "ring";

/** How each status looks, with the names of the values in its words, which are `status.<key>` of the node's catalogue. */
export type StatusList = Readonly<Record<string, readonly [fill: Fill, shape: Shape, ...names: string[]]>>;

/** The names of the values in the words of a status. */
export type NamesIn<Look> = Look extends readonly [Fill, Shape, ...infer Names extends string[]] ? Names[number] : never;

/** What a type of node says at run time, faults aside. */
export interface NodeWords {
  readonly status: StatusList;
  readonly texts: TextList;
}

/** What any node may say; its words are in the catalogue of `abiquo-config`. */
export const SHARED_WORDS = {
  status: {
    failed: ["red", "ring"],
    invalid: ["red", "ring"],
    noConnection: ["red", "ring"],
    store: ["red", "ring"],
  },
  texts: {
    "answer.byFlow": [],
    "answer.continue": ["by"],
    "answer.cancel": ["by"],
    "answer.continueByRule": ["by", "rule"],
    "answer.cancelByRule": ["by", "rule"],
    "log.started": ["version", "store", "open", "head"],
    "log.alone": [],
    "log.newStore": ["store"],
    "log.decided": ["taskId", "action", "by", "why"],
    "log.refused": ["taskId", "attempts", "reason"],
    "log.drift": ["taskId", "kind"],
    "log.head": ["head"],
  },
} as const satisfies NodeWords;
