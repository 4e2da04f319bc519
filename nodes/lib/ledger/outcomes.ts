import { chunks, type Db } from "./rows.ts";
import { OPEN_APPROVAL } from "./schema.ts";
import type { KnownTask } from "./tasks.ts";

/** The flow has gone on with what this approval let leave, as far as these tasks are concerned. */
export async function goneOn(db: Db, approval: string, tasks: readonly KnownTask[]): Promise<void> {
  for (const some of chunks(tasks.map(({ row }) => row))) {
    await db.updateTable("approval_task").set({ settling: 0 }).where("approval", "=", approval).where("task", "in", some).execute();
  }
}

/**
 * The flow has had the outcome of each of these approvals for the settling time. A task is held by the flow only when
 * no approval asks about it any more, and no other outcome about it may be lost.
 */
export async function settleApprovals(db: Db, jobs: readonly (readonly string[])[]): Promise<undefined[]> {
  for (const ids of chunks(jobs.flat())) {
    const about = db.selectFrom("approval_task").select("task").where("approval", "in", ids);
    // Holds their rows: what another instance asks about them meanwhile comes after this, or is seen by what follows.
    await db.updateTable("task").set({ stage: "asked" }).where("stage", "=", "asked").where("id", "in", about).execute();
    await db.updateTable("approval_task").set({ settling: 0 }).where("approval", "in", ids).where("settling", "=", 1).execute();
    await db
      .updateTable("task")
      .set({ stage: "held" })
      .where("stage", "=", "asked")
      .where("id", "in", about)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom("approval_task")
              .innerJoin("approval", "approval.id", "approval_task.approval")
              .select("approval_task.task")
              .whereRef("approval_task.task", "=", "task.id")
              .where((eb) => eb.or([eb("approval_task.settling", "=", 1), eb("approval.status", "in", OPEN_APPROVAL)])),
          ),
        ),
      )
      .execute();
  }
  return jobs.map(() => undefined);
}
