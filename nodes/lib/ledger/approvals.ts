import { type Kysely, sql } from "kysely";
import { type ApprovalRecord, readApprovals } from "./approval-records.ts";
import { type ApprovalChange, changeApproval, type NewApproval, type Opened, openApproval } from "./approval-writes.ts";
import type { Committer } from "./committer.ts";
import { inTurn } from "./in-turn.ts";
import { type Inbox, type InboxPick, type InboxQuery, readInbox, readInboxPicks } from "./inboxes.ts";
import { type Instance, isMine } from "./leases.ts";
import { settleApprovals } from "./outcomes.ts";
import type { Platforms } from "./platforms.ts";
import type { TaskKey } from "./records.ts";
import { chunks, isOpenTask } from "./rows.ts";
import { type LedgerSchema, OPEN_APPROVAL, UNDECIDED } from "./schema.ts";

// SQLite takes a partial index only where the statement itself holds the index's condition, word for word.
const isOpen = sql<boolean>`approval.status in (${sql.join(OPEN_APPROVAL.map((status) => sql.lit(status)))})`;

/** The part of the ledger that keeps approvals, and whom they wait for. */
export class ApprovalStore {
  readonly #db: Kysely<LedgerSchema>;
  readonly #platforms: Platforms;
  readonly #isMine: ReturnType<typeof isMine>;
  readonly #open: (approval: NewApproval & { platform: number }) => Promise<Opened>;
  readonly #change: (change: ApprovalChange) => Promise<boolean>;
  readonly #settle: (ids: readonly string[]) => Promise<undefined>;

  constructor(db: Kysely<LedgerSchema>, committer: Committer, platforms: Platforms, instance: Instance) {
    this.#db = db;
    this.#platforms = platforms;
    this.#isMine = isMine(instance, "approval");
    this.#open = committer.kind("open approval", inTurn(openApproval));
    this.#change = committer.kind(
      "change approval",
      inTurn((trx, change: ApprovalChange, log) => changeApproval(trx, change, log, instance.id)),
    );
    this.#settle = committer.kind("settle approvals", settleApprovals);
  }

  /**
   * Keeps a request whose people are not known yet. The same tasks asked about again under the same key make no
   * second request.
   *
   * @throws Fault why a task that the request brings is not fit to be kept; nothing is written then
   */
  async open(approval: NewApproval): Promise<Opened> {
    return this.#open({ ...approval, platform: await this.#platforms.numberOf(approval.api) });
  }

  /** Writes a new state, with what people are to be told of it. False when somebody else changed it meanwhile. */
  change(change: ApprovalChange): Promise<boolean> {
    return this.#change(change);
  }

  async get(id: string): Promise<ApprovalRecord | undefined> {
    return (await readApprovals(this.#db, [id]))[0];
  }

  /** Those of these ids that there are. */
  async several(ids: readonly string[]): Promise<ApprovalRecord[]> {
    return readApprovals(this.#db, [...new Set(ids)]);
  }

  /** JSON text of what leaves with the outcome. */
  async message(id: string): Promise<string> {
    const row = await this.#db.selectFrom("approval").select("message").where("id", "=", id).executeTakeFirst();
    return row?.message ?? "{}";
  }

  /** Ids of the open approvals of these keys that time moves by `now`, the longest due first. */
  async due(keys: readonly string[], now: number, limit: number): Promise<string[]> {
    const rows = await this.#db
      .selectFrom("approval")
      .select("id")
      .where("next_wake", "<=", now)
      .where("key", "in", keys)
      .where(this.#isMine)
      .orderBy("next_wake")
      .limit(limit)
      .execute();
    return rows.map(({ id }) => id);
  }

  /** Ids of the requests of these keys whose people are still being found out, oldest first. */
  async opening(keys: readonly string[]): Promise<string[]> {
    const select = this.#db
      .selectFrom("approval")
      .select("id")
      .where("key", "in", keys)
      .where(isOpen)
      .where("status", "=", "opening")
      .where(this.#isMine);
    const rows = await select.orderBy("created_at").execute();
    return rows.map(({ id }) => id);
  }

  /** When time moves the next approval of these keys after a moment. */
  async nextWake(keys: readonly string[], after: number): Promise<number | undefined> {
    const select = this.#db.selectFrom("approval").select("next_wake").where("next_wake", ">", after);
    const row = await select.where("key", "in", keys).where(this.#isMine).orderBy("next_wake").limit(1).executeTakeFirst();
    return row?.next_wake ?? undefined;
  }

  /** How many requests of this key are open. */
  async count(key: string): Promise<number> {
    const row = await this.#db
      .selectFrom("approval")
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .where("key", "=", key)
      .where(isOpen)
      .executeTakeFirstOrThrow();
    return Number(row.count);
  }

  /** Ids of the open approvals of this key whose tasks were all decided past them. */
  async overtaken(key: string): Promise<string[]> {
    const rows = await this.#db
      .selectFrom("approval")
      .select("approval.id")
      .where("key", "=", key)
      .where(isOpen)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom("approval_task")
              .innerJoin("task", "task.id", "approval_task.task")
              .select("task.id")
              .whereRef("approval_task.approval", "=", "approval.id")
              .where("stage", "in", UNDECIDED),
          ),
        ),
      )
      .execute();
    return rows.map(({ id }) => id);
  }

  /** The open approvals that ask about any of these tasks, with the task, oldest first. */
  async about(keys: readonly TaskKey[]): Promise<{ readonly id: string; readonly key: TaskKey }[]> {
    const found: { id: string; key: TaskKey }[] = [];
    for (const [api, some] of Map.groupBy(keys, (key) => key.api)) {
      const platform = await this.#platforms.known(api);
      if (platform === undefined) continue;
      for (const few of chunks(some)) {
        const rows = await this.#db
          .selectFrom("task")
          .innerJoin("approval_task", "approval_task.task", "task.id")
          .innerJoin("approval", "approval.id", "approval_task.approval")
          .select(["approval.id", "task.task_id"])
          .where("task.platform", "=", platform)
          .where(
            "task.task_id",
            "in",
            few.map(({ taskId }) => taskId),
          )
          .where("status", "in", OPEN_APPROVAL)
          .orderBy("approval.created_at")
          .execute();
        found.push(...rows.map(({ id, task_id }) => ({ id, key: { api, taskId: task_id } })));
      }
    }
    return found;
  }

  /** The closed approvals of this key whose outcome the flow may have lost, oldest first, with the tasks of theirs that went on nowhere since. */
  async unsettled(key: string): Promise<{ readonly id: string; readonly taskIds: readonly string[] }[]> {
    const rows = await this.#db
      .selectFrom("task")
      .innerJoin("approval_task", "approval_task.task", "task.id")
      .innerJoin("approval", "approval.id", "approval_task.approval")
      .select(["approval.id", "task.task_id"])
      .where(isOpenTask)
      .where("task.stage", "=", "asked")
      .where("approval_task.settling", "=", 1)
      .where(this.#isMine)
      .where("approval.key", "=", key)
      .orderBy("approval.created_at")
      .orderBy("approval_task.position")
      .execute();
    return [...Map.groupBy(rows, ({ id }) => id)].map(([id, own]) => ({ id, taskIds: own.map(({ task_id }) => task_id) }));
  }

  /** The flow has had the outcome of these approvals for long: their tasks are held by it, unless others still ask about them. */
  async settle(ids: readonly string[]): Promise<void> {
    await this.#settle(ids);
  }

  /** What waits for a person, oldest first. */
  inbox(query: InboxQuery): Promise<Inbox> {
    return readInbox(this.#db, query);
  }

  /** As `inbox`, without what it takes to show them. */
  inboxPicks(query: InboxQuery): Promise<InboxPick[]> {
    return readInboxPicks(this.#db, query);
  }
}
