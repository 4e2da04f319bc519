import type { DecisionRecord, WholeTaskRecord } from "./records.ts";
import type { Stage } from "./schema.ts";

export interface StageQuery {
  /** empty = every platform */
  readonly api?: string | undefined;
  /** whose tasks are listed as well where they live on another platform, as after its address was changed; absent = none */
  readonly connection?: string | undefined;
  readonly stages: readonly Stage[];
  /** text that the task's summary must contain, without regard to case; cut by `boundedFilter`; empty = any */
  readonly filter?: string | undefined;
  /** 0 = all */
  readonly limit?: number | undefined;
  /** which end of the list the limit keeps; the newest first if true */
  readonly newestFirst?: boolean | undefined;
}

export interface ListedTask {
  readonly task: WholeTaskRecord;
  readonly decision?: DecisionRecord;
}

/** How far a list has been read. What comes or goes meanwhile moves nothing: no task is read twice. */
export interface Cursor {
  readonly receivedAt: number;
  readonly row: number;
  /** how many were read so far */
  readonly count: number;
}

export interface PageOf<Row> {
  readonly rows: readonly Row[];
  /** where the next page begins; absent after the last */
  readonly next?: Cursor;
}

type ReadPage<Row> = (after: Cursor | undefined) => Promise<PageOf<Row>>;

/** The rows of each page of a list, so that other work gets its turn in between. */
export async function* eachPage<Row>(read: ReadPage<Row>): AsyncGenerator<readonly Row[]> {
  let after: Cursor | undefined;
  do {
    const { rows, next } = await read(after);
    yield rows;
    after = next;
  } while (after !== undefined);
}

/** Reads a list page by page to its end. */
export async function allPages<Row>(read: ReadPage<Row>): Promise<Row[]> {
  const all: Row[] = [];
  for await (const rows of eachPage(read)) all.push(...rows);
  return all;
}
