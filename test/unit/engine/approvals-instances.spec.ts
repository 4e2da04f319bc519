import assert from "node:assert/strict";
import { Engine } from "../../../nodes/lib/engine/index.ts";
import { ask, type Desk, KEY, MINUTE, openWithDesk, policy } from "./approvals-support.ts";
import type { Workshop } from "./support.ts";

const PEOPLE = Array.from({ length: 6 }, (_, index) => `p${index}@example.com`);

describe("approvals of two instances on one ledger", () => {
  let shop: Workshop;
  let desk: Desk;
  let other: Engine;

  beforeEach(async () => {
    ({ shop, desk } = await openWithDesk());
    // Its mutexes are its own: nothing but the ledger keeps the two apart.
    other = new Engine(shop.engine.ledger, { settle: MINUTE, clock: shop.clock });
  });

  afterEach(async () => {
    other.intake.close();
    other.approvals.close();
    await shop.close();
  });

  async function asked(need: "any" | "all"): Promise<string> {
    await shop.receive("t1");
    await ask(shop, ["t1"], { policy: policy({ approvers: PEOPLE, need }) });
    return (await desk.told.have(PEOPLE.length))[0]?.approval ?? assert.fail();
  }

  const instance = (index: number): Engine => (index % 2 === 0 ? shop.engine : other);

  it("count every vote, of all that come to both at once", async () => {
    const id = await asked("all");
    const results = await Promise.all(PEOPLE.map((by, index) => instance(index).approvals.vote(id, { action: "approve", by })));
    assert.deepEqual(new Set(results.map(({ result }) => result)), new Set(["counted"]));
    const opened = await shop.engine.approvals.get(id);
    assert.equal(opened?.record.status, "approved");
    assert.deepEqual(opened?.state?.approval.votes.map(({ by }) => by).toSorted(), PEOPLE);
  });

  it("count a vote once that comes to both", async () => {
    const id = await asked("all");
    const ballot = { action: "approve", by: PEOPLE[0] ?? "" } as const;
    const results = await Promise.all([0, 1, 2, 3].map((index) => instance(index).approvals.vote(id, ballot)));
    assert.deepEqual(results.map(({ result }) => result).toSorted(), ["counted", "repeated", "repeated", "repeated"]);
    assert.equal((await shop.engine.approvals.get(id))?.state?.approval.votes.length, 1);
  });

  it("close it once, with one outcome and one end for each person, of opposite votes that come to both", async () => {
    const id = await asked("any");
    const votes = PEOPLE.map((by, index) => instance(index).approvals.vote(id, { action: index % 2 === 0 ? "approve" : "reject", by }));
    const results = (await Promise.all(votes)).map(({ result }) => result);
    assert.equal(results.filter((result) => result === "counted").length, 1);
    assert.equal(results.filter((result) => result === "late").length, PEOPLE.length - 1);
    await shop.engine.approvals.resume(KEY);
    await desk.left.have(1);
    assert.equal(new Set(desk.left.all.map(({ port }) => port)).size, 1);
    const about = await shop.engine.ledger.notifications.about([id], PEOPLE);
    assert.equal(new Set(about.map(({ id: notification }) => notification)).size, about.length);
    assert.equal(about.length, 2 * PEOPLE.length, "asked, and the end");
  });
});
