import type { RecordedTask } from "./recorded.ts";
import type { RuleSet } from "./ruleset.ts";
import type { Outcome, RuleSubject, Verdict } from "./types.ts";

/** What a set of rules makes of one recorded task. */
export interface Tried {
  readonly task: RecordedTask;
  readonly verdict: Verdict;
  /** What the other set makes of it, when there is one. */
  readonly before?: Verdict;
  /** The outcomes of the two sets differ; another rule with the same outcome is no difference. */
  readonly differs: boolean;
}

export interface Trial {
  /** In the order of the recorded tasks. */
  readonly tried: readonly Tried[];
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly differing: number;
}

/**
 * Runs rules over recorded tasks, each at its own moment, and beside another set when there is one. Nothing is
 * decided. In scope `group` the tasks recorded with the same group are judged together.
 */
export async function tryRules(tasks: readonly RecordedTask[], set: RuleSet, against?: RuleSet): Promise<Trial> {
  const verdicts = await verdictsOf(tasks, set);
  const earlier = against === undefined ? undefined : await verdictsOf(tasks, against);
  const tried = tasks.map((task, index): Tried => {
    const verdict = verdicts[index] as Verdict;
    const before = earlier?.[index];
    return before === undefined ? { task, verdict, differs: false } : { task, verdict, before, differs: before.outcome !== verdict.outcome };
  });
  const counts: Record<Outcome, number> = { continue: 0, cancel: 0, review: 0 };
  for (const { verdict } of tried) counts[verdict.outcome] += 1;
  return { tried, counts, differing: tried.filter(({ differs }) => differs).length };
}

async function verdictsOf(tasks: readonly RecordedTask[], { rules, scope }: RuleSet): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const together of scope === "group" ? groupsOf(tasks) : [...tasks.keys()].map((index) => [index])) {
    const members = together.map((index) => tasks[index] as RecordedTask);
    const verdict = await rules.evaluate(subjectOf(members));
    for (const index of together) verdicts[index] = verdict;
  }
  return verdicts;
}

/** Positions of the tasks that belong together. */
function groupsOf(tasks: readonly RecordedTask[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const [index, { group }] of tasks.entries()) {
    const known = groups.get(group.id);
    if (known === undefined) groups.set(group.id, [index]);
    else known.push(index);
  }
  return [...groups.values()];
}

function subjectOf(members: readonly RecordedTask[]): RuleSubject {
  const [first] = members as readonly [RecordedTask];
  const group = { ...first.group, count: Math.max(first.group.count, members.length) };
  return { tasks: members.map(({ facts }) => ({ ...facts, group })), group, at: first.at };
}
