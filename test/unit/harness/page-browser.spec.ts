import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../../editor/browser.ts";
import { type SimulatedAbiquo, startAbiquo } from "../../harness/index.ts";

/** The lowest contrast between a text and what is behind it, and that text (WCAG 2.2, 1.4.3). */
function lowestContrast(): { ratio: number; text: string } {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
  const rgba = (colour: string): number[] => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour: number[]): number => {
    const [r = 0, g = 0, b = 0] = colour
      .slice(0, 3)
      .map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let lowest = { ratio: 21, text: "" };
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes]
      .filter(({ nodeType }) => nodeType === Node.TEXT_NODE)
      .map(({ textContent }) => textContent?.trim())
      .join("");
    if (text === "" || element.getClientRects().length === 0) continue;
    let behind: Element | null = element;
    while (behind !== null && rgba(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
    const [light = 0, dark = 0] = [
      rgba(getComputedStyle(element).color),
      rgba(behind === null ? "white" : getComputedStyle(behind).backgroundColor),
    ]
      .map(luminance)
      .sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < lowest.ratio) lowest = { ratio, text };
  }
  return lowest;
}

describe("Page of the simulated Abiquo in a browser", () => {
  let browser: Browser;
  let abiquo: SimulatedAbiquo;
  let problems: string[];

  before(async () => void (browser = await launchBrowser()));
  after(() => browser.close());
  beforeEach(async () => {
    problems = [];
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:1/" });
  });
  afterEach(async () => {
    // A page that is left open goes on asking a simulator that is gone.
    for (const context of browser.contexts()) await context.close();
    await abiquo.close();
  });

  async function open(width = 1_200, colorScheme: "light" | "dark" = "light", locale = "en-GB"): Promise<Page> {
    const page = await (await browser.newContext({ viewport: { width, height: 800 }, colorScheme, locale })).newPage();
    page.on("console", (message) => void (["error", "warning"].includes(message.type()) && problems.push(message.text())));
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.goto(abiquo.pageUrl);
    return page;
  }

  it("asks for a deploy by keyboard, tells what became of the webhook, and decides the task", async () => {
    const page = await open();
    await page.getByRole("button", { name: "Deploy one" }).press("Enter");
    await page
      .getByRole("status")
      .getByText(/^The webhook failed: WKF-01/)
      .waitFor();
    const [task] = abiquo.tasks();
    await page.getByRole("button", { name: `Cancel task ${task?.taskId.slice(0, 8)}` }).press("Enter");
    await page.getByRole("cell", { name: "Cancelled" }).waitFor();
    assert.equal(task?.state, "CANCELLED");
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), "TR", "the focus stays at the task");
    assert.deepEqual(problems, []);
  });

  it("lists a group newest first, keeps the focus while it polls, and shows an answer's text as text", async () => {
    const page = await open();
    const [old] = abiquo.hold();
    const button = page.getByRole("button", { name: `Continue task ${old?.taskId.slice(0, 8)}` });
    await button.focus();
    const group = abiquo.hold({ count: 12 });
    const [answered] = group;
    assert.ok(answered);
    abiquo.apply(answered, "cancel", "<b>too dear</b>", "workflow");
    await page.getByText("<b>too dear</b>").waitFor();
    assert.deepEqual(
      await page.locator("#rows code").allTextContents(),
      [...group]
        .reverse()
        .concat(old ?? [])
        .map(({ taskId }) => taskId.slice(0, 8)),
    );
    assert.equal(await button.evaluate((element) => element === document.activeElement), true);
    assert.deepEqual(problems, []);
  });

  it("asks in the name of whom one chooses, for a machine of the size one enters", async () => {
    const page = await open();
    await page.getByLabel("Requester").selectOption("carla");
    await page.getByLabel("CPUs").fill("16");
    await page.getByLabel("RAM (GB)").fill("32");
    await page.getByRole("button", { name: "Deploy one" }).click();
    await page.getByRole("cell", { name: /vm-\d+\s*16 CPU, 32 GB/ }).waitFor();
    assert.equal(abiquo.tasks()[0]?.user.nick, "carla");
    assert.deepEqual(problems, []);
  });

  it("shows why a request was refused, a missing privilege and a wrong signature, and keeps what is opened", async () => {
    const page = await open();
    await fetch(`${abiquo.url}/config/properties/1`, { headers: { Authorization: `Basic ${btoa("ana:ana-password")}` } });
    await page.getByText("403-FORBIDDEN: SYSCONFIG_VIEW").waitFor();
    const { consumerKey, accessToken } = abiquo.credentials.oauth;
    const signed = `OAuth oauth_consumer_key="${consumerKey}", oauth_token="${accessToken}", oauth_signature_method="HMAC-SHA1", oauth_timestamp="${Math.floor(Date.now() / 1_000)}", oauth_nonce="n", oauth_signature="wrong"`;
    await fetch(`${abiquo.url}/login`, { headers: { Authorization: signed } });
    await page.getByText(/most likely the consumer secret or the access token secret is not the right one/).waitFor();
    await page.getByText("What was signed").click();
    const base = page.getByText(/^GET&http%3A%2F%2F127\.0\.0\.1/);
    await base.waitFor();
    abiquo.hold();
    await page.locator("#rows tr").first().waitFor();
    assert.equal(await base.isVisible(), true);
    for (const secret of [abiquo.credentials.oauth.consumerSecret, abiquo.credentials.oauth.accessTokenSecret, "ana-password"]) {
      assert.equal((await page.content()).includes(secret), false);
    }
  });

  it("shows the connection's user with its privileges, and the tenants with what waits there", async () => {
    await abiquo.close();
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:1/", privileges: ["WORKFLOW_OVERRIDE"], tenants: 30 });
    abiquo.hold({ count: 3 });
    const page = await open();
    await page.getByText("workflow, with the role WORKFLOW_CONNECTOR").waitFor();
    assert.deepEqual(await page.locator("#connection code").allTextContents(), ["AUTHENTICATED", "WORKFLOW_OVERRIDE"]);
    await page.getByText("Acme (id 2): workflow on, 3 waiting").waitFor();
    await page.getByText("and 8 more").waitFor();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    for (const [width, locale] of [
      [375, "es-ES"],
      [1_200, "en-GB"],
    ] as const) {
      it(`at ${width} px, ${colorScheme}: nothing sticks out, all text has 4.5:1`, async () => {
        for (const state of [
          "QUEUEING",
          "PENDING",
          "STARTED",
          "FINISHED_SUCCESSFULLY",
          "FINISHED_UNSUCCESSFULLY",
          "CANCELLED",
          "ACK_ERROR",
        ]) {
          for (const task of abiquo.hold()) Object.assign(task, { state, text: "x".repeat(300), answeredBy: "workflow" });
        }
        const page = await open(width, colorScheme, locale);
        await page.locator("#rows tr").nth(6).waitFor();
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
        const { ratio, text } = await page.evaluate(lowestContrast);
        assert.ok(ratio >= 4.5, `${text} has ${ratio.toFixed(2)}:1`);
        assert.deepEqual(problems, []);
      });
    }
  }
});
