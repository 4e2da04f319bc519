import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket, connect as tcp } from "node:net";
import type { Fault } from "../../../nodes/lib/base/fault.ts";
import { keepLedgerOpen, keyText, type Ledger, type NewApproval, openLedger, type Proposal } from "../../../nodes/lib/ledger/index.ts";
import { DURABLE, PostgresServer, sharedPostgres } from "../../support/postgres.ts";
import { API, newTask } from "../../support/tasks.ts";

function proposal(taskId: string, change: Partial<Proposal> = {}): Proposal {
  return { api: API, taskId, connection: "config", action: "continue", by: "Ana", cause: "rule", at: 2, text: "", ...change };
}

describe("A ledger in PostgreSQL", () => {
  let server: PostgresServer;
  let url: string;

  before(async () => {
    server = await sharedPostgres();
  });

  beforeEach(async () => {
    url = await server.database();
  });

  const open = (): Promise<Ledger> => openLedger({ engine: "postgres", url });

  it("is made once by instances that start together, and used by all", async () => {
    const ledgers = await Promise.all(Array.from({ length: 5 }, open));
    const answers = await Promise.all(ledgers.map((ledger) => ledger.receive([newTask("t1")])));
    assert.equal(answers.flat().filter(Boolean).length, 1);
    await Promise.all(ledgers.map((ledger) => ledger.close()));
  });

  it("keeps the one decision of each task, whichever instance makes it, and tells all others which", async () => {
    const ledgers = await Promise.all([open(), open(), open()]);
    const ids = Array.from({ length: 50 }, (_, index) => `t${index}`);
    await ledgers[0]?.receive(ids.map((id) => newTask(id)));
    const decided = ids.flatMap((id) =>
      ledgers.map(async (ledger, index) => {
        const [verdict] = await ledger.decide({
          proposals: [proposal(id, { by: `p${index}`, action: index === 0 ? "continue" : "cancel" })],
        });
        assert.ok(verdict !== undefined && verdict.verdict !== "unknown");
        return { id, won: verdict.verdict === "won", by: verdict.decision.by };
      }),
    );
    const verdicts = await Promise.all(decided);
    for (const [id, own] of Map.groupBy(verdicts, (verdict) => verdict.id)) {
      assert.equal(own.filter(({ won }) => won).length, 1, id);
      assert.equal(new Set(own.map(({ by }) => by)).size, 1, id);
    }
    await Promise.all(ledgers.map((ledger) => ledger.close()));
  });

  it("opens one approval of a task, and takes each change of it once, whichever instance does", async () => {
    const ledgers = await Promise.all([open(), open(), open()]);
    const ids = Array.from({ length: 40 }, (_, index) => `t${index}`);
    await ledgers[0]?.receive(ids.map((id) => newTask(id)));
    const approval = (task: string, key: string, index: number): NewApproval => ({
      ...{
        id: `${task}-${key}-${index}`,
        key,
        api: API,
        connection: "c",
        createdAt: 1,
        request: "{}",
        message: "{}",
        type: "",
        search: "",
      },
      tasks: [{ api: API, taskId: task }],
    });
    for (const id of ids) {
      const opened = await Promise.all(ledgers.map((ledger, index) => ledger.approvals.open(approval(id, "managers", index))));
      assert.equal(opened.filter(({ asked }) => asked.length === 1).length, 1, id);
      assert.equal(opened.filter(({ asking }) => asking.length === 1).length, 2, id);
      const own = `${id}-managers-${opened.findIndex(({ asked }) => asked.length === 1)}`;
      const change = { id: own, version: 0, status: "approved", state: "{}", waiting: [], notifications: [], at: 2 } as const;
      const taken = await Promise.all(ledgers.map((ledger) => ledger.approvals.change(change)));
      assert.equal(taken.filter(Boolean).length, 1, id);
      // The flow has had the outcome for long, while another node asks about the same task.
      await Promise.all([ledgers[0]?.approvals.settle([own]), ledgers[1]?.approvals.open(approval(id, "directors", 0))]);
      const key = { api: API, taskId: id };
      assert.equal((await ledgers[2]?.tasks([key]))?.get(keyText(key))?.stage, "asked", id);
    }
    await Promise.all(ledgers.map((ledger) => ledger.close()));
  });

  it("takes the same groups in from two instances at once, each task new to one, in whatever order they come", async () => {
    const [one, other] = await Promise.all([open(), open()]);
    const tasks = Array.from({ length: 60 }, (_, index) => newTask(`t${index}`));
    const groups = [tasks.slice(0, 40), tasks.slice(20), tasks.toReversed()];
    const answers = await Promise.all(groups.flatMap((group) => [one.receive(group), other.receive(group.toReversed())]));
    assert.equal(answers.flat().filter(Boolean).length, tasks.length);
    await Promise.all([one.close(), other.close()]);
  });

  it("keeps moments as numbers, and a text without the character that PostgreSQL has no place for", async () => {
    const ledger = await open();
    await ledger.receive([newTask("t1", { receivedAt: 8_640_000_000_000_000 })]);
    await ledger.decide({ proposals: [proposal("t1", { reason: "a\0b" })] });
    const [listed] = await ledger.list({ stages: ["decided"] });
    assert.equal(listed?.task.receivedAt, 8_640_000_000_000_000);
    assert.equal(listed?.decision?.reason, "a\uFFFDb");
    await ledger.close();
  });

  it("is read, and never written, where it is only to be read, and is not made there", async () => {
    await assert.rejects(openLedger({ engine: "postgres", url }, { readOnly: true }), { code: "LEDGER_OLDER" });
    await (await open()).close();
    const reader = await openLedger({ engine: "postgres", url }, { readOnly: true });
    assert.deepEqual(await reader.list({ stages: ["received"] }), []);
    await assert.rejects(reader.receive([newTask("t1")]), { code: "LEDGER_UNAVAILABLE" });
    await reader.close();
  });

  it("says why it cannot be opened, and no secret of its address", async () => {
    const { port } = server;
    const addresses = [
      `postgresql://ana:s3cret-word@127.0.0.1:1/none`,
      `postgresql://ana:s3cret-word@127.0.0.1:${port}/none?password=s3cret-word`,
      `postgresql://ana:s3cret-word@127.0.0.1:${port}/none?sslmode=require`,
      `postgresql://ana:s3cret-word@127.0.0.1:${port}/none?sslmode=verify-ca`,
      `postgresql://ana:s3cret-word@ bad host/`,
      `mysql://ana:s3cret-word@127.0.0.1/none`,
      "s3cret-word",
    ];
    for (const address of addresses) {
      const fault = await openLedger({ engine: "postgres", url: address }).then(
        () => assert.fail(`${address} was opened`),
        (error: Fault) => error,
      );
      assert.equal(fault.code, "LEDGER_UNAVAILABLE");
      assert.doesNotMatch(`${fault.stack} ${JSON.stringify(fault.params)} ${String(fault.cause)}`, /s3cret-word/, address);
      assert.notEqual(fault.params["reason"], "");
    }
  });

  describe("whose server goes away", () => {
    let own: PostgresServer;
    const told: string[] = [];
    const stop = new AbortController();
    const changes: (() => void)[] = [];
    const change = (what: string) => (): void => {
      told.push(what);
      for (const heard of changes.splice(0)) heard();
    };
    const hears = async (what: string): Promise<void> => {
      while (told.at(-1) !== what) await new Promise<void>((resolve) => changes.push(resolve));
    };

    before(async () => {
      own = await PostgresServer.start(DURABLE);
    });

    after(async () => {
      stop.abort();
      await own.stop();
    });

    it("loses nothing it said was written, rejects what comes meanwhile, and works again by itself", async () => {
      const place = { engine: "postgres", url: own.urlOf("postgres") } as const;
      const ledger = await keepLedgerOpen(place, { waiting: change("waiting"), works: change("works") }, stop.signal);
      await ledger.receive([newTask("t1")]);
      own.kill();
      await assert.rejects(ledger.receive([newTask("t2")]), { code: "LEDGER_UNAVAILABLE" });
      await hears("waiting");
      await own.start();
      await hears("works");
      assert.deepEqual(
        told.filter((what) => what === "works"),
        ["works"],
      );
      assert.deepEqual(await ledger.receive([newTask("t1"), newTask("t2")]), [false, true]);
      await ledger.close();
    });

    it("is opened as soon as there is one", async () => {
      told.length = 0;
      own.kill();
      const place = { engine: "postgres", url: own.urlOf("postgres") } as const;
      const opening = keepLedgerOpen(place, { waiting: change("waiting"), works: change("works") }, stop.signal);
      await hears("waiting");
      await own.start();
      const ledger = await opening;
      assert.equal(told.at(-1), "works");
      await ledger.close();
    });
  });

  it("says that nobody knows whether it was written when the connection is lost while that is being done, and nothing twice", async () => {
    const wire = await cutAtCommit(server.port);
    const ledger = await openLedger({ engine: "postgres", url: url.replace(`:${server.port}`, `:${wire.port}`) });
    await ledger.receive([newTask("t1")]);
    wire.cut();
    const waiting = await Promise.allSettled([ledger.receive([newTask("t2")]), ledger.receive([newTask("t3")])]);
    assert.deepEqual(
      waiting.map((each) => each.status === "rejected" && (each.reason as Fault).code),
      ["LEDGER_UNSURE", "LEDGER_UNSURE"],
    );
    assert.deepEqual(await ledger.receive([newTask("t1"), newTask("t2"), newTask("t3")]), [false, false, false]);
    await ledger.close();
    await wire.close();
  });
});

/** A way to the server that, once told to, passes a commit on and is lost before the answer comes back. */
async function cutAtCommit(port: number): Promise<{ readonly port: number; cut(): void; close(): Promise<void> }> {
  let isToCut = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = tcp(port, "127.0.0.1");
    let isCut = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    client.on("data", (data) => {
      if (isToCut && data.includes("commit")) {
        isToCut = false;
        isCut = true;
      }
      upstream.write(data);
    });
    upstream.on("data", (data) => (isCut ? client.destroy() : client.write(data)));
    client.on("close", () => upstream.end());
    upstream.on("close", () => client.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    cut: () => void (isToCut = true),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
