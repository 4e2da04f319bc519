import { randomUUID } from "node:crypto";
import type { CompiledQuery } from "kysely";
import { BoundedMap } from "../../base/bounded-map.ts";
import { Fault } from "../../base/fault.ts";
import { chunks, type Db } from "../rows.ts";
import { type EntryRow, genesis, linked, type NewEntry } from "./entry.ts";

/** What a transaction tells the audit. */
export class AuditLog {
  readonly entries: NewEntry[] = [];

  add(...entries: readonly NewEntry[]): void {
    this.entries.push(...entries);
  }
}

/** How many lengths of the statement are kept. */
const STATEMENTS_KEPT = 100;

interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** Puts what transactions tell at the end of the chain. */
export class Chain {
  // Put together once, since that costs more than to run them: each commit needs them.
  readonly #inserts = new BoundedMap<number, CompiledQuery>(STATEMENTS_KEPT);
  #moveOn: CompiledQuery<Head> | undefined;
  #close: CompiledQuery | undefined;

  /**
   * Belongs at the end of its transaction: whoever writes another entry waits from here on until this transaction ends.
   */
  async append(db: Db, entries: readonly NewEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const head = await this.#reserve(db, entries.length);
    let seq = Number(head.seq) - entries.length;
    let before = head.hash;
    const rows = entries.map((entry): EntryRow => {
      const row = linked(entry, ++seq, before);
      before = row.hash;
      return row;
    });
    for (const some of chunks(rows)) await this.#insert(db, some);
    this.#close ??= db.updateTable("audit_head").set({ hash: before }).compile();
    await db.executeQuery({ ...this.#close, parameters: [before] });
  }

  /** Takes so many numbers; answers the last of them, and the hash that the chain ends with. */
  async #reserve(db: Db, count: number): Promise<Head> {
    this.#moveOn ??= db
      .updateTable("audit_head")
      .set((eb) => ({ seq: eb("seq", "+", count) }))
      .returning(["seq", "hash"])
      .compile();
    const { rows } = await db.executeQuery<Head>({ ...this.#moveOn, parameters: [count] });
    const [head] = rows;
    if (head !== undefined) return head;
    await begin(db);
    return this.#reserve(db, count);
  }

  async #insert(db: Db, rows: readonly EntryRow[]): Promise<void> {
    let statement = this.#inserts.get(rows.length);
    if (statement === undefined) {
      statement = db.insertInto("audit_entry").values(rows.map(inOrder)).compile();
      this.#inserts.set(rows.length, statement);
    }
    await db.executeQuery({ ...statement, parameters: rows.flatMap(valuesOf) });
  }
}

/** In a database that was emptied there is a chain no more, and a new one begins. */
async function begin(db: Db): Promise<void> {
  const entry = await db.selectFrom("audit_entry").select("seq").limit(1).executeTakeFirst();
  if (entry !== undefined) throw new Fault("LEDGER_DAMAGED", { file: "", reason: "audit_head" });
  await db
    .insertInto("audit_head")
    .values(newHead())
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
}

/** Of a chain without entries. */
export function newHead() {
  const store = randomUUID();
  const hash = genesis(store);
  return { id: 1, store, seq: 0, hash, kept_after: 0, kept_after_hash: hash };
}

function inOrder({ seq, task, approval, entry, personal, hash }: EntryRow): EntryRow {
  return { seq, task, approval, entry, personal, hash };
}

/** In the order of `inOrder`. */
function valuesOf({ seq, task, approval, entry, personal, hash }: EntryRow): (number | string | null)[] {
  return [seq, task, approval, entry, personal, hash];
}
