import { type ApiBase, rebase, type TaskLinks, type TaskSummary } from "../abiquo/index.ts";
import { Fault } from "../fault.ts";
import { isObject, textOf } from "../json.ts";
import type { DecisionRecord, NewTask, TaskRecord } from "../ledger/index.ts";

export type Action = "continue" | "cancel";
export type Cause = "rule" | "vote" | "deadline" | "no-approver" | "bypass";

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
  readonly machine: { readonly name?: string; readonly cpu?: number; readonly ramMb?: number; readonly diskMb?: number };
}

export type ListedEntry = TaskEntry & { readonly approval?: OpenRequest };

/** `msg.abiquo`: one task, or the tasks of a group or a list. */
export interface AbiquoMessage extends Partial<TaskEntry> {
  readonly connection: string;
  readonly group?: { readonly id: string; readonly count: number };
  readonly tasks?: readonly TaskEntry[] | undefined;
  readonly redelivered?: true;
}

/** A task that a message names: by its id or its group's, or whole. */
export type TaskReference = TaskName | WholeTask;

export interface TaskName {
  readonly id: string;
}

export type WholeTask = TaskEntry & { readonly payload?: unknown };

export function isWhole(reference: TaskReference): reference is WholeTask {
  return "task" in reference;
}

/**
 * Reads which tasks a value names: `msg.abiquo` or a part of it, an id of a task or a group, or a list of these.
 *
 * @throws Fault NO_TASK_IN_MESSAGE when it names none
 */
export function taskReferences(value: unknown): TaskReference[] {
  const references = referencesIn(value);
  if (references.length === 0) throw new Fault("NO_TASK_IN_MESSAGE");
  return references;
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

function wholeReference(entry: Record<string, unknown>, task: Record<string, unknown>): TaskReference {
  if (!isObject(entry["links"])) return { id: textOf(task["taskId"]) };
  return entry as unknown as TaskEntry;
}

/**
 * A task that only a message knows, ready for the ledger. Its links are re-rooted on the connection's URL,
 * since any node may have written them.
 *
 * @throws Fault ABIQUO_BAD_LINK when a link does not lead below the connection's URL
 */
export function taskFromMessage(
  entry: WholeTask,
  connection: string,
  api: ApiBase,
  now: number,
): NewTask {
  const { task } = entry;
  const links = Object.fromEntries(
    Object.entries(entry.links).map(([rel, href]) => [rel, href === "" ? "" : rebase(String(href), api)]),
  );
  return {
    api,
    taskId: task.taskId,
    connection,
    source: "",
    group: { id: task.taskId, index: 0, count: 1 },
    summary: JSON.stringify(task),
    links: JSON.stringify(links),
    payload: JSON.stringify(isObject(entry.payload) && entry.payload["taskId"] === task.taskId ? entry.payload : {}),
    receivedAt: Date.parse(task.createdAt) || now,
  };
}

/** The part of `msg.abiquo` that is one task's, as the ledger has it. */
export function entryOf(record: TaskRecord, decision?: DecisionRecord): TaskEntry {
  const entry = {
    task: JSON.parse(record.summary) as TaskSummary,
    links: JSON.parse(record.links) as TaskLinks,
  };
  if (decision === undefined) return entry;
  const answer = answerOf(decision);
  return answer === undefined
    ? { ...entry, decision: decisionOf(decision) }
    : { ...entry, decision: decisionOf(decision), answer };
}

export function decisionOf(record: DecisionRecord): Decision {
  return {
    action: record.action,
    by: record.by,
    cause: record.cause as Cause,
    ...(record.rule === undefined ? {} : { rule: record.rule }),
    ...(record.reason === undefined ? {} : { reason: record.reason }),
    ...(record.facts === undefined ? {} : { facts: JSON.parse(record.facts) as Record<string, unknown> }),
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
