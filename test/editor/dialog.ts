import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";

export const CONFIG_NODES = ["connection", "store"];

/** Pictures for the eye, where ABIQUO_SCREENSHOTS names a folder. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["ABIQUO_SCREENSHOTS"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

export async function openDialog(page: Page, id: string): Promise<void> {
  const isConfig = CONFIG_NODES.includes(id);
  await page.evaluate(
    ([node, config]) => {
      const found = RED.nodes.node(node)!;
      if (config) RED.editor.editConfig("", found.type, found.id);
      else RED.editor.edit(found);
    },
    [id, isConfig] as const,
  );
  await page.locator(".red-ui-tray .abiquo-form").waitFor();
  await page.waitForTimeout(250); // the tray slides in
}

/** Node-RED ignores a click while its tray still slides in, so the click is repeated. */
export async function closeDialog(page: Page, how: "ok" | "cancel"): Promise<void> {
  const tray = page.locator(".red-ui-tray");
  for (let attempt = 0; attempt < 40 && (await tray.count()) > 0; attempt++) {
    await page.evaluate((name) => $(`#node-dialog-${name}, #node-config-dialog-${name}`).first().trigger("click"), how);
    await tray.waitFor({ state: "detached", timeout: 300 }).catch(() => undefined);
  }
  assert.equal(await tray.count(), 0, "the dialog closes");
}

/** Node-RED takes a click soon after another for half of a double click, so the click is repeated. */
export async function showTab(page: Page, name: string): Promise<void> {
  const tab = page.locator(".abiquo-tabs li", { hasText: name });
  for (let attempt = 0; attempt < 10 && !(await isActive(tab)); attempt++) {
    await tab.locator("a").click();
    await tab
      .and(page.locator(".active"))
      .waitFor({ timeout: 500 })
      .catch(() => undefined);
  }
  assert.ok(await isActive(tab), `the tab ${name} opens`);
}

async function isActive(tab: Locator): Promise<boolean> {
  return (await tab.getAttribute("class"))?.split(" ").includes("active") === true;
}

/** The reasons why a node with these properties is invalid. */
export function reasons(page: Page, id: string, properties: Record<string, unknown>): Promise<string[]> {
  return page.evaluate(
    ([node, changes]) => {
      const found = RED.nodes.node(node)!;
      const kept: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(changes)) {
        kept[name] = found[name];
        found[name] = value;
      }
      RED.editor.validateNode(found);
      const problems = (found.validationErrors ?? []).flat();
      Object.assign(found, kept);
      RED.editor.validateNode(found);
      return problems;
    },
    [id, properties] as const,
  );
}

/** Texts of the open dialog whose contrast with what lies behind them is below 4.5. */
export function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (rgb: number[]) => {
      const [r, g, b] = rgb.map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const behind = (element: Element): number[] => {
      for (let at: Element | null = element; at; at = at.parentElement) {
        const [r = 0, g = 0, b = 0, a = 1] = channels(getComputedStyle(at).backgroundColor);
        if (a > 0.9) return [r, g, b];
      }
      return [255, 255, 255];
    };
    const faint: string[] = [];
    for (const element of document.querySelectorAll<HTMLElement>(".abiquo-form *")) {
      const own = [...element.childNodes].some((child) => child.nodeType === 3 && child.textContent?.trim());
      if (!own || element.offsetParent === null || element.closest("button, select, .red-ui-typedInput-container")) continue;
      const front = luminance(channels(getComputedStyle(element).color).slice(0, 3));
      const back = luminance(behind(element));
      const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
      if (contrast < 4.5) faint.push(`${contrast.toFixed(1)}: ${element.textContent?.trim().slice(0, 60)}`);
    }
    return faint;
  });
}
