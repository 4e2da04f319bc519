import { DetailsReading } from "../lib/abiquo/index.ts";
import { systemClock, timestamp } from "../lib/base/clock.ts";
import type { FaultRecord } from "../lib/base/fault.ts";
import type { AbiquoMessage, Decision, TaskEntry } from "../lib/engine/index.ts";
import type { ConnectionNode } from "../lib/node-red/connection.ts";
import { MessageDetails } from "../lib/node-red/details.ts";
import type { CompiledRules, RuleSubject, Scope, Unjudged, Verdict } from "../lib/rules/index.ts";
import { factSource } from "./fact-source.ts";

/** What is to be judged, and for whom. */
export interface Case {
  readonly rules: CompiledRules;
  readonly scope: Scope;
  /** of the message */
  readonly abiquo: AbiquoMessage;
  readonly entries: readonly TaskEntry[];
  /** in whose name */
  readonly by: string;
  /** where facts are read that the message lacks */
  readonly connection: ConnectionNode;
  /** what is wrong, in the operator's language */
  readonly words: Words;
  /** after which nothing is read any more */
  readonly signal: AbortSignal;
}

interface Judged {
  /** the message's namespace, with the totals that were read */
  readonly abiquo: AbiquoMessage;
  /** each with its decision and with the facts that were read */
  readonly entries: readonly TaskEntry[];
  /** why rules could not be judged */
  readonly doubts: readonly string[];
}

/** Proposes a decision for each task: by itself, or one for the whole group. */
export async function judge(about: Case): Promise<Judged> {
  const { abiquo, entries, connection, signal } = about;
  const at = new Date(systemClock.now());
  // A list is no group: what it holds came at different times, from different people, and each stands for itself.
  const isList = abiquo.tasks !== undefined && abiquo.group === undefined;
  if (!isList) return judgeGroup(about, at);
  const reading = new DetailsReading(connection.resources, signal);
  const judged = await Promise.all(entries.map((entry) => judgeGroup({ ...about, entries: [entry] }, at, reading)));
  return { abiquo, entries: judged.flatMap((one) => one.entries), doubts: [...new Set(judged.flatMap((one) => one.doubts))] };
}

async function judgeGroup(
  { rules, scope, abiquo, entries, by, connection, words, signal }: Case,
  at: Date,
  reading?: DetailsReading,
): Promise<Judged> {
  const known = new MessageDetails(connection, abiquo, entries, words, signal, reading);
  const { group } = known;
  const facts = entries.map(({ task }, index) => ({
    task,
    group,
    ...(known.details[index] === undefined ? {} : { details: known.details[index] }),
  }));
  const evaluate = (tasks: RuleSubject["tasks"], first: number): Promise<Verdict> => {
    const subject = { tasks, group, at };
    return rules.evaluate(subject, factSource(known, subject, first));
  };
  const verdicts = scope === "group" ? [await evaluate(facts, 0)] : await Promise.all(facts.map((fact, index) => evaluate([fact], index)));
  const decisions = verdicts.map((verdict) => decisionFrom(verdict, by, at, words));
  return {
    abiquo: abiquo.group === undefined ? abiquo : { ...abiquo, group },
    entries: entries.map(({ task, links }, index): TaskEntry => {
      const details = known.details[index];
      const decision = decisions[scope === "group" ? 0 : index] as Decision;
      return { task, links, ...(details === undefined ? {} : { details }), decision };
    }),
    doubts: [...new Set(verdicts.flatMap(({ unjudged }) => (unjudged === undefined ? [] : [doubtText(unjudged, words)])))],
  };
}

export type Words = (problem: FaultRecord) => string;

/** Why a rule could not be judged. */
export function doubtText({ rule, field, why, cause }: Unjudged, words: Words): string {
  const params = { rule, field };
  return words({ code: why, params: cause === undefined ? params : { ...params, reason: words(cause) } });
}

/** What cannot be judged at all is for a person, who is told why. */
export function forReview(abiquo: AbiquoMessage, entries: readonly TaskEntry[], by: string, reason: string): Judged {
  const decision: Decision = { action: "review", by, cause: "rule", reason, at: timestamp(systemClock) };
  const decided = entries.map(({ task, links, details }) => ({ task, links, ...(details === undefined ? {} : { details }), decision }));
  return { abiquo, entries: decided, doubts: [reason] };
}

function decisionFrom(verdict: Verdict, by: string, at: Date, words: Words): Decision {
  const { outcome, facts, unjudged } = verdict;
  const { rule, reason } = unjudged === undefined ? verdict : { rule: unjudged.rule, reason: doubtText(unjudged, words) };
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
