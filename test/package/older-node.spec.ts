import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { StatementSync } from "node:sqlite";
import { openSqlLedger } from "../../nodes/lib/ledger/open.ts";
import { openSqliteFile } from "../../nodes/lib/ledger/sqlite.ts";
import { ROOT } from "./tarball.ts";

describe("On an older Node.js", () => {
  it("before 22.12, which cannot require ES modules, all nodes load, and so can tell of it", () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { "node-red": { nodes: Record<string, string> } };
    const files = Object.values(manifest["node-red"].nodes).map((file) => join(ROOT, file));
    const program = `for (const file of ${JSON.stringify(files)}) require(file);`;
    execFileSync(process.execPath, ["--no-experimental-require-module", "--eval", program], { stdio: "pipe" });
  });

  describe("before 22.16, where node:sqlite has neither columns nor a timeout,", () => {
    const columns = Object.getOwnPropertyDescriptor(StatementSync.prototype, "columns") as PropertyDescriptor;

    before(() => {
      delete (StatementSync.prototype as Partial<StatementSync>).columns;
    });

    after(() => {
      Object.defineProperty(StatementSync.prototype, "columns", columns);
    });

    it("the ledger opens and keeps tasks", async () => {
      const ledger = await openSqlLedger({ engine: "sqlite", file: ":memory:" });
      const task = {
        api: "https://cloud.example.com/api",
        taskId: "t1",
        connection: "c",
        source: "w",
        group: { id: "g", index: 0, count: 1 },
      };
      const rest = { summary: "{}", links: "{}", payload: "{}", receivedAt: 1_700_000_000_000 };
      assert.deepEqual(await ledger.receive([{ ...task, ...rest }]), [true]);
      assert.equal((await ledger.list({ stages: ["received"] })).length, 1);
      await ledger.close();
    });

    it("a write waits while another process holds the file", async () => {
      const database = await openSqliteFile(":memory:");
      assert.deepEqual(
        database
          .prepare("pragma busy_timeout")
          .all([])
          .map((row) => ({ ...(row as object) })),
        [{ timeout: 5_000 }],
      );
      database.close();
    });
  });
});
