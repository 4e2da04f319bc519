import type { Kysely } from "kysely";
import type { ApprovalStatus, LedgerSchema } from "../schema.ts";
import type { Step } from "./types.ts";

/** As they were when this step was released. */
const OPEN_APPROVAL: readonly ApprovalStatus[] = ["opening", "open"];

export const eachApprovalSettles: Step = (types) => ({
  async up(db: Kysely<LedgerSchema>) {
    await db.schema
      .alterTable("approval_task")
      .addColumn("settling", "integer", (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema
      .alterTable("approval_person")
      .addColumn("level", "integer", (c) => c.notNull().defaultTo(-1))
      .execute();
    await db.schema
      .alterTable("approval_person")
      .addColumn("turn", types.long, (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema
      .alterTable("notification")
      .addColumn("failures", "integer", (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema
      .alterTable("notification")
      .addColumn("next_at", types.long, (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema.dropIndex("notification_pending").ifExists().execute();
    await db.schema
      .createIndex("notification_untold")
      .on("notification")
      .columns(["key", "state", "failures", "created_at", "position"])
      .where("state", "=", "pending")
      .execute();
    await repairStages(db);
  },
});

/**
 * Before, tasks settled and not approvals: the outcome of the newest approval about a task was the only one that was
 * told again, and a task could count as held while another approval was still asking about it.
 */
async function repairStages(db: Kysely<LedgerSchema>): Promise<void> {
  const askedAbout = db
    .selectFrom("approval_task")
    .innerJoin("approval", "approval.id", "approval_task.approval")
    .where("approval.status", "in", OPEN_APPROVAL)
    .select("approval_task.task");
  await db.updateTable("task").set({ stage: "asked" }).where("stage", "=", "held").where("id", "in", askedAbout).execute();
  await db
    .updateTable("approval_task")
    .set({ settling: 1 })
    .where("task", "in", db.selectFrom("task").select("id").where("stage", "=", "asked"))
    .where("approval", "not in", db.selectFrom("approval").select("id").where("status", "in", OPEN_APPROVAL))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("approval as own")
            .innerJoin("approval_task as other", (join) => join.onTrue())
            .innerJoin("approval as newer", "newer.id", "other.approval")
            .whereRef("own.id", "=", "approval_task.approval")
            .whereRef("other.task", "=", "approval_task.task")
            .whereRef("newer.created_at", ">", "own.created_at")
            .select("other.task"),
        ),
      ),
    )
    .execute();
}
