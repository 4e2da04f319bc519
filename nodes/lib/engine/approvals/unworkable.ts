import { isUnread } from "../../base/codec.ts";
import type { Ledger } from "../../ledger/index.ts";

/** Keeps one request that cannot be worked on from stopping the others, and reports each once. */
export class Unworkable {
  readonly #ledger: Ledger;
  readonly #report: (key: string, problem: unknown) => void;
  readonly #reported = new Set<string>();
  readonly #unread = new Set<string>();

  constructor(ledger: Ledger, report: (key: string, problem: unknown) => void) {
    this.#ledger = ledger;
    this.#report = report;
  }

  /** Ids of those that this release cannot read. */
  get unread(): ReadonlySet<string> {
    return this.#unread;
  }

  /** False when it could not be done. */
  async try(id: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await this.ifReadable(id, work);
      if (!this.#unread.has(id)) this.#reported.delete(id);
      return true;
    } catch (problem) {
      await this.#reportOnce(id, problem);
      return false;
    }
  }

  /** What cannot be read waits, as it is, for a release that can. @throws what else goes wrong */
  async ifReadable(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (problem) {
      if (!isUnread(problem)) throw problem;
      this.#unread.add(id);
      await this.#reportOnce(id, problem);
    }
  }

  async #reportOnce(id: string, problem: unknown): Promise<void> {
    if (this.#reported.has(id)) return;
    const record = await this.#ledger.approvals.get(id);
    this.#reported.add(id);
    if (record !== undefined) this.#report(record.key, problem);
  }
}
