import type { AbiquoMessage, Decision, TaskEntry } from "../engine/index.ts";
import { Fault } from "../fault.ts";
import { isObject } from "../json.ts";
import type { CompiledRules, RuleSubject, Scope, Verdict } from "../rules/index.ts";
import type { Message } from "./define.ts";

/** The tasks of a message: its one, or those of its group or list. Any node may have written what is there. */
export function entriesOf(abiquo: unknown): TaskEntry[] {
  if (!isObject(abiquo)) return [];
  return (Array.isArray(abiquo["tasks"]) ? abiquo["tasks"] : [abiquo]).filter(isEntry);
}

/** As `entriesOf`, for whoever must not pass over a task. @throws Fault NO_TASK_IN_MESSAGE */
export function allEntriesOf(abiquo: unknown): TaskEntry[] {
  const entries = entriesOf(abiquo);
  const isPartial = isObject(abiquo) && Array.isArray(abiquo["tasks"]) && entries.length < abiquo["tasks"].length;
  if (entries.length === 0 || isPartial) throw new Fault("NO_TASK_IN_MESSAGE");
  return entries;
}

function isEntry(value: unknown): value is TaskEntry {
  return isObject(value) && isObject(value["task"]) && isObject(value["links"]);
}

interface Judged {
  readonly entry: TaskEntry;
  readonly unjudged: Verdict["unjudged"];
}

/** Proposes a decision for each task: by itself, or one for the whole group. */
export async function judge(
  rules: CompiledRules,
  scope: Scope,
  abiquo: AbiquoMessage,
  entries: readonly TaskEntry[],
  by: string,
): Promise<Judged[]> {
  const at = new Date();
  const total = abiquo.group ?? { id: entries[0]?.task.taskId ?? "", count: entries.length };
  const group = scope === "group" ? { ...total, count: Math.max(total.count, entries.length) } : total;
  const facts = entries.map(({ task, details }) => ({ task, group, ...(details === undefined ? {} : { details }) }));
  const subjects: RuleSubject["tasks"][] = scope === "group" ? [facts] : facts.map((fact) => [fact]);
  const verdicts = await Promise.all(subjects.map((tasks) => rules.evaluate({ tasks, group, at })));
  return entries.map((entry, index) => {
    const verdict = verdicts[scope === "group" ? 0 : index] as Verdict;
    const { task, links, details } = entry;
    const proposed = { task, links, ...(details === undefined ? {} : { details }), decision: decisionFrom(verdict, by, at) };
    return { entry: proposed, unjudged: scope === "group" && index > 0 ? undefined : verdict.unjudged };
  });
}

/** What cannot be judged at all is for a person, who is told why. */
export function forReview(entries: readonly TaskEntry[], by: string, reason: string): Judged[] {
  const at = new Date().toISOString();
  return entries.map(({ task, links, details }) => ({
    entry: { task, links, ...(details === undefined ? {} : { details }), decision: { action: "review", by, cause: "rule", reason, at } },
    unjudged: undefined,
  }));
}

function decisionFrom(verdict: Verdict, by: string, at: Date): Decision {
  const { outcome, rule, reason, facts } = verdict;
  return {
    action: outcome,
    by,
    cause: "rule",
    ...(rule === undefined ? {} : { rule }),
    ...(reason === undefined ? {} : { reason }),
    facts,
    at: at.toISOString(),
  };
}

/** One message for each port that has tasks; the message itself serves the first of them. */
export function portMessages(
  message: Message,
  byPort: readonly (readonly TaskEntry[])[],
  clone: (message: Message) => Message,
): (Message | null)[] {
  const ports = byPort.filter((entries) => entries.length > 0).length;
  return byPort.map((entries) => {
    if (entries.length === 0) return null;
    const own = ports > 1 ? clone(message) : message;
    own.abiquo = withEntries(message.abiquo as AbiquoMessage, entries);
    return own;
  });
}

/** The namespace with these tasks in place of its own; one task stays one, a group stays a group. */
export function withEntries(before: AbiquoMessage, entries: readonly TaskEntry[]): AbiquoMessage {
  const { task: _task, links: _links, details: _details, decision: _decision, answer: _answer, tasks, ...kept } = before;
  return tasks === undefined ? { ...kept, ...(entries[0] as TaskEntry) } : { ...kept, tasks: entries };
}
