// Opens the ledger in the file given first, and is killed (kill -9) before the statement whose number is given second.
// With a third word, a step of a later version is taken as well.
import { upgrade } from "../../../nodes/lib/ledger/migrate.ts";
import { kyselyOn } from "../../../nodes/lib/ledger/open.ts";
import { openSqliteFile, sqliteTypes } from "../../../nodes/lib/ledger/sqlite.ts";
import { migrations } from "../../../nodes/lib/ledger/steps/index.ts";
import { laterStep } from "./later-step.ts";
import { beforeEachStatement } from "./statements.ts";

const [file = "", last = "", later] = process.argv.slice(2);
let left = Number(last);

await beforeEachStatement(
  () => {
    if (--left === 0) process.kill(process.pid, "SIGKILL");
  },
  async () => {
    const db = await kyselyOn(await openSqliteFile(file));
    await upgrade(db, { ...migrations(sqliteTypes), ...(later === undefined ? {} : laterStep) }, file);
    await db.destroy();
  },
);
