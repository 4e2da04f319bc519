import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { launchBrowser } from "../editor/browser.ts";
import { freePort } from "../harness/node-red.ts";
import { ROOT } from "./under-test.ts";

describe("the demo", function () {
  this.timeout(120_000);

  it("shows a deploy being held, decided and released without a click, and ends cleanly", async () => {
    const [port, abiquoPort] = [await freePort(), await freePort()];
    const demo = spawn(process.execPath, [join(ROOT, "scripts", "demo.mjs")], {
      env: { ...process.env, PORT: String(port), ABIQUO_PORT: String(abiquoPort) },
    });
    const ended = new Promise<number | null>((resolve) => demo.once("exit", resolve));
    let output = "";
    const released = new Promise<void>((resolve, reject) => {
      const collect = (part: Buffer): void => {
        output += part.toString("utf8");
        if (/held[\s\S]*continue received: released/.test(output)) resolve();
      };
      demo.stdout.on("data", collect);
      demo.stderr.on("data", collect);
      demo.once("exit", () => reject(new Error(output)));
    });
    const browser = await launchBrowser();
    const temporary = mkdtempSync(join(tmpdir(), "demo-"));
    try {
      await released;
      assert.match(output, new RegExp(`http://127\\.0\\.0\\.1:${port}/`));
      const page = await browser.newPage({ viewport: { width: 1280, height: 760 }, deviceScaleFactor: 2 });
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(String(error)));
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.getByText("Abiquo holds a deploy, this flow continues it").first().waitFor();
      // The status of the next task's way through the flow.
      await page
        .locator(".red-ui-flow-node-status-label", { hasText: /continued/ })
        .first()
        .waitFor({ timeout: 60_000 });
      const picture = process.env["UPDATE_SCREENSHOTS"] === "1" ? join(ROOT, "docs", "demo-flow.png") : join(temporary, "demo-flow.png");
      mkdirSync(dirname(picture), { recursive: true });
      await page.locator("#red-ui-workspace-chart").screenshot({ path: picture });
      assert.ok(statSync(picture).size > 10_000);
      assert.deepEqual(problems, []);
    } finally {
      await browser.close();
      rmSync(temporary, { recursive: true });
      demo.kill("SIGINT");
    }
    assert.equal(await ended, 0, output);
  });
});
