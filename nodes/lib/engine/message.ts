import { keptLinks, keptSummary, linksOf, summaryOf, type TaskLinks, type TaskSummary } from "../abiquo/index.ts";
import { Fault } from "../base/fault.ts";
import { isObject, textOf } from "../base/json.ts";
import { type DecisionRecord, keptFacts, type TaskAbout, type TaskRecord } from "../ledger/index.ts";

export type Action = "continue" | "cancel";
const CAUSES = ["rule", "vote", "deadline", "no-approver", "bypass"] as const;
export type Cause = (typeof CAUSES)[number];

/** `msg.abiquo.decision`: what is proposed, and, once a task reached continue or cancel, what holds. */
export interface Decision {
  readonly action: Action | "review";
  readonly by: string;
  readonly cause: Cause;
  readonly rule?: string;
  readonly reason?: string;
  readonly facts?: Record<string, unknown>;
  /** ISO 8601 */
  readonly at: string;
}

export type Outcome = "continued" | "cancelled" | "already-continued" | "already-cancelled" | "gone";

/** By what a task was answered with: the outcome of our own answer, and of another one. */
export const ANSWERED = { continue: "continued", cancel: "cancelled" } as const satisfies Record<Action, Outcome>;
export const ALREADY = { continue: "already-continued", cancel: "already-cancelled" } as const satisfies Record<Action, Outcome>;

/** `msg.abiquo.answer`: what became of a task. */
export interface Answer {
  readonly outcome: Outcome;
  readonly by?: string;
  /** ISO 8601 */
  readonly at: string;
  readonly attempts: number;
}

export interface TaskEntry {
  readonly task: TaskSummary;
  readonly links: TaskLinks;
  readonly details?: unknown;
  readonly decision?: Decision;
  readonly answer?: Answer;
}

/** The request by which people are asked about a listed task: what a vote must name, and whom it waits for. */
export interface OpenRequest {
  readonly id: string;
  readonly level: number;
  /** e-mail addresses of those who may answer now */
  readonly waitingFor: readonly string[];
  /** ISO 8601; absent without a deadline */
  readonly dueAt?: string;
  readonly title?: string;
  /** as far as the message that asked knew it */
  readonly machine: {
    readonly name?: string;
    readonly cpu?: number;
    readonly ramMb?: number;
    readonly diskMb?: number;
    readonly diskIsPart?: boolean;
  };
}

/** How far the answer to a listed task has got, and what keeps it from getting further. */
export interface ListedDelivery {
  /** `sending`: an attempt is, or may be, under way; `waiting`: there will be another; `undeliverable`: somebody has to act */
  readonly state: "sending" | "waiting" | "undeliverable";
  readonly attempts: number;
  /** since when it waits for that, ISO 8601: of `undeliverable` when Abiquo refused it, else when it was decided */
  readonly since: string;
  /** ISO 8601; of `waiting` alone */
  readonly nextAttempt?: string;
  /** the code of what the last attempt met */
  readonly reason?: string;
  /** the same in words, from a node */
  readonly message?: string;
}

/** `unreadable`: the code of the fault by which the ledger's row of it cannot be read; it says nothing but its id then */
export type ListedEntry = TaskEntry & { readonly approval?: OpenRequest; readonly delivery?: ListedDelivery; readonly unreadable?: string };

/** `msg.abiquo`: one task, or the tasks of a group or a list. */
export interface AbiquoMessage extends Partial<TaskEntry> {
  readonly connection: string;
  readonly group?: { readonly id: string; readonly count: number };
  readonly tasks?: readonly TaskEntry[] | undefined;
  readonly redelivered?: true;
  /** its webhook never came: a sweep found it */
  readonly adopted?: true;
}

/** A task that a message names: by its id or its group's, or whole. */
export type TaskReference = TaskName | WholeTask;

export interface TaskName {
  readonly id: string;
}

/** As the message has it: any node may have written what is there. */
export type WholeTask = TaskEntry;

export function isWhole(reference: TaskReference): reference is WholeTask {
  return "task" in reference;
}

/**
 * Reads which tasks a value names: `msg.abiquo` or a part of it, an id of a task or a group, or a list of these.
 *
 * @param source of the value: only from `msg.abiquo` are tasks taken whole, since what else is in a message may have
 *   come from outside; anything else names ids
 * @throws Fault NO_TASK_IN_MESSAGE when it names none
 */
export function taskReferences(value: unknown, source: "abiquo" | "elsewhere" = "abiquo"): TaskReference[] {
  const references = referencesIn(value);
  if (references.length === 0) throw new Fault("NO_TASK_IN_MESSAGE");
  if (source === "abiquo") return references;
  return references.map((reference) => (isWhole(reference) ? { id: reference.task.taskId } : reference));
}

/** Which entries of a list or a group name no task, counted from 1: they are passed over, and somebody must hear of it. */
export function entriesWithoutTask(value: unknown): number[] {
  const list: unknown = isObject(value) ? value["tasks"] : value;
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry, index) => (referencesIn(entry).length === 0 ? [index + 1] : []));
}

function referencesIn(value: unknown): TaskReference[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value === "string") return value.trim() === "" ? [] : [{ id: value.trim() }];
  if (!isObject(value)) return [];
  if (Array.isArray(value["tasks"])) return value["tasks"].flatMap(referencesIn);
  const task = value["task"];
  if (isObject(task) && textOf(task["taskId"]) !== "") return [wholeReference(value, task)];
  const id = textOf(value["taskId"]);
  return id === "" ? [] : [{ id }];
}

function wholeReference(entry: Record<string, unknown>, given: Record<string, unknown>): TaskReference {
  const links = entry["links"];
  if (!isObject(links)) return { id: textOf(given["taskId"]) };
  const { decision: _decision, ...rest } = entry;
  const decision = decisionIn(entry["decision"]);
  return { ...rest, task: summaryOf(given), links: linksOf(links), ...(decision === undefined ? {} : { decision }) };
}

/** What a message proposes; undefined when it proposes nothing that could be kept, or does not say who does. */
export function decisionIn(value: unknown): Decision | undefined {
  if (!isObject(value)) return undefined;
  const { action, facts } = value;
  const by = textOf(value["by"]);
  if ((action !== "continue" && action !== "cancel" && action !== "review") || by === "") return undefined;
  const [rule, reason] = [textOf(value["rule"]), textOf(value["reason"])];
  return {
    action,
    by,
    cause: CAUSES.find((cause) => cause === value["cause"]) ?? "rule",
    ...(rule === "" ? {} : { rule }),
    ...(reason === "" ? {} : { reason }),
    ...(isObject(facts) ? { facts } : {}),
    at: textOf(value["at"]),
  };
}

/**
 * The part of `msg.abiquo` that is one task's, as the ledger has it.
 *
 * @throws Fault KEPT_NEWER, KEPT_UNREADABLE
 */
export function entryOf(record: TaskRecord, decision?: DecisionRecord): TaskEntry {
  const entry = {
    task: keptSummary.read(record.summary),
    links: keptLinks.read(record.links),
  };
  if (decision === undefined) return entry;
  const answer = answerOf(decision);
  return answer === undefined ? { ...entry, decision: decisionOf(decision) } : { ...entry, decision: decisionOf(decision), answer };
}

/** What the audit says of a task when it comes. */
export function aboutOf({ enterpriseId, type, requester }: TaskSummary): TaskAbout {
  return { tenant: enterpriseId, type, requester };
}

/** A task of which nothing but the id is known. */
export function unreadEntry(taskId: string): TaskEntry {
  return { task: summaryOf({ taskId }), links: linksOf({}) };
}

export function decisionOf(record: DecisionRecord): Decision {
  return {
    action: record.action,
    by: record.by,
    cause: record.cause as Cause,
    ...(record.rule === undefined ? {} : { rule: record.rule }),
    ...(record.reason === undefined ? {} : { reason: record.reason }),
    ...(record.facts === undefined ? {} : { facts: keptFacts.read(record.facts) }),
    at: new Date(record.at).toISOString(),
  };
}

/** What became of the task, as far as that is known. */
export function answerOf(record: DecisionRecord): Answer | undefined {
  if (record.outcome === undefined) return undefined;
  const answer = {
    outcome: record.outcome as Outcome,
    at: new Date(record.settledAt ?? record.at).toISOString(),
    attempts: record.attempts,
  };
  return record.delivery === "delivered" ? { ...answer, by: record.by } : answer;
}
