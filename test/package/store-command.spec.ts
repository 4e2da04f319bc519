import assert from "node:assert/strict";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keptKeyRing } from "../../nodes/lib/engine/approvals/kept.ts";
import { ApprovalLinks } from "../../nodes/lib/engine/approvals/links.ts";
import { type Ledger, type NewTask, openLedger } from "../../nodes/lib/ledger/index.ts";
import { StillClock } from "../unit/engine/support.ts";
import { type CommandResult, runCommand } from "./command.ts";
import { ROOT } from "./tarball.ts";

/** Tasks of one POST. */
function newTasks(count: number, from = 0): NewTask[] {
  return Array.from({ length: count }, (_, index) => ({
    api: "https://cloud.example.com/api",
    taskId: `task-${from + index}`,
    connection: "config",
    source: "hook",
    group: { id: `group-${from}`, index, count },
    summary: "{}",
    links: "{}",
    payload: JSON.stringify({ text: "x".repeat(300) }),
    receivedAt: 1,
  }));
}

const COMMAND = join(ROOT, "dist", "cli", "abiquo-store.js");

describe("The command abiquo-store", () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);

  const run = (parameters: string[], lang = "C", more: Record<string, string> = {}): Promise<CommandResult> =>
    runCommand(COMMAND, folder, parameters, { LANG: lang, ...more });

  before(() => (folder = mkdtempSync(join(tmpdir(), "abiquo-store-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("revokes all links beside the process that works with the store, which knows of it within ten seconds", async () => {
    const file = path("live.sqlite");
    const ledger = await openLedger({ engine: "sqlite", file });
    try {
      const clock = new StillClock();
      const links = new ApprovalLinks(ledger, clock);
      const token = await links.decision({ approval: "a1", level: 0, person: "mia@example.com", expiresAt: clock.now() + 60_000 });
      assert.equal((await links.readDecision(token)).code, "OK");
      const { code, out, err } = await run(["revoke-links", "live.sqlite", "--by", "ann", "--reason", "a mailbox was read"]);
      assert.deepEqual([code, err], [0, ""]);
      assert.match(out, /^The links of live\.sqlite are revoked/);
      clock.oversleep(0, 10_000);
      assert.equal((await links.readDecision(token)).code, "REVOKED");
      const kept = keptKeyRing.read(await ledger.settings.get("link-keys", ""));
      assert.deepEqual({ ...kept.revocation, at: 0 }, { by: "ann", reason: "a mailbox was read", at: 0 });
    } finally {
      await ledger.close();
    }
  });

  it("says who did it where nobody is named, and speaks the language that is asked for", async () => {
    const file = path("own.sqlite");
    await (await openLedger({ engine: "sqlite", file })).close();
    const { code, out } = await run(["revoke-links", "own.sqlite", "--lang", "es-ES"]);
    assert.deepEqual([code, out.slice(0, 30)], [0, "Los enlaces de own.sqlite está"]);
    const ledger = await openLedger({ engine: "sqlite", file }, { readOnly: true });
    const kept = keptKeyRing.read(await ledger.settings.get("link-keys", ""));
    await ledger.close();
    assert.ok((kept.revocation?.by ?? "") !== "");
  });

  it("works in a container whose user has no name", async () => {
    writeFileSync(path("nameless.cjs"), 'require("node:os").userInfo = () => { throw new Error("no such user"); };');
    await (await openLedger({ engine: "sqlite", file: path("nameless.sqlite") })).close();
    const { code, err } = await run(["revoke-links", "nameless.sqlite"], "C", { NODE_OPTIONS: `--require ${path("nameless.cjs")}` });
    assert.deepEqual([code, err], [0, ""]);
  });

  it("makes no store, and leaves what is none as it is", async () => {
    const missing = await run(["revoke-links", "missing.sqlite"]);
    assert.deepEqual([missing.code, existsSync(path("missing.sqlite"))], [2, false]);
    assert.match(missing.err, /missing\.sqlite cannot be read/);
    writeFileSync(path("text.sqlite"), "no store at all, but long enough to be read as the header of one".repeat(20));
    copyFileSync(path("text.sqlite"), path("copy"));
    assert.equal((await run(["revoke-links", "text.sqlite"])).code, 2);
    assert.ok(readFileSync(path("text.sqlite")).equals(readFileSync(path("copy"))));
  });

  it("says of a store that cannot be used what to do, and does not promise to try again", async () => {
    mkdirSync(path("folder.sqlite"));
    for (const [lang, words] of [
      ["C", /folder\.sqlite cannot be used: .* run this again/],
      ["es_ES.UTF-8", /No se puede usar el almacén .*folder\.sqlite: .* ejecútelo de nuevo/],
    ] as const) {
      const { code, err } = await run(["revoke-links", "folder.sqlite"], lang);
      assert.equal(code, 2);
      assert.match(err, words);
    }
  });

  describe("backing up", () => {
    const told = /(\d+) tasks \((\d+) of them not ended\)/;

    async function storeWithTasks(name: string, count: number): Promise<Ledger> {
      const ledger = await openLedger({ engine: "sqlite", file: path(name) });
      await ledger.receive(newTasks(count));
      return ledger;
    }

    it("copies a store while it is written to, as it is at one moment, for its owner alone", async () => {
      const ledger = await storeWithTasks("busy.sqlite", 100);
      let isOver = false;
      const writing = (async () => {
        for (let round = 1; !isOver; round++) {
          await ledger.receive(newTasks(100, round * 1_000));
        }
      })();
      const { code, out, err } = await run(["backup", "busy.sqlite", "busy.backup"]);
      isOver = true;
      await writing;
      await ledger.close();
      assert.deepEqual([code, err], [0, ""]);
      const [, tasks = ""] = told.exec(out) ?? [];
      // Each commit is whole in the copy, or not in it.
      assert.equal(Number(tasks) % 100, 0);
      assert.ok(Number(tasks) >= 100);
      assert.equal(statSync(path("busy.backup")).mode & 0o777, 0o600);
      assert.equal((await run(["check", "busy.backup"])).out.match(told)?.[1], tasks);
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.includes(".part")),
        [],
      );
    });

    it("puts a copy back, with which work goes on, and overwrites nothing", async () => {
      await (await storeWithTasks("lost.sqlite", 3)).close();
      assert.equal((await run(["backup", "lost.sqlite", "lost.backup"])).code, 0);
      const overwriting = await run(["backup", "lost.sqlite", "lost.backup"]);
      assert.deepEqual([overwriting.code, /lost\.backup already/.test(overwriting.err)], [2, true]);
      const inPlace = await run(["restore", "lost.backup", "lost.sqlite"]);
      assert.deepEqual([inPlace.code, /lost\.sqlite already/.test(inPlace.err)], [2, true]);
      for (const end of ["", "-wal", "-shm"]) rmSync(path(`lost.sqlite${end}`), { force: true });
      const { code, out } = await run(["restore", "lost.backup", "lost.sqlite"]);
      assert.deepEqual([code, told.exec(out)?.[1]], [0, "3"]);
      const ledger = await openLedger({ engine: "sqlite", file: path("lost.sqlite") });
      assert.equal((await ledger.receivedBy("hook")).length, 3);
      // By this its tasks are compared with Abiquo before anything about them is sent.
      assert.ok(Date.now() - Date.parse(await ledger.settings.get("restored", "")) < 60_000);
      await ledger.close();
    });

    it("puts nothing under a process that works with a store of that name", async () => {
      await (await storeWithTasks("used.sqlite", 1)).close();
      assert.equal((await run(["backup", "used.sqlite", "used.backup"])).code, 0);
      const ledger = await openLedger({ engine: "sqlite", file: path("used.sqlite") });
      rmSync(path("used.sqlite"));
      const { code, err } = await run(["restore", "used.backup", "used.sqlite"]);
      await ledger.close();
      assert.equal(code, 2);
      assert.match(err, /another/i);
    });

    it("finds a damaged store, says what to do, and makes no copy of it", async () => {
      await (await storeWithTasks("broken.sqlite", 2_000)).close();
      const handle = openSync(path("broken.sqlite"), "r+");
      // In the midst of the tables, where only the pages themselves tell.
      const { size } = statSync(path("broken.sqlite"));
      for (let at = 8_192; at < size - 4_096; at += 8_192) writeSync(handle, Buffer.alloc(2_048, 0xa5), 0, 2_048, at);
      closeSync(handle);
      const found = await run(["check", "broken.sqlite"]);
      assert.equal(found.code, 1);
      assert.match(found.out, /damaged|restore|backup/i);
      assert.equal((await run(["backup", "broken.sqlite", "broken.backup"])).code, 2);
      assert.ok(!existsSync(path("broken.backup")));
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.includes(".part")),
        [],
      );
    });

    it("calls a file that is no store damaged, and leaves it as it is", async () => {
      writeFileSync(path("none.sqlite"), "no store at all, but long enough to be read as the header of one".repeat(20));
      assert.equal((await run(["check", "none.sqlite"])).code, 1);
      assert.equal(readFileSync(path("none.sqlite"), "utf8").slice(0, 8), "no store");
    });
  });

  for (const parameters of [
    [],
    ["revoke-links"],
    ["backup", "a"],
    ["restore", "a"],
    ["check", "a", "b"],
    ["revoke-links", "a", "b"],
    ["rotate", "a"],
    ["revoke-links", "a", "--force"],
    ["--lang", "fr"],
  ]) {
    it(`ends with 2 for what it does not understand: ${parameters.join(" ")}`, async () => {
      assert.equal((await run(parameters)).code, 2);
    });
  }

  it("explains itself, and ends with 0", async () => {
    for (const [lang, word] of [
      ["C", /revoke-links <file>/],
      ["es_ES.UTF-8", /revoke-links <fichero>/],
    ] as const) {
      const { code, out } = await run(["--help"], lang);
      assert.equal(code, 0);
      assert.match(out, word);
    }
  });

  it("is installed by the package", () => {
    const { bin } = createRequire(import.meta.url)(join(ROOT, "package.json")) as { bin: Record<string, string> };
    assert.equal(bin["abiquo-store"], "dist/cli/abiquo-store.js");
    assert.match(readFileSync(COMMAND, "utf8"), /^#!\/usr\/bin\/env node\n/);
  });
});
