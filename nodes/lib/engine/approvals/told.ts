import type { Approval, HistoryEntry } from "../../approval/index.ts";
import type { ApprovalChange } from "../../ledger/index.ts";

/** An entry of the audit about an approval. */
export type Told = NonNullable<ApprovalChange["told"]>[number];

/** What people do that is no vote. */
const CONTROLS: readonly HistoryEntry["what"][] = ["reassigned", "delegated", "frozen", "unfrozen"];
/** The audit has them of each task. */
const ENDS: readonly HistoryEntry["what"][] = ["decided", "withdrawn"];

/** What the audit is told of a step: all that the history has gained, but for the end. */
export function toldBetween(before: Approval | undefined, after: Approval): Told[] {
  const fresh = after.history.slice(before?.history.length ?? 0).filter(({ what }) => !ENDS.includes(what));
  return fresh.map((entry) => told(entry, after));
}

function told(entry: HistoryEntry, approval: Approval): Told {
  const { at, level, what, by, from, to, reason, ...rest } = entry;
  const personal = { actor: by, from, to, reason };
  if (what === "approve" || what === "reject") {
    const vote = approval.votes.find((each) => each.at === at && each.by === by);
    return { at, kind: "vote", detail: { level, action: what, except: vote?.except }, personal };
  }
  return { at, kind: CONTROLS.includes(what) ? "control" : "approval", detail: { level, what, ...rest }, personal };
}
