import { keptFault } from "../kept.ts";
import type { DecisionRecord, DeliveryNews, Proposal } from "../records.ts";
import type { EntryTask, NewEntry } from "./entry.ts";

/** A decision, and before it the rule that made it with the facts that the rule saw. */
export function decidedEntries(task: EntryTask, proposal: Proposal): NewEntry[] {
  const { at, by, action, cause, rule, reason, facts } = proposal;
  const decided: NewEntry = { at, kind: "decided", task, detail: { action, cause, rule }, personal: { actor: by, reason } };
  return [...ruleEntries(task, at, { action, rule, facts }), decided];
}

/** Which rule spoke, and what it saw. */
export function ruleEntries(
  task: EntryTask,
  at: number,
  { action, rule, facts, approval }: { action: string; rule?: string | undefined; facts?: string | undefined; approval?: string },
): NewEntry[] {
  if (rule === undefined && facts === undefined) return [];
  return [{ at, kind: "rule", task, approval, detail: { rule, action }, personal: { facts } }];
}

/** What came of a decision: one of its ends, or Abiquo's refusal. */
export function answerEntry(task: EntryTask, { delivery, outcome, attempts, fault, reportedAt }: DeliveryNews): NewEntry {
  return { at: reportedAt, kind: delivery, task, by: "outbox", detail: { outcome, attempts, fault: faultIn(fault) } };
}

/** An attempt that Abiquo did not take. */
export function attemptEntry(task: EntryTask, { attempts, uncertain, fault, reportedAt }: DeliveryNews): NewEntry {
  return { at: reportedAt, kind: "attempt", task, by: "outbox", detail: { attempts, uncertain, fault: faultIn(fault) } };
}

export function retriedEntry(task: EntryTask, { nextAt, by }: DecisionRecord): NewEntry {
  return { at: nextAt, kind: "retried", task, personal: { actor: by } };
}

function faultIn(text: string | undefined): unknown {
  return text === undefined ? undefined : keptFault.read(text);
}
