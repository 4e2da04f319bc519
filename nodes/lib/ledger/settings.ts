import type { Kysely } from "kysely";
import type { LedgerSchema } from "./schema.ts";

/** The setting that says when a store was put back from a copy, ISO 8601; empty for one that never was. */
export const RESTORED = "restored";

/** The part of the ledger that keeps settings which last, such as the keys that sign links. */
export class SettingStore {
  readonly #db: Kysely<LedgerSchema>;

  constructor(db: Kysely<LedgerSchema>) {
    this.#db = db;
  }

  /** The first value given for a setting stays. */
  async get(name: string, first: string): Promise<string> {
    const read = this.#db.selectFrom("setting").select("value").where("name", "=", name);
    const known = await read.executeTakeFirst();
    if (known !== undefined) return known.value;
    const insert = this.#db.insertInto("setting").values({ name, value: first });
    await insert.onConflict((conflict) => conflict.column("name").doNothing()).execute();
    return (await read.executeTakeFirstOrThrow()).value;
  }

  /** Replaces a setting if it still is what it was. */
  async replace(name: string, before: string, after: string): Promise<void> {
    await this.#db.updateTable("setting").set({ value: after }).where("name", "=", name).where("value", "=", before).execute();
  }
}
