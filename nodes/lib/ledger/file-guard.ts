import { type Kysely, sql } from "kysely";
import { Fault } from "../base/fault.ts";
import type { LedgerSchema } from "./schema.ts";
import { clearBeside, identityOf, nameBeside, writeWhole } from "./store-file.ts";

/**
 * `fine`: what is written is found under the file's name. `rescued`: it had no name any more, and has one again, as a
 * new file that is to be opened. `lost`: neither, for the reason in `fault`.
 */
export type Look = "fine" | "rescued" | "lost";

/**
 * Sees to it that the file this process writes is the one that the next one will open. A file that was deleted lives on
 * as long as it is open, and with it all that was ever committed: it is put back. Where another file has its name,
 * somebody must choose: what was open is kept beside it, and nothing is written any more.
 */
export class FileGuard {
  readonly #file: string;
  readonly #db: Kysely<LedgerSchema>;
  readonly #own: string | undefined;
  #fault: Fault | undefined;
  /** the copy beside the file that took this one's name */
  #kept: string | undefined;
  #looking: Promise<Look> | undefined;

  constructor(file: string, db: Kysely<LedgerSchema>) {
    this.#file = file;
    this.#db = db;
    this.#own = identityOf(file);
  }

  /** Why nothing may be written for now, or, after a rescue, what had happened. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** @param idle resolves when nothing is being written */
  look(idle: () => Promise<unknown>): Promise<Look> {
    return (this.#looking ??= this.#look(idle).finally(() => (this.#looking = undefined)));
  }

  async #look(idle: () => Promise<unknown>): Promise<Look> {
    const found = identityOf(this.#file);
    if (found !== undefined && found === this.#own) {
      this.#fault = undefined;
      return "fine";
    }
    const file = this.#file;
    await idle();
    try {
      if (found === undefined) {
        await this.#copyTo(file);
        this.#fault = new Fault("LEDGER_REMOVED", { file });
        return "rescued";
      }
      if (this.#kept === undefined) {
        const kept = nameBeside(file, "rescued");
        await this.#copyTo(kept);
        this.#kept = kept;
      }
      this.#fault = new Fault("LEDGER_REPLACED", { file, kept: this.#kept });
    } catch (error) {
      this.#fault = new Fault("LEDGER_LOST", { file, reason: error instanceof Error ? error.message : String(error) }, error);
    }
    return "lost";
  }

  #copyTo(target: string): Promise<unknown> {
    return writeWhole(target, async (part) => {
      await sql`vacuum into ${part}`.execute(this.#db);
      clearBeside(target);
    });
  }
}
