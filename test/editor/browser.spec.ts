import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launchBrowser } from "./browser.ts";

const FAMILIES = ["serif", "sans-serif", "monospace", "system-ui", "Helvetica Neue"];

describe("the browser of the specs, on a machine with an empty temporary folder, an empty home and no fonts", () => {
  const { TMPDIR, HOME } = process.env;
  let folder: string;
  let browser: Browser;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "new-machine-"));
    Object.assign(process.env, { TMPDIR: folder, HOME: folder });
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    for (const [name, value] of Object.entries({ TMPDIR, HOME })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  for (const family of FAMILIES) {
    it(`draws text in ${family}: letters have a width of their own`, async () => {
      const page = await browser.newPage();
      await page.setContent(`<span style="font: 20px ${family}">WWWW</span><br><span style="font: 20px ${family}">iiii</span>`);
      const [wide, narrow] = await page.locator("span").evaluateAll((spans) => spans.map((span) => span.getBoundingClientRect().width));
      assert.ok((wide ?? 0) > 60, `four W of 20 px are ${wide} px wide`);
      assert.ok((narrow ?? 0) > 15 && (narrow ?? 0) < (wide ?? 0), `four i are ${narrow} px wide, four W ${wide}`);
      await page.close();
    });
  }
});
