import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openLedger } from "../../../nodes/lib/ledger/index.ts";
import { upgrade } from "../../../nodes/lib/ledger/migrate.ts";
import { kyselyOn } from "../../../nodes/lib/ledger/open.ts";
import { openSqliteFile, sqliteTypes } from "../../../nodes/lib/ledger/sqlite.ts";
import { migrations } from "../../../nodes/lib/ledger/steps/index.ts";
import { API, newTask } from "../../support/tasks.ts";
import { laterStep } from "./later-step.ts";
import { beforeEachStatement } from "./statements.ts";

/** A ledger of 0.1.0 with something in every table; `fixtures/make-store.ts` tells how it was made. */
const STORE_OF_0_1_0 = readFileSync(new URL("./fixtures/store-0.1.0.sql", import.meta.url), "utf8");

describe("The form of the ledger", () => {
  let folder: string;
  let count = 0;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "upgrade-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("is made whole or not at all, at whatever step of the first start the process is killed", async () => {
    const whole = await formOf(newFile());
    const all = tablesOf(await opened(newFile()));
    const kills = await killedAtEveryStep(newFile, async (file) => {
      const left = tablesOf(file);
      if (left.length > 0) assert.deepEqual(left, all);
      assert.deepEqual(await formOf(file), whole);
    });
    assert.ok(kills > whole.length, `killed at ${kills} steps only`);
  });

  it("is upgraded whole or not at all, at whatever step the process is killed, and nothing that was kept is lost", async () => {
    const before = contents(storeOf010());
    await killedAtEveryStep(storeOf010, async (file) => {
      assertKept(before, contents(await opened(file)));
    });
  });

  it("is that of a later version, or still the one before, at whatever step of a change to what is kept the process is killed", async () => {
    const before = contents(storeOf010());
    const kills = await killedAtEveryStep(
      storeOf010,
      async (file) => {
        const after = contents(await opened(file, true));
        assertKept(before, after);
        assert.deepEqual(
          after["task"]?.map(({ half }) => half),
          after["task"]?.map(({ id }) => (Number(id) % 2 === 0 ? "first" : "second")),
        );
      },
      true,
    );
    assert.ok(kills > Object.keys(laterStep).length + 4, `killed at ${kills} steps only`);
  });

  it("is completed where a first start of 0.1.0 was cut short, which left some tables without a mark", async () => {
    const whole = await formOf(newFile());
    const made = STORE_OF_0_1_0.split("\n").filter((line) => line.startsWith("CREATE"));
    const marks = [
      "insert into kysely_migration_lock values ('migration_lock', 0);",
      "insert into kysely_migration values ('001 tasks, decisions, requests, audit', '2026-11-01T00:00:00.000Z');",
    ];
    const second = made.findIndex((line) => line.includes('"approval"'));
    for (let some = 0; some <= made.length; some++) {
      const file = newFile();
      change(file, [...made.slice(0, some), ...marks.slice(0, some < 2 ? 0 : some > second ? 2 : 1)].join("\n"));
      assert.deepEqual(await formOf(file), whole, `after ${some} of ${made.length} statements`);
    }
  });

  it("of 0.1.0 is brought up to date with all it keeps, and goes on to work", async () => {
    const ledger = await openLedger({ engine: "sqlite", file: storeOf010() });
    assert.deepEqual(
      (await ledger.receivedBy("hook")).map(({ taskId }) => taskId),
      ["received"],
    );
    assert.deepEqual((await ledger.undelivered(API)).map(({ task }) => task.taskId).sort(), ["sending", "waiting"]);
    assert.deepEqual(
      (await ledger.approvals.get("approval-open"))?.tasks.map(({ taskId }) => taskId),
      ["member-0", "member-1", "member-2"],
    );
    assert.deepEqual(await ledger.approvals.opening(["managers"]), ["approval-opening"]);
    assert.equal((await ledger.approvals.inbox({ person: "boss@example.com", text: "shop", type: "", offset: 0, limit: 10 })).matching, 1);
    const [verdict] = await ledger.decide({
      proposals: [{ api: API, taskId: "held", connection: "config", action: "cancel", by: "Eva", cause: "vote", at: 1, text: "" }],
    });
    assert.equal(verdict?.verdict, "won");
    await ledger.close();
  });

  it("of 0.1.0 gives tasks back to the approvals that still ask about them, and may have lost only what 0.1.0 would have told again", async () => {
    const file = storeOf010();
    change(
      file,
      `update task set stage = 'held' where task_id = 'member-0';
       update approval set status = 'approved' where id = 'approval-opening';
       insert into approval select 'older', key, platform, connection, 'approved', 1, created_at - 1, null, type, search, request, message, state from approval where id = 'approval-open';
       insert into approval_task select 'older', id, 0 from task where task_id in ('asked', 'member-1', 'held')`,
    );
    const ledger = await openLedger({ engine: "sqlite", file });
    assert.deepEqual(
      (await ledger.list({ stages: ["held"] })).map(({ task }) => task.taskId),
      ["held"],
    );
    assert.deepEqual(await ledger.approvals.overtaken("managers"), []);
    assert.deepEqual(await ledger.approvals.unsettled("managers"), [{ id: "approval-opening", taskIds: ["asked"] }]);
    await ledger.close();
  });

  describe("that is only read", () => {
    it("is not changed, and is refused when it is an older one, half made, or a newer one", async () => {
      const older = storeOf010();
      change(older, "delete from kysely_migration where name like '002%'");
      const empty = newFile();
      change(empty, "create table platform (id integer primary key)");
      const newer = storeOf010();
      change(newer, "insert into kysely_migration values ('999 something new', '2030-01-01T00:00:00.000Z')");
      for (const [file, code] of [
        [older, "LEDGER_OLDER"],
        [empty, "LEDGER_OLDER"],
        [newer, "LEDGER_NEWER"],
      ] as const) {
        const before = contents(file);
        await assert.rejects(openLedger({ engine: "sqlite", file }, { readOnly: true }), { code, params: { file } });
        assert.deepEqual(contents(file), before);
      }
    });

    it("is not made where there is none", async () => {
      const file = newFile();
      await assert.rejects(openLedger({ engine: "sqlite", file }, { readOnly: true }), { code: "LEDGER_UNAVAILABLE" });
      assert.equal(existsSync(file), false);
      assert.equal(existsSync(`${file}.lock`), false);
    });

    it("is read beside its process, which goes on to write, and cannot be written", async () => {
      const file = newFile();
      const own = await openLedger({ engine: "sqlite", file });
      const guest = await openLedger({ engine: "sqlite", file }, { readOnly: true });
      const task = newTask("t1");
      await own.receive([task]);
      assert.deepEqual(
        (await guest.list({ stages: ["received"] })).map((each) => each.task.taskId),
        ["t1"],
      );
      await assert.rejects(guest.receive([newTask("t2")]), { code: "LEDGER_UNAVAILABLE" });
      await assert.rejects(guest.settings.get("key", "value"), { code: "LEDGER_UNAVAILABLE" });
      await guest.close();
      assert.deepEqual(await own.receive([newTask("t2")]), [true]);
      await own.close();
    });
  });

  function newFile(): string {
    return join(folder, `ledger-${++count}.sqlite`);
  }

  function storeOf010(): string {
    const file = newFile();
    change(file, STORE_OF_0_1_0);
    return file;
  }

  /**
   * Judges what a kill before each statement of a start leaves; answers how many those are. What is written stays when
   * its process ends, so a kill leaves what lies there at this moment: a copy. Some processes are killed in truth.
   */
  async function killedAtEveryStep(make: () => string, judge: (file: string) => Promise<void>, isLater = false): Promise<number> {
    const copies: string[] = [];
    const file = make();
    await beforeEachStatement(
      () => copies.push(copied(file, newFile())),
      () => opened(file, isLater),
    );
    for (const copy of copies) await judge(copy);
    const killed = [0.3, 0.6, 0.9].map((part) => ({ step: Math.ceil(part * copies.length), file: make() }));
    await Promise.all(killed.map(({ step, file }) => openAndDie(file, String(step), ...(isLater ? ["later"] : []))));
    for (const { file } of killed) await judge(file);
    return copies.length;
  }
});

/** The file and what SQLite has beside it. */
function copied(file: string, copy: string): string {
  for (const name of readdirSync(dirname(file)))
    if (name.startsWith(basename(file))) copyFileSync(join(dirname(file), name), copy + name.slice(basename(file).length));
  return copy;
}

async function openAndDie(...words: string[]): Promise<void> {
  const script = new URL("./open-and-die.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", script, ...words], { stdio: "inherit" });
  assert.deepEqual(await once(child, "exit"), [null, "SIGKILL"]);
}

/** Opens and closes it, as a start does. */
async function opened(file: string, isLater = false): Promise<string> {
  const db = await kyselyOn(await openSqliteFile(file));
  await upgrade(db, { ...migrations(sqliteTypes), ...(isLater ? laterStep : {}) }, file);
  await db.destroy();
  return file;
}

/** The tables and indexes, once it has been opened, and the steps that are marked as taken. */
async function formOf(file: string): Promise<unknown[]> {
  await opened(file);
  const database = new DatabaseSync(file, { readOnly: true });
  const made = database.prepare("select name, sql from sqlite_master where sql is not null order by name").all();
  const marks = database.prepare("select name from kysely_migration order by name").all();
  database.close();
  return [...made, ...marks];
}

type Contents = Readonly<Record<string, readonly Record<string, unknown>[]>>;

/** Without those that upgrades keep for themselves. */
function tablesOf(file: string): string[] {
  if (!existsSync(file)) return [];
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare("select name from sqlite_master where type = 'table' and name not like 'kysely%' order by name").all();
  database.close();
  return rows.map(({ name }) => String(name));
}

/** All rows by table, without what upgrades keep of themselves. */
function contents(file: string): Contents {
  const database = new DatabaseSync(file, { readOnly: true });
  const tables = database.prepare("select name from sqlite_master where type = 'table' and name not like 'kysely%'").all();
  const found = tables.map(({ name }) => [
    String(name),
    database
      .prepare(`select * from "${String(name)}"`)
      .all()
      .map((row) => ({ ...row })),
  ]);
  database.close();
  return Object.fromEntries(found) as Contents;
}

/** A later form may have more tables and columns, but none less, and the same in them. */
function assertKept(before: Contents, after: Contents): void {
  for (const [table, rows] of Object.entries(before)) {
    if (table === "audit") {
      assertInChain(rows, after["audit_entry"] ?? []);
      continue;
    }
    const columns = Object.keys(rows[0] ?? {});
    const kept = after[table]?.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
    assert.deepEqual(kept, rows, table);
  }
}

/** The entries of the audit have become a part of its chain. */
function assertInChain(before: Contents[string], chain: Contents[string]): void {
  const entries = chain.map(({ entry, personal }) => {
    const [, , at, event, , , task, approval, , , detail] = JSON.parse(String(entry)) as [...string[], object];
    const actor = (JSON.parse(String(personal ?? "{}")) as { actor?: string[] }).actor?.[1] ?? "";
    return JSON.stringify([at, event, task, actor, approval, detail]);
  });
  for (const { at, event, task, actor, detail } of before) {
    const { approval = "", ...rest } = JSON.parse(String(detail ?? "{}")) as { approval?: string };
    const wanted = JSON.stringify([at, event, task, actor, approval, { ...rest, imported: true }]);
    assert.ok(entries.includes(wanted), wanted);
  }
}

function change(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}
