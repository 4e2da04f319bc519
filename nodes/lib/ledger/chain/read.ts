import type { Db } from "../rows.ts";
import type { EntryRow } from "./entry.ts";
import { newHead } from "./log.ts";

/** The two ends of what is kept of the chain. */
export interface AuditHead {
  /** what the chain begins with: of this store and no other */
  readonly store: string;
  /** of the last entry; 0 where there is none */
  readonly seq: number;
  readonly hash: string;
  /** of the last entry that was deleted when it was due; 0, and the genesis, where there is none */
  readonly keptAfter: number;
  readonly keptAfterHash: string;
}

/** A head as people are told it, and as they give it to be compared with. */
export function headText({ seq, hash }: Pick<AuditHead, "seq" | "hash">): string {
  return `${seq}:${hash}`;
}

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
