import type { Approval } from "../../approval/index.ts";
import type { DecisionRecord, TaskRecord } from "../../ledger/index.ts";
import { type Decision, entryOf, type TaskEntry } from "../message.ts";
import type { OpenedApproval } from "./request.ts";

/** The tasks of an approval that leave by one port. */
export interface ApprovalOutcome {
  readonly port: "approved" | "rejected" | "withdrawn";
  readonly connection: string;
  /** JSON text of the message that asked */
  readonly message: string;
  /** with their decision, when one is proposed or was made */
  readonly entries: readonly TaskEntry[];
  readonly approval?: { readonly id: string; readonly kind: "decided" | "withdrawn"; readonly level: number };
  readonly redelivered: boolean;
}

/**
 * What leaves once an approval is closed.
 *
 * @param message JSON text of the message that asked
 * @param decisions those made on its tasks meanwhile, by task id
 * @param again ids of those tasks that leave once more, since the flow may have lost them; absent = all, for the first time
 */
export function outcomesOf(
  { record, state }: OpenedApproval,
  message: string,
  decisions: ReadonlyMap<string, DecisionRecord>,
  again?: ReadonlySet<string>,
): ApprovalOutcome[] {
  const redelivered = again !== undefined;
  const tasks = redelivered ? record.tasks.filter(({ taskId }) => again.has(taskId)) : record.tasks;
  const kind = record.status === "withdrawn" ? ("withdrawn" as const) : ("decided" as const);
  const common = {
    connection: record.connection,
    message,
    approval: { id: record.id, kind, level: state?.approval.level ?? 0 },
    redelivered,
  };
  const leaving = (
    port: ApprovalOutcome["port"],
    some: readonly TaskRecord[],
    entry: (task: TaskRecord) => TaskEntry,
  ): ApprovalOutcome[] => (some.length === 0 ? [] : [{ ...common, port, entries: some.map(entry) }]);
  if (state === undefined || record.status === "withdrawn") {
    const at = state?.approval.history.at(-1)?.at ?? record.createdAt;
    return leaving("withdrawn", tasks, (task) => withdrawn(task, decisions.get(task.taskId), at));
  }
  const { approval } = state;
  const excepted = new Set(approval.excepted);
  const isApproved = ({ taskId }: TaskRecord): boolean => record.status === "approved" && !excepted.has(taskId);
  return [
    ...leaving("approved", tasks.filter(isApproved), (task) => ({ ...entryOf(task), decision: decisionOn(approval, "continue") })),
    ...leaving(
      "rejected",
      tasks.filter((task) => !isApproved(task)),
      (task) => ({
        ...entryOf(task),
        decision: exceptionOn(approval, task.taskId) ?? decisionOn(approval, "cancel"),
      }),
    ),
  ];
}

/** A task that left undecided. What Abiquo no longer knows has no decision, but an end. @param at when it left */
export function withdrawn(task: TaskRecord, decision: DecisionRecord | undefined, at: number): TaskEntry {
  const entry = entryOf(task, decision);
  if (decision !== undefined || task.stage !== "gone") return entry;
  return { ...entry, answer: { outcome: "gone", at: new Date(at).toISOString(), attempts: 0 } };
}

function decisionOn(approval: Approval, action: "continue" | "cancel"): Decision {
  const { by, cause = "vote", reason, at = 0 } = approval.decision ?? {};
  // A deadline has nobody's name: the level that nobody answered stands for it.
  const level = approval.policy.levels[approval.level]?.name ?? "";
  return { action, by: by ?? level, cause, ...(reason === undefined ? {} : { reason }), at: new Date(at).toISOString() };
}

/** Who left this task out of an approval, and why. */
function exceptionOn({ status, votes }: Approval, taskId: string): Decision | undefined {
  const vote = status === "approved" ? votes.find(({ except }) => except?.includes(taskId)) : undefined;
  if (vote === undefined) return undefined;
  const { by, reason, at } = vote;
  return { action: "cancel", by, cause: "vote", ...(reason === undefined ? {} : { reason }), at: new Date(at).toISOString() };
}
