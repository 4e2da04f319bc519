import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { LedgerPlace } from "../../../nodes/lib/ledger/index.ts";
import { sharedPostgres } from "../../support/postgres.ts";

/** An engine, and where a spec of its has a ledger of its own. */
interface Engine {
  readonly name: string;
  /** An empty place. The one before is gone: its ledger must be closed. */
  place(): Promise<LedgerPlace>;
  /** How many rows a table of the last place has, its ledger closed. */
  count(table: string): Promise<number>;
  /** What is left goes. */
  end(): Promise<void>;
}

function sqlite(): Engine {
  let folder: string | undefined;
  const end = async (): Promise<void> => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
    folder = undefined;
  };
  return {
    name: "SQLite",
    async place() {
      await end();
      folder = mkdtempSync(join(tmpdir(), "ledger-"));
      return { engine: "sqlite", file: join(folder, "ledger.sqlite") };
    },
    async count(table) {
      const file = new DatabaseSync(join(folder ?? "", "ledger.sqlite"), { readOnly: true });
      const row = file.prepare(`select count(*) as number from ${table}`).get();
      file.close();
      return Number(row?.["number"]);
    },
    end,
  };
}

/** The specs of one process share a database, one after the other. */
let database: Promise<string> | undefined;

function postgres(): Engine {
  return {
    name: "PostgreSQL",
    async place() {
      const server = await sharedPostgres();
      database ??= server.database();
      return { engine: "postgres", url: await server.emptied(await database) };
    },
    async count(table) {
      const name = new URL((await database) ?? "").pathname.slice(1);
      const [row] = await (await sharedPostgres()).query(`select count(*) as number from ${table}`, name);
      return Number(row?.["number"]);
    },
    end: async () => undefined,
  };
}

/** Describes what holds on both engines. */
export function onEachEngine(title: string, specs: (place: () => Promise<LedgerPlace>, engine: Engine) => void): void {
  for (const engine of [sqlite(), postgres()]) {
    describe(`${title}, on ${engine.name}`, () => {
      after(() => engine.end());
      specs(() => engine.place(), engine);
    });
  }
}
