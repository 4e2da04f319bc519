import assert from "node:assert/strict";
import { ApprovalLinks } from "../../../nodes/lib/engine/approvals/links.ts";
import { ask, Browser, type Desk, KEY, openWithDesk, policy, tokensOf } from "./approvals-support.ts";
import type { Workshop } from "./support.ts";

const MIA = "mia@example.com";

/** What is read and verified while a visit lasts. */
interface Counts {
  /** how often each request was read, by its id */
  readonly reads: ReadonlyMap<string, number>;
  readonly verified: number;
}

describe("a visit to the pages of approvals", () => {
  let shop: Workshop;
  let desk: Desk;
  let restore: () => void;
  const reads = new Map<string, number>();
  let verified = 0;
  const browser = new Browser(() => shop.engine);

  beforeEach(async () => {
    ({ shop, desk } = await openWithDesk());
    const { prototype } = ApprovalLinks;
    const { readDecision, readInbox } = prototype;
    prototype.readDecision = function (token) {
      verified++;
      return readDecision.call(this, token);
    };
    prototype.readInbox = function (token) {
      verified++;
      return readInbox.call(this, token);
    };
    restore = () => Object.assign(prototype, { readDecision, readInbox });
  });

  afterEach(async () => {
    restore();
    await shop.close();
  });

  /** As many requests; the tokens that lead to each, and to the inbox of all. */
  async function asked(count: number, level: object = {}): Promise<{ ids: string[]; pages: string[]; inbox: string }> {
    const tasks = Array.from({ length: count }, (_, index) => `t${index}`);
    for (const task of tasks) await shop.receive(task);
    await ask(shop, tasks, { policy: policy(level) });
    const told = await desk.told.have(count);
    const tokens = await Promise.all(
      told.map(async ({ approval, notification }) => {
        const opened = (await shop.engine.approvals.get(approval)) ?? assert.fail();
        return tokensOf((await shop.engine.desk.letter(opened, notification))?.links);
      }),
    );
    return {
      ids: told.map(({ approval }) => approval),
      pages: tokens.map(({ page }) => page),
      inbox: tokens[0]?.inbox ?? "",
    };
  }

  /** Counts what the ledger gives of requests, by any of its ways, while something is done. */
  async function counted(visit: () => Promise<unknown>): Promise<Counts> {
    const { approvals } = shop.engine.ledger;
    const { get, several, inbox } = approvals;
    const note = (ids: readonly string[]): void => {
      for (const id of ids) reads.set(id, (reads.get(id) ?? 0) + 1);
    };
    approvals.get = (id) => {
      note([id]);
      return get(id);
    };
    approvals.several = (ids) => {
      note(ids);
      return several(ids);
    };
    approvals.inbox = async (query) => {
      const found = await inbox(query);
      note(found.rows.map(({ id }) => id));
      return found;
    };
    reads.clear();
    verified = 0;
    await visit();
    // What notifies of the outcome reads as well, and is no part of the visit.
    const counts = { reads: new Map(reads), verified };
    Object.assign(approvals, { get, several, inbox });
    return counts;
  }

  const vote = new URLSearchParams({ action: "approve", reason: "fine" });

  it("reads its request once, and verifies its token once", async () => {
    const { ids, pages } = await asked(1);
    const { reads: found, verified: times } = await counted(() => browser.show(pages[0] ?? ""));
    assert.deepEqual([[...found], times], [[[ids[0], 1]], 1]);
  });

  for (const [what, level] of [
    ["that is not the last", { need: "all", approvers: [MIA, "bob@example.com"] }],
    ["that decides", {}],
  ] as const) {
    it(`reads the request of a vote ${what} once, and verifies its token once`, async () => {
      const { ids, pages } = await asked(1, level);
      shop.engine.approvals.detach(KEY, desk);
      let html = "";
      const { reads: found, verified: times } = await counted(async () => ({ html } = await browser.submit(pages[0] ?? "", vote)));
      assert.match(html, /pages\.result\.counted\.approve/);
      assert.deepEqual([[...found], times], [[[ids[0], 1]], 1]);
    });
  }

  it("reads the request that is handed over once", async () => {
    const { ids, pages } = await asked(1);
    shop.engine.approvals.detach(KEY, desk);
    const delegate = new URLSearchParams({ action: "delegate", to: "bob@example.com" });
    const { reads: found, verified: times } = await counted(() => browser.submit(pages[0] ?? "", delegate));
    assert.deepEqual([[...found], times], [[[ids[0], 1]], 1]);
  });

  it("reads a request once for somebody who has signed in, as for everybody", async () => {
    const { ids } = await asked(1);
    const id = ids[0] ?? "";
    let html = "";
    const shown = await counted(async () => ({ html } = await browser.showOwn(MIA, id)));
    const form = /name="form" value="([^"]+)"/.exec(html)?.[1] ?? assert.fail();
    shop.engine.approvals.detach(KEY, desk);
    const voted = await counted(() => browser.submitOwn(MIA, id, new URLSearchParams({ action: "approve", form })));
    assert.deepEqual([[...shown.reads], [...voted.reads]], [[[id, 1]], [[id, 1]]]);
    assert.equal((await shop.engine.approvals.get(id))?.record.status, "approved");
  });

  it("reads the request of a vote by message once", async () => {
    const { ids } = await asked(1);
    shop.engine.approvals.detach(KEY, desk);
    const { reads: found } = await counted(() => shop.engine.approvals.vote(ids[0] ?? "", { action: "approve", by: MIA }));
    assert.deepEqual([...found], [[ids[0], 1]]);
  });

  for (const all of [false, true]) {
    it(`reads each request of an inbox vote on ${all ? "all that match" : "what is ticked"} once`, async () => {
      const { ids, inbox } = await asked(3);
      const page = await browser.inbox(inbox);
      const upTo = /name="upTo" value="([^"]+)"/.exec(page.html)?.[1] ?? assert.fail();
      shop.engine.approvals.detach(KEY, desk);
      const picks = [...page.html.matchAll(/name="pick" value="([^"]+)"/g)].map(([, pick = ""]) => ["pick", pick]);
      const ticked = all ? [["all", "1"]] : picks;
      const form = new URLSearchParams([["action", "approve"], ["upTo", upTo], ...ticked]);
      const { reads: found, verified: times } = await counted(() => browser.submitInbox(inbox, form));
      assert.deepEqual([[...found].toSorted(), times], [ids.map((id) => [id, 1]).toSorted(), 1]);
      for (const id of ids) assert.equal((await shop.engine.approvals.get(id))?.record.status, "approved");
    });
  }
});
