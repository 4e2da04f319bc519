import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SqliteDatabase } from "kysely";
import { openLedger, type Proposal } from "../../../nodes/lib/ledger/index.ts";
import { SqlLedger } from "../../../nodes/lib/ledger/ledger.ts";
import { upgrade } from "../../../nodes/lib/ledger/migrate.ts";
import { kyselyOn } from "../../../nodes/lib/ledger/open.ts";
import { openSqliteFile, sqliteTypes } from "../../../nodes/lib/ledger/sqlite.ts";
import { migrations } from "../../../nodes/lib/ledger/steps/index.ts";
import { API, newTask } from "../../support/tasks.ts";
import { onEachEngine } from "./engines.ts";

function proposal(taskId: string, action: Proposal["action"]): Proposal {
  return { api: API, taskId, connection: "config", action, by: "Ana", cause: "rule", at: 2, text: "" };
}

describe("What the ledger says is written", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "commit-"));
    file = join(folder, "ledger.sqlite");
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** A ledger whose commits are heard, and fail while they shall. */
  async function watched(onCommit: () => void): Promise<SqlLedger> {
    const database = await openSqliteFile(file);
    const heard: SqliteDatabase = {
      close: () => database.close(),
      prepare(sql) {
        const statement = database.prepare(sql);
        if (sql !== "commit") return statement;
        const run: typeof statement.run = (parameters) => {
          onCommit();
          return statement.run(parameters);
        };
        return {
          reader: statement.reader,
          all: (parameters) => statement.all(parameters),
          iterate: (parameters) => statement.iterate(parameters),
          run,
        };
      },
    };
    const db = await kyselyOn(heard);
    await upgrade(db, migrations(sqliteTypes), file);
    return new SqlLedger(db);
  }

  it("has been committed, of whatever kind it is, and not before", async () => {
    const order: string[] = [];
    const ledger = await watched(() => order.push("commit"));
    await ledger.receive([newTask("t0")]);
    order.length = 0;
    const said = async (what: string, work: Promise<unknown>): Promise<void> => {
      await work;
      order.push(what);
    };
    const submission = {
      id: "r1",
      node: "yes",
      action: "continue" as const,
      message: "{}",
      tasks: [{ api: API, taskId: "t0" }],
      createdAt: 2,
    };
    const attempt = {
      api: API,
      taskId: "t0",
      reportedAt: 3,
      delivery: "delivered" as const,
      outcome: "continued",
      attempts: 1,
      uncertain: false,
      nextAt: 0,
    };
    const writes: [string, () => Promise<unknown>][] = [
      ["receive", () => ledger.receive([newTask("t1")])],
      ["decide", () => ledger.decide({ proposals: [proposal("t0", "continue")], submission })],
      ["report", () => ledger.report(attempt)],
      ["move", () => ledger.move({ api: API, taskId: "t1", from: ["received"], to: "held" })],
      ["forget", () => ledger.forget(["r1"])],
      ["note", () => ledger.note({ api: API, taskId: "t1", at: 4, event: "seen", actor: "Ana" })],
      ["prune", () => ledger.prune({ payloadsBefore: 1, tasksBefore: 0, now: 9 })],
      [
        "open",
        () =>
          ledger.approvals.open({
            id: "a1",
            key: "key",
            api: API,
            connection: "config",
            createdAt: 5,
            request: "{}",
            message: "{}",
            type: "DEPLOY",
            search: "",
            tasks: [{ api: API, taskId: "t1" }],
          }),
      ],
      [
        "change",
        () => ledger.approvals.change({ id: "a1", version: 0, status: "open", state: "{}", waiting: [], notifications: [], at: 6 }),
      ],
      ["told", () => ledger.notifications.sent("a1-1")],
    ];
    for (const [name, write] of writes) {
      order.length = 0;
      await said(name, write());
      assert.deepEqual(order, ["commit", name]);
    }
    await ledger.close();
  });

  it("is nothing when the commit fails, and the next one may succeed", async () => {
    let isFull = false;
    const ledger = await watched(() => {
      if (isFull) throw new Error("disk full");
    });
    await ledger.receive([newTask("t0")]);
    isFull = true;
    await assert.rejects(ledger.receive([newTask("t1")]), /disk full/);
    const both = await Promise.allSettled([ledger.receive([newTask("t1")]), ledger.decide({ proposals: [proposal("t0", "cancel")] })]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    isFull = false;
    assert.deepEqual(await ledger.receive([newTask("t0"), newTask("t1")]), [false, true]);
    assert.equal((await ledger.decisions([{ api: API, taskId: "t0" }])).size, 0);
    await ledger.close();
  });

  it("survives a kill right after it was said", async () => {
    const ledger = await openLedger({ engine: "sqlite", file });
    await ledger.receive([newTask("t1")]);
    await ledger.decide({ proposals: [proposal("t1", "continue")] });
    // What is in the files now is what a killed process leaves.
    const left = join(folder, "left.sqlite");
    for (const end of ["", "-wal"]) if (existsSync(`${file}${end}`)) copyFileSync(`${file}${end}`, `${left}${end}`);
    await ledger.close();
    const after = await openLedger({ engine: "sqlite", file: left });
    assert.equal((await after.undelivered(API))[0]?.decision.action, "continue");
    await after.close();
  });

  it("is waited for by a close that comes while it is written", async () => {
    const ledger = await openLedger({ engine: "sqlite", file });
    const written = ledger.receive([newTask("t1")]);
    const closed = ledger.close();
    assert.deepEqual(await written, [true]);
    await closed;
    const after = await openLedger({ engine: "sqlite", file });
    assert.deepEqual(await after.receive([newTask("t1")]), [false]);
    await after.close();
  });

  it("is waited for by a close in its own thread too", async () => {
    const ledger = await watched(() => undefined);
    const written = ledger.notifications.sent("a1-1");
    const closed = ledger.close();
    assert.equal(await written, undefined);
    await closed;
  });

  it("has reached the disk: every commit is synced, in a log that a power loss does not spoil", async () => {
    const database = await openSqliteFile(file);
    const valueOf = (pragma: string): unknown => Object.values(database.prepare(`pragma ${pragma}`).all([])[0] as object)[0];
    // FULL (https://sqlite.org/pragma.html#pragma_synchronous): in WAL mode NORMAL may lose commits with the power.
    assert.equal(valueOf("synchronous"), 2);
    assert.equal(valueOf("journal_mode"), "wal");
    assert.ok(Number(valueOf("busy_timeout")) >= 1_000);
    assert.ok(Number(valueOf("wal_autocheckpoint")) > 0);
    database.close();
  });
});

onEachEngine("What the ledger keeps", (place, engine) => {
  it("leaves nothing in any table once it is no longer to be kept", async () => {
    const ledger = await openLedger(await place());
    await ledger.receive([newTask("t1")]);
    await ledger.note({ api: API, taskId: "t1", at: 2, event: "seen", actor: "Ana" });
    await ledger.approvals.open({
      id: "a1",
      key: "key",
      api: API,
      connection: "config",
      createdAt: 2,
      request: "{}",
      message: "{}",
      type: "DEPLOY",
      search: "",
      tasks: [{ api: API, taskId: "t1" }],
    });
    await ledger.approvals.change({
      id: "a1",
      version: 0,
      status: "approved",
      state: "{}",
      waiting: ["ana@example.com"],
      notifications: [{ id: "n1", person: "ana@example.com", body: "{}" }],
      at: 3,
    });
    await ledger.decide({ proposals: [proposal("t1", "continue")] });
    await ledger.report({
      api: API,
      taskId: "t1",
      reportedAt: 4,
      delivery: "delivered",
      outcome: "continued",
      attempts: 1,
      uncertain: false,
      nextAt: 0,
    });
    while ((await ledger.prune({ payloadsBefore: 10, tasksBefore: 10 })) > 0);
    await ledger.close();
    const tables = ["task", "payload", "decision", "approval", "approval_task", "approval_person", "notification"];
    for (const table of tables) assert.equal(await engine.count(table), 0, table);
    // The record that entries of the audit were deleted.
    assert.equal(await engine.count("audit_entry"), 1);
  });
});
