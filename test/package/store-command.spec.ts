import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApprovalLinks } from "../../nodes/lib/engine/approvals/links.ts";
import { openLedger } from "../../nodes/lib/ledger/index.ts";
import { StillClock } from "../unit/engine/support.ts";
import { ROOT } from "./tarball.ts";

const COMMAND = join(ROOT, "dist", "cli", "abiquo-store.js");

describe("The command abiquo-store", () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);

  const run = (
    parameters: string[],
    lang = "C",
    more: Record<string, string> = {},
  ): Promise<{ code: number | null; out: string; err: string }> =>
    new Promise((resolve, reject) => {
      const env = { ...process.env, LC_ALL: "", LC_MESSAGES: "", LANG: lang, ...more };
      const child = spawn(process.execPath, [COMMAND, ...parameters], { cwd: folder, env });
      let out = "";
      let err = "";
      child.stdout.on("data", (part: Buffer) => (out += part.toString("utf8")));
      child.stderr.on("data", (part: Buffer) => (err += part.toString("utf8")));
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, out, err }));
    });

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
      const kept = JSON.parse(await ledger.approvals.setting("link-keys", "")) as { revocation?: object };
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
    const kept = JSON.parse(await ledger.approvals.setting("link-keys", "")) as { revocation?: { by: string } };
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

  for (const parameters of [
    [],
    ["revoke-links"],
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
