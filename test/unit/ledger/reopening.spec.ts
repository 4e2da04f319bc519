import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Worker } from "node:worker_threads";
import type { Fault } from "../../../nodes/lib/base/fault.ts";
import { keepLedgerOpen, type Ledger, openLedger } from "../../../nodes/lib/ledger/index.ts";
import { openSqliteFile } from "../../../nodes/lib/ledger/sqlite.ts";

/** What a watch was told, and who waits for the next of it. */
class Watch {
  readonly told: string[] = [];
  #heard: () => void = () => undefined;

  waiting(fault: Fault): void {
    this.#tell(fault.code);
  }

  works(): void {
    this.#tell("works");
  }

  async next(): Promise<string> {
    const before = this.told.length;
    while (this.told.length === before) await new Promise<void>((heard) => (this.#heard = heard));
    return this.told[before] as string;
  }

  #tell(what: string): void {
    this.told.push(what);
    this.#heard();
  }
}

describe("A ledger that cannot be opened", () => {
  let folder: string;
  let file: string;
  let threads: Worker[];
  let restore = (): void => undefined;
  const keepThread = (thread: Worker): void => void threads.push(thread);
  const running = (): Worker[] => threads.filter(({ threadId }) => threadId !== -1);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "reopening-"));
    file = join(folder, "none", "ledger.sqlite");
    threads = [];
    process.on("worker", keepThread);
  });

  afterEach(() => {
    restore();
    process.off("worker", keepThread);
    rmSync(folder, { recursive: true });
  });

  /** For how long something is put off from now on, in ms. */
  function pausesFromNow(): number[] {
    const pauses: number[] = [];
    const { setTimeout: original } = globalThis;
    globalThis.setTimeout = ((run: () => void, ms: number) => {
      pauses.push(ms);
      return original(run, ms);
    }) as typeof setTimeout;
    restore = () => {
      globalThis.setTimeout = original;
    };
    return pauses;
  }

  const makePlace = (): unknown => mkdirSync(join(folder, "none"));
  const write = (ledger: Ledger): Promise<unknown> => ledger.settings.get("name", "value");
  /** As another process that works with the ledger. */
  const lock = (): DatabaseSync => {
    const other = new DatabaseSync(`${file}.lock`);
    other.exec("BEGIN EXCLUSIVE");
    return other;
  };

  it("leaves no thread behind", async () => {
    for (let attempt = 0; attempt < 10; attempt++)
      await assert.rejects(openLedger({ engine: "sqlite", file }), { code: "LEDGER_UNAVAILABLE" });
    assert.equal(threads.length, 10);
    assert.deepEqual(running(), []);
  });

  it("is tried again until it can be, with growing pauses and one thread at a time, and both are told once", async () => {
    const watch = new Watch();
    const opening = keepLedgerOpen({ engine: "sqlite", file }, watch, new AbortController().signal);
    assert.equal(await watch.next(), "LEDGER_UNAVAILABLE");
    const pauses = pausesFromNow();
    while (threads.length < 4) {
      assert.ok(running().length <= 1);
      await once(process, "worker");
    }
    // Each up to twice as long as the one before, and at the least half of that.
    for (const [index, longest] of [1_000, 2_000].entries())
      assert.ok(Number(pauses[index]) >= longest / 2 && Number(pauses[index]) <= longest, String(pauses));
    makePlace();
    const ledger = await opening;
    assert.equal(await write(ledger), "value");
    assert.deepEqual(watch.told, ["LEDGER_UNAVAILABLE", "works"]);
    assert.equal(running().length, 1);
    await ledger.close();
  });

  it("is given up when nobody needs it any more, and no thread stays", async () => {
    const watch = new Watch();
    const end = new AbortController();
    const opening = keepLedgerOpen({ engine: "sqlite", file }, watch, end.signal);
    const failed = assert.rejects(opening, { name: "AbortError" });
    await watch.next();
    end.abort();
    await failed;
    makePlace();
    // Longer than the first pauses are: whatever is to be tried has been tried then.
    await new Promise((later) => setTimeout(later, 1_500));
    assert.deepEqual(running(), []);
    assert.deepEqual(watch.told, ["LEDGER_UNAVAILABLE"]);
  });

  it("is waited for while a process that is about to stop has it", async () => {
    makePlace();
    const other = lock();
    const opening = openSqliteFile(file);
    let isOver = false;
    const over = (): void => void (isOver = true);
    opening.then(over, over);
    // In this thread the first attempt is made within a few turns.
    for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next));
    assert.equal(isOver, false);
    other.close();
    (await opening).close();
  });

  it("again, after its thread broke down, rejects every call with the reason, and works by itself once it can", async () => {
    makePlace();
    const watch = new Watch();
    const ledger = await keepLedgerOpen({ engine: "sqlite", file }, watch, new AbortController().signal);
    const [thread] = threads as [Worker];
    await thread.terminate();
    const other = lock();
    const told = watch.next();
    await assert.rejects(write(ledger), { code: "LEDGER_IN_USE" });
    assert.equal(await told, "LEDGER_IN_USE");
    await assert.rejects(write(ledger), { code: "LEDGER_IN_USE" });
    const works = watch.next();
    other.close();
    assert.equal(await works, "works");
    assert.equal(await write(ledger), "value");
    assert.equal(running().length, 1);
    await ledger.close();
  });

  it("can be closed nevertheless, with nothing left behind", async () => {
    makePlace();
    const ledger = await openLedger({ engine: "sqlite", file });
    const [thread] = threads as [Worker];
    await thread.terminate();
    const other = lock();
    const waiting = assert.rejects(write(ledger), { code: "LEDGER_UNAVAILABLE" });
    await ledger.close();
    await waiting;
    await Promise.all(running().map((thread) => once(thread, "exit")));
    other.close();
    await assert.rejects(write(ledger), { code: "LEDGER_UNAVAILABLE" });
    assert.deepEqual(running(), []);
  });
});
