import type { Db } from "../rows.ts";
import type { EntryRow } from "./entry.ts";
import type { AuditHead } from "./head.ts";
import { newHead } from "./log.ts";

/** As many as are soon read, sent to another thread, and used. */
export const ENTRIES_AT_ONCE = 1_000;

export async function auditHead(db: Db): Promise<AuditHead> {
  const head = await db.selectFrom("audit_head").selectAll().executeTakeFirst();
  const { store, seq, hash, kept_after, kept_after_hash } = head ?? newHead();
  return { store, seq, hash, keptAfter: kept_after, keptAfterHash: kept_after_hash };
}

/** The next entries behind this one, in order. */
export async function entriesAfter(db: Db, seq: number, limit = ENTRIES_AT_ONCE): Promise<EntryRow[]> {
  return db.selectFrom("audit_entry").selectAll().where("seq", ">", seq).orderBy("seq").limit(limit).execute();
}
