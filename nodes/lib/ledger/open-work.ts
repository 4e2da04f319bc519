import { type Kysely, sql } from "kysely";
import { isOpenTask } from "./rows.ts";
import { type LedgerSchema, OPEN_APPROVAL } from "./schema.ts";

/** What one connection to one platform still has to do. */
export interface OpenWork {
  readonly api: string;
  readonly connection: string;
  /** decisions that Abiquo has yet to be told */
  readonly decisions: number;
  /** requests that people have yet to answer */
  readonly requests: number;
  /** those of the requests whose people have yet to be found out */
  readonly unasked: number;
}

/** Null, which is not counted, for all others. */
const isUnasked = sql`case when approval.status = 'opening' then 1 end`;

/** The open work of every connection that has some, of those that are no more as well. */
export async function openWork(db: Kysely<LedgerSchema>): Promise<OpenWork[]> {
  const decisions = await db
    .selectFrom("task")
    .innerJoin("decision", "decision.task", "task.id")
    .innerJoin("platform", "platform.id", "task.platform")
    .where(isOpenTask)
    .where("stage", "=", "decided")
    .groupBy(["platform.api", "decision.connection"])
    .select(({ fn }) => ["platform.api", "decision.connection", fn.countAll<number>().as("count")])
    .execute();
  const requests = await db
    .selectFrom("approval")
    .innerJoin("platform", "platform.id", "approval.platform")
    .where("status", "in", OPEN_APPROVAL)
    .groupBy(["platform.api", "approval.connection"])
    .select(({ fn }) => [
      "platform.api",
      "approval.connection",
      fn.countAll<number>().as("count"),
      fn.count<number>(isUnasked).as("unasked"),
    ])
    .execute();
  const work = new Map<string, OpenWork>();
  const add = (api: string, connection: string, more: Partial<OpenWork>): void => {
    const key = `${api}\n${connection}`;
    work.set(key, { api, connection, decisions: 0, requests: 0, unasked: 0, ...work.get(key), ...more });
  };
  for (const { api, connection, count } of decisions) add(api, connection, { decisions: Number(count) });
  for (const { api, connection, count, unasked } of requests) add(api, connection, { requests: Number(count), unasked: Number(unasked) });
  return [...work.values()];
}
