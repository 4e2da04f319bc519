import type { Kysely } from "kysely";
import type { LedgerSchema } from "./schema.ts";

/**
 * The numbers of the platforms. They never change, so each is read once, and never inside a transaction: what
 * is rolled back must not be remembered.
 */
export class Platforms {
  readonly #db: Kysely<LedgerSchema>;
  readonly #numbers = new Map<string, number>();

  constructor(db: Kysely<LedgerSchema>) {
    this.#db = db;
  }

  /** The number of a platform, if the ledger has one for it. */
  async known(api: string): Promise<number | undefined> {
    const number = this.#numbers.get(api);
    if (number !== undefined) return number;
    const row = await this.#db.selectFrom("platform").select("id").where("api", "=", api).executeTakeFirst();
    if (row !== undefined) this.#numbers.set(api, row.id);
    return row?.id;
  }

  /** The number of a platform, new if need be. */
  async numberOf(api: string): Promise<number> {
    const known = await this.known(api);
    if (known !== undefined) return known;
    const insert = this.#db.insertInto("platform").values({ api });
    await insert.onConflict((conflict) => conflict.column("api").doNothing()).execute();
    return (await this.known(api)) as number;
  }
}
