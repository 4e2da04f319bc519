import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePolicy } from "../../../nodes/lib/approval/index.ts";
import { keptKeyRing } from "../../../nodes/lib/engine/approvals/kept.ts";
import { ApprovalLinks } from "../../../nodes/lib/engine/approvals/links.ts";
import {
  type ApprovalOutcome,
  type ApprovalPort,
  type Notification,
  type OpenedApproval,
  type Page,
  taskReferences,
} from "../../../nodes/lib/engine/index.ts";
import { type Ledger, openLedger } from "../../../nodes/lib/ledger/index.ts";
import { Browser, tokensOf } from "./approvals-support.ts";
import { isAnswer, Log, ok, StillClock, taskIn, Workshop } from "./support.ts";

const DAY = 24 * 60 * 60_000;
const KEY = "managers";
const MIA = "mia@example.com";
const PUBLIC = "https://approvals.example.com";

/** Keeps what leaves the node. */
class People implements ApprovalPort {
  readonly told = new Log<{ readonly opened: OpenedApproval; readonly notification: Notification }>();
  readonly left = new Log<ApprovalOutcome>();

  notify(opened: OpenedApproval, notification: Notification): Promise<boolean> {
    this.told.add({ opened, notification });
    return Promise.resolve(true);
  }

  leave(outcome: ApprovalOutcome): void {
    this.left.add(outcome);
  }

  report(): void {}

  count(): void {}
}

describe("the desk of approvals", () => {
  let shop: Workshop;
  let people: People;
  const browser = new Browser(() => shop.engine);

  beforeEach(async () => {
    const user = { headers: { "Content-Type": "application/json" }, body: { id: 22, nick: "ana", name: "Ana", email: "ana@example.com" } };
    shop = await Workshop.open({
      answering: (request) => (isAnswer(request) ? ok : request.url.includes("/tasks/") ? taskIn("QUEUEING")(request) : user),
    });
    people = new People();
    await shop.engine.approvals.attach(KEY, people);
  });

  afterEach(() => shop.close());

  /** One request for each title. */
  async function ask(titles: readonly string[], policy: object = {}): Promise<void> {
    const before = people.told.all.length;
    for (const [index, title] of titles.entries()) {
      const taskId = `task-${before + index}`;
      await shop.receive(taskId);
      await shop.engine.ask({
        key: KEY,
        connection: shop.connection,
        scope: "task",
        title,
        references: taskReferences(taskId),
        messageFor: () => "{}",
        terms: {
          policy: parsePolicy({ levels: [{ name: "Managers", approvers: [MIA], need: "any" }], ...policy }),
          language: "en-US",
          timeZone: "UTC",
          linkValidity: 7 * DAY,
          publicUrl: PUBLIC,
        },
      });
    }
    shop.clock.advance(0);
    await people.told.have(before + titles.length);
  }

  async function links(index = 0): Promise<{ page: string; inbox: string }> {
    const { opened, notification } = people.told.all[index] ?? assert.fail();
    const letter = await shop.engine.desk.letter(opened, notification);
    return tokensOf(letter?.links);
  }

  const idOf = (title: string): string =>
    people.told.all.find(({ opened }) => opened.request.subject.title === title)?.opened.record.id ?? assert.fail(title);
  const form = (fields: Record<string, string>): URLSearchParams => new URLSearchParams(fields);
  const picksIn = (html: string): string[] => [...html.matchAll(/name="pick" value="([^"]+)"/g)].map(([, pick = ""]) => pick);
  const hiddenIn = (html: string, name: string): string =>
    new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? assert.fail(name);
  const says = (html: string): string[] => [...html.matchAll(/pages\.result\.[\w.-]+/g)].map(([key]) => key);
  const statusOf = async (title: string): Promise<string | undefined> => (await shop.engine.approvals.get(idOf(title)))?.record.status;
  const levelOf = async (title: string): Promise<number | undefined> =>
    (await shop.engine.approvals.get(idOf(title)))?.state?.approval.level;

  /** Titles of the rows, in order. */
  async function rows(query: Record<string, string> = {}): Promise<string[]> {
    const { status, html } = await browser.inbox((await links()).inbox, form(query));
    assert.equal(status, 200);
    const { opened } = people.told.all[0] ?? assert.fail();
    assert.equal(opened.record.key, KEY);
    const titles = new Map(people.told.all.map((each) => [each.opened.record.id, each.opened.request.subject.title ?? ""]));
    return picksIn(html).map((pick) => titles.get(pick.split(".")[0] ?? "") ?? pick);
  }

  describe("in an inbox", () => {
    it("find what holds every word of a search", async () => {
      await ask(["Web shop 100%", "Web_shop", "Database"]);
      assert.deepEqual((await rows({ q: "SHOP web" })).toSorted(), ["Web shop 100%", "Web_shop"]);
      assert.deepEqual(await rows({ q: "100%" }), ["Web shop 100%"]);
      assert.deepEqual(await rows({ q: "b_s" }), ["Web_shop"]);
      assert.deepEqual(await rows({ q: "shop database" }), []);
      assert.deepEqual(await rows({ q: "data", type: "DEPLOY" }), ["Database"]);
      assert.deepEqual(await rows({ q: "data", type: "UNDEPLOY" }), []);
    });

    it("show fifty a page, and the last one for a page that is no more", async () => {
      const titles = Array.from({ length: 60 }, (_, index) => `Request ${index + 10}`);
      await ask(titles.slice(0, 30));
      shop.clock.advance(1);
      await ask(titles.slice(30));
      const [first, second] = [await rows(), await rows({ page: "2" })];
      assert.deepEqual([first.length, second.length], [50, 10]);
      assert.deepEqual(new Set([...first, ...second]), new Set(titles));
      assert.deepEqual(
        second.filter((title) => titles.indexOf(title) < 30),
        [],
        "the oldest come first",
      );
      for (const page of ["3", "99999"]) assert.deepEqual(await rows({ page }), second);
      for (const page of ["0", "-1", "x", "1e300", "NaN"]) assert.deepEqual(await rows({ page }), first);
    });

    it("decide all that match, but nothing that came after the person looked", async () => {
      await ask(["Web 1", "Web 2", "Database"]);
      const { inbox } = await links();
      const upTo = hiddenIn((await browser.inbox(inbox, form({}))).html, "upTo");
      // In the same millisecond.
      await ask(["Web 3"]);
      await browser.submitInbox(inbox, form({ action: "approve", all: "1", q: "web", upTo }));
      assert.deepEqual((await rows()).toSorted(), ["Database", "Web 3"]);
      const left = await people.left.have(2);
      assert.ok(left.every(({ port }) => port === "approved"));
      // A form that does not say what was seen means nothing.
      for (const nothing of [{}, { upTo: "" }, { upTo: "x" }, { upTo: "-1" }] as Record<string, string>[]) {
        await browser.submitInbox(inbox, form({ action: "approve", all: "1", ...nothing }));
      }
      assert.deepEqual((await rows()).toSorted(), ["Database", "Web 3"]);
    });

    const zoe = { name: "Zoe", approvers: ["zoe@example.com"], need: "any" };
    const mia = { name: "Mia", approvers: [MIA], need: "any" };

    it("decide nothing that came to the person after the page was made, however old the request is", async () => {
      await ask(["Seen"]);
      await ask(["Second level"], { levels: [zoe, mia] });
      await ask(["Handed over"], { levels: [zoe] });
      const { inbox } = await links();
      const page = await browser.inbox(inbox, form({}));
      assert.equal(picksIn(page.html).length, 1);
      await shop.engine.approvals.vote(idOf("Second level"), { action: "approve", by: "zoe@example.com" });
      await shop.engine.approvals.command(idOf("Handed over"), { action: "delegate", to: { email: MIA }, by: "zoe@example.com" });
      await browser.submitInbox(inbox, form({ action: "reject", all: "1", upTo: hiddenIn(page.html, "upTo") }));
      assert.deepEqual(
        [await statusOf("Seen"), await statusOf("Second level"), await statusOf("Handed over")],
        ["rejected", "open", "open"],
      );
      assert.deepEqual((await rows()).toSorted(), ["Handed over", "Second level"]);
    });

    it("count a tick for the level that was shown, and for no other", async () => {
      await ask(["Both levels"], { levels: [{ ...zoe, approvers: [MIA, "zoe@example.com"] }, mia] });
      const { inbox } = await links();
      const page = await browser.inbox(inbox, form({}));
      const [pick = ""] = picksIn(page.html);
      await shop.engine.approvals.vote(idOf("Both levels"), { action: "approve", by: "zoe@example.com" });
      for (const said of [{ pick }, { all: "1", upTo: hiddenIn(page.html, "upTo") }] as Record<string, string>[]) {
        const { html } = await browser.submitInbox(inbox, form({ action: "approve", ...said }));
        assert.deepEqual([await statusOf("Both levels"), await levelOf("Both levels")], ["open", 1]);
        if (said["pick"] !== undefined)
          assert.match(html, /pages\.inbox\.each\.late.*pages\.decided\.approved\.plainBy/s, "and says who was first");
      }
      const [again = ""] = picksIn((await browser.inbox(inbox, form({}))).html);
      await browser.submitInbox(inbox, form({ action: "approve", pick: again }));
      assert.equal(await statusOf("Both levels"), "approved");
    });

    it("tell what became of the others when one cannot be written", async () => {
      await ask(["First", "Second", "Third"]);
      const { inbox } = await links();
      const picks = picksIn((await browser.inbox(inbox, form({}))).html).map((pick) => ["pick", pick]);
      const { approvals } = shop.engine.ledger;
      const change = approvals.change.bind(approvals);
      approvals.change = (step) => (step.id === idOf("Second") ? Promise.reject(new Error("disk I/O error")) : change(step));
      const { status, html } = await browser.submitInbox(inbox, new URLSearchParams([["action", "approve"], ...picks]));
      assert.equal(status, 200);
      assert.match(html, /pages\.inbox\.each\.failed/);
      assert.deepEqual([await statusOf("First"), await statusOf("Second"), await statusOf("Third")], ["approved", "open", "approved"]);
    });

    it("tell of each what became of it, and change nothing of what it refuses", async () => {
      await ask(["Plain", "Decided"]);
      await ask(["Strict"], { requireReason: "always" });
      await shop.engine.approvals.command(idOf("Decided"), { action: "bypass", by: "ops@example.com", reason: "Urgent" });
      const picks = ["Plain", "Decided", "Strict"].map((title) => ["pick", idOf(title)]);
      const { html } = await browser.submitInbox(
        (await links()).inbox,
        new URLSearchParams([["action", "approve"], ...picks, ["pick", "unheard"]]),
      );
      for (const result of ["counted", "late", "reason-missing", "forbidden"])
        assert.match(html, new RegExp(`pages\\.inbox\\.each\\.${result}`));
      assert.deepEqual(await rows(), ["Strict"]);
    });
  });

  describe("on a page whose request has gone on to another level", () => {
    const both = {
      levels: [
        { name: "One", approvers: [MIA, "bob@example.com"], need: "any" },
        { name: "Two", approvers: [MIA, "zoe@example.com"], need: "all" },
      ],
    };

    it("take an answer made for the level before as late, say who decided, and then the one for the level that is shown", async () => {
      await ask(["Web"], both);
      const { page } = await links();
      const before = hiddenIn((await browser.show(page)).html, "level");
      await shop.engine.approvals.vote(idOf("Web"), { action: "approve", by: "bob@example.com" });
      const late = await browser.submit(page, form({ action: "approve", level: before }));
      assert.deepEqual([late.status, says(late.html)], [409, ["pages.result.late.title"]]);
      assert.match(late.html, /pages\.decided\.approved\.plainBy/);
      assert.equal(await levelOf("Web"), 1);
      const counted = await browser.submit(page, form({ action: "approve", level: hiddenIn(late.html, "level") }));
      assert.deepEqual([counted.status, says(counted.html)[0]], [200, "pages.result.counted.approve"]);
      const votes = (await shop.engine.approvals.get(idOf("Web")))?.state?.approval.votes.map(({ level, by }) => `${level} ${by}`);
      assert.deepEqual(votes, ["0 bob@example.com", `1 ${MIA}`]);
    });

    it("hand over no other level than the one that was shown", async () => {
      await ask(["Web"], both);
      const { page } = await links();
      const level = hiddenIn((await browser.show(page)).html, "level");
      await shop.engine.approvals.vote(idOf("Web"), { action: "approve", by: "bob@example.com" });
      const { status } = await browser.submit(page, form({ action: "delegate", to: "new@example.com", level }));
      assert.equal(status, 409);
      const seats = (await shop.engine.approvals.get(idOf("Web")))?.state?.approval.seats.map(({ person }) => person.email);
      assert.deepEqual(seats, [MIA, "zoe@example.com"]);
    });
  });

  describe("about a group", () => {
    const details = (cpu: number, disk: number): object => ({
      virtualmachine: { label: `vm-${cpu}`, cpu, ram: 1_024 },
      disks: [{ sizeInMb: disk }],
      volumes: [],
    });

    /** One request about tasks of one POST; what is in `decided` is decided before it is asked. */
    async function askGroup(
      ids: readonly string[],
      { decided = [], ...policy }: { decided?: readonly string[]; levels?: object } = {},
    ): Promise<{ page: string; inbox: string }> {
      const arrivals = await shop.receive(...ids);
      for (const id of decided) await shop.answer("cancel", id);
      const before = people.told.all.length;
      const references = taskReferences(
        arrivals.map(({ abiquo }, index) => ({ ...abiquo, details: details(2 ** index, 1_024 * 2 ** index) })),
      );
      await shop.engine.ask({
        key: KEY,
        connection: shop.connection,
        scope: "group",
        title: "Group",
        references,
        messageFor: () => "{}",
        terms: {
          policy: parsePolicy({ levels: [{ name: "Managers", approvers: [MIA], need: "any" }], ...policy }),
          language: "en-US",
          timeZone: "UTC",
          linkValidity: 7 * DAY,
          publicUrl: PUBLIC,
        },
      });
      shop.clock.advance(0);
      await people.told.have(before + 1);
      return links(before);
    }

    const ticksIn = (html: string): string[] => [...html.matchAll(/name="except" value="([^"]+)"/g)].map(([, id = ""]) => id);
    const totalsIn = (html: string): string =>
      (/<ul class="totals".*?<\/ul>/s.exec(html)?.[0] ?? "")
        .replace(/<[^>]+>/g, " ")
        .replace(/\s+/g, " ")
        .trim();

    it("show, count and let leave out only what is asked about", async () => {
      const { page, inbox } = await askGroup(["g1", "g2", "g3"], { decided: ["g2"] });
      const { html } = await browser.show(page);
      assert.deepEqual(ticksIn(html), ["g1", "g3"]);
      assert.doesNotMatch(html, /vm-2/);
      assert.equal(totalsIn(html), "2 pages.total.machines_other 5 pages.total.cpu 2 GB pages.total.ram 5 GB pages.total.disk");
      assert.match((await browser.inbox(inbox, form({}))).html, /pages\.amount\.cpu_other/);
    });

    it("keep what is ticked while the pages of a long list are turned, and decide nothing by it", async () => {
      const ids = Array.from({ length: 300 }, (_, index) => `g${index}`);
      const { page } = await askGroup(ids);
      const first = (await browser.show(page)).html;
      assert.deepEqual(ticksIn(first), ids.slice(0, 250));
      assert.deepEqual(ticksIn((await browser.show(page, form({ machines: "2" }))).html), ids.slice(250));
      const turned = await browser.submit(
        page,
        new URLSearchParams([
          ["machines", "2"],
          ["reason", "Two less"],
          ["except", "g1"],
          ["except", "g2"],
        ]),
      );
      assert.equal(turned.status, 200);
      assert.deepEqual(ticksIn(turned.html), [...ids.slice(250), "g1", "g2"]);
      assert.match(turned.html, /Two less<\/textarea>/);
      assert.deepEqual([await statusOf("Group"), people.left.all.length], ["open", 0]);
      // A button that decides wins over one that turns the page.
      await browser.submit(
        page,
        new URLSearchParams([
          ["action", "approve"],
          ["machines", "2"],
          ["except", "g1"],
        ]),
      );
      assert.equal(await statusOf("Group"), "approved");
    });

    it("say of a machine that it was decided meanwhile, and let nobody tick it or count it", async () => {
      const { page } = await askGroup(["g1", "g2", "g3"]);
      await shop.answer("continue", "g3");
      const { html } = await browser.show(page);
      assert.deepEqual(ticksIn(html), ["g1", "g2"]);
      assert.match(html, /vm-4<\/strong><span class="out">pages\.machines\.decided/);
      assert.match(totalsIn(html), /^2 .* 3 pages\.total\.cpu/);
    });

    it("count in totals no machine that has been left out", async () => {
      const levels = [
        { name: "One", approvers: ["bob@example.com"], need: "any" },
        { name: "Two", approvers: [MIA], need: "any" },
      ];
      await askGroup(["g1", "g2", "g3"], { levels });
      await shop.engine.approvals.vote(idOf("Group"), { action: "approve", by: "bob@example.com", except: ["g3"] });
      const told = await people.told.have(2);
      const letter = await shop.engine.desk.letter(told[1]?.opened ?? assert.fail(), told[1]?.notification ?? assert.fail());
      const { html } = await browser.show((await links(1)).page);
      assert.match(totalsIn(html), /^2 .* 3 pages\.total\.cpu/);
      assert.match(letter?.text ?? "", /mail\.machines_other · pages\.amount\.cpu_other/);
    });

    it("ask what is meant by an approval that leaves nothing, whoever left out the rest", async () => {
      const levels = [{ name: "Managers", approvers: [MIA, "bob@example.com", "cid@example.com"], need: 2 }];
      await askGroup(["g1", "g2", "g3"], { levels });
      await people.told.have(3);
      await shop.engine.approvals.vote(idOf("Group"), { action: "approve", by: "bob@example.com", except: ["g1"] });
      await shop.answer("continue", "g2");
      const { status, html } = await browser.submit(
        (await links(0)).page,
        new URLSearchParams([
          ["action", "approve"],
          ["except", "g3"],
        ]),
      );
      assert.equal(status, 422);
      assert.equal(says(html)[0], "pages.result.all-excepted.title");
      assert.equal((await shop.engine.approvals.get(idOf("Group")))?.state?.approval.votes.length, 1);
    });

    it("ask again when another left out the rest at the same moment, so that nothing would be left", async () => {
      const levels = [{ name: "Managers", approvers: [MIA, "bob@example.com", "cid@example.com"], need: 2 }];
      await askGroup(["g1", "g2"], { levels });
      await people.told.have(3);
      const { page } = await links(0);
      const { approvals } = shop.engine;
      const voteOn = approvals.voteOn.bind(approvals);
      approvals.voteOn = (async (id, ballotOf) => {
        approvals.voteOn = voteOn;
        await approvals.vote(id, { action: "approve", by: "bob@example.com", except: ["g1"] });
        return voteOn(id, ballotOf);
      }) as typeof voteOn;
      const { status, html } = await browser.submit(
        page,
        new URLSearchParams([
          ["action", "approve"],
          ["except", "g2"],
        ]),
      );
      assert.deepEqual([status, says(html)[0]], [422, "pages.result.all-excepted.title"]);
      assert.equal((await shop.engine.approvals.get(idOf("Group")))?.state?.approval.votes.length, 1);
    });
  });

  describe("while the clock of a request stands", () => {
    it("name no deadline, in a list or on a page", async () => {
      await ask(["Web"], { levels: [{ name: "Managers", approvers: [MIA], need: "any", deadline: 60, onDeadline: "reject" }] });
      await shop.engine.approvals.command(idOf("Web"), { action: "freeze", by: "ops", reason: "Holiday" });
      shop.clock.advance(2 * 60 * 60_000);
      const { html } = await browser.inbox((await links()).inbox, form({}));
      assert.match(html, /pages\.deadline\.none/);
      const [listed] = await shop.engine.list({ stages: ["asked"] });
      assert.equal(listed?.entry.approval?.dueAt, undefined);
    });

    it("name no deadline that has passed in a fresh link's letter", async () => {
      await ask(["Web"], { levels: [{ name: "Managers", approvers: [MIA], need: "any", deadline: 60, onDeadline: "wait" }] });
      shop.clock.oversleep(2 * 60 * 60_000, 0);
      while ((await shop.engine.approvals.get(idOf("Web")))?.state?.approval.overdue !== true)
        await new Promise((resolve) => setImmediate(resolve));
      await shop.engine.approvals.notifyAgain(idOf("Web"), MIA);
      const [, again] = await people.told.have(2);
      assert.equal(again?.notification.dueAt, undefined);
    });
  });

  describe("by an old link", () => {
    const fresh = form({ action: "fresh" });

    it("send a fresh one, no more than one a minute", async () => {
      await ask(["Web", "Database"]);
      const [web, database] = [await links(0), await links(1)];
      shop.clock.oversleep(0, 7 * DAY);
      assert.equal((await browser.show(web.page)).status, 410);
      for (let time = 0; time < 5; time++) assert.equal((await browser.submit(web.page, fresh)).status, 200);
      await people.told.have(3);
      await browser.submit(database.page, fresh);
      await people.told.have(4);
      shop.clock.oversleep(0, 60_000);
      await browser.submit(web.page, fresh);
      const told = (await people.told.have(5)).slice(2).map(({ opened }) => opened.request.subject.title);
      assert.deepEqual(told, ["Web", "Database", "Web"]);
      assert.equal((await browser.show((await links(4)).page)).status, 200);
    });

    it("send a fresh one after a minute although somebody has set the clock back", async () => {
      await ask(["Web"]);
      const { page } = await links(0);
      shop.clock.oversleep(0, 7 * DAY);
      await browser.submit(page, fresh);
      await people.told.have(2);
      // So little that the link stays an expired one.
      shop.clock.set(-60_000);
      shop.clock.oversleep(0, 90_000);
      await browser.submit(page, fresh);
      await people.told.have(3);
    });

    it("decide nothing, and answer alike whether the request waits or not", async () => {
      await ask(["Web", "Database"]);
      const [web, database] = [await links(0), await links(1)];
      shop.clock.oversleep(0, 7 * DAY);
      assert.equal((await browser.submit(web.page, form({ action: "approve" }))).status, 410);
      assert.deepEqual(await shop.engine.approvals.get(idOf("Web")).then((opened) => opened?.record.status), "open");
      await shop.engine.approvals.command(idOf("Database"), { action: "withdraw", by: "ops@example.com" });
      const answers = [await browser.submit(web.page, fresh), await browser.submit(database.page, fresh)];
      assert.deepEqual(answers[0], answers[1]);
    });
  });
});

describe("what a page leads to", () => {
  let shop: Workshop;
  let people: People;
  const browser = new Browser(() => shop.engine);

  beforeEach(async () => {
    const user = { headers: { "Content-Type": "application/json" }, body: { id: 22, nick: "ana", name: "Ana", email: "ana@example.com" } };
    shop = await Workshop.open({
      answering: (request) => (isAnswer(request) ? ok : request.url.includes("/tasks/") ? taskIn("QUEUEING")(request) : user),
    });
    people = new People();
    await shop.engine.approvals.attach(KEY, people);
    await shop.receive("t1");
    const policy = parsePolicy({ levels: [{ name: "Managers", approvers: [MIA, "bob@example.com"], need: "all" }] });
    await shop.engine.ask({
      key: KEY,
      connection: shop.connection,
      scope: "task",
      title: "Secret plans",
      references: taskReferences("t1"),
      messageFor: () => "{}",
      terms: { policy, language: "en-US", timeZone: "UTC", linkValidity: 7 * DAY, publicUrl: PUBLIC },
    });
    shop.clock.advance(0);
    await people.told.have(2);
  });

  afterEach(() => shop.close());

  const nothing = new URLSearchParams();
  const approve = new URLSearchParams({ action: "approve" });
  const tokensIn = (html: string): string[] => [...html.matchAll(/[\w-]+\.[\w-]{10,}\.[\w-]{43}/g)].map(([token]) => token);
  const formIn = (html: string): string => /name="form" value="([^"]+)"/.exec(html)?.[1] ?? assert.fail("no form");
  const status = async (): Promise<string | undefined> => (await shop.engine.approvals.get(id()))?.record.status;
  const id = (): string => people.told.all[0]?.opened.record.id ?? assert.fail();

  async function links(index: number): Promise<{ page: string; inbox: string }> {
    const { opened, notification } = people.told.all[index] ?? assert.fail();
    const letter = await shop.engine.desk.letter(opened, notification);
    return tokensOf(letter?.links);
  }

  /** What a token opens, whichever page it is for. */
  const seen = async (token: string): Promise<Page> => {
    const inbox = await browser.inbox(token);
    return inbox.status === 403 ? browser.show(token) : inbox;
  };

  it("holds no longer than the link that opened it, however often it is gone on from", async () => {
    const { page, inbox } = await links(0);
    const found = new Set([page, inbox]);
    for (let day = 0; day < 7; day++) {
      for (const token of [...found]) {
        const shown = await seen(token);
        assert.equal(shown.status, 200);
        for (const next of tokensIn(shown.html)) found.add(next);
      }
      shop.clock.oversleep(0, DAY - (day === 6 ? 0 : 1));
    }
    shop.clock.oversleep(0, 7);
    for (const token of found) assert.equal((await seen(token)).status, 410);
  });

  it("is worth nothing without the sign-in where the person came by one", async () => {
    const inbox = await browser.ownInbox(MIA, nothing);
    assert.match(inbox.html, new RegExp(`"\\./inbox/${id()}"`));
    const request = await browser.showOwn(MIA, id());
    assert.match(request.html, /Secret plans/);
    const done = await browser.submitOwnInbox(MIA, new URLSearchParams({ action: "approve", pick: id(), form: formIn(inbox.html) }));
    assert.match(done.html, /pages\.inbox\.each\.counted/);
    const tokens = [inbox, request, done].flatMap(({ html }) => tokensIn(html));
    assert.ok(tokens.length >= 2, "forms hold one");
    for (const token of tokens) assert.deepEqual([(await browser.show(token)).status, (await browser.inbox(token)).status], [403, 403]);
  });

  it("finds what waits for a signed-in person under another address of theirs, and takes the answer", async () => {
    await shop.receive("t2");
    const second = "mia.second@example.com";
    const policy = parsePolicy({ levels: [{ name: "Managers", approvers: [{ email: MIA, aliases: [second, "U1"] }] }] });
    await shop.engine.ask({
      key: KEY,
      connection: shop.connection,
      scope: "task",
      title: "Web",
      references: taskReferences("t2"),
      messageFor: () => "{}",
      terms: { policy, language: "en-US", timeZone: "UTC", linkValidity: 7 * DAY, publicUrl: PUBLIC },
    });
    shop.clock.advance(0);
    await people.told.have(3);
    const { html } = await browser.ownInbox(second, nothing);
    const picks = [...html.matchAll(/name="pick" value="([^"]+)"/g)].map(([, pick = ""]) => pick);
    assert.equal(picks.length, 1);
    const done = await browser.submitOwnInbox(second, new URLSearchParams({ action: "approve", pick: picks[0] ?? "", form: formIn(html) }));
    assert.match(done.html, /pages\.inbox\.each\.counted/);
    assert.doesNotMatch((await browser.ownInbox("u1", nothing)).html, /name="pick"/);
  });

  it("decides for a signed-in person by the form of that page only, and shows a request to those who were asked only", async () => {
    const withForm = (form: string): URLSearchParams => new URLSearchParams({ action: "approve", form });
    const own = formIn((await browser.showOwn(MIA, id())).html);
    const foreign = [
      "",
      (await links(0)).page,
      (await links(0)).inbox,
      formIn((await browser.ownInbox(MIA, nothing)).html),
      formIn((await browser.showOwn("bob@example.com", id())).html),
    ];
    for (const form of foreign) assert.doesNotMatch((await browser.submitOwn(MIA, id(), withForm(form))).html, /pages\.result/);
    const opened = await shop.engine.approvals.get(id());
    assert.deepEqual(opened?.state?.approval.votes, []);
    assert.doesNotMatch(
      (await browser.submitOwnInbox(MIA, new URLSearchParams({ action: "approve", pick: id(), form: own }))).html,
      /pages\.inbox\.each/,
    );
    assert.match((await browser.submitOwn(MIA, id(), withForm(own))).html, /pages\.result\.counted\.approve/);
    for (const [person, request] of [
      ["eve@example.com", id()],
      [MIA, "unknown"],
    ] as const) {
      const page = await browser.showOwn(person, request);
      assert.deepEqual([page.status, (await browser.submitOwn(person, request, withForm(own))).status], [404, 404]);
      assert.doesNotMatch(page.html, /Secret plans/);
    }
  });

  it("opens nothing any more once all links are revoked, and offers to send a fresh one to the same person", async () => {
    const { page, inbox } = await links(0);
    const form = formIn((await browser.showOwn("bob@example.com", id())).html);
    const { by, reason } = await shop.engine.desk.revokeLinks("admin@example.com", "a mailbox was read");
    assert.deepEqual([by, reason], ["admin@example.com", "a mailbox was read"]);
    for (const refused of [
      await browser.show(page),
      await browser.submit(page, approve),
      await browser.inbox(inbox, nothing),
      await browser.submitInbox(inbox, approve),
    ]) {
      assert.equal(refused.status, 410);
      assert.doesNotMatch(refused.html, /Secret plans/);
    }
    await browser.submitOwn("bob@example.com", id(), new URLSearchParams({ action: "approve", form }));
    assert.deepEqual((await shop.engine.approvals.get(id()))?.state?.approval.votes, []);

    assert.equal((await browser.submit(page, new URLSearchParams({ action: "fresh" }))).status, 200);
    const told = await people.told.have(3);
    assert.equal(told[2]?.notification.person.email, MIA);
    assert.match((await browser.submit((await links(2)).page, approve)).html, /pages\.result\.counted\.approve/);
  });

  it("of a revoked link tells nothing of a request that is closed either", async () => {
    const { page } = await links(0);
    await shop.engine.approvals.command(id(), { action: "bypass", by: "ops@example.com", reason: "Urgent" });
    assert.equal(await status(), "approved");
    await shop.engine.desk.revokeLinks("admin@example.com");
    const shown = await browser.show(page);
    assert.equal(shown.status, 410);
    assert.doesNotMatch(shown.html, /Secret plans/);
  });
});

describe("the links of approvals", () => {
  let folder: string;
  let ledger: Ledger;
  let clock: StillClock;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "links-"));
    ledger = await openLedger({ engine: "sqlite", file: join(folder, "ledger.sqlite") });
    clock = new StillClock();
  });

  afterEach(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true });
  });

  const keys = async (): Promise<number> => keptKeyRing.read(await ledger.settings.get("link-keys", "")).keys.length;
  const link = (days: number): { approval: string; level: number; person: string; expiresAt: number } => ({
    approval: "a1",
    level: 0,
    person: MIA,
    expiresAt: clock.now() + days * DAY,
  });

  it("are signed by a new key every 90 days, and hold until they expire", async () => {
    const links = new ApprovalLinks(ledger, clock);
    const old = await links.decision(link(200));
    clock.oversleep(0, 90 * DAY - 1);
    await links.decision(link(1));
    assert.equal(await keys(), 1);
    clock.oversleep(0, 1);
    const young = await links.decision(link(200));
    assert.equal(await keys(), 2);
    for (const token of [old, young]) assert.equal((await links.readDecision(token)).code, "OK");
    clock.oversleep(0, 110 * DAY);
    assert.deepEqual([(await links.readDecision(old)).code, (await links.readDecision(young)).code], ["EXPIRED", "OK"]);
    // A key is forgotten only when nothing that it signed can be valid.
    for (let year = 0; year < 2; year++) {
      clock.oversleep(0, 366 * DAY);
      await links.decision(link(1));
    }
    assert.equal((await links.readDecision(old)).code, "BAD");
  });

  it("hold on every instance, also when two begin a new key at once", async () => {
    const [one, other] = [new ApprovalLinks(ledger, clock), new ApprovalLinks(ledger, clock)];
    const [first, second] = await Promise.all([one.decision(link(200)), other.decision(link(200))]);
    clock.oversleep(0, 91 * DAY);
    const [third, fourth] = await Promise.all([one.decision(link(200)), other.decision(link(200))]);
    for (const links of [one, other]) {
      for (const token of [first, second, third, fourth]) assert.equal((await links.readDecision(token)).code, "OK");
    }
    assert.equal(await keys(), 2);
  });

  it("that are revoked open nothing on any instance after ten seconds, and never again", async () => {
    const [one, other] = [new ApprovalLinks(ledger, clock), new ApprovalLinks(ledger, clock)];
    const before = await other.decision(link(200));
    clock.oversleep(0, 91 * DAY);
    const young = await other.inbox({ person: MIA, expiresAt: clock.now() + 200 * DAY });
    await Promise.all([one.revoke("ann", "lost phone"), other.revoke("bob")]);
    clock.oversleep(0, 10_000);
    const fresh = await one.decision(link(200));
    for (const links of [one, other, new ApprovalLinks(ledger, clock)]) {
      const codes = [(await links.readDecision(before)).code, (await links.readInbox(young)).code, (await links.readDecision(fresh)).code];
      assert.deepEqual(codes, ["REVOKED", "REVOKED", "OK"]);
    }
    clock.oversleep(0, 95 * DAY);
    await one.decision(link(1));
    assert.equal((await one.readDecision(before)).code, "REVOKED", "a new key does not bring back the revoked");
    assert.equal((await one.readDecision(fresh)).code, "OK");
  });

  it("that are to hold longer than a year do not", async () => {
    const links = new ApprovalLinks(ledger, clock);
    const token = await links.decision(link(10_000));
    clock.oversleep(0, 91 * DAY);
    await links.decision(link(1));
    assert.equal((await links.readDecision(token)).code, "OK", "a new key does not end it before");
    clock.oversleep(0, 275 * DAY);
    assert.notEqual((await links.readDecision(token)).code, "OK");
  });

  it("of an instance that has begun a new key are known to another within ten seconds", async () => {
    // Clocks of machines differ; here by a day.
    const ahead = { now: () => clock.now() + DAY, monotonic: () => clock.monotonic(), after: () => () => {} };
    const [one, other] = [new ApprovalLinks(ledger, ahead), new ApprovalLinks(ledger, clock)];
    await other.decision(link(1));
    clock.oversleep(0, 89 * DAY);
    const token = await one.inbox({ person: MIA, expiresAt: clock.now() + DAY });
    assert.equal(await keys(), 2);
    assert.equal((await other.readInbox(token)).code, "OK");
    assert.equal((await other.readInbox(`${token.slice(0, -2)}xx`)).code, "BAD");
  });
});
