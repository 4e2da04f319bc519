import type { Db } from "../rows.ts";
import { type EntryRow, readEntry, type Sealed, sealedIn } from "./entry.ts";
import type { AuditLog } from "./log.ts";
import { auditHead, entriesAfter } from "./read.ts";

/**
 * Deletes entries from the beginning of the chain, up to the first that is not older than this or is about a task that
 * is still kept. The chain tells of it: what is left can be verified as before.
 *
 * @param before milliseconds since 1970
 * @param now milliseconds since 1970
 * @param limit how many at the most: no other write waits long for them
 * @returns how many
 */
export async function pruneEntries(
  db: Db,
  { before, now, limit }: { before: number; now: number; limit: number },
  log: AuditLog,
): Promise<number> {
  const { keptAfter } = await auditHead(db);
  const rows = await entriesAfter(db, keptAfter, limit);
  const kept = await stillKept(db, rows);
  const isDue = (row: EntryRow): boolean => {
    const entry = readEntry(row);
    // What cannot be read stays: it is for the verifier to find.
    return entry !== undefined && entry.at < before && !kept.has(row.task ?? 0);
  };
  const end = rows.findIndex((row) => !isDue(row));
  const due = end < 0 ? rows : rows.slice(0, end);
  const last = due.at(-1);
  // The record of what was deleted before is due some day, too; but not to make room for the next one only.
  if (last === undefined || due.every((row) => readEntry(row)?.kind === "pruned")) return 0;
  await db.deleteFrom("audit_entry").where("seq", "<=", last.seq).execute();
  await db.updateTable("audit_head").set({ kept_after: last.seq, kept_after_hash: last.hash }).execute();
  log.add({ at: now, kind: "pruned", by: "retention", detail: { seq: last.seq, hash: last.hash } });
  return due.length;
}

async function stillKept(db: Db, rows: readonly EntryRow[]): Promise<Set<number>> {
  const numbers = [...new Set(rows.flatMap(({ task }) => (task === null ? [] : [task])))];
  if (numbers.length === 0) return new Set();
  const found = await db.selectFrom("task").select("id").where("id", "in", numbers).execute();
  return new Set(found.map(({ id }) => id));
}

/** Whom to forget, and which part of the chain is looked through. */
export interface Masking {
  /** an e-mail address, login or name: every personal field that holds it is erased, without regard to case */
  readonly person: string;
  /** the entries behind this one */
  readonly after: number;
  /** milliseconds since 1970 */
  readonly at: number;
  /** who wants it */
  readonly by: string;
}

export interface Masked {
  /** how many entries lost something */
  readonly entries: number;
  /** up to where the chain was looked through */
  readonly upTo: number;
}

/**
 * Erases what the next entries say of a person. Their hashes stay, so that the chain can be verified as before; another
 * entry tells what was erased, without saying whose it was. `upTo` is `after` again at the end of the chain.
 */
export async function maskEntries(db: Db, { person, after, at, by }: Masking, log: AuditLog): Promise<Masked> {
  const rows = await entriesAfter(db, after);
  const wanted = person.trim().toLowerCase();
  const erased: Record<string, string[]> = {};
  for (const row of rows) {
    const fields = sealedIn(row.personal) ?? {};
    const theirs = fieldsOf(wanted, fields);
    if (theirs.length === 0) continue;
    erased[row.seq] = theirs;
    const left = Object.entries(fields).filter(([field]) => !theirs.includes(field));
    const personal = left.length === 0 ? null : JSON.stringify(Object.fromEntries(left));
    await db.updateTable("audit_entry").set({ personal }).where("seq", "=", row.seq).execute();
  }
  const entries = Object.keys(erased).length;
  if (entries > 0) log.add({ at, kind: "masked", detail: { erased }, personal: { actor: by } });
  return { entries, upTo: rows.at(-1)?.seq ?? after };
}

/** Where the person acts, the words of the entry are the person's own. */
function fieldsOf(wanted: string, fields: Sealed): string[] {
  if (wanted === "") return [];
  const holds = (field: string): boolean => fields[field]?.[1].toLowerCase().includes(wanted) ?? false;
  const names = Object.keys(fields);
  return holds("actor") ? names.filter((field) => holds(field) || field === "reason") : names.filter(holds);
}
