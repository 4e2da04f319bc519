import assert from "node:assert/strict";
import { Engine } from "../../../nodes/lib/engine/index.ts";
import { ask, cloud, Desk, idle, MINUTE } from "./approvals-support.ts";
import { Workshop } from "./support.ts";

const SECURITY = "security";
const FINANCE = "finance";
const BOARD = "board";
const MIA = "mia@example.com";

/** After this the flow holds what left: the settling time and one round. */
const SETTLED = MINUTE + 2_000;

describe("approvals about one task side by side", () => {
  let shop: Workshop;
  let desks: Map<string, Desk>;

  const desk = (key: string): Desk => desks.get(key) ?? assert.fail(key);

  async function attachAll(...keys: string[]): Promise<void> {
    desks = new Map(keys.map((key) => [key, new Desk()]));
    for (const [key, each] of desks) await shop.engine.approvals.attach(key, each);
  }

  beforeEach(async () => {
    shop = await Workshop.open({ answering: cloud() });
    await attachAll(SECURITY, FINANCE, BOARD);
  });

  afterEach(() => shop.close());

  /** The process ends, and another takes its place: what was in the flow's hands is gone. */
  async function restart(): Promise<void> {
    for (const each of desks.values()) each.isClosing = true;
    await shop.restart();
    await attachAll(SECURITY, FINANCE, BOARD);
    await idle(shop);
  }

  /** Asks, and answers with the request's id. */
  async function asked(key: string, tasks: string[], more: { after?: string; scope?: "group" } = {}): Promise<string> {
    const before = desk(key).told.all.length;
    await ask(shop, tasks, { key, ...more });
    return (await desk(key).told.have(before + 1)).at(-1)?.approval ?? "";
  }

  /** Two requests about t1, the older by a minute. */
  async function both(): Promise<{ older: string; newer: string }> {
    for (const { key } of await shop.receive("t1")) shop.engine.intake.emitted(key);
    const older = await asked(SECURITY, ["t1"]);
    shop.clock.advance(1_000);
    return { older, newer: await asked(FINANCE, ["t1"]) };
  }

  async function approve(id: string): Promise<void> {
    const { result } = await shop.engine.approvals.vote(id, { action: "approve", by: MIA });
    assert.equal(result, "counted");
  }

  const statusOf = async (id: string): Promise<string | undefined> => (await shop.engine.approvals.get(id))?.record.status;
  const ports = (key: string): string[] => desk(key).left.all.map(({ port, redelivered }) => (redelivered ? `${port} again` : port));

  for (const first of ["older", "newer"] as const) {
    const second = first === "older" ? "newer" : "older";
    const [firstKey, secondKey] = first === "older" ? [SECURITY, FINANCE] : [FINANCE, SECURITY];

    it(`keep the ${second} one open when the ${first} one is over, whatever time passes and whatever stops`, async () => {
      const ids = await both();
      await approve(ids[first]);
      shop.clock.advance(SETTLED);
      await idle(shop);
      assert.deepEqual([await shop.at("asked"), await shop.at("held")], [["t1"], []]);
      await shop.engine.approvals.resume(secondKey);
      assert.equal(await statusOf(ids[second]), "open", "after a deploy below it");
      await restart();
      assert.equal(await statusOf(ids[second]), "open", "after a restart");
      shop.clock.advance(SETTLED);
      await restart();
      assert.deepEqual([await statusOf(ids[second]), ports(firstKey), ports(secondKey)], ["open", [], []]);
      await approve(ids[second]);
      assert.deepEqual(ports(secondKey), ["approved"]);
    });

    it(`let the ${first} one's outcome leave again after a kill, although the ${second} one still asks`, async () => {
      const ids = await both();
      await approve(ids[first]);
      await restart();
      assert.deepEqual([ports(firstKey), ports(secondKey)], [["approved again"], []]);
      await restart();
      assert.deepEqual(ports(firstKey), ["approved again"], "the flow has not had it for long");
      shop.clock.advance(SETTLED);
      await restart();
      assert.deepEqual([ports(firstKey), await statusOf(ids[second])], [[], "open"]);
    });

    it(`withdraw the ${second} one when the task is decided, and not before, however late that is`, async () => {
      const ids = await both();
      await approve(ids[first]);
      shop.clock.advance(SETTLED);
      await restart();
      shop.clock.advance(10 * MINUTE);
      await idle(shop);
      assert.deepEqual(ports(secondKey), []);
      await shop.answer("continue", "t1");
      assert.equal((await desk(secondKey).left.have(1))[0]?.port, "withdrawn");
    });
  }

  it("leave the task to the flow when both outcomes have settled, each for itself", async () => {
    const { older, newer } = await both();
    await approve(older);
    shop.clock.advance(SETTLED);
    await approve(newer);
    await idle(shop);
    assert.deepEqual([await shop.at("asked"), await shop.at("held")], [["t1"], []]);
    await restart();
    assert.deepEqual([ports(SECURITY), ports(FINANCE)], [[], ["approved again"]]);
    shop.clock.advance(SETTLED);
    await idle(shop);
    assert.deepEqual([await shop.at("asked"), await shop.at("held")], [[], ["t1"]]);
  });

  it("do not leave again what the flow has brought to the next approval, and only that", async () => {
    const { older, newer } = await both();
    await approve(older);
    await approve(newer);
    await asked(BOARD, ["t1"], { after: older });
    await restart();
    assert.deepEqual([ports(SECURITY), ports(FINANCE), ports(BOARD)], [[], ["approved again"], []]);
  });

  it("leave again with those tasks of a group that went on nowhere", async () => {
    await shop.receive("t1", "t2", "t3");
    const group = await asked(SECURITY, ["t1", "t2", "t3"], { scope: "group" });
    await approve(group);
    await shop.answer("continue", "t1");
    await asked(BOARD, ["t2"], { after: group });
    await restart();
    const left = desk(SECURITY).left.all.flatMap(({ entries }) => entries.map(({ task }) => task.taskId));
    assert.deepEqual(left, ["t3"]);
  });

  it("hold a task although the flow's time with it ends while they are being written", async () => {
    const written = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const { ledger } = shop.engine;
    // The ledger has written the request, and its answer is still on the way.
    const open: typeof ledger.approvals.open = async (approval) => {
      const opened = await ledger.approvals.open(approval);
      written.resolve();
      await go.promise;
      return opened;
    };
    const slow = <T extends object>(target: T, name: string, value: unknown): T =>
      new Proxy(target, { get: (own, each): unknown => (each === name ? value : Reflect.get(own, each)) });
    const engine = new Engine(slow(ledger, "approvals", slow(ledger.approvals, "open", open)), { settle: MINUTE, clock: shop.clock });
    await engine.connect(shop.connection);
    await engine.approvals.attach(SECURITY, desk(SECURITY));
    for (const { key } of await shop.receive("t1")) engine.intake.emitted(key);
    shop.clock.advance(MINUTE - 500);
    const asking = ask({ engine, connection: shop.connection, clock: shop.clock }, ["t1"], { key: SECURITY });
    await written.promise;
    shop.clock.advance(1_000);
    await idle(shop);
    assert.deepEqual([await shop.at("asked"), await shop.at("held")], [["t1"], []]);
    go.resolve();
    await asking;
    await engine.approvals.resume(SECURITY);
    await idle(shop);
    assert.deepEqual(ports(SECURITY), []);
    engine.intake.close();
    engine.approvals.close();
    engine.disconnect(shop.connection);
  });

  it("let an outcome that nobody was there for leave with the next node of their key, once", async () => {
    const { older } = await both();
    shop.engine.approvals.detach(SECURITY, desk(SECURITY));
    await approve(older);
    shop.clock.advance(10 * MINUTE);
    await idle(shop);
    const next = new Desk();
    await shop.engine.approvals.attach(SECURITY, next);
    assert.deepEqual(
      next.left.all.map(({ port }) => port),
      ["approved"],
    );
  });

  it("decide the task once, however many of them approve and reject it at once", async () => {
    const { older, newer } = await both();
    await Promise.all([approve(older), shop.engine.approvals.vote(newer, { action: "reject", by: MIA })]);
    await Promise.all([shop.answer("continue", "t1"), shop.answer("cancel", "t1")]);
    await shop.port.left.have(2);
    assert.equal(shop.sent.length, 1);
    shop.clock.advance(SETTLED);
    await restart();
    assert.deepEqual([ports(SECURITY), ports(FINANCE), shop.sent.length], [[], [], 1]);
  });
});
