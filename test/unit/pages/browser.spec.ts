import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import axe from "axe-core";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { headers, inboxPage, mailFor, requestPage } from "../../../nodes/lib/pages/index.ts";
import { launchBrowser } from "../../editor/browser.ts";
import { STATES } from "./states.ts";
import { inbox, LANGUAGES, type Language, mail, request, rows, wordsIn } from "./support.ts";

/** What the browser posted, in order. */
type Posted = readonly (readonly [name: string, value: string])[];

/**
 * Each page is seen in these, and judged whole where its structure might differ, which colours do not change. In the
 * second language words are longer, and all else is as in the first.
 */
const VIEWS = [
  { colorScheme: "light", width: 360, judged: { "en-US": "all", "es-ES": "all" } },
  { colorScheme: "light", width: 1_200, judged: { "en-US": "appearance", "es-ES": "size" } },
  { colorScheme: "dark", width: 360, judged: { "en-US": "appearance", "es-ES": "size" } },
  { colorScheme: "dark", width: 1_200, judged: { "en-US": "all", "es-ES": "appearance" } },
] as const;
/** What axe judges by colours, sizes and places. */
const APPEARANCE = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size", "meta-viewport"];
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** What people press is at least this large, in CSS pixels. */
const TARGET = 44;

describe("Pages in a browser", () => {
  let browser: Browser;
  let server: Server;
  let origin: string;
  let posted: Posted[];
  let problems: string[];
  let context: BrowserContext;

  before(async () => {
    browser = await launchBrowser();
    server = createServer(async (incoming, response) => {
      if (incoming.method === "POST") posted.push([...new URLSearchParams(await bodyOf(incoming))]);
      const { status, page } = answerTo(new URL(incoming.url ?? "/", "http://localhost"), incoming.method === "POST");
      response.writeHead(status, headers()).end(page);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(async () => {
    await browser.close();
    await new Promise((closed) => server.close(closed));
  });

  beforeEach(() => {
    posted = [];
    problems = [];
  });

  afterEach(() => context.close());

  async function bodyOf(incoming: IncomingMessage): Promise<string> {
    let body = "";
    for await (const chunk of incoming) body += String(chunk);
    return body;
  }

  function answerTo({ pathname }: URL, isPost: boolean): { status: number; page: string } {
    const [, language = "", name = ""] = pathname.split("/");
    const words = wordsIn(language as Language);
    if (isPost && name === "waiting")
      return {
        status: 200,
        page: requestPage(
          request({ state: { kind: "voted", vote: "approve", at: 0, onDeadline: "wait" }, result: { kind: "counted", vote: "approve" } }),
          words,
        ),
      };
    const state = STATES.find((one) => one.name === name);
    return state === undefined ? { status: 404, page: "" } : { status: state.status, page: state.page(words) };
  }

  async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    context = await browser.newContext({ viewport: { width: 360, height: 740 }, ...options });
    const page = await context.newPage();
    page.on("console", (message) => {
      // A page with an error status is told as a failed resource too.
      if (["error", "warning"].includes(message.type()) && !message.text().includes("the server responded with a status of"))
        problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(String(error)));
    if (path !== "") await page.goto(`${origin}${path}`);
    return page;
  }

  /** What axe finds, each with the element and what is wrong. */
  async function violations(page: Page, rules = [...WCAG, "best-practice"]): Promise<string[]> {
    if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
    return page.evaluate(async (runOnly) => {
      const { violations: found } = await (window as unknown as { axe: typeof axe }).axe.run(document, {
        runOnly,
        resultTypes: ["violations"],
      });
      return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary}`));
    }, rules);
  }

  /** Buttons and fields that are too small for a finger. */
  function smallTargets(page: Page): Promise<string[]> {
    return page.evaluate((least) => {
      const targets = [
        ...document.querySelectorAll(
          "button, summary, select, textarea, input:not([type=hidden], [type=checkbox]), a.button, nav a, label:has(input)",
        ),
      ];
      return targets
        .filter((target) => target.checkVisibility() && target.getBoundingClientRect().height < least)
        .map(({ outerHTML }) => outerHTML.slice(0, 100));
    }, TARGET);
  }

  for (const language of LANGUAGES) {
    for (const { name } of STATES) {
      it(`${name}, ${language}: axe finds nothing, nothing sticks out, targets are large; light and dark, phone and desk`, async () => {
        const page = await open(`/${language}/${name}`);
        for (const { colorScheme, width, judged } of VIEWS) {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize({ width, height: 740 });
          const seen = `${colorScheme}, ${width} px`;
          if (judged[language] !== "size")
            assert.deepEqual(await violations(page, judged[language] === "appearance" ? APPEARANCE : undefined), [], seen);
          assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${seen}: sticks out`);
          assert.deepEqual(await smallTargets(page), [], seen);
        }
        assert.deepEqual(problems, []);
      });
    }
  }

  it("fit a window of 320 by 256 px, as at 400 % on a desk (WCAG 2.2, 1.4.10), with nothing in the way", async () => {
    const page = await open("", { viewport: { width: 320, height: 256 } });
    for (const { name } of STATES) {
      await page.goto(`${origin}/es-ES/${name}`);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, name);
      const floating = await page.evaluate(
        () =>
          [...document.querySelectorAll("main *")].filter((element) => ["fixed", "sticky"].includes(getComputedStyle(element).position))
            .length,
      );
      assert.equal(floating, 0, name);
    }
  });

  it("a mail: axe finds nothing, and it fits a phone", async () => {
    const page = await open("");
    await page.setContent(mailFor(mail(), wordsIn("en-US")).html);
    assert.deepEqual(await violations(page, WCAG), [], "landmarks are for pages");
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360);
  });

  it("decide without scripts: the ticked machines, the reason and the button arrive", async () => {
    const page = await open("/en-US/waiting", { javaScriptEnabled: false });
    await page.getByRole("checkbox", { name: "web-02" }).check();
    await page.getByRole("checkbox", { name: "web-05" }).check();
    await page.getByLabel("Reason").fill("Two are enough.\nThe others later.");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("status").getByText("Your approval counts.").waitFor();
    assert.deepEqual(posted, [
      [
        ["except", "task-1"],
        ["except", "task-4"],
        ["form", "nonce"],
        ["reason", "Two are enough.\r\nThe others later."],
        ["action", "approve"],
      ],
    ]);
    assert.deepEqual(problems, []);
  });

  it("reject only with a reason where one is needed, and approve without", async () => {
    const page = await open("/en-US/waiting", { javaScriptEnabled: false });
    await page.getByRole("button", { name: "Reject" }).click();
    assert.deepEqual(posted, [], "the browser itself asks for the reason first");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("status").waitFor();
    assert.deepEqual(posted, [
      [
        ["form", "nonce"],
        ["reason", ""],
        ["action", "approve"],
      ],
    ]);
  });

  it("hand on by a form of its own", async () => {
    const page = await open("/en-US/waiting", { javaScriptEnabled: false });
    await page.getByText("Hand it to someone else").click();
    await page.getByLabel("E-mail address").fill("sam@example.com");
    await page.getByRole("button", { name: "Hand on" }).click();
    await page.getByRole("status").waitFor();
    assert.deepEqual(posted, [
      [
        ["form", "nonce"],
        ["to", "sam@example.com"],
        ["action", "delegate"],
      ],
    ]);
  });

  it("lead by keyboard alone from the top to the decision", async () => {
    const page = await open("/en-US/waiting");
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "Skip to your decision");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "reason");
    await page.keyboard.type("Fine");
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "Approve");
    await page.keyboard.press("Enter");
    await page.locator("[role=status]:focus", { hasText: "Your approval counts" }).waitFor(); // where a screen reader begins
    assert.deepEqual(posted, [
      [
        ["form", "nonce"],
        ["reason", "Fine"],
        ["action", "approve"],
      ],
    ]);
  });

  it("show where the focus is, and nothing covers it", async () => {
    for (const path of ["/en-US/waiting", "/en-US/waiting-many", "/en-US/inbox-reason-missing"]) {
      const page = await open(path);
      for (let stop = 0; stop < 40; stop++) {
        await page.keyboard.press("Tab");
        if (await page.evaluate(() => document.activeElement === document.body)) break; // once round
        const seen = await page.evaluate(() => {
          const active = document.activeElement ?? document.body;
          const { left, top, width, height } = active.getBoundingClientRect();
          const onTop = document.elementFromPoint(left + width / 2, Math.min(top + height / 2, innerHeight - 1));
          return {
            outline: getComputedStyle(active).outlineStyle,
            uncovered: onTop !== null && (active.contains(onTop) || onTop.contains(active)),
            what: active.outerHTML.slice(0, 100),
          };
        });
        assert.deepEqual(
          { outline: seen.outline, uncovered: seen.uncovered },
          { outline: "solid", uncovered: true },
          `${path}: ${seen.what}`,
        );
      }
      if (path !== "/en-US/inbox-reason-missing") await context.close();
    }
  });

  it("do not decide by Enter on a checkbox or in the field of a reason for many", async () => {
    const page = await open("/en-US/waiting");
    await page.getByRole("checkbox", { name: "web-02" }).press("Enter");
    await page.goto(`${origin}/en-US/inbox`);
    await page.getByRole("checkbox", { name: "Choose: Deploy web-0" }).press("Enter");
    await page.getByLabel("Reason").press("Enter");
    await page.goto(`${origin}/en-US/inbox`);
    assert.deepEqual(posted, []);
  });

  it("decide many without scripts: what is ticked, with the search it was found by", async () => {
    const page = await open("/en-US/inbox-paged", { javaScriptEnabled: false });
    await page.getByRole("checkbox", { name: "Choose: Deploy web-0" }).check();
    await page.getByRole("checkbox", { name: /^Take the first 1,000 of 10,000/ }).check();
    await page.getByLabel("Reason").fill("Maintenance");
    await page.getByRole("button", { name: "Reject" }).click();
    const sent = new Map(posted[0]);
    sent.delete("upTo");
    assert.deepEqual(
      [...sent],
      [
        ["form", "nonce"],
        ["q", "web"],
        ["pick", "request-0"],
        ["all", "1"],
        ["reason", "Maintenance"],
        ["action", "reject"],
      ],
    );
  });

  it("search by GET without scripts, which decides nothing", async () => {
    const page = await open("/en-US/inbox", { javaScriptEnabled: false });
    await page.getByLabel("Search").fill("web & co");
    await page.getByLabel("Task").selectOption("UNDEPLOY");
    await page.getByRole("button", { name: "Search" }).click();
    await page.waitForURL("**/inbox?q=web+%26+co&type=UNDEPLOY");
    assert.deepEqual(posted, []);
  });

  it("stay still when somebody else's text tries to be a page", async () => {
    const page = await open("");
    const attack = `"><script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">`;
    await page.route("**/attack", (route) =>
      route.fulfill({
        headers: headers(),
        body: inboxPage(
          inbox({ rows: rows(1).map((row) => ({ ...row, level: attack, subject: { ...row.subject, title: attack } })) }),
          wordsIn("en-US"),
        ),
      }),
    );
    await page.goto(`${origin}/attack`);
    await page.getByRole("link", { name: attack }).waitFor();
    assert.equal(await page.evaluate(() => "hacked" in window), false);
    assert.deepEqual(problems, []);
  });
});

/** The name or the text of what has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const active = document.activeElement as HTMLElement | null;
    return active?.getAttribute("name") === "reason" ? "reason" : (active?.innerText.trim() ?? "");
  });
}
