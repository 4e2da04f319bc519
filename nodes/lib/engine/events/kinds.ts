import { type AuditHead, type Entry, headText } from "../../ledger/index.ts";

export const EVENT_KINDS = ["receipt", "decision", "delivery", "refusal", "drift", "head"] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** A CloudEvent 1.0, in its JSON format (https://github.com/cloudevents/spec). */
export interface CloudEvent {
  readonly specversion: "1.0";
  /** the same whenever the same is told again */
  readonly id: string;
  /** the store that tells */
  readonly source: string;
  readonly type: string;
  /** the task's id; absent for what is about none */
  readonly subject?: string;
  /** ISO 8601 */
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly data: Readonly<Record<string, unknown>>;
}

/** What the entries of the audit are to others, by their kind. */
const TOLD: Readonly<Record<string, readonly [EventKind, type: string]>> = {
  received: ["receipt", "task.received"],
  adopted: ["drift", "task.adopted"],
  decided: ["decision", "task.decided"],
  delivered: ["delivery", "task.delivered"],
  undeliverable: ["refusal", "task.refused"],
  elsewhere: ["drift", "task.elsewhere"],
  gone: ["drift", "task.gone"],
};

const PREFIX = "com.abiquo.workflow.";

/** Undefined for what nobody else is told, or of a kind that is not wanted. */
export function eventOf(store: string, entry: Entry, kinds: ReadonlySet<EventKind>): CloudEvent | undefined {
  const [kind, type] = TOLD[entry.kind] ?? [];
  if (kind === undefined || type === undefined || !kinds.has(kind)) return undefined;
  const { seq, at, task, by, detail, personal } = entry;
  const { facts: _facts, actor = by, ...people } = personal;
  const { api, taskId, tenant } = task;
  return { ...event(store, String(seq), type, at), subject: taskId, data: { api, taskId, tenant, by: actor, ...detail, ...people } };
}

/** The head of the audit: whoever keeps it can tell later that the audit was cut or written anew. */
export function headEvent({ store, seq, hash }: AuditHead, at: number): CloudEvent {
  return { ...event(store, `head-${seq}`, "audit.head", at), data: { seq, hash, head: headText({ seq, hash }) } };
}

function event(store: string, id: string, type: string, at: number): Omit<CloudEvent, "data"> {
  const source = `urn:uuid:${store}`;
  const time = new Date(at).toISOString();
  return { specversion: "1.0", id: `${store}-${id}`, source, type: `${PREFIX}${type}`, time, datacontenttype: "application/json" };
}
