// Opens the ledger in the file given first, and is killed (kill -9) before the statement whose number is given second.
// Says "opened" when there are fewer. With a third word, a step of a later version is taken as well.
import { DatabaseSync, StatementSync } from "node:sqlite";
import { upgrade } from "../../../nodes/lib/ledger/migrate.ts";
import { kyselyOn } from "../../../nodes/lib/ledger/open.ts";
import { openSqliteFile, sqliteTypes } from "../../../nodes/lib/ledger/sqlite.ts";
import { migrations } from "../../../nodes/lib/ledger/steps/index.ts";
import { laterStep } from "./later-step.ts";

const [file = "", last = "", later] = process.argv.slice(2);
let left = Number(last);

function dieOnTime(): void {
  if (--left === 0) process.kill(process.pid, "SIGKILL");
}

for (const [owner, names] of [
  [DatabaseSync, ["exec"]],
  [StatementSync, ["all", "run"]],
] as const) {
  const prototype = owner.prototype as unknown as Record<string, (...given: unknown[]) => unknown>;
  for (const name of names) {
    const work = prototype[name] as (...given: unknown[]) => unknown;
    prototype[name] = function (...given) {
      dieOnTime();
      return work.apply(this, given);
    };
  }
}

const db = await kyselyOn(await openSqliteFile(file));
await upgrade(db, { ...migrations(sqliteTypes), ...(later === undefined ? {} : laterStep) }, file);
console.log("opened");
await db.destroy();
