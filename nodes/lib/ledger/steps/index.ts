import type { Steps } from "../migrate.ts";
import { tasksDecisionsRequestsAudit } from "./001-tasks-decisions-requests-audit.ts";
import { approvals } from "./002-approvals.ts";
import { eachApprovalSettles } from "./003-each-approval-settles-by-itself.ts";
import { leases } from "./004-leases.ts";
import { adoptedTasks } from "./005-adopted-tasks.ts";
import { auditChain } from "./006-audit-chain.ts";
import { workHasAHolder } from "./007-work-has-a-holder.ts";
import type { EngineTypes } from "./types.ts";

export type { EngineTypes } from "./types.ts";

/** Every step ever released stays as it was, so that a ledger written by an older release opens. */
export function migrations(types: EngineTypes): Steps {
  return {
    "001 tasks, decisions, requests, audit": tasksDecisionsRequestsAudit(types),
    "002 approvals": approvals(types),
    "003 each approval settles by itself": eachApprovalSettles(types),
    "004 leases": leases(types),
    "005 adopted tasks": adoptedTasks(types),
    "006 the audit is a chain": auditChain(types),
    "007 work has a holder": workHasAHolder(types),
  };
}
