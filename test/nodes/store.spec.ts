import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { PostgresServer } from "../support/postgres.ts";
import { around, closeFlow, credentials, Flow, node, sink } from "./support.ts";

const CANNOT_BE_USED = "status.store";

describe("A store that cannot be opened", () => {
  let abiquo: SimulatedAbiquo;
  let folder: string;

  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
    folder = mkdtempSync(join(tmpdir(), "store-"));
  });

  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const file = (): string => join(folder, "place", "ledger.sqlite");
  const nodes = (): object[] => [
    { id: "store", type: "abiquo-store", engine: "sqlite", file: file() },
    ...around(abiquo, "hook", { store: "store" }),
    node("hook", "abiquo-webhook-in", ["out"], { path: "/hook", auth: "none" }),
    node("yes", "abiquo-continue", ["answered", ""]),
    node("ask", "abiquo-approval", ["", "", "", "", ""], {
      levels: [{ name: "Managers", approvers: ["boss@example.com"], need: "any", deadline: 0 }],
    }),
    sink("out"),
    sink("answered"),
  ];
  const start = (): Promise<Flow> => Flow.load(nodes(), { credentials: credentials(abiquo) });

  it("is told once and shown by every node, Abiquo gets 503 with the reason, and all go on once it can be, without a deploy", async () => {
    const flow = await start();
    const url = `${await flow.serve()}/hook`;
    for (const id of ["hook", "yes", "ask"]) assert.equal((await flow.status(id, CANNOT_BE_USED)).fill, "red");
    assert.equal((await flow.fault(({ source }) => source.id === "config")).code, "LEDGER_UNAVAILABLE");
    const refused = await abiquo.post(abiquo.hold(), { url });
    assert.equal(refused.status, 503);
    assert.equal((JSON.parse(refused.body) as { error: string }).error, "LEDGER_UNAVAILABLE");
    const page = await fetch(`${await flow.serve()}/abiquo/approval/a.b.c`);
    assert.equal(page.status, 503);
    assert.match(await page.text(), /Not available just now/);
    flow.send("yes", { abiquo: {}, payload: "any" });
    assert.equal((await flow.fault(({ source }) => source.id === "yes")).code, "LEDGER_UNAVAILABLE");

    const shows = (node: string, text: string): Promise<unknown> =>
      flow.statuses.next(({ id, status }) => id === node && String(status.text).includes(text));
    const worksAgain = Promise.all([shows("hook", "listening"), shows("ask", "idle")]);
    mkdirSync(join(folder, "place"));
    await worksAgain;
    assert.equal((await fetch(`${await flow.serve()}/abiquo/approval/a.b.c`)).status, 403);
    assert.equal((await abiquo.post(abiquo.hold(), { url })).status, 200);
    flow.send("yes", await flow.inbox("out").first());
    assert.equal((await flow.inbox("answered").first()).abiquo?.answer?.outcome, "continued");
    const told = flow.logged("error").filter((text) => text.includes("LEDGER_UNAVAILABLE"));
    assert.equal(flow.inbox("faults").all.filter(({ error }) => error?.source.id === "config").length, 1, told.join("\n"));
    assert.equal(flow.logged("info").filter((text) => text.includes("storeWorks")).length, 1);
  });

  it("hands out what an earlier run left, once it can be", async () => {
    mkdirSync(join(folder, "place"));
    let flow = await start();
    await abiquo.post(abiquo.hold(), { url: `${await flow.serve()}/hook` });
    await flow.inbox("out").first();
    await closeFlow();
    renameSync(join(folder, "place"), join(folder, "away"));
    flow = await start();
    await flow.status("hook", CANNOT_BE_USED);
    renameSync(join(folder, "away"), join(folder, "place"));
    assert.equal((await flow.inbox("out").first()).abiquo?.redelivered, true);
  });

  it("is waited for while the process before this one is about to stop", async () => {
    mkdirSync(join(folder, "place"));
    const before = new DatabaseSync(`${file()}.lock`);
    before.exec("BEGIN EXCLUSIVE");
    const flow = await start();
    const url = `${await flow.serve()}/hook`;
    const answer = abiquo.post(abiquo.hold(), { url });
    setTimeout(() => before.close(), 500);
    assert.equal((await answer).status, 200);
    assert.equal(flow.inbox("faults").all.length, 0);
  });
});

describe("A store in PostgreSQL", () => {
  let server: PostgresServer;
  let abiquo: SimulatedAbiquo;

  before(async () => {
    // What a kill leaves in the memory of the machine is written.
    server = await PostgresServer.start({ synchronous_commit: "on" });
  });
  after(() => server.stop());
  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
  });
  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
    delete process.env["T_DATABASE"];
  });

  const start = (url: string): Promise<Flow> =>
    Flow.load(
      [
        { id: "store", type: "abiquo-store", engine: "postgres" },
        ...around(abiquo, "hook", { store: "store" }),
        node("hook", "abiquo-webhook-in", ["yes"], { path: "/hook", auth: "none" }),
        node("yes", "abiquo-continue", ["answered", ""]),
        sink("answered"),
      ],
      { credentials: credentials(abiquo, { store: { url } }) },
    );

  it("is found by a variable, and takes in and answers as a file does", async () => {
    process.env["T_DATABASE"] = await server.database();
    const flow = await start("${T_DATABASE}");
    const task = abiquo.hold();
    assert.equal((await abiquo.post(task, { url: `${await flow.serve()}/hook` })).status, 200);
    assert.equal((await flow.inbox("answered").first()).abiquo?.answer?.outcome, "continued");
  });

  it("that goes away gives Abiquo 503, and loses nothing; it goes on by itself when it is back", async () => {
    const flow = await start(await server.database());
    const url = `${await flow.serve()}/hook`;
    assert.equal((await abiquo.post(abiquo.hold(), { url })).status, 200);
    await flow.inbox("answered").first();
    server.kill();
    await flow.statuses.first(({ id, status }) => id === "hook" && status.fill === "red");
    const lost = abiquo.hold();
    const refused = await abiquo.post(lost, { url });
    assert.equal(refused.status, 503);
    assert.equal((JSON.parse(refused.body) as { error: string }).error, "LEDGER_UNAVAILABLE");
    const worksAgain = flow.statuses.next(({ id, status }) => id === "hook" && status.fill !== "red");
    await server.start();
    await worksAgain;
    assert.equal((await abiquo.post(lost, { url })).status, 200);
    await flow.inbox("answered").have(2);
  });

  it("that has no address, or that of something else, says so", async () => {
    for (const url of ["", "mysql://127.0.0.1/x", "here"]) {
      const flow = await start(url);
      flow.send("yes", { payload: "any" });
      const { code } = await flow.fault(({ source }) => source.id === "yes");
      assert.equal(code, "CONFIG_INVALID", url);
      await closeFlow();
    }
  });
});
