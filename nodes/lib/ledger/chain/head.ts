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
