import type { Db } from "./rows.ts";

const NAME = "probe";

/** Writes the newest of these moments, so that something goes to disk. */
export async function probeDisk(db: Db, moments: readonly number[]): Promise<undefined[]> {
  const value = String(Math.max(...moments));
  await db
    .insertInto("setting")
    .values({ name: NAME, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
  return moments.map(() => undefined);
}
