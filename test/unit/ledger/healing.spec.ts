import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Fault } from "../../../nodes/lib/base/fault.ts";
import { keepLedgerOpen, type Ledger, openLedger } from "../../../nodes/lib/ledger/index.ts";
import { checkStore, copyStore, restoreStore } from "../../../nodes/lib/ledger/maintenance.ts";
import { CAN_FILL_DISKS, limitFiles } from "../../support/full-disk.ts";
import { API, newTask } from "../../support/tasks.ts";

/** What is told of a ledger, in order; each is awaited once. */
class Told {
  readonly faults: Fault[] = [];
  readonly #all: string[] = [];
  #heard = (): void => undefined;
  #read = 0;

  opened(isNew: boolean): void {
    this.#tell(isNew ? "new" : "open");
  }
  waiting(fault: Fault): void {
    this.faults.push(fault);
    this.#tell(fault.code);
  }
  works(): void {
    this.#tell("works");
  }
  async next(): Promise<string> {
    while (this.#all.length === this.#read) await new Promise<void>((heard) => (this.#heard = heard));
    return this.#all[this.#read++] as string;
  }
  #tell(what: string): void {
    this.#all.push(what);
    this.#heard();
  }
}

describe("A store whose file", () => {
  let folder: string;
  let file: string;
  let told: Told;
  let ledger: Ledger | undefined;
  let end: AbortController;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "healing-"));
    file = join(folder, "ledger.sqlite");
    told = new Told();
    end = new AbortController();
  });
  afterEach(async () => {
    end.abort();
    await ledger?.close();
    ledger = undefined;
    rmSync(folder, { recursive: true });
  });

  const open = async (): Promise<Ledger> => (ledger = await keepLedgerOpen({ engine: "sqlite", file }, told, end.signal));
  const close = async (): Promise<void> => {
    await ledger?.close();
    ledger = undefined;
  };
  const receive = (taskId: string): Promise<boolean[]> => (ledger as Ledger).receive([newTask(taskId)]);
  const tasksIn = (path: string): unknown[] => {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      return database
        .prepare("select task_id from task order by id")
        .all()
        .map((row) => row["task_id"]);
    } finally {
      database.close();
    }
  };
  const remove = (): void => {
    for (const end of ["", "-wal", "-shm", ".lock"]) rmSync(`${file}${end}`, { force: true });
  };
  const named = (word: string): string[] => readdirSync(folder).filter((name) => name.includes(`.${word}-`));

  describe("is deleted while it is open", () => {
    it("is put back with all that was committed, told once, and goes on", async () => {
      await open();
      assert.equal(await told.next(), "new");
      await receive("t1");
      remove();
      assert.equal(await told.next(), "LEDGER_REMOVED");
      assert.equal(await told.next(), "open");
      assert.equal(await told.next(), "works");
      assert.deepEqual(await receive("t1"), [false]);
      await receive("t2");
      await close();
      assert.deepEqual(tasksIn(file), ["t1", "t2"]);
      assert.equal(statSync(file).mode & 0o777, 0o600);
    });

    it("keeps what is written in the moment before that is noticed", async () => {
      await open();
      remove();
      assert.deepEqual(await receive("t1"), [true]);
      assert.deepEqual(tasksIn(file), ["t1"]);
    });

    it("is put back where it is closed at that moment", async () => {
      await open();
      await receive("t1");
      remove();
      await close();
      assert.deepEqual(tasksIn(file), ["t1"]);
    });

    it("refuses all writes while it cannot be put back, and is put back once it can", async () => {
      const away = `${folder}.away`;
      await open();
      await told.next();
      await receive("t1");
      renameSync(folder, away);
      assert.equal(await told.next(), "LEDGER_LOST");
      await assert.rejects(receive("t2"), { code: "LEDGER_LOST" });
      mkdirSync(folder);
      assert.equal(await told.next(), "LEDGER_REMOVED");
      assert.equal(await told.next(), "open");
      assert.equal(await told.next(), "works");
      assert.deepEqual(tasksIn(file), ["t1"]);
      rmSync(away, { recursive: true });
    });

    it("goes on as if nothing had been where it comes back by itself", async () => {
      const away = `${folder}.away`;
      await open();
      await told.next();
      renameSync(folder, away);
      assert.equal(await told.next(), "LEDGER_LOST");
      renameSync(away, folder);
      assert.equal(await told.next(), "works");
      await receive("t1");
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.includes("rescued")),
        [],
      );
    });
  });

  it("is replaced by another while it is open: nothing is written any more, and it is kept beside until that one is moved away", async () => {
    const other = await openLedger({ engine: "sqlite", file: `${file}.other` });
    await other.close();
    await open();
    await told.next();
    await receive("t1");
    renameSync(`${file}.other`, file);
    assert.equal(await told.next(), "LEDGER_REPLACED");
    await assert.rejects(receive("t2"), { code: "LEDGER_REPLACED" });
    assert.equal(told.faults[0]?.params["kept"], join(folder, named("rescued")[0] ?? ""));
    assert.deepEqual(tasksIn(join(folder, named("rescued")[0] ?? "")), ["t1"]);
    renameSync(file, `${file}.other`);
    assert.equal(await told.next(), "LEDGER_REMOVED");
    assert.equal(await told.next(), "open");
    assert.deepEqual(tasksIn(file), ["t1"]);
  });

  describe("is not there at the start", () => {
    it("and never was: is begun, and said to be new", async () => {
      await open();
      assert.equal(await told.next(), "new");
    });

    it("and was there before: none is begun, until a backup is in its place or somebody says that one is to begin", async () => {
      await open();
      await receive("t1");
      await close();
      await copyStore(file, `${file}.copy`);
      for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
      await told.next();
      const opening = open();
      assert.equal(await told.next(), "LEDGER_MISSING");
      assert.equal(existsSync(file), false);
      await restoreStore(`${file}.copy`, file);
      assert.equal(await told.next(), "open");
      assert.equal(await told.next(), "works");
      assert.deepEqual(await (await opening).receive([newTask("t1")]), [false]);

      await close();
      remove();
      await open();
      assert.equal(await told.next(), "new");
    });
  });

  describe("is damaged at the start", () => {
    for (const [name, damage] of [
      ["by strange bytes", () => writeFileSync(file, "x".repeat(8_192))],
      ["by being emptied", () => truncateSync(file, 0)],
    ] as const) {
      it(`${name}: is set aside under a name that is told, and none is begun in its place`, async () => {
        await open();
        await close();
        damage();
        await told.next();
        const opening = open();
        opening.catch(() => undefined);
        assert.equal(await told.next(), "LEDGER_SET_ASIDE");
        assert.deepEqual(
          [String(told.faults[0]?.params["kept"])],
          named("damaged").map((each) => join(folder, each)),
        );
        assert.equal(await told.next(), "LEDGER_MISSING");
        assert.equal(existsSync(file), false);
      });
    }

    it("is left alone where it never was a store: its name may have been typed wrongly", async () => {
      writeFileSync(file, "my only copy of something else".repeat(100));
      const opening = open();
      opening.catch(() => undefined);
      assert.equal(await told.next(), "LEDGER_DAMAGED");
      assert.equal(existsSync(file), true);
      assert.deepEqual(named("damaged"), []);
    });
  });

  if (CAN_FILL_DISKS)
    it("can grow no more, as on a full disk, is told once, and again when there is room", async () => {
      await open();
      await told.next();
      await receive("t0");
      limitFiles(process.pid, statSync(`${file}-wal`).size);
      try {
        for (const id of ["t1", "t2"]) await assert.rejects(receive(id), { code: "LEDGER_UNAVAILABLE" });
        assert.equal(await told.next(), "LEDGER_UNAVAILABLE");
      } finally {
        limitFiles(process.pid, "unlimited");
      }
      assert.equal(await told.next(), "works");
      assert.equal(told.faults.length, 1);
      assert.deepEqual(await receive("t1"), [true]);
    });

  it("has room that nothing needs any more gives it back to the disk", async () => {
    await open();
    const text = JSON.stringify("x".repeat(50_000));
    await (ledger as Ledger).receive(Array.from({ length: 200 }, (_, index) => ({ ...newTask(`t${index}`), payload: text })));
    for (let index = 0; index < 200; index++) {
      await (ledger as Ledger).move({ api: API, taskId: `t${index}`, from: ["received"], to: "gone" });
    }
    while ((await (ledger as Ledger).prune({ payloadsBefore: Date.now(), tasksBefore: 0 })) > 0);
    while ((await (ledger as Ledger).shrink(500)) > 0);
    await close();
    assert.ok(statSync(file).size < 1_000_000, `${statSync(file).size} bytes`);
    assert.deepEqual((await checkStore(file)).problems, []);
  });

  it("was made before files could shrink can, once it was backed up and restored", async () => {
    const old = new DatabaseSync(file);
    old.exec("PRAGMA journal_mode = WAL; CREATE TABLE x (y)");
    old.close();
    await open();
    await close();
    await copyStore(file, `${file}.copy`);
    const copy = new DatabaseSync(`${file}.copy`, { readOnly: true });
    assert.equal(copy.prepare("pragma auto_vacuum").get()?.["auto_vacuum"], 2);
    copy.close();
  });
});
