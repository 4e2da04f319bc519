import { isObject, textOf } from "../base/json.ts";
import { parseField, readPath } from "./path.ts";
import { isAbsent } from "./scalar.ts";
import type { RuleSubject } from "./types.ts";

/** A task as it once was, for rules to be tried on. */
export interface RecordedTask {
  /** In the shape of `msg.abiquo`: `{task, details?}`. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly group: RuleSubject["group"];
  /** The moment at which it is judged again. */
  readonly at: Date;
}

/**
 * Reads recorded tasks: messages (`{abiquo: …}`), what they hold as `msg.abiquo` of one task or of several, or
 * bare tasks (`{taskId, type, …}`); one, or a list of any of these. What is no task comes back as a position.
 *
 * @param now the moment for a task that says neither when it was decided nor when it was made
 */
export function readRecordedTasks(value: unknown, now: Date): { tasks: RecordedTask[]; wrong: number[] } {
  const tasks: RecordedTask[] = [];
  const wrong: number[] = [];
  const records: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const [position, record] of records.entries()) {
    const read = tasksIn(record, now);
    if (read.length === 0) wrong.push(position);
    tasks.push(...read);
  }
  return { tasks, wrong };
}

/**
 * A task with what is known of it. Facts that an earlier decision rested on stand in for details that were not kept.
 *
 * @param entry one task's part of `msg.abiquo`: `{task, details?, decision?}`
 */
export function recordedTask(entry: Record<string, unknown>, group: RuleSubject["group"], at: Date): RecordedTask {
  const facts: Record<string, unknown> = {
    task: entry["task"],
    ...(isObject(entry["details"]) ? { details: structuredClone(entry["details"]) } : {}),
  };
  const totals: Record<string, unknown> = { ...group };
  const decision = isObject(entry["decision"]) ? entry["decision"] : {};
  for (const [field, fact] of Object.entries(isObject(decision["facts"]) ? decision["facts"] : {})) {
    const path = parseField(field);
    // In a group a fact may be the list of its tasks' values: nobody can say whose is which.
    if (path === undefined || path.source === "time" || isObject(fact) || Array.isArray(fact)) continue;
    add(path.source === "group" ? totals : facts, path.segments, fact);
  }
  return { facts, group: totals as RuleSubject["group"], at };
}

function tasksIn(record: unknown, now: Date): RecordedTask[] {
  if (!isObject(record)) return [];
  if (isObject(record["abiquo"])) return tasksIn(record["abiquo"], now);
  if (Array.isArray(record["tasks"])) {
    const entries = record["tasks"].filter(isEntry);
    if (entries.length < record["tasks"].length) return [];
    return entries.map((entry) => recordedTask(entry, groupOf(record, entries), momentOf(entry, now)));
  }
  if (isEntry(record)) return [recordedTask(record, groupOf(record, [record]), momentOf(record, now))];
  const bare = { task: record };
  return isEntry(bare) ? [recordedTask(bare, groupOf({}, [bare]), momentOf(bare, now))] : [];
}

type Entry = Record<string, unknown> & { task: Record<string, unknown> };

function isEntry(value: unknown): value is Entry {
  return isObject(value) && isObject(value["task"]) && textOf(value["task"]["taskId"]) !== "";
}

function groupOf(record: Record<string, unknown>, entries: readonly Entry[]): RuleSubject["group"] {
  const known = isObject(record["group"]) ? record["group"] : {};
  const count = Number(known["count"]);
  return {
    ...known,
    id: textOf(known["id"]) || textOf(entries[0]?.task["taskId"]),
    count: Number.isInteger(count) && count >= entries.length ? count : entries.length,
  };
}

function momentOf(entry: Entry, now: Date): Date {
  const decision = isObject(entry["decision"]) ? entry["decision"] : {};
  for (const text of [decision["at"], entry.task["createdAt"]]) {
    const time = Date.parse(textOf(text));
    if (!Number.isNaN(time)) return new Date(time);
  }
  return now;
}

function add(to: Record<string, unknown>, segments: readonly string[], fact: unknown): void {
  if (!isAbsent(readPath(to, segments))) return;
  let place = to;
  for (const segment of segments.slice(0, -1)) {
    const next = Object.hasOwn(place, segment) ? place[segment] : undefined;
    if (next !== undefined && !isObject(next)) return;
    place = (place[segment] = isObject(next) ? { ...next } : {}) as Record<string, unknown>;
  }
  place[segments.at(-1) as string] = fact;
}
