import { type Kysely, sql } from "kysely";
import { isOpenTask } from "./rows.ts";
import { type LedgerSchema, OPEN, type Stage, UNDECIDED } from "./schema.ts";

/** What waits, by number. */
export interface OpenCounts {
  readonly stages: readonly { readonly stage: Stage; readonly count: number /** when the oldest came */; readonly oldest: number }[];
  /** of those that nobody has decided, how many came before each of the moments asked for */
  readonly before: readonly number[];
  /** open tasks by what the reader of their summaries names */
  readonly owners: ReadonlyMap<string, number>;
  /** open requests to people by the level that they have reached */
  readonly levels: readonly { readonly level: number; readonly count: number }[];
  /** notifications that have yet to leave, and those of them that could not */
  readonly notifications: { readonly pending: number; readonly failing: number };
}

export interface OpenQuery {
  /** milliseconds since 1970 */
  readonly moments: readonly number[];
  /** property of the summary by which open tasks are counted */
  readonly owner: string;
}

/** Summaries are read so many at once. */
const PER_PAGE = 2_000;

export async function openCounts(db: Kysely<LedgerSchema>, query: OpenQuery): Promise<OpenCounts> {
  const levels = await db
    .selectFrom("approval_person")
    .groupBy("level")
    .select(({ fn }) => ["level", fn.count<number>("approval").distinct().as("count")])
    .execute();
  const [told] = await db
    .selectFrom("notification")
    .where("state", "=", sql.lit("pending"))
    .select(({ fn }) => [
      fn.countAll<number>().as("pending"),
      fn.coalesce(fn.sum<number>(sql`case when failures > 0 then 1 else 0 end`), sql.lit(0)).as("failing"),
    ])
    .execute();
  return {
    ...(await taskCounts(db, query)),
    levels: levels.map(({ level, count }) => ({ level: Number(level), count: Number(count) })),
    notifications: { pending: Number(told?.pending ?? 0), failing: Number(told?.failing ?? 0) },
  };
}

/** In one pass over the open tasks, page by page in the order of their index. */
async function taskCounts(
  db: Kysely<LedgerSchema>,
  { moments, owner }: OpenQuery,
): Promise<Pick<OpenCounts, "stages" | "before" | "owners">> {
  const stages: { stage: Stage; count: number; oldest: number }[] = [];
  const before = moments.map(() => 0);
  const owners = new Map<string, number>();
  for (const stage of OPEN) {
    const counted = { stage, count: 0, oldest: Number.POSITIVE_INFINITY };
    for await (const { received_at, summary } of tasksAt(db, stage)) {
      counted.count++;
      counted.oldest = Math.min(counted.oldest, received_at);
      const whose = ownerIn(summary, owner);
      owners.set(whose, (owners.get(whose) ?? 0) + 1);
      if (!UNDECIDED.includes(stage)) continue;
      moments.forEach((moment, index) => {
        if (received_at < moment) before[index] = (before[index] ?? 0) + 1;
      });
    }
    if (counted.count > 0) stages.push(counted);
  }
  return { stages, before, owners };
}

async function* tasksAt(db: Kysely<LedgerSchema>, stage: Stage): AsyncGenerator<{ received_at: number; summary: string }> {
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom("task")
      .where(isOpenTask)
      .where("stage", "=", stage)
      .where("id", ">", after)
      .orderBy("id")
      .limit(PER_PAGE)
      .select(["id", "received_at", "summary"])
      .execute();
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PER_PAGE) return;
    after = last.id;
  }
}

/** What cannot be read is nobody's. */
function ownerIn(summary: string, property: string): string {
  try {
    const kept: unknown = JSON.parse(summary);
    const value: unknown = Array.isArray(kept) ? kept[1] : kept;
    const owner: unknown = (value as Readonly<Record<string, unknown>>)[property];
    return typeof owner === "string" ? owner : "";
  } catch {
    return "";
  }
}

/** Tasks that have come to an end, by stage. Looks at every row. */
export async function endedCounts(db: Kysely<LedgerSchema>): Promise<{ stage: Stage; count: number }[]> {
  const rows = await db
    .selectFrom("task")
    .where("stage", "not in", OPEN)
    .groupBy("stage")
    .select(({ fn }) => ["stage", fn.countAll<number>().as("count")])
    .execute();
  return rows.map(({ stage, count }) => ({ stage, count: Number(count) }));
}
