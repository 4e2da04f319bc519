import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Worker } from "node:worker_threads";
import { type Ledger, type NewTask, openLedger } from "../../../nodes/lib/ledger/index.ts";
import { LONGEST_SEARCH, MOST_WORDS, searchWords } from "../../../nodes/lib/ledger/search.ts";
import { onEachEngine } from "./engines.ts";

const API = "https://cloud.example.com/api";

function newTask(taskId: string, change: Partial<NewTask> = {}): NewTask {
  return {
    api: API,
    taskId,
    connection: "config",
    source: "hook",
    group: { id: taskId, index: 0, count: 1 },
    summary: JSON.stringify({ taskId }),
    links: "{}",
    payload: JSON.stringify({ taskId }),
    receivedAt: 1_700_000_000_000,
    ...change,
  };
}

const ids = (listed: readonly { task: { taskId: string } }[]): string[] => listed.map(({ task }) => task.taskId);

onEachEngine("What is read from the ledger", (place) => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openLedger(await place());
  });

  afterEach(() => ledger.close());

  describe("in long lists", () => {
    const COUNT = 1_203;
    /** Many of one moment, since a POST brings them together. */
    const many = (): NewTask[] =>
      Array.from({ length: COUNT }, (_none, index) =>
        newTask(`t${String(index).padStart(4, "0")}`, { receivedAt: 1_000 + Math.floor(index / 400) }),
      );
    const expected = (): string[] => many().map(({ taskId }) => taskId);

    beforeEach(async () => {
      await ledger.receive(many());
    });

    it("is all of it, in order, once each, from either end", async () => {
      assert.deepEqual(ids(await ledger.list({ stages: ["received"] })), expected());
      assert.deepEqual(ids(await ledger.list({ stages: ["received"], newestFirst: true })), expected().reverse());
      assert.deepEqual(
        (await ledger.receivedBy("hook")).map(({ taskId }) => taskId),
        expected(),
      );
    });

    for (const limit of [1, 499, 500, 501, 1_000, COUNT, COUNT + 1]) {
      it(`is no more than the limit of ${limit}`, async () => {
        assert.deepEqual(ids(await ledger.list({ stages: ["received"], limit })), expected().slice(0, limit));
        assert.deepEqual(ids(await ledger.list({ stages: ["received"], limit, newestFirst: true })), expected().reverse().slice(0, limit));
      });
    }

    it("comes in pages of bounded size, and tasks that move on meanwhile move no others", async () => {
      const seen: string[] = [];
      let after: Parameters<Ledger["listPage"]>[1];
      do {
        const page = await ledger.listPage({ stages: ["received"] }, after);
        assert.ok(page.rows.length <= 500);
        seen.push(...ids(page.rows));
        for (const taskId of ids(page.rows)) await ledger.move({ api: API, taskId, from: ["received"], to: "held" });
        after = page.next;
      } while (after !== undefined);
      assert.deepEqual(seen, expected());
    });
  });

  describe("by a search", () => {
    it("looks for every word once, and for none that another one holds", () => {
      assert.deepEqual(searchWords("Shop  shop-1 SHOP vm\n op"), ["shop-1", "vm"]);
      assert.deepEqual(searchWords("   "), []);
    });

    it("has bounds on words and length", async () => {
      const words = Array.from({ length: 500_000 }, (_none, index) => `w${index}`).join(" ");
      assert.ok(searchWords(words).length <= MOST_WORDS);
      assert.ok(searchWords("x".repeat(1_000_000)).join("").length <= LONGEST_SEARCH);
      await ledger.receive([newTask("t1", { summary: `${"x".repeat(LONGEST_SEARCH)}!` })]);
      assert.deepEqual(ids(await ledger.list({ stages: ["received"], filter: "x".repeat(100_000) })), ["t1"]);
      await ask(ledger, "a1", ["t1"], Array.from({ length: 20 }, (_none, index) => `w${index}`).join(" "));
      assert.equal((await inbox(ledger, words)).matching, 1);
      assert.equal((await inbox(ledger, `${words} none`)).matching, 1);
      assert.equal((await inbox(ledger, `none ${words}`)).matching, 0);
    });
  });
});

describe("What is read from a file, beside the writer,", () => {
  let folder: string;
  let file: string;
  let ledger: Ledger;
  let threads: Worker[];
  const keepThread = (thread: Worker): void => void threads.push(thread);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "reading-"));
    file = join(folder, "ledger.sqlite");
    threads = [];
    process.on("worker", keepThread);
    ledger = await openLedger({ engine: "sqlite", file });
  });

  afterEach(async () => {
    process.off("worker", keepThread);
    await ledger.close();
    rmSync(folder, { recursive: true });
  });

  /** As somebody who writes for long: every commit of ours waits. */
  function holdWriting(): () => void {
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    return () => other.close();
  }

  it("comes while a commit is under way", async () => {
    await ledger.receive([newTask("t1")]);
    await ask(ledger, "a1", ["t1"]);
    const release = holdWriting();
    const committed = ledger.receive([newTask("t2")]);
    let isCommitted = false;
    void committed.then(() => (isCommitted = true));
    assert.deepEqual(ids(await ledger.list({ stages: ["asked"] })), ["t1"]);
    assert.equal((await inbox(ledger, "")).matching, 1);
    assert.equal((await ledger.approvals.get("a1"))?.tasks.length, 1);
    assert.equal((await ledger.approvals.several(["a1"])).length, 1);
    assert.equal(await ledger.approvals.message("a1"), "{}");
    assert.equal((await ledger.audit({ api: API, taskId: "t1" })).length, 2);
    assert.deepEqual(await ledger.receivedBy("hook"), []);
    assert.equal(isCommitted, false);
    release();
    assert.deepEqual(await committed, [true]);
  });

  it("does not keep a commit waiting, however long it takes", async () => {
    const long = "x".repeat(2 * 1024 * 1024);
    for (let index = 0; index < 30; index++) await ledger.receive([newTask(`long-${index}`, { summary: `${long} ${index}` })]);
    await ledger.list({ stages: ["received"], limit: 1 });
    // A reader in the writer's way would come first each time; one beside it, only when the machine has no turn for the commit.
    let overtook = false;
    for (let round = 0; round < 10 && !overtook; round++) {
      let isRead = false;
      const reading = ledger.list({ stages: ["received"], filter: "not there" }).then((found) => {
        isRead = true;
        return found;
      });
      assert.deepEqual(await ledger.receive([newTask(`t${round}`)]), [true]);
      overtook = !isRead;
      assert.deepEqual(await reading, []);
    }
    assert.ok(overtook);
  });

  it("holds all that was written before, always", async () => {
    for (let round = 0; round < 200; round++) {
      await ledger.receive([newTask(`t${round}`, { receivedAt: round })]);
      assert.deepEqual(ids(await ledger.list({ stages: ["received"], limit: 1, newestFirst: true })), [`t${round}`]);
    }
  });

  it("comes from a thread that starts with the first read, starts again when it breaks down, and ends with the ledger", async () => {
    await ledger.receive([newTask("t1")]);
    assert.equal(threads.length, 1);
    await ledger.list({ stages: ["received"] });
    assert.equal(threads.length, 2);
    await (threads[1] as Worker).terminate();
    assert.deepEqual(ids(await ledger.list({ stages: ["received"] })), ["t1"]);
    const ended = Promise.all(threads.filter(({ threadId }) => threadId !== -1).map((thread) => once(thread, "exit")));
    await ledger.close();
    await ended;
    assert.equal(existsSync(`${file}-wal`), false);
  });

  it("that could not be opened once is opened by the next read", async () => {
    await ledger.receive([newTask("t1")]);
    renameSync(file, `${file}.away`);
    await assert.rejects(ledger.list({ stages: ["received"] }), { code: "LEDGER_UNAVAILABLE" });
    renameSync(`${file}.away`, file);
    assert.deepEqual(ids(await ledger.list({ stages: ["received"] })), ["t1"]);
  });

  it("comes from the file that the writer has, when that is another one after a breakdown", async () => {
    await ledger.receive([newTask("t1")]);
    await ledger.list({ stages: ["received"] });
    const other = join(folder, "other.sqlite");
    const another = await openLedger({ engine: "sqlite", file: other });
    await another.receive([newTask("t2")]);
    await another.close();
    const [writer] = threads as [Worker];
    await writer.terminate();
    for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
    renameSync(other, file);
    await ledger.receive([newTask("t3")]);
    assert.deepEqual(ids(await ledger.list({ stages: ["received"] })).sort(), ["t2", "t3"]);
  });
});

async function ask(ledger: Ledger, id: string, taskIds: readonly string[], search = ""): Promise<void> {
  const tasks = taskIds.map((taskId) => ({ api: API, taskId }));
  await ledger.approvals.open({
    id,
    key: "key",
    api: API,
    connection: "config",
    createdAt: 1,
    request: "{}",
    message: "{}",
    type: "DEPLOY",
    search,
    tasks,
  });
  const change: Parameters<Ledger["approvals"]["change"]>[0] = {
    id,
    version: 0,
    status: "open",
    state: "{}",
    waiting: ["ana@example.com"],
    notifications: [],
    at: 1,
  };
  await ledger.approvals.change(change);
}

function inbox(ledger: Ledger, text: string): ReturnType<Ledger["approvals"]["inbox"]> {
  return ledger.approvals.inbox({ person: "ana@example.com", text, type: "", offset: 0, limit: 10 });
}
