import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Ledger, openLedger } from "../../nodes/lib/ledger/index.ts";
import { API, newTask } from "../support/tasks.ts";
import { type CommandResult, runCommand } from "./command.ts";
import { ROOT } from "./tarball.ts";

const EIGHT = Date.parse("2026-11-24T08:00:00Z");
const HOUR = 3_600_000;
const COMMAND = join(ROOT, "dist", "cli", "abiquo-audit.js");

/** Entries 1 and 2: a task each of two tenants, an hour apart; 3: one of them is decided. */
async function fill(ledger: Ledger): Promise<void> {
  for (const [index, requester] of ["ana@example.com", "carl@example.com"].entries()) {
    const taskId = `t${index + 1}`;
    const about = { tenant: String(7 + index), type: "DEPLOY", requester };
    const receivedAt = EIGHT + index * HOUR;
    await ledger.receive([newTask(taskId, { receivedAt, about })]);
  }
  const key = { api: API, taskId: "t1" };
  const why = { cause: "vote", reason: 'The <b>"ok"</b>' } as const;
  await ledger.decide({
    proposals: [{ ...key, connection: "config", action: "continue", by: "=ben", at: EIGHT + 2 * HOUR, text: "", ...why }],
  });
}

describe("The command abiquo-audit", () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);

  const run = (parameters: string[], more: Record<string, string> = {}): Promise<CommandResult> =>
    runCommand(COMMAND, folder, parameters, { ABIQUO_STORE_URL: "", ...more });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "abiquo-audit-"));
    const ledger = await openLedger({ engine: "sqlite", file: path("store.sqlite") });
    await fill(ledger);
    await ledger.close();
  });
  after(() => rmSync(folder, { recursive: true }));

  /** A copy of the store in which somebody was at work by hand. */
  function tampered(name: string, sql: string): string {
    copyFileSync(path("store.sqlite"), path(name));
    const file = new DatabaseSync(path(name));
    file.exec(sql);
    file.close();
    return name;
  }

  it("finds a whole audit whole beside the process that works with it, and takes the head that it prints", async () => {
    const ledger = await openLedger({ engine: "sqlite", file: path("store.sqlite") });
    try {
      const { code, out, err } = await run(["verify", "--store", "store.sqlite"]);
      assert.deepEqual([code, err], [0, ""]);
      assert.match(out, /^The audit is whole: 3 entries, /);
      const head = /\d+:[0-9a-f]{64}/.exec(out)?.[0] ?? "";
      assert.equal((await run(["verify", "--store", "store.sqlite", "--head", head])).code, 0);
    } finally {
      await ledger.close();
    }
  });

  it("ends with 1, and names the entry that was changed or removed", async () => {
    for (const [sql, words] of [
      [`UPDATE audit_entry SET entry = replace(entry, '"config"', '"other"') WHERE seq = 2`, /^Entry 2 was changed/],
      [`UPDATE audit_entry SET personal = replace(personal, '=ben', 'eva') WHERE seq = 3`, /^Entry 3 was changed/],
      ["DELETE FROM audit_entry WHERE seq = 2", /^Entry 2 was removed/],
    ] as const) {
      const { code, out } = await run(["verify", "--store", tampered("tampered.sqlite", sql)]);
      assert.equal(code, 1);
      assert.match(out, words);
    }
  });

  it("ends with 1 where the head that was noted is not in the audit: another one, or behind its end", async () => {
    for (const seq of [3, 4]) {
      const { code, out } = await run(["verify", "--store", "store.sqlite", "--head", `${seq}:${"0".repeat(64)}`]);
      assert.equal(code, 1);
      assert.match(out, new RegExp(`cut or written anew: entry ${seq} `));
    }
  });

  it("exports entries as JSON lines: all, of a tenant, of a person, of a time", async () => {
    for (const [filter, seqs] of [
      [[], [1, 2, 3]],
      [["--tenant", "8"], [2]],
      [["--person", "ANA@example.com"], [1]],
      [["--from", "2026-11-24T09:00:00Z", "--to", "2026-11-24T10:00:00Z"], [2]],
    ] as const) {
      const { code, out, err } = await run(["export", "--store", "store.sqlite", ...filter]);
      assert.deepEqual([code, err], [0, ""]);
      const entries = out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.deepEqual(
        entries.map(({ seq }) => seq),
        seqs,
      );
      if (seqs.length === 3) {
        const { at, kind, task, actor, people } = entries[2] ?? {};
        assert.deepEqual(
          [at, kind, task, actor, people],
          ["2026-11-24T10:00:00.000Z", "decided", "t1", "=ben", { reason: 'The <b>"ok"</b>' }],
        );
      }
    }
  });

  it("exports a table in which no spreadsheet finds a formula", async () => {
    const { code, out } = await run(["export", "--store", "store.sqlite", "--format", "csv", "--task", "t1"]);
    assert.equal(code, 0);
    const rows = out.split("\r\n");
    assert.equal(rows[0], "seq,at,kind,api,task,tenant,approval,actor,detail,people,erased,hash");
    assert.deepEqual([rows.length, rows.at(-1)], [4, ""]);
    assert.ok(rows[2]?.includes(`,"'=ben",`));
    assert.ok(rows[2]?.includes(String.raw`"{""reason"":""The <b>\""ok\""</b>""}"`));
  });

  it("exports the story of a task as a page, on which what people wrote is text", async () => {
    const { code, out } = await run(["export", "--store", "store.sqlite", "--format", "html", "--task", "t1"]);
    assert.equal(code, 0);
    assert.match(out, /^<!doctype html>.*<\/html>\n$/s);
    assert.equal(out.match(/<tr><td>/g)?.length, 2);
    assert.ok(out.includes("The &lt;b&gt;") && !out.includes("<b>"));
  });

  it("ends with 1 where there is nothing to export", async () => {
    const { code, out } = await run(["export", "--store", "store.sqlite", "--task", "t9"]);
    assert.deepEqual([code, out], [1, ""]);
  });

  it("erases a person beside the process that works with the store, and the audit stays whole", async () => {
    copyFileSync(path("store.sqlite"), path("masked.sqlite"));
    const ledger = await openLedger({ engine: "sqlite", file: path("masked.sqlite") });
    try {
      const masking = ["mask", "--store", "masked.sqlite", "--person", "ana@example.com", "--by", "officer"];
      const { code, out, err } = await run(masking);
      assert.deepEqual([code, err], [0, ""]);
      assert.match(out, /^1 entries say nothing/);
      const exported = (await run(["export", "--store", "masked.sqlite"])).out;
      assert.ok(!exported.includes("ana@example.com") && exported.includes("officer") && exported.includes("carl@example.com"));
      assert.match((await run(["verify", "--store", "masked.sqlite"])).out, /is whole: 4 entries, .* 1 personal values erased/);
      assert.equal((await run(masking)).code, 1);
    } finally {
      await ledger.close();
    }
  });

  for (const [parameters, words] of [
    [[], /abiquo-audit verify/],
    [["verify"], /ABIQUO_STORE_URL/],
    [["rewrite", "--store", "store.sqlite"], /“verify”, “export” or “mask”/],
    [["verify", "--store", "missing.sqlite"], /missing\.sqlite cannot be read/],
    [["verify", "--store", "store.sqlite", "--head", "3"], /--head/],
    [["export", "--store", "store.sqlite", "--format", "pdf"], /jsonl, csv, html/],
    [["export", "--store", "store.sqlite", "--format", "html"], /--task/],
    [["export", "--store", "store.sqlite", "--from", "soon"], /--from/],
    [["mask", "--store", "store.sqlite", "--person", "an"], /--person/],
    [["verify", "--store", "store.sqlite", "--force"], /--force/],
  ] as const) {
    it(`ends with 2 for what it does not understand: ${parameters.join(" ")}`, async () => {
      const { code, out, err } = await run([...parameters]);
      assert.equal(code, 2);
      assert.match(out + err, words);
      assert.ok(!existsSync(path("missing.sqlite")));
    });
  }

  it("tells nothing of the database's password where that cannot be reached", async () => {
    const { code, out, err } = await run(["verify"], { ABIQUO_STORE_URL: "postgres://abiquo:hushhush@127.0.0.1:9/audit" });
    assert.equal(code, 2);
    assert.ok(err !== "" && !(out + err).includes("hushhush"));
  });

  it("explains itself in both languages, and ends with 0", async () => {
    for (const [lang, word] of [
      ["en", /verify --store <file>/],
      ["es", /verify --store <fichero>/],
    ] as const) {
      const { code, out } = await run(["--help", "--lang", lang]);
      assert.equal(code, 0);
      assert.match(out, word);
    }
  });

  it("is installed by the package", () => {
    const { bin } = createRequire(import.meta.url)(join(ROOT, "package.json")) as { bin: Record<string, string> };
    assert.equal(bin["abiquo-audit"], "dist/cli/abiquo-audit.js");
    assert.match(readFileSync(COMMAND, "utf8"), /^#!\/usr\/bin\/env node\n/);
  });
});
