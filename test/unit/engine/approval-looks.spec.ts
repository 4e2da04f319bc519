import assert from "node:assert/strict";
import type { Page } from "../../../nodes/lib/engine/index.ts";
import { ask, Browser, cloud, type Desk, openWithDesk, policy, tokensOf } from "./approvals-support.ts";
import { type Answering, failed, isAnswer, taskIn, type Workshop } from "./support.ts";

const MIA = "mia@example.com";
const SECOND = 1_000;

describe("whoever opens a page or votes", () => {
  let shop: Workshop;
  let desk: Desk;
  const browser = new Browser(() => shop.engine);
  const approve = new URLSearchParams({ action: "approve" });

  beforeEach(async () => {
    ({ shop, desk } = await openWithDesk());
  });

  afterEach(() => shop.close());

  interface Asked {
    readonly id: string;
    readonly page: string;
    readonly inbox: string;
  }

  async function asked(tasks: readonly string[], scope: "task" | "group" = "task"): Promise<Asked> {
    await shop.receive(...tasks);
    await ask(shop, tasks, { scope, policy: policy({ approvers: [MIA, "bob@example.com"] }) });
    const [first] = await desk.told.have(scope === "group" ? 2 : 2 * tasks.length);
    const id = first?.approval ?? assert.fail();
    const opened = (await shop.engine.approvals.get(id)) ?? assert.fail();
    const links = (await shop.engine.desk.letter(opened, first?.notification ?? assert.fail()))?.links;
    return { id, ...tokensOf(links) };
  }

  /** How often Abiquo has been asked for a task. */
  const reads = (): number => shop.requests.all.filter(({ request }) => !isAnswer(request) && /\/tasks\//.test(request.url)).length;
  const statusOf = async (id: string): Promise<string | undefined> => (await shop.engine.approvals.get(id))?.record.status;

  for (const [state, action, outcome] of [
    ["CANCELLED", "cancel", "already-cancelled"],
    ["STARTED", "continue", "already-continued"],
  ] as const) {
    it(`sees at once that a task is ${state} in Abiquo: the request is withdrawn, and its people are notified`, async () => {
      const { id, page } = await asked(["t1"]);
      shop.answering = taskIn(state);
      const { status, html } = await browser.show(page);
      assert.equal(status, 200);
      assert.match(html, /pages\.state\.withdrawn\.elsewhere/);
      assert.match(html, /pages\.history\.elsewhere/);
      assert.equal(await statusOf(id), "withdrawn");
      const [left] = await desk.left.have(1);
      const [entry] = left?.entries ?? [];
      assert.deepEqual([left?.port, entry?.decision?.action, entry?.decision?.by], ["withdrawn", action, "Abiquo"]);
      assert.deepEqual([entry?.decision?.cause, entry?.answer?.outcome], ["bypass", outcome]);
      const lines = await desk.lines(5);
      assert.deepEqual(lines.slice(2).toSorted(), ["withdrawn bob@example.com", `withdrawn ${MIA}`, "withdrawn requester@example.com"]);
    });
  }

  it("hears that the vote came too late, since it was decided in Abiquo", async () => {
    const { id, page } = await asked(["t1"]);
    shop.answering = taskIn("CANCELLED");
    const { status, html } = await browser.submit(page, approve);
    assert.equal(status, 409);
    assert.match(html, /pages\.result\.late\.elsewhere/);
    const { result, decidedBy } = await shop.engine.approvals.vote(id, { action: "approve", by: "bob@example.com" });
    assert.deepEqual([result, decidedBy], ["late", "Abiquo"]);
    await desk.left.have(1);
    assert.deepEqual(
      desk.left.all.map(({ port }) => port),
      ["withdrawn"],
    );
  });

  it("hears it of a vote by message and of one among many in an inbox as well", async () => {
    const { id, inbox } = await asked(["t1", "t2"]);
    const picks = [...(await browser.inbox(inbox)).html.matchAll(/name="pick" value="([^"]+)"/g)].map(([, pick = ""]) => ["pick", pick]);
    shop.answering = (request) => (request.url.includes("/tasks/t1") ? taskIn("CANCELLED")(request) : cloud()(request));
    const { html } = await browser.submitInbox(inbox, new URLSearchParams([["action", "approve"], ...picks]));
    assert.match(html, /pages\.inbox\.each\.elsewhere/);
    const left = await desk.left.have(2);
    assert.deepEqual(left.map(({ port, entries }) => `${entries[0]?.task.taskId} ${port}`).toSorted(), ["t1 withdrawn", "t2 approved"]);
    const { result } = await shop.engine.approvals.vote(id, { action: "approve", by: MIA });
    assert.ok(["late", "repeated"].includes(result));
  });

  it("of a group decides what is left of it", async () => {
    const { id, page } = await asked(["t1", "t2"], "group");
    shop.answering = (request) => (request.url.includes("/tasks/t1") ? taskIn("CANCELLED")(request) : cloud()(request));
    const { status } = await browser.submit(page, approve);
    assert.equal(status, 200);
    assert.equal(await statusOf(id), "approved");
    assert.deepEqual(await shop.at("elsewhere"), ["t1"]);
  });

  it("asks Abiquo for a task once in five seconds, and votes by what was seen then", async () => {
    const { page, id } = await asked(["t1"]);
    const before = reads();
    await Promise.all([browser.show(page), browser.show(page), browser.show(page)]);
    await shop.engine.approvals.vote(id, { action: "approve", by: "outsider@example.com" });
    assert.equal(reads() - before, 1);
    shop.clock.advance(5 * SECOND);
    await browser.show(page);
    assert.equal(reads() - before, 2);
  });

  it("asks for no more than some of a large group, and for the others in turn", async () => {
    const tasks = Array.from({ length: 60 }, (_, index) => `g${index}`);
    const { page } = await asked(tasks, "group");
    const before = reads();
    const counts: number[] = [];
    for (let visit = 0; visit < 4; visit++) {
      await browser.show(page);
      counts.push(reads() - before);
    }
    assert.deepEqual(counts, [24, 48, 60, 60]);
  });

  for (const [what, answering] of [
    ["does not answer", () => new Promise<never>(() => {})],
    ["fails", () => failed],
    ["is away", () => "reset"],
    ["does not show it", () => ({ status: 403, body: "" })],
    ["shows something else", () => ({ headers: { "Content-Type": "application/json" }, body: { hello: "world" } })],
  ] satisfies readonly (readonly [string, Answering])[]) {
    it(`is shown the page within two seconds, and can vote, where Abiquo ${what}`, async () => {
      const { id, page } = await asked(["t1"]);
      shop.answering = answering;
      const shown = browser.show(page);
      await within(shown, 2 * SECOND);
      assert.match((await shown).html, /name="action"/);
      // Nobody waits again for what did not answer a moment ago.
      const { result } = await shop.engine.approvals.vote(id, { action: "approve", by: MIA });
      assert.equal(result, "counted");
    });
  }

  it("waits for an Abiquo that does not answer once, and not for each request", async () => {
    const { inbox } = await asked(["t1", "t2", "t3"]);
    const html = (await browser.inbox(inbox)).html;
    const pages = [...html.matchAll(/\.\.\/approval\/([^"]+)"/g)].map(([, token = ""]) => token);
    assert.equal(new Set(pages).size, 3);
    shop.answering = () => new Promise<never>(() => {});
    const first = browser.show(pages[0] ?? "");
    await within(first, 2 * SECOND);
    for (const token of pages.slice(1)) assert.equal((await browser.show(token)).status, 200);
  });

  it("changes nothing where the connection is no more", async () => {
    const { id, page } = await asked(["t1"]);
    shop.engine.disconnect(shop.connection);
    shop.answering = taskIn("CANCELLED");
    assert.match((await browser.show(page)).html, /name="action"/);
    assert.equal(await statusOf(id), "open");
  });

  /** Lets so much time pass, from when Abiquo has been asked, and awaits the page. */
  async function within(page: Promise<Page>, ms: number): Promise<void> {
    let isShown = false;
    void page.then(() => (isShown = true));
    const before = reads();
    while (!isShown && reads() === before) await new Promise((resolve) => setImmediate(resolve));
    shop.clock.advance(ms);
    assert.equal((await page).status, 200);
  }
});
