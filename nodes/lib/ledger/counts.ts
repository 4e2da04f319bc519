import { type Kysely, sql } from "kysely";
import { isOpenTask } from "./rows.ts";
import { type LedgerSchema, OPEN, type Stage } from "./schema.ts";

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

export async function openCounts(db: Kysely<LedgerSchema>, { moments, owner }: OpenQuery): Promise<OpenCounts> {
  const stages = await db
    .selectFrom("task")
    .where(isOpenTask)
    .groupBy("stage")
    .select(({ fn }) => ["stage", fn.countAll<number>().as("count"), fn.min<number>("received_at").as("oldest")])
    .execute();
  const before: number[] = [];
  for (const moment of moments) {
    const { count } = await db
      .selectFrom("task")
      .where(isOpenTask)
      .where("stage", "in", ["received", "held", "asked"])
      .where("received_at", "<", moment)
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    before.push(Number(count));
  }
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
    stages: stages.map(({ stage, count, oldest }) => ({ stage, count: Number(count), oldest: Number(oldest) })),
    before,
    owners: await ownersOf(db, owner),
    levels: levels.map(({ level, count }) => ({ level: Number(level), count: Number(count) })),
    notifications: { pending: Number(told?.pending ?? 0), failing: Number(told?.failing ?? 0) },
  };
}

async function ownersOf(db: Kysely<LedgerSchema>, property: string): Promise<Map<string, number>> {
  const owners = new Map<string, number>();
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom("task")
      .where(isOpenTask)
      .where(sql<boolean>`+task.id > ${after}`)
      .orderBy("task.id")
      .limit(PER_PAGE)
      .select(["task.id", "summary"])
      .execute();
    for (const { summary } of rows) {
      const owner = ownerIn(summary, property);
      owners.set(owner, (owners.get(owner) ?? 0) + 1);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < PER_PAGE) return owners;
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
