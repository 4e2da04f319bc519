import { digestOf, type EntryRow, genesis, hashOf, readEntry, sealedIn } from "./entry.ts";
import type { AuditHead } from "./head.ts";

/** A head of the chain, as it was told to somebody outside. */
export interface KnownHead {
  readonly seq: number;
  readonly hash: string;
}

/** Where a chain is read, as in a ledger. */
export interface AuditSource {
  auditHead(): Promise<AuditHead>;
  /** The next entries behind this one, in order; none after the last. */
  auditRows(after: number): Promise<readonly EntryRow[]>;
}

/**
 * What is wrong with an entry. `changed`: it is not what was written, or not behind what it was written behind;
 * `missing`: another one stands where it should; `erased`: something personal is gone without a record of that;
 * `cut`: the chain ends before it, or goes on another way than the head that is known outside says; `deleted`: entries
 * before it were deleted without a record of that; `older`: the head that is known outside was deleted since, so that
 * it says nothing.
 */
export type Finding = "changed" | "missing" | "erased" | "cut" | "deleted" | "older";

export interface Verified {
  /** how many entries were looked at */
  readonly entries: number;
  readonly head: KnownHead;
  /** the last entry that was deleted, when it was due; 0 = none */
  readonly keptAfter: number;
  /** how many personal fields were erased, each with a record of it */
  readonly erased: number;
  /** the first entry that is not as it was; absent for a whole chain */
  readonly first?: { readonly seq: number; readonly finding: Finding };
}

/**
 * Goes through the whole chain, entry by entry, to the first that was changed or removed.
 *
 * @param known a head that was kept outside, so that a chain that was cut or written anew shows
 * @param progress hears now and then how far it has come
 */
export async function verifyChain(
  source: AuditSource,
  known?: KnownHead,
  progress: (seq: number, of: number) => void = () => undefined,
): Promise<Verified> {
  const head = await source.auditHead();
  const walk = new Walk(head, known);
  let after = head.keptAfter;
  for (;;) {
    const rows = await source.auditRows(after);
    for (const row of rows) {
      walk.step(row);
      if (walk.isBroken) return walk.verdict;
    }
    after = rows.at(-1)?.seq ?? after;
    progress(after, head.seq);
    if (rows.length === 0) return walk.end();
  }
}

/** The state of a walk along the chain. */
class Walk {
  readonly #head: AuditHead;
  readonly #known: KnownHead | undefined;
  #seq: number;
  #hash: string;
  #entries = 0;
  #erased = 0;
  #first: Verified["first"];
  /** what is gone and has no record yet, as `seq field` */
  readonly #unrecorded = new Map<string, number>();
  /** up to which entry a record says that they were deleted */
  #deleted: KnownHead | undefined;

  constructor(head: AuditHead, known: KnownHead | undefined) {
    this.#head = head;
    this.#known = known;
    this.#seq = head.keptAfter;
    this.#hash = head.keptAfterHash;
    if (head.keptAfter === 0 && head.keptAfterHash !== genesis(head.store)) this.#break(1, "changed");
    else this.#meet();
  }

  get isBroken(): boolean {
    return this.#first !== undefined;
  }

  get verdict(): Verified {
    const { seq, hash, keptAfter } = this.#head;
    const all = { entries: this.#entries, head: { seq, hash }, keptAfter, erased: this.#erased };
    return this.#first === undefined ? all : { ...all, first: this.#first };
  }

  step(row: EntryRow): void {
    const { seq, hash } = row;
    const expected = this.#seq + 1;
    if (seq !== expected) return this.#break(expected, "missing");
    const entry = readEntry(row);
    if (hashOf(this.#hash, row.entry) !== hash || entry === undefined || !isPlaced(row, entry)) return this.#break(seq, "changed");
    const kept = sealedIn(row.personal);
    if (kept === undefined) return this.#break(seq, "changed");
    for (const [field, [salt, value]] of Object.entries(kept)) {
      if (entry.digests[field] !== digestOf(salt, value)) return this.#break(seq, "changed");
    }
    for (const field of entry.erased) this.#unrecorded.set(`${seq} ${field}`, seq);
    if (entry.kind === "masked") this.#takeRecord(entry.detail);
    if (entry.kind === "pruned") this.#deleted = headIn(entry.detail);
    this.#entries++;
    this.#seq = seq;
    this.#hash = hash;
    this.#meet();
  }

  /** Nothing follows. */
  end(): Verified {
    const { seq, hash, keptAfter, keptAfterHash } = this.#head;
    if (this.isBroken) return this.verdict;
    if (this.#seq < seq) this.#break(this.#seq + 1, "cut");
    else if (this.#seq !== seq || this.#hash !== hash) this.#break(this.#seq, "changed");
    else if (this.#known !== undefined && this.#known.seq > seq) this.#break(seq + 1, "cut");
    else if (this.#known !== undefined && this.#known.seq < keptAfter) this.#break(this.#known.seq, "older");
    else if (keptAfter > 0 && (this.#deleted?.seq !== keptAfter || this.#deleted.hash !== keptAfterHash)) {
      this.#break(keptAfter + 1, "deleted");
    } else if (this.#unrecorded.size > 0) this.#break(Math.min(...this.#unrecorded.values()), "erased");
    return this.verdict;
  }

  /** At the place of the head that is known outside. */
  #meet(): void {
    if (this.#known?.seq === this.#seq && this.#known.hash !== this.#hash) this.#break(this.#seq, "cut");
  }

  #takeRecord(detail: Readonly<Record<string, unknown>>): void {
    for (const [seq, fields] of Object.entries(detail["erased"] ?? {})) {
      if (!Array.isArray(fields)) continue;
      for (const field of fields) if (this.#unrecorded.delete(`${seq} ${String(field)}`)) this.#erased++;
    }
  }

  #break(seq: number, finding: Finding): void {
    this.#first ??= { seq, finding };
  }
}

/** Whether the columns by which an entry is looked up say what it says. */
function isPlaced(row: EntryRow, entry: NonNullable<ReturnType<typeof readEntry>>): boolean {
  return entry.seq === row.seq && entry.task.row === (row.task ?? 0) && entry.approval === (row.approval ?? "");
}

function headIn({ seq, hash }: Readonly<Record<string, unknown>>): KnownHead | undefined {
  return typeof seq === "number" && typeof hash === "string" ? { seq, hash } : undefined;
}
