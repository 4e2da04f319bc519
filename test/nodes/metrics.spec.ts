import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLedger, verifyChain } from "../../nodes/lib/ledger/index.ts";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { type ReadMetric, readExposition } from "../support/exposition.ts";
import { around, closeFlow, credentials, Flow, node, SECRET, sink } from "./support.ts";

const TOKEN = "metrics-token-0123456789";
const PATH = "/abiquo/metrics";

/** Without the time, which is of no matter here. */
const lines = (of: Flow, level: "warn" | "info"): string[] => of.logged(level).filter((line) => line.startsWith("[abiquo]"));

/** The counts of the first line are read in a thread that starts for them. */
async function started(of: Flow): Promise<void> {
  while (!of.logged("info").some((line) => line.includes("started"))) await new Promise((later) => setTimeout(later, 20));
}

describe("The metrics of a store", () => {
  let abiquo: SimulatedAbiquo;
  let folder: string;
  let flow: Flow;
  let root: string;

  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
    folder = mkdtempSync(join(tmpdir(), "metrics-"));
  });
  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const nodes = (store: object = {}, config: object = {}, hook: object = {}): object[] => [
    { id: "store", type: "abiquo-store", engine: "sqlite", file: join(folder, "ledger.sqlite"), metrics: PATH, ...store },
    ...around(abiquo, "hook", { store: "store", name: 'The "cloud"', ...config }),
    node("hook", "abiquo-webhook-in", ["out"], { name: "Held tasks", path: "/hook", auth: "secret", ...hook }),
    node("yes", "abiquo-continue", ["answered", ""]),
    sink("out"),
    sink("answered"),
  ];
  const start = async (all: object[], token = "", secret = SECRET): Promise<void> => {
    flow = await Flow.load(all, { credentials: credentials(abiquo, { store: { metricsToken: token }, hook: { secret } }) });
    root = await flow.serve();
  };
  const get = (path: string, token?: string, method = "GET"): Promise<Response> =>
    fetch(`${root}${path}`, { method, headers: token === undefined ? {} : { Authorization: `Bearer ${token}` } });
  const metrics = async (): Promise<Map<string, ReadMetric>> => readExposition(await (await get(PATH)).text());
  const value = (found: Map<string, ReadMetric>, name: string, labels: Record<string, string> = {}): number | undefined =>
    found.get(name)?.samples.find((sample) => JSON.stringify(sample.labels) === JSON.stringify(labels))?.value;
  const health = async (token?: string): Promise<{ status: number; body: Record<string, unknown> }> => {
    const response = await get(`${PATH}/health`, token);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it("count a task from the call to its answer, and what waits", async () => {
    await start(nodes());
    await flow.status("hook", "listening");
    assert.equal((await fetch(`${root}/hook/wrong`, { method: "POST", body: "{}" })).status, 401);
    const [first, second] = [abiquo.hold(), abiquo.hold()];
    for (const tasks of [first, second, second]) assert.equal((await abiquo.post(tasks, { url: `${root}/hook/${SECRET}` })).status, 200);
    const [message] = await flow.inbox("out").have(2);
    flow.send("yes", message as object);
    await flow.inbox("answered").first();

    const response = await get(PATH);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const found = readExposition(await response.text());
    assert.equal(value(found, "abiquo_webhooks_total", { status: "200" }), 3);
    assert.equal(value(found, "abiquo_webhooks_total", { status: "401" }), 1);
    assert.equal(value(found, "abiquo_tasks_received_total"), 2);
    assert.equal(value(found, "abiquo_tasks_known_total"), 1);
    assert.equal(value(found, "abiquo_decisions_total", { action: "continue", cause: "rule" }), 1);
    assert.equal(value(found, "abiquo_answers_total", { outcome: "continued" }), 1);
    assert.equal(value(found, "abiquo_tasks", { stage: "received" }), 1);
    assert.equal(value(found, "abiquo_tasks", { stage: "delivered" }), 1);
    assert.equal(value(found, "abiquo_tenant_tasks", { tenant: message?.abiquo?.task?.enterpriseId ?? "" }), 1);
    assert.equal(value(found, "abiquo_undecided_tasks", { older_than: "0" }), 1);
    assert.ok(Number(value(found, "abiquo_oldest_waiting_seconds")) > 0);
    assert.ok(Number(value(found, "abiquo_store_bytes")) > 0);
    assert.equal(value(found, "abiquo_store_up"), 1);
    assert.equal(value(found, "abiquo_connection_up", { connection: 'The "cloud"' }), 1);
    for (const name of ["abiquo_receipt_seconds", "abiquo_decision_seconds", "abiquo_delivery_seconds", "abiquo_commit_seconds"]) {
      assert.ok(Number(found.get(name)?.samples.find((sample) => sample.name.endsWith("_count"))?.value) > 0, name);
    }
  });

  it("show the largest tenants by themselves, and all others as one", async () => {
    await start(nodes());
    await flow.status("hook", "listening");
    for (let enterprise = 1; enterprise <= 23; enterprise++) {
      const dtos = Array.from({ length: enterprise === 7 ? 2 : 1 }, (_, index) => ({
        taskId: `e${enterprise}-${index}`,
        type: "DEPLOY",
        state: "QUEUEING",
        links: [
          { rel: "self", href: `/cloud/virtualdatacenters/1/virtualappliances/1/virtualmachines/1/tasks/e${enterprise}-${index}` },
          { rel: "user", href: `/admin/enterprises/${enterprise}/users/1` },
        ],
      }));
      const response = await fetch(`${root}/hook/${SECRET}`, { method: "POST", body: JSON.stringify({ collection: dtos }) });
      assert.equal(response.status, 200, await response.text());
    }
    const samples = (await metrics()).get("abiquo_tenant_tasks")?.samples ?? [];
    assert.equal(samples.length, 21);
    assert.deepEqual(samples[0]?.labels, { tenant: "7" });
    assert.deepEqual([samples.at(-1)?.labels, samples.at(-1)?.value], [{ tenant: "other" }, 3]);
  });

  it("are for whoever sends the token, and health tells a stranger no names", async () => {
    await start(nodes(), TOKEN);
    await flow.status("hook", "listening");
    for (const token of [undefined, "", "wrong", `${TOKEN}x`]) {
      const refused = await get(PATH, token);
      assert.equal(refused.status, 401);
      assert.equal(await refused.text(), "");
    }
    assert.equal((await get(PATH, TOKEN)).status, 200);
    assert.equal((await get(PATH, TOKEN, "POST")).status, 405);
    assert.equal((await get(`${PATH}/other`, TOKEN)).status, 404);
    // Once a call was answered, the store is open.
    await abiquo.post(abiquo.hold(), { url: `${root}/hook/${SECRET}` });
    assert.deepEqual((await health()).body, { status: "ok", store: "ok" });
    assert.deepEqual((await health(TOKEN)).body, {
      status: "ok",
      store: "ok",
      connections: [{ name: 'The "cloud"', state: "ok" }],
      problems: [],
    });
  });

  it("are closed where the token is a variable that is not set", async () => {
    await start(nodes(), "${NOT_SET_ANYWHERE}");
    assert.equal((await get(PATH)).status, 401);
    assert.equal((await get(PATH, "${NOT_SET_ANYWHERE}")).status, 401);
    assert.equal((await health()).status, 503);
  });

  it("answer 503 below /health while the store cannot be opened, and 200 once it can, without a deploy", async () => {
    await start(nodes({ file: join(folder, "later", "ledger.sqlite") }));
    await flow.status("hook", "status.store");
    assert.deepEqual(await health(), {
      status: 503,
      body: {
        status: "unavailable",
        store: "LEDGER_UNAVAILABLE",
        connections: [{ name: 'The "cloud"', state: "ok" }],
        problems: [],
      },
    });
    assert.equal(value(await metrics(), "abiquo_store_up"), 0);
    const listens = flow.statuses.next(({ status }) => String(status.text).includes("listening"));
    mkdirSync(join(folder, "later"));
    await listens;
    assert.equal((await health()).status, 200);
  });

  for (const [name, wrong, secret, problem] of [
    ["a store's file that is an unset variable", [{ file: "${NOT_SET_ANYWHERE}" }], SECRET, ["abiquo-store", "store", "ENV_UNSET"]],
    ["a connection's address", [{}, { url: "${NOT_SET_ANYWHERE}" }], SECRET, ["abiquo-config", 'The "cloud"', "ENV_UNSET"]],
    ["a webhook without its secret", [], "", ["abiquo-webhook-in", "Held tasks", "CREDENTIAL_MISSING"]],
  ] as const) {
    it(`answer 503 for a wrong configuration, with the node and the code: ${name}`, async () => {
      await start(nodes(...wrong), "", secret);
      const { status, body } = await health();
      assert.equal(status, 503, JSON.stringify(body));
      const [type, named, code] = problem;
      const problems = body["problems"] as { type: string }[];
      assert.deepEqual(
        problems.find((each) => each.type === type),
        { type, name: named, code },
      );
    });
  }

  it("tell of a node that has the store without a connection, and cannot work", async () => {
    const told = node("told", "abiquo-events", [""], { name: "Told", connection: "", store: "store", kinds: ["everything"] });
    await start([...nodes(), told]);
    await flow.status("told", "invalid");
    assert.deepEqual((await health()).body["problems"], [{ type: "abiquo-events", name: "Told", code: "CONFIG_INVALID" }]);
  });

  it("say of a connection whose credentials Abiquo refuses that it is stopped; tasks are received nevertheless", async () => {
    await start(nodes());
    await flow.status("hook", "listening");
    abiquo.inject({ match: { action: "continue" }, status: 401, times: 1 });
    await abiquo.post(abiquo.hold(), { url: `${root}/hook/${SECRET}` });
    flow.send("yes", (await flow.inbox("out").first()) as object);
    await flow.fault(({ code }) => code === "ABIQUO_UNAUTHORIZED");
    const { status, body } = await health();
    assert.deepEqual([status, body["status"]], [200, "degraded"]);
    assert.deepEqual(body["connections"], [{ name: 'The "cloud"', state: "stopped" }]);
    assert.equal(value(await metrics(), "abiquo_connection_up", { connection: 'The "cloud"' }), 0);
  });

  it("are not all: the log has a line for the start, one for each decision, and one for an answer that is refused", async () => {
    await start(nodes());
    const url = `${root}/hook/${SECRET}`;
    for (const fault of [undefined, 403]) {
      if (fault !== undefined) abiquo.inject({ match: { action: "continue" }, status: fault, times: 1 });
      await abiquo.post(abiquo.hold(), { url });
    }
    for (const message of await flow.inbox("out").have(2)) flow.send("yes", message);
    await flow.inbox("answered").first();
    await flow.fault(({ code }) => code === "ABIQUO_UNDELIVERABLE");
    await started(flow);
    const kindOf = (line: string): string => /log\.(\w+)/.exec(line)?.[1] ?? line;
    assert.deepEqual(lines(flow, "info").map(kindOf).sort(), ["decided", "decided", "started"]);
    assert.deepEqual(lines(flow, "warn").map(kindOf).sort(), ["newStore", "refused"]);
    assert.ok(!JSON.stringify([lines(flow, "info"), lines(flow, "warn")]).includes(SECRET));
  });

  it("are not all: each line is JSON where the environment asks for it", async () => {
    process.env["ABIQUO_LOG_FORMAT"] = "json";
    try {
      await start(nodes());
      await abiquo.post(abiquo.hold(), { url: `${root}/hook/${SECRET}` });
      const message = await flow.inbox("out").first();
      flow.send("yes", message);
      await flow.inbox("answered").first();
      await started(flow);
    } finally {
      delete process.env["ABIQUO_LOG_FORMAT"];
    }
    const json = flow.logged("info").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Record<string, unknown>] : []));
    assert.deepEqual(json.map(({ event }) => event).sort(), ["decided", "started"]);
    const decided = json.find(({ event }) => event === "decided");
    assert.deepEqual([decided?.["action"], typeof decided?.["taskId"]], ["continue", "string"]);
  });

  it("are not all: the line for the start has the head of the audit, with which it can be verified later", async () => {
    await start(nodes());
    await started(flow);
    const [, seq, hash = ""] = /\b(\d+):([0-9a-f]{64})\b/.exec(lines(flow, "info").join("\n")) ?? [];
    await abiquo.post(abiquo.hold(), { url: `${root}/hook/${SECRET}` });
    await flow.inbox("out").first();
    const ledger = await openLedger({ engine: "sqlite", file: join(folder, "ledger.sqlite") }, { readOnly: true });
    const verified = [hash, hash.replace(/^./, (digit) => (digit === "0" ? "1" : "0"))].map((each) =>
      verifyChain(ledger, { seq: Number(seq), hash: each }),
    );
    const findings = (await Promise.all(verified)).map(({ first }) => first?.finding);
    await ledger.close();
    assert.deepEqual(findings, [undefined, "cut"]);
  });
});
