import { type Insertable, sql } from "kysely";
import { type ApprovalRecord, readApprovals } from "./approval-records.ts";
import { chunks, type Db } from "./rows.ts";
import type { LedgerSchema } from "./schema.ts";
import { searchWords } from "./search.ts";

export interface InboxQuery {
  /** compared e-mail address */
  readonly person: string;
  /** words that the request must contain, those that `searchWords` takes; empty = any */
  readonly text: string;
  /** empty = every type */
  readonly type: string;
  /** only what waited for the person when an inbox said that it was its turn; absent = all that waits now */
  readonly upTo?: number;
  readonly offset: number;
  readonly limit: number;
}

export interface Inbox {
  /** goes back as `upTo`, to mean no more than what this inbox knew */
  readonly turn: number;
  readonly rows: readonly ApprovalRecord[];
  readonly matching: number;
  readonly total: number;
  readonly types: readonly string[];
}

/** What waits for a person, without what it is. */
export interface InboxPick {
  /** of the approval */
  readonly id: string;
  /** on which it waits; -1 where an older release wrote it */
  readonly level: number;
}

/** The setting that counts the rows of all inboxes. A clock would not do: what is written is seen only later. */
const TURN = "inbox-turn";

type Place = Omit<Insertable<LedgerSchema["approval_person"]>, "person" | "turn"> & { readonly level: number };

/** Puts the approval into these people's inboxes and out of all others. What waits on as it did keeps its turn. */
export async function waitFor(db: Db, place: Place, people: ReadonlySet<string>): Promise<void> {
  const { approval, level } = place;
  const before = await db.selectFrom("approval_person").select(["person", "level"]).where("approval", "=", approval).execute();
  const isKept = (row: (typeof before)[number]): boolean => row.level === level && people.has(row.person);
  const kept = new Set(before.filter(isKept).map(({ person }) => person));
  for (const some of chunks(before.filter((row) => !isKept(row)))) {
    await db
      .deleteFrom("approval_person")
      .where("approval", "=", approval)
      .where(
        "person",
        "in",
        some.map(({ person }) => person),
      )
      .execute();
  }
  const fresh = [...people].filter((person) => !kept.has(person));
  if (fresh.length === 0) return;
  const turn = await nextTurn(db);
  for (const some of chunks(fresh)) {
    await db
      .insertInto("approval_person")
      .values(some.map((person) => ({ ...place, person, turn })))
      .execute();
  }
}

/** Up to which turn inboxes are filled. */
async function lastTurn(db: Db): Promise<number> {
  const row = await db.selectFrom("setting").select("value").where("name", "=", TURN).executeTakeFirst();
  return Number(row?.value ?? 0);
}

async function nextTurn(db: Db): Promise<number> {
  const { value } = await db
    .insertInto("setting")
    .values({ name: TURN, value: "1" })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value: sql`cast(cast(setting.value as bigint) + 1 as text)` }))
    .returning("value")
    .executeTakeFirstOrThrow();
  return Number(value);
}

/** As `ApprovalStore.inbox`. */
export async function readInbox(db: Db, query: InboxQuery): Promise<Inbox> {
  const { person, offset, limit } = query;
  // Read before the rows: what comes in between is shown at the most, and never meant without having been shown.
  const turn = await lastTurn(db);
  const mine = rowsOf(db, person);
  const matching = matchingRows(db, query);
  const counted = async (rows: typeof mine): Promise<number> => {
    const row = await rows.select((eb) => eb.fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
    return Number(row.count);
  };
  const ids = await matching.select("approval as id").orderBy("created_at").orderBy("approval").offset(offset).limit(limit).execute();
  const types = await mine.select("type").distinct().orderBy("type").execute();
  const total = await counted(mine);
  const isFiltered = query.type !== "" || query.upTo !== undefined || searchWords(query.text).length > 0;
  return {
    turn,
    rows: await readApprovals(
      db,
      ids.map(({ id }) => id),
    ),
    matching: isFiltered ? await counted(matching) : total,
    total,
    types: types.map(({ type }) => type),
  };
}

/** As `ApprovalStore.inboxPicks`. */
export function readInboxPicks(db: Db, query: InboxQuery): Promise<InboxPick[]> {
  const { offset, limit } = query;
  const rows = matchingRows(db, query).select(["approval as id", "level"]);
  return rows.orderBy("created_at").orderBy("approval").offset(offset).limit(limit).execute();
}

function rowsOf(db: Db, person: string) {
  return db.selectFrom("approval_person").where("person", "=", person);
}

function matchingRows(db: Db, { person, text, type, upTo }: InboxQuery) {
  let matching = rowsOf(db, person);
  if (type !== "") matching = matching.where("type", "=", type);
  if (upTo !== undefined) matching = matching.where("turn", "<=", upTo);
  const words = searchWords(text);
  if (words.length === 0) return matching;
  return matching.where(({ exists, selectFrom }) => {
    let found = selectFrom("approval").select("approval.id").whereRef("approval.id", "=", "approval_person.approval");
    for (const word of words) {
      // Contains, said in a function that both engines have and without the wildcards of LIKE.
      found = found.where((eb) =>
        eb(eb.fn<string>("replace", ["approval.search", eb.val(word), eb.val("")]), "<>", eb.ref("approval.search")),
      );
    }
    return exists(found);
  });
}
