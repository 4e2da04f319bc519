import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Worker } from "node:worker_threads";
import { keyText, type Ledger, type LedgerPlace, type NewTask, openLedger, type Proposal } from "../../../nodes/lib/ledger/index.ts";
import { faultOfSqlite, openSqliteFile } from "../../../nodes/lib/ledger/sqlite.ts";
import { onEachEngine } from "./engines.ts";

const API = "https://cloud.example.com/api";

function newTask(taskId: string, change: Partial<NewTask> = {}): NewTask {
  return {
    api: API,
    taskId,
    connection: "connection",
    source: "webhook",
    group: { id: `group of ${taskId}`, index: 0, count: 1 },
    summary: JSON.stringify({ taskId, requester: "Ana" }),
    links: "{}",
    payload: JSON.stringify({ taskId }),
    receivedAt: 1_700_000_000_000,
    ...change,
  };
}

function proposal(taskId: string, action: "continue" | "cancel", by = "somebody"): Proposal {
  return { api: API, taskId, connection: "connection", action, by, cause: "rule", at: 1_700_000_000_500, text: "" };
}

onEachEngine("the ledger", (place) => {
  let at: LedgerPlace;
  let ledger: Ledger;

  beforeEach(async () => {
    at = await place();
    ledger = await openLedger(at);
  });

  afterEach(() => ledger.close());

  it("takes a task once, however often and however parallel it comes", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ledger.receive([newTask("t1")])));
    assert.equal(answers.flat().filter(Boolean).length, 1);
    assert.deepEqual(await ledger.receive([newTask("t1"), newTask("t2"), newTask("t2")]), [false, true, false]);
  });

  it("keeps tasks of the same id on two platforms apart", async () => {
    assert.deepEqual(await ledger.receive([newTask("t1")]), [true]);
    assert.deepEqual(await ledger.receive([newTask("t1", { api: "https://other.example.com/api" })]), [true]);
  });

  it("takes 5,000 tasks in one write", async () => {
    const tasks = Array.from({ length: 5_000 }, (_, index) => newTask(`t${index}`, { group: { id: "one", index, count: 5_000 } }));
    assert.equal((await ledger.receive(tasks)).filter(Boolean).length, 5_000);
    const found = await ledger.find(API, ["one"]);
    assert.deepEqual(
      found.map((task) => task.group.index),
      tasks.map((_, index) => index),
    );
  });

  it("lets one of 100 parallel opposite proposals win, and tells each loser what holds", async () => {
    await ledger.receive([newTask("t1")]);
    const verdicts = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        ledger.decide({ proposals: [proposal("t1", index % 2 === 0 ? "continue" : "cancel", `person ${index}`)] }),
      ),
    );
    const flat = verdicts.flat();
    const winners = flat.filter((v) => v.verdict === "won");
    assert.equal(winners.length, 1);
    const standing = new Set(flat.map((v) => (v.verdict === "unknown" ? "" : `${v.decision.action} ${v.decision.by}`)));
    assert.equal(standing.size, 1);
    assert.equal(flat.filter((v) => v.verdict === "other").length, 50);
  });

  it("answers unknown for a task it does not know, and keeps one that the proposal brings", async () => {
    assert.deepEqual(await ledger.decide({ proposals: [proposal("t1", "cancel")] }), [{ verdict: "unknown" }]);
    const [verdict] = await ledger.decide({
      proposals: [{ ...proposal("t1", "cancel"), task: newTask("t1", { source: "" }) }],
    });
    assert.equal(verdict?.verdict, "won");
    assert.deepEqual(await ledger.receive([newTask("t1")]), [false]);
  });

  it("fails a job that cannot be written without failing those that share its commit", async () => {
    const bad = { ...proposal("bad", "cancel"), task: { unfit: { code: "ABIQUO_BAD_LINK" as const, params: { href: "x" } } } };
    const [good, failed] = await Promise.allSettled([ledger.receive([newTask("t1")]), ledger.decide({ proposals: [bad] })]);
    assert.deepEqual(good, { status: "fulfilled", value: [true] });
    assert.equal(failed.status, "rejected");
    assert.equal((await ledger.find(API, ["t1", "bad"])).length, 1);
  });

  it("never changes a settled delivery again", async () => {
    await ledger.receive([newTask("t1")]);
    await ledger.decide({ proposals: [proposal("t1", "continue")] });
    const settled = { api: API, taskId: "t1", reportedAt: 1, attempts: 1, uncertain: false, nextAt: 0 };
    await ledger.report({ ...settled, delivery: "delivered", outcome: "continued" });
    await ledger.report({ ...settled, delivery: "gone", outcome: "gone", attempts: 2 });
    const decision = (await ledger.decisions([settled])).get(keyText(settled));
    assert.equal(decision?.outcome, "continued");
    assert.equal(decision?.attempts, 1);
  });

  it("sends a refused answer again when the same is asked once more, and refuses the opposite", async () => {
    await ledger.receive([newTask("t1")]);
    await ledger.decide({ proposals: [proposal("t1", "continue")] });
    const refused = { api: API, taskId: "t1", delivery: "undeliverable", reportedAt: 1, attempts: 1, uncertain: false, nextAt: 0 } as const;
    await ledger.report(refused);
    assert.deepEqual(
      (await ledger.list({ stages: ["undeliverable"] })).map((l) => l.task.taskId),
      ["t1"],
    );
    const [opposite] = await ledger.decide({ proposals: [proposal("t1", "cancel")] });
    assert.equal(opposite?.verdict === "other" && !opposite.deliver, true);
    const [again] = await ledger.decide({ proposals: [proposal("t1", "continue")] });
    assert.equal(again?.verdict === "same" && again.deliver, true);
    assert.equal((await ledger.undelivered(API)).length, 1);
  });

  it("finds everything again after it was closed", async () => {
    await ledger.receive([newTask("t1"), newTask("t2")]);
    const submission = {
      id: "r1",
      node: "continue",
      action: "continue" as const,
      message: "{}",
      tasks: [{ api: API, taskId: "t1" }],
      createdAt: 1,
    };
    await ledger.decide({ proposals: [proposal("t1", "continue")], submission });
    await ledger.close();
    ledger = await openLedger(at);
    assert.deepEqual(
      (await ledger.receivedBy("webhook")).map((task) => task.taskId),
      ["t2"],
    );
    assert.deepEqual(await ledger.submissionsOf("continue"), [submission]);
    assert.equal((await ledger.undelivered(API))[0]?.decision.action, "continue");
    const events = (await ledger.audit({ api: API, taskId: "t1" })).map((entry) => entry.event);
    assert.deepEqual(events, ["received", "decided"]);
  });

  it("lists by stage and by a text of the summary, whatever its case, and takes wildcards as they are", async () => {
    await ledger.receive([newTask("t1"), newTask("t2", { summary: JSON.stringify({ requester: "100% Bob" }) })]);
    const ids = async (filter: string): Promise<string[]> =>
      (await ledger.list({ stages: ["received"], filter })).map((l) => l.task.taskId);
    assert.deepEqual(await ids("ana"), ["t1"]);
    assert.deepEqual(await ids("100%"), ["t2"]);
    assert.deepEqual(await ids("%"), ["t2"]);
    assert.equal((await ledger.list({ stages: ["received"], limit: 1 })).length, 1);
  });
});

describe("the ledger in a file", () => {
  let folder: string;
  let file: string;
  let ledger: Ledger;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "ledger-"));
    file = join(folder, "ledger.sqlite");
    ledger = await openLedger({ engine: "sqlite", file });
  });

  afterEach(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true });
  });

  it("fails only the call that holds what cannot be kept", async () => {
    const wrong = { ...proposal("t1", "continue"), by: (() => "me") as unknown as string };
    const [good, failed, other] = await Promise.allSettled([
      ledger.receive([newTask("t1")]),
      ledger.decide({ proposals: [wrong] }),
      ledger.receive([newTask("t2")]),
    ]);
    assert.deepEqual([good.status, failed.status, other.status], ["fulfilled", "rejected", "fulfilled"]);
  });

  it("tells those who wait that nobody knows what was kept when its thread breaks down, and works again at the next call", async () => {
    const started = once(process, "worker");
    const own = await openLedger({ engine: "sqlite", file: join(folder, "own.sqlite") });
    const [thread] = (await started) as [Worker];
    await own.receive([newTask("t1")]);
    const waiting = own.receive([newTask("t2")]);
    await Promise.all([assert.rejects(waiting, { code: "LEDGER_UNSURE" }), thread.terminate()]);
    assert.equal((await own.receive([newTask("t1"), newTask("t2")]))[0], false);
    await own.close();
    await own.close();
    await assert.rejects(own.receive([newTask("t3")]), { code: "LEDGER_UNAVAILABLE" });
  });

  it("is readable by its owner only", () => {
    assert.equal(statSync(file).mode & 0o077, 0);
  });

  it("is one process's own until that ends or closes it, and can be read by others meanwhile", async () => {
    const code = `require("node:sqlite"); const db = new (require("node:sqlite").DatabaseSync)(process.argv[1]); db.exec("BEGIN EXCLUSIVE"); console.log("has it"); setInterval(() => {}, 1000);`;
    await ledger.close();
    const other = spawn(process.execPath, ["-e", code, `${file}.lock`], { stdio: ["ignore", "pipe", "ignore"] });
    await once(other.stdout, "data");
    await assert.rejects(openLedger({ engine: "sqlite", file }), { code: "LEDGER_IN_USE", params: { file } });
    const guest = await openLedger({ engine: "sqlite", file }, { readOnly: true });
    assert.deepEqual(await guest.list({ stages: ["held"] }), []);
    await guest.close();
    other.kill("SIGKILL");
    await once(other, "exit");
    ledger = await openLedger({ engine: "sqlite", file });
    await assert.rejects(openLedger({ engine: "sqlite", file }), { code: "LEDGER_IN_USE" });
  });

  it("names the file and the reason when it cannot be opened", async () => {
    const none = join(folder, "none", "x.sqlite");
    await assert.rejects(openLedger({ engine: "sqlite", file: none }), {
      code: "LEDGER_UNAVAILABLE",
      params: { file: none, reason: "unable to open database file" },
    });
  });

  it("says that a file is damaged, and not that the disk may be full, when it opens and when it works", async () => {
    const wrong = join(folder, "wrong.sqlite");
    writeFileSync(wrong, "This is not a database, and was never one. ".repeat(100));
    await assert.rejects(openLedger({ engine: "sqlite", file: wrong }), {
      code: "LEDGER_DAMAGED",
      params: { file: wrong, reason: "file is not a database" },
    });
    change("pragma user_version = 1; pragma wal_checkpoint(truncate)");
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill("garbage!", 4096));
    await assert.rejects(ledger.receive([newTask("t1")]), { code: "LEDGER_DAMAGED" });
  });

  it("says that a newer version has written a file", async () => {
    await ledger.close();
    change("insert into kysely_migration values ('999 something new', '2030-01-01T00:00:00.000Z')");
    await assert.rejects(openLedger({ engine: "sqlite", file }), { code: "LEDGER_NEWER", params: { file } });
  });

  it("tells that the disk is full, although SQLite has already rolled back by itself", async () => {
    const database = await openSqliteFile(join(folder, "small.sqlite"));
    const run = (sql: string): unknown => database.prepare(sql).run([]);
    database.prepare("pragma max_page_count = 8").all([]);
    run("create table t (v)");
    run("begin");
    const full = thrownBy(() => {
      for (;;) run("insert into t values (randomblob(4000))");
    });
    run("rollback");
    const { code, params } = faultOfSqlite(full, file) ?? {};
    assert.deepEqual({ code, params }, { code: "LEDGER_UNAVAILABLE", params: { file, reason: "database or disk is full" } });
    run("insert into t values (1)");
    database.close();
  });

  /** As another process, or another version, would. */
  function change(sql: string): void {
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
  }
});

function thrownBy(work: () => never): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
