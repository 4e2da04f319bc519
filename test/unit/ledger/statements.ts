import { DatabaseSync, StatementSync } from "node:sqlite";

/** Calls `look` before each statement that SQLite takes in this thread, while `work` lasts. */
export async function beforeEachStatement<T>(look: () => void, work: () => Promise<T>): Promise<T> {
  const originals: (() => void)[] = [];
  for (const [owner, names] of [
    [DatabaseSync, ["exec"]],
    [StatementSync, ["all", "run"]],
  ] as const) {
    const prototype = owner.prototype as unknown as Record<string, (...given: unknown[]) => unknown>;
    for (const name of names) {
      const original = prototype[name] as (...given: unknown[]) => unknown;
      originals.push(() => (prototype[name] = original));
      prototype[name] = function (...given) {
        look();
        return original.apply(this, given);
      };
    }
  }
  try {
    return await work();
  } finally {
    for (const restore of originals) restore();
  }
}
