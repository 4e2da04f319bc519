import { keptFacts, type Proposal } from "../ledger/index.ts";
import type { Action, Decision, TaskEntry, TaskReference } from "./message.ts";
import type { Connection } from "./outbox.ts";
import type { References } from "./references.ts";

export interface AnswerCall {
  /** of the submission, in no other use in this ledger or another, as `SubmissionPort.outcome` gives it */
  readonly id: string;
  /** id of the node that answers */
  readonly node: string;
  readonly connection: Connection;
  readonly action: Action;
  readonly references: readonly TaskReference[];
  /** who decided and why, for the tasks whose reference does not say it */
  readonly decision: Decision;
  /** the text for Abiquo, made from the decision */
  readonly text: (decision: Decision & { readonly action: Action }) => string;
  /** JSON text of what leaves the node again */
  readonly message: string;
}

/**
 * What a call proposes for each task that it names, and the tasks among them that Abiquo does not know any more, by id.
 *
 * @param at now, in ms since 1970
 * @param found what its references name
 */
export function proposalsOf(
  call: Omit<AnswerCall, "references">,
  at: number,
  found: Awaited<ReturnType<References["resolve"]>>,
): { readonly list: readonly Proposal[]; readonly gone: Map<string, TaskEntry> } {
  const { connection, action } = call;
  const proposals = new Map<string, Proposal>();
  const gone = new Map<string, TaskEntry>();
  for (const { taskId, entry, task, isGone } of found) {
    const decision = agreeing(entry.decision, action) ?? call.decision;
    if (isGone)
      gone.set(taskId, {
        ...entry,
        decision: { ...decision, action },
        answer: { outcome: "gone", at: new Date(at).toISOString(), attempts: 0 },
      });
    proposals.set(taskId, {
      api: connection.client.base,
      taskId,
      connection: connection.id,
      action,
      by: decision.by,
      cause: decision.cause,
      rule: decision.rule,
      reason: decision.reason,
      facts: decision.facts === undefined ? undefined : keptFacts.write(decision.facts),
      at,
      text: call.text({ ...decision, action }),
      task,
    });
  }
  return { list: [...proposals.values()], gone };
}

/** A proposal counts only when it proposes what is now done. */
function agreeing(decision: Decision | undefined, action: Action): Decision | undefined {
  return decision?.action === action ? decision : undefined;
}
