import { getOrCreate } from "../base/get-or-create.ts";
import type { RecordedTask } from "./recorded-tasks.ts";
import type { RuleSet } from "./ruleset.ts";
import type { FactSource, Outcome, RuleSubject, Verdict } from "./types.ts";

/** What a set of rules makes of one recorded task. */
export interface Tried<T extends RecordedTask = RecordedTask> {
  readonly task: T;
  readonly verdict: Verdict;
  /** What the other set makes of it, when there is one. */
  readonly before?: Verdict;
  /** The outcomes of the two sets differ; another rule with the same outcome is no difference. */
  readonly differs: boolean;
}

export interface Trial<T extends RecordedTask = RecordedTask> {
  /** In the order of the recorded tasks. */
  readonly tried: readonly Tried<T>[];
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly differing: number;
}

/** Where facts come from that the record of these tasks lacks. What it finds it puts into the subject. */
export type FactSourceFor<T extends RecordedTask> = (tasks: readonly T[], subject: RuleSubject) => FactSource;

/**
 * Runs rules over recorded tasks, each at its own moment, and beside another set when there is one. Nothing is
 * decided. In scope `group` the tasks recorded with the same group are judged together.
 *
 * @param sourceFor without it, a fact that was not recorded is absent
 */
export async function tryRules<T extends RecordedTask>(
  tasks: readonly T[],
  set: RuleSet,
  against?: RuleSet,
  sourceFor?: FactSourceFor<T>,
): Promise<Trial<T>> {
  const verdicts = await verdictsOf(tasks, set, sourceFor);
  const earlier = against === undefined ? undefined : await verdictsOf(tasks, against, sourceFor);
  const tried = tasks.map((task, index): Tried<T> => {
    const verdict = verdicts[index] as Verdict;
    const before = earlier?.[index];
    return before === undefined
      ? { task, verdict, differs: false }
      : { task, verdict, before, differs: before.outcome !== verdict.outcome };
  });
  const counts: Record<Outcome, number> = { continue: 0, cancel: 0, review: 0 };
  for (const { verdict } of tried) counts[verdict.outcome] += 1;
  return { tried, counts, differing: tried.filter(({ differs }) => differs).length };
}

async function verdictsOf<T extends RecordedTask>(
  tasks: readonly T[],
  { rules, scope }: RuleSet,
  sourceFor: FactSourceFor<T> | undefined,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const together = scope === "group" ? groupsOf(tasks) : [...tasks.keys()].map((index) => [index]);
  await Promise.all(
    together.map(async (indexes) => {
      const members = indexes.map((index) => tasks[index] as T);
      const subject = subjectOf(members);
      const verdict = await rules.evaluate(subject, sourceFor?.(members, subject));
      for (const index of indexes) verdicts[index] = verdict;
    }),
  );
  return verdicts;
}

/** Positions of the tasks that belong together. */
function groupsOf(tasks: readonly RecordedTask[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const [index, { group }] of tasks.entries()) getOrCreate(groups, group.id, () => []).push(index);
  return [...groups.values()];
}

function subjectOf(members: readonly RecordedTask[]): RuleSubject {
  const [first] = members as readonly [RecordedTask];
  const group = { ...first.group, count: Math.max(first.group.count, members.length) };
  return { tasks: members.map(({ facts }) => ({ ...facts, group })), group, at: first.at };
}
