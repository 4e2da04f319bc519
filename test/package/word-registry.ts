import { ANSWER_WORDS } from "../../nodes/answer/words.ts";
import { APPROVAL_WORDS } from "../../nodes/approval/words.ts";
import { AUDIT_TEXTS, RULES_TEXTS, STORE_TEXTS } from "../../nodes/cli/texts.ts";
import { CONFIG_WORDS } from "../../nodes/config/words.ts";
import { CONFIGURE_WORDS } from "../../nodes/configure-workflow/words.ts";
import { EVENTS_WORDS } from "../../nodes/events/words.ts";
import type { MIGRATIONS } from "../../nodes/lib/base/definitions.ts";
import type { TextList } from "../../nodes/lib/base/texts.ts";
import { type NodeWords, SHARED_WORDS } from "../../nodes/lib/node-red/words.ts";
import { LIST_WORDS } from "../../nodes/list-pending/words.ts";
import { DECISION_WORDS } from "../../nodes/task-decision/words.ts";
import { DETAILS_WORDS } from "../../nodes/task-details/words.ts";
import { WEBHOOK_WORDS } from "../../nodes/webhook-in/words.ts";

/** By the catalogue that holds the words: what programs say, faults, pages and mails aside. A type that is missing does not compile. */
const REGISTRY: Readonly<Record<keyof typeof MIGRATIONS, readonly Partial<NodeWords>[]>> = {
  "abiquo-approval": [APPROVAL_WORDS],
  "abiquo-cancel": [ANSWER_WORDS],
  "abiquo-config": [CONFIG_WORDS, SHARED_WORDS],
  "abiquo-configure-workflow": [CONFIGURE_WORDS],
  "abiquo-continue": [ANSWER_WORDS],
  "abiquo-events": [EVENTS_WORDS],
  "abiquo-list-pending": [LIST_WORDS],
  "abiquo-store": [{ texts: STORE_TEXTS }, { texts: AUDIT_TEXTS }],
  "abiquo-task-decision": [DECISION_WORDS, { texts: RULES_TEXTS }],
  "abiquo-task-details": [DETAILS_WORDS],
  "abiquo-webhook-in": [WEBHOOK_WORDS],
};

type Listed = readonly (readonly [key: string, names: readonly string[]])[];

/** The statuses of a type of node: keys below `status`, with the names of their values. */
export function statusesOf(type: string): Listed {
  return partsOf(type).flatMap(({ status = {} }) => Object.entries(status).map(([key, [, , ...names]]) => [key, names] as const));
}

/** What programs ask for in the catalogue of a type: keys with the names of their values. */
export function textsOf(type: string): Listed {
  return [
    ...statusesOf(type).map(([key, names]) => [`status.${key}`, names] as const),
    ...partsOf(type).flatMap(({ texts = {} }) => listed(texts)),
  ];
}

function partsOf(type: string): readonly Partial<NodeWords>[] {
  return Object.entries(REGISTRY).find(([name]) => name === type)?.[1] ?? [];
}

function listed(texts: TextList): Listed {
  return Object.entries(texts);
}
