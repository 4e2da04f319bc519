import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { signInbox, signLink } from "../../nodes/lib/approval/index.ts";
import { launchBrowser } from "../editor/browser.ts";
import { BEN, FINANCE, HOUR, MIA, PUBLIC, Site } from "./approval-site.ts";
import { VERSIONS } from "./under-test.ts";

const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

/** Pictures for the eye, where ABIQUO_SCREENSHOTS names a folder. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["ABIQUO_SCREENSHOTS"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

const [{ nodeRed: latest }] = VERSIONS;

describe("approval pages, as an approver on a phone sees them", function () {
  this.timeout(180_000);
  let site: Site;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let problems: string[];

  before(async () => {
    [site, browser] = await Promise.all([Site.start(latest), launchBrowser()]);
  });

  after(async () => {
    await browser?.close();
    await site?.stop();
  });

  beforeEach(() => visit());

  afterEach(async () => {
    await context.close();
    assert.deepEqual(problems, []);
  });

  /** Without scripts: what decides is a form. */
  async function visit(options: BrowserContextOptions = {}): Promise<void> {
    await context?.close();
    problems = [];
    context = await browser.newContext({ ...PHONE, javaScriptEnabled: false, ...options });
    page = await context.newPage();
    page.on("console", (message) => {
      // A page with an error status is told as a failed resource too.
      if (!message.text().includes("the server responded with a status of")) problems.push(message.text());
    });
  }

  const open = async (link: string): Promise<number> => (await page.goto(site.local(link)))?.status() ?? 0;
  const press = (name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();
  const chip = (): Promise<string> => page.locator(".chip").innerText();
  const decision = (): Promise<string> => page.locator("#decision").innerText();
  const result = (): Promise<string> => page.getByRole("alert").or(page.getByRole("status")).first().innerText();

  it("open the mail's link, read, approve with a reason: Abiquo releases the tasks with that text", async () => {
    const { ids, mia, ben } = await site.ask("any");
    assert.equal(await open(mia.links.page), 200);
    await picture(page, "1-waiting");
    const text = await page.locator("main").innerText();
    for (const fact of [/Ana Ruiz \(ana@example\.com\) made the request/, /Acme/, /\b12\b/, /24 GB/, /30 GB/]) assert.match(text, fact);
    await page.getByLabel(/^Reason/).fill("Budget is there");
    await press("Approve");
    assert.match(await decision(), /Budget is there/);
    await picture(page, "1-approved");
    await site.sink.have("answered");
    assert.deepEqual(new Set(ids.map((id) => site.abiquo.task(id)?.state)), new Set(["PENDING"]));
    const texts = site.abiquo.answers.filter(({ taskId }) => ids.includes(taskId)).map((answer) => answer.text);
    assert.equal(texts.length, ids.length);
    for (const own of texts) assert.match(own, /mia@example\.com.*Budget is there/s);

    assert.equal(await open(ben.links.page), 200);
    assert.match(await decision(), /Mia Soler/);
    await picture(page, "1-decided-for-ben");
    const late = await site.post(ben.links.page, { action: "reject", reason: "no" });
    assert.equal(late.status, 409);
    await page.setContent(await late.text());
    await picture(page, "1-late");
  });

  it("leave out one machine, and see so afterwards", async () => {
    const { ids, mia } = await site.ask("any");
    await open(mia.links.page);
    await page.locator(`input[value="${ids[1]}"]`).check();
    await page.getByLabel(/^Reason/).fill("Two are enough");
    await press("Approve");
    await picture(page, "2-excepted");
    assert.equal(await page.locator(".machine.is-out").count(), 1);
    await site.sink.have("answered", 2);
    assert.deepEqual(
      ids.map((id) => site.abiquo.task(id)?.state),
      ["PENDING", "CANCELLED", "PENDING"],
    );
  });

  it("be told that a reason is needed, and keep what was ticked", async () => {
    const { ids, mia } = await site.ask("any");
    await open(mia.links.page);
    await page.locator(`input[value="${ids[0]}"]`).check();
    await press("Approve");
    await picture(page, "3-reason-missing");
    assert.equal(await page.getByLabel(/^Reason/).getAttribute("aria-invalid"), "true");
    assert.ok(await page.locator(`input[value="${ids[0]}"]`).isChecked());
    await page.getByLabel(/^Reason/).fill("Too large");
    await press("Reject");
    assert.equal(await chip(), "Rejected");
    await picture(page, "3-rejected");
    await site.sink.have("answered");
    assert.equal(site.abiquo.task(ids[0] ?? "")?.state, "CANCELLED");
  });

  it("vote, wait for the others, and follow the levels to the end", async () => {
    const { mia, ben } = await site.ask("all");
    await open(mia.links.page);
    await picture(page, "4-waiting-levels");
    await page.getByLabel(/^Reason/).fill("Fine with me");
    await press("Approve");
    assert.match(await decision(), /Fine with me/);
    await picture(page, "4-voted");
    await site.post(ben.links.page, { action: "approve", reason: "Me too" });
    const finance = await site.told(FINANCE.email);
    await open(mia.links.page);
    await picture(page, "4-voted-before");
    assert.match(await decision(), /You approved[\s\S]*Fine with me/);
    await open(finance.links.page);
    await page.getByLabel(/^Reason/).fill("Paid");
    await press("Approve");
    await picture(page, "4-approved-finance");
    assert.equal(await chip(), "Approved");
    await open(ben.links.page);
    await picture(page, "4-approved-ben");
    assert.match(await decision(), /Finance desk/);
  });

  it("hand it over to a colleague, who decides", async () => {
    const { mia } = await site.ask("any");
    await open(mia.links.page);
    await page
      .locator("summary")
      .filter({ hasText: /hand|pass|colleague|else/i })
      .first()
      .click();
    await page.getByLabel(/address|e-mail/i).fill(BEN.email);
    await page.locator('button[value="delegate"]').click();
    assert.equal(await page.locator("#to").getAttribute("aria-invalid"), "true", "Ben is asked already");
    await picture(page, "5-delegate-refused");
    await page.locator("#to").fill("carla@example.com");
    await page.locator('button[value="delegate"]').click();
    await picture(page, "5-delegated");
    assert.match(await decision(), /carla@example\.com/);
    const carla = await site.told("carla@example.com");
    await open(carla.links.page);
    await press("Approve");
    assert.equal(await chip(), "Approved");
    await open(mia.links.page);
    await picture(page, "5-decided-by-delegate");
    assert.match(await decision(), /carla@example\.com/);
  });

  it("read that the time ran out", async () => {
    const { mia } = await site.ask("quick");
    await site.sink.have("rejected");
    await open(mia.links.page);
    await picture(page, "6-deadline");
    assert.equal(await chip(), "Rejected");
    assert.doesNotMatch(await decision(), /undefined/);
  });

  it("read that it is frozen, by whom and why, and that it was withdrawn", async () => {
    const { ids, approval, mia } = await site.ask("any");
    await site.control({ action: "freeze", id: approval, by: "ops@example.com", reason: "Storage maintenance" });
    await open(mia.links.page);
    await picture(page, "7-frozen");
    assert.match(await decision(), /ops@example\.com[\s\S]*Storage maintenance/);
    assert.equal(await page.locator('button[value="approve"]').count(), 0);
    await site.control({ action: "withdraw", id: approval, by: "ops@example.com", reason: "Asked twice" });
    await site.sink.have("withdrawn");
    await open(mia.links.page);
    await picture(page, "7-withdrawn");
    assert.doesNotMatch(await page.locator("main").innerText(), /Being asked/);
    assert.match(await decision(), /ops@example\.com[\s\S]*Asked twice/);
    assert.equal(site.abiquo.task(ids[0] ?? "")?.state, "QUEUEING");
  });

  it("come by an old link, and have a fresh one sent", async () => {
    const { approval, mia } = await site.ask("any");
    const old = signLink(site.keys, { approval, level: 0, person: MIA.email, expiresAt: Date.now() - HOUR });
    const link = `${PUBLIC}/abiquo/approval/${old}`;
    assert.equal(await open(link), 410);
    await picture(page, "8-expired");
    assert.doesNotMatch(await page.content(), /mia@example\.com/);
    site.sink.clear();
    await page.locator('button[value="fresh"]').click();
    await picture(page, "8-fresh-link-sent");
    const fresh = await site.told(MIA.email);
    assert.equal(fresh.id, approval);
    assert.equal((await site.post(link, { action: "approve" })).status, 410, "an old link decides nothing");
    await open(mia.links.page);
    await press("Approve");
    assert.equal(await open(link), 200, "what is decided is told by an old link too");
    assert.equal(await chip(), "Approved");
    assert.equal(await open(`${PUBLIC}/abiquo/inbox/${signInbox(site.keys, { person: MIA.email, expiresAt: Date.now() - HOUR })}`), 410);
    await picture(page, "8-inbox-expired");
  });

  it("come by a link that is none", async () => {
    for (const path of ["approval/none", "inbox/none"]) {
      assert.equal(await open(`${PUBLIC}/abiquo/${path}`), 403);
      await picture(page, `9-forbidden-${path.replace("/", "-")}`);
    }
  });

  it("find all that waits in the inbox, search, filter, and decide several at once", async () => {
    // Those of earlier tests that still wait are decided first.
    const { mia } = await site.ask("any", 1);
    await open(mia.links.inbox);
    for (const box of await page.locator('input[name="pick"]').all()) await box.check();
    await page.getByLabel(/reason/i).fill("Clearing up");
    await press("Reject");
    await open(mia.links.inbox);
    await picture(page, "10-inbox-empty");
    assert.equal(await page.locator('input[name="pick"]').count(), 0);

    const asked = [await site.ask("any", 1), await site.ask("any", 2), await site.ask("all", 1)];
    const [, , strict] = asked;
    await open(mia.links.inbox);
    await picture(page, "10-inbox");
    assert.equal(await page.locator(".rows li").count(), 3);
    const machine = await page.locator(".rows li a").first().innerText();
    const name = /[\w-]*\d+[\w-]*/.exec(machine)?.[0] ?? "";
    await page.locator("#q").fill(name);
    await page.getByRole("search").getByRole("button").click();
    await picture(page, "10-inbox-search");
    assert.equal(await page.locator(".rows li").count(), 1);
    await page.locator("#q").fill("");
    await page.locator("#type").selectOption("UNDEPLOY");
    await page.getByRole("search").getByRole("button").click();
    await picture(page, "10-inbox-no-match");
    assert.equal(await page.locator(".rows li").count(), 0);
    await open(mia.links.inbox);
    await press("Approve");
    await picture(page, "10-inbox-none-picked");
    assert.match(await result(), /no request is chosen/);
    for (const box of await page.locator('input[name="pick"]').all()) await box.check();
    await press("Approve");
    await picture(page, "10-inbox-bulk");
    assert.equal(await page.locator(".results li").count(), 3);
    assert.match(await page.locator(".results li").first().innerText(), /reason/i, "the one that needs a reason comes first");
    await site.sink.have("answered");
    assert.equal(site.abiquo.task(strict?.ids[0] ?? "")?.state, "QUEUEING");
    assert.equal(await page.locator(".rows li").count(), 1);
    await page.locator(".rows li a").first().click();
    await picture(page, "10-request-from-inbox");
    await page.getByLabel(/^Reason/).fill("Now with one");
    await press("Approve");
    assert.match(await decision(), /Now with one/);
  });

  it("be known by a proxy's sign-in", async () => {
    await site.ask("any", 1);
    await visit({ extraHTTPHeaders: { "X-Forwarded-Email": BEN.email } });
    assert.equal(await open(`${PUBLIC}/abiquo/inbox`), 200);
    await picture(page, "11-inbox-by-proxy");
    await page.locator('input[name="pick"]').last().check();
    await press("Approve");
    await picture(page, "11-inbox-by-proxy-done");
    await site.sink.have("approved");
    await page.locator(".results a").first().click();
    assert.match(await decision(), /Ben Okafor/);
  });

  it("read it in Spanish, in the dark", async () => {
    await visit({ colorScheme: "dark", locale: "es-ES" });
    const { mia, ben, approval } = await site.ask("spanish");
    await open(mia.links.page);
    await picture(page, "12-es-dark-waiting");
    assert.equal(await page.locator("html").getAttribute("lang"), "es-ES");
    await press("Aprobar");
    await picture(page, "12-es-dark-voted");
    await open(mia.links.inbox);
    await picture(page, "12-es-dark-inbox");
    const old = signLink(site.keys, { approval, level: 0, person: BEN.email, expiresAt: Date.now() - HOUR });
    await open(`${PUBLIC}/abiquo/approval/${old}`);
    await picture(page, "12-es-dark-expired");
    await open(ben.links.page);
    await page.getByLabel(/^Motivo/).fill("Demasiado grande");
    await press("Rechazar");
    await picture(page, "12-es-dark-rejected");
    await open(`${PUBLIC}/abiquo/approval/none`);
    await picture(page, "12-es-dark-forbidden");
    assert.equal(await page.locator("html").getAttribute("lang"), "es-ES");
  });
});
