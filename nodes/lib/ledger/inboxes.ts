import { type Insertable, sql } from "kysely";
import { chunks, type Db } from "./rows.ts";
import type { LedgerSchema } from "./schema.ts";

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
export async function lastTurn(db: Db): Promise<number> {
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
