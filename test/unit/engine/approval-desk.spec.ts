import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePolicy } from "../../../nodes/lib/approval/index.ts";
import { ApprovalLinks } from "../../../nodes/lib/engine/approvals/links.ts";
import { type ApprovalOutcome, type ApprovalPort, type Notification, type OpenedApproval, taskReferences } from "../../../nodes/lib/engine/index.ts";
import { type Ledger, openLedger } from "../../../nodes/lib/ledger/index.ts";
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

  beforeEach(async () => {
    const user = { headers: { "Content-Type": "application/json" }, body: { id: 22, nick: "ana", name: "Ana", email: "ana@example.com" } };
    shop = await Workshop.open({ answering: (request) => (isAnswer(request) ? ok : request.url.includes("/tasks/") ? taskIn("QUEUEING")(request) : user) });
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
        key: KEY, connection: shop.connection, scope: "task", title, references: taskReferences(taskId), messageFor: () => "{}",
        terms: { policy: parsePolicy({ levels: [{ name: "Managers", approvers: [MIA], need: "any" }], ...policy }), language: "en-US", timeZone: "UTC", linkValidity: 7 * DAY, publicUrl: PUBLIC },
      });
    }
    shop.clock.advance(0);
    await people.told.have(before + titles.length);
  }

  async function links(index = 0): Promise<{ page: string; inbox: string }> {
    const { opened, notification } = people.told.all[index] ?? assert.fail();
    const token = (link = ""): string => link.slice(link.lastIndexOf("/") + 1);
    const letter = await shop.engine.desk.letter(opened, notification);
    return { page: token(letter?.links.page), inbox: token(letter?.links.inbox) };
  }

  const idOf = (title: string): string => people.told.all.find(({ opened }) => opened.request.subject.title === title)?.opened.record.id ?? assert.fail(title);
  const form = (fields: Record<string, string>): URLSearchParams => new URLSearchParams(fields);

  /** Titles of the rows, in order. */
  async function rows(query: Record<string, string> = {}): Promise<string[]> {
    const { status, html } = await shop.engine.desk.inbox((await links()).inbox, form(query));
    assert.equal(status, 200);
    const { opened } = people.told.all[0] ?? assert.fail();
    assert.equal(opened.record.key, KEY);
    const titles = new Map(people.told.all.map((each) => [each.opened.record.id, each.opened.request.subject.title ?? ""]));
    return [...html.matchAll(/name="pick" value="([^"]+)"/g)].map(([, id = ""]) => titles.get(id) ?? id);
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
      assert.deepEqual(second.filter((title) => titles.indexOf(title) < 30), [], "the oldest come first");
      for (const page of ["3", "99999"]) assert.deepEqual(await rows({ page }), second);
      for (const page of ["0", "-1", "x", "1e300", "NaN"]) assert.deepEqual(await rows({ page }), first);
    });

    it("decide all that match, but nothing that came after the person looked", async () => {
      await ask(["Web 1", "Web 2", "Database"]);
      const seen = String(shop.clock.now());
      shop.clock.advance(1_000);
      await ask(["Web 3"]);
      const { inbox } = await links();
      await shop.engine.desk.submitInbox(inbox, form({ action: "approve", all: "1", q: "web", seen }));
      assert.deepEqual(await rows(), ["Database", "Web 3"]);
      const left = await people.left.have(2);
      assert.ok(left.every(({ port }) => port === "approved"));
      // A form that does not say what was seen means nothing.
      await shop.engine.desk.submitInbox(inbox, form({ action: "approve", all: "1" }));
      assert.deepEqual(await rows(), ["Database", "Web 3"]);
    });

    it("tell of each what became of it, and change nothing of what it refuses", async () => {
      await ask(["Plain", "Decided"]);
      await ask(["Strict"], { requireReason: "always" });
      await shop.engine.approvals.command(idOf("Decided"), { action: "bypass", by: "ops@example.com", reason: "Urgent" });
      const picks = ["Plain", "Decided", "Strict"].map((title) => ["pick", idOf(title)]);
      const { html } = await shop.engine.desk.submitInbox((await links()).inbox, new URLSearchParams([["action", "approve"], ...picks, ["pick", "unheard"]]));
      for (const result of ["counted", "late", "reason-missing", "forbidden"]) assert.match(html, new RegExp(`pages\\.inbox\\.each\\.${result}`));
      assert.deepEqual(await rows(), ["Strict"]);
    });
  });

  describe("by an old link", () => {
    const fresh = form({ action: "fresh" });

    it("send a fresh one, no more than one a minute", async () => {
      await ask(["Web", "Database"]);
      const [web, database] = [await links(0), await links(1)];
      shop.clock.oversleep(0, 7 * DAY);
      const { desk } = shop.engine;
      assert.equal((await desk.show(web.page)).status, 410);
      for (let time = 0; time < 5; time++) assert.equal((await desk.submit(web.page, fresh)).status, 200);
      await people.told.have(3);
      await desk.submit(database.page, fresh);
      await people.told.have(4);
      shop.clock.oversleep(0, 60_000);
      await desk.submit(web.page, fresh);
      const told = (await people.told.have(5)).slice(2).map(({ opened }) => opened.request.subject.title);
      assert.deepEqual(told, ["Web", "Database", "Web"]);
      assert.equal((await desk.show((await links(4)).page)).status, 200);
    });

    it("decide nothing, and answer alike whether the request waits or not", async () => {
      await ask(["Web", "Database"]);
      const [web, database] = [await links(0), await links(1)];
      shop.clock.oversleep(0, 7 * DAY);
      assert.equal((await shop.engine.desk.submit(web.page, form({ action: "approve" }))).status, 410);
      assert.deepEqual(await shop.engine.approvals.get(idOf("Web")).then((opened) => opened?.record.status), "open");
      await shop.engine.approvals.command(idOf("Database"), { action: "withdraw", by: "ops@example.com" });
      const answers = [await shop.engine.desk.submit(web.page, fresh), await shop.engine.desk.submit(database.page, fresh)];
      assert.deepEqual(answers[0], answers[1]);
    });
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

  const keys = async (): Promise<number> => (JSON.parse(await ledger.approvals.setting("link-keys", "")) as { keys: unknown[] }).keys.length;
  const link = (days: number): { approval: string; level: number; person: string; expiresAt: number } => ({ approval: "a1", level: 0, person: MIA, expiresAt: clock.now() + days * DAY });

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
