import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { startNodeRed } from "../harness/node-red.ts";

export const MODULE = "@abiquo-workflow/node-red-abiquo";

/** A Node-RED of its own with the built palette, and the editor in a browser. */
export interface Editor {
  readonly url: string;
  flows(): Promise<Record<string, unknown>[]>;
  /** Everything that Node-RED has printed. */
  logs(): string;
  /** Deploys past the editor. */
  deploy(flows: readonly object[]): Promise<void>;
  /** The editor in a new page, loaded, with what went wrong in it. */
  open(browser: Browser, options?: PageOptions): Promise<EditorPage>;
  stop(): Promise<void>;
}

export interface PageOptions {
  readonly language?: string;
  readonly dark?: boolean;
  /** without palette, flow and sidebar, whose drawing costs more than that of many a dialog */
  readonly onlyDialogs?: boolean;
}

export interface EditorPage {
  readonly page: Page;
  /** Errors and warnings of the browser's console. */
  readonly complaints: string[];
  /** Everything that Node-RED sent to the browser as text. */
  readonly received: string[];
  /** Shows what is deployed, in place of what was changed since: a page that is loaded anew costs three seconds. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param credentials by node id
 * @param env variables of its process
 */
export async function startEditor(
  distribution: "node-red" | "node-red-4",
  flows: readonly object[],
  credentials: Record<string, Record<string, string>>,
  env: Record<string, string> = {},
): Promise<Editor> {
  const nodeRed = await startNodeRed({
    flows,
    credentials,
    env,
    nodeRed: join(process.cwd(), "node_modules", distribution),
    palette: process.cwd(),
    settings: { editorTheme: { tours: false, projects: { enabled: false }, palette: { catalogues: [] } } },
  });
  const url = nodeRed.adminUrl;
  return {
    url,
    async flows() {
      return (await (await nodeRed.admin("flows")).json()) as Record<string, unknown>[];
    },
    logs: () => nodeRed.logs(),
    deploy: (changed) => nodeRed.deploy(changed),
    open: (browser, options = {}) => openEditor(browser, url, options),
    async stop() {
      await nodeRed.stop();
    },
  };
}

/** Each step of what slides in is drawn by the processor here. */
const STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }";
const ONLY_DIALOGS = "#red-ui-header, #red-ui-palette, #red-ui-workspace, #red-ui-sidebar { display: none !important; }";

async function openEditor(
  browser: Browser,
  url: string,
  { language = "en-US", dark = false, onlyDialogs = false }: PageOptions,
): Promise<EditorPage> {
  const context = await browser.newContext({ locale: language, viewport: { width: 1400, height: 1000 } });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  const received: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("response", (response) => {
    const kind = response.headers()["content-type"] ?? "";
    if (/json|html|text\/plain/.test(kind))
      void response.text().then(
        (text) => received.push(text),
        () => undefined,
      );
  });
  await page.goto(url, { timeout: 45_000 });
  await page.locator("[data-palette-type='abiquo-configure-workflow']").waitFor({ state: "attached" });
  await page.waitForFunction(
    "RED.nodes.getWorkspaceOrder().length > 0 && !document.querySelector('#red-ui-loading-progress:not([style*=none])')",
  );
  await page.addStyleTag({ content: STILL + (onlyDialogs ? ONLY_DIALOGS : "") });
  if (dark) await page.evaluate(() => document.documentElement.classList.add("nr-theme-dark"));
  return { page, complaints, received, reset: () => page.evaluate(showDeployed), close: () => context.close() };
}

/** Runs in the browser, and does what Node-RED itself does where it opens another project. */
async function showDeployed(): Promise<void> {
  const answer = await fetch("flows", { headers: { "Node-RED-API-Version": "v2" } });
  const { flows, rev } = (await answer.json()) as { flows: object[]; rev: string };
  RED.nodes.clear();
  RED.history.clear();
  RED.nodes.version(rev);
  RED.nodes.import(flows);
  RED.nodes.dirty(false);
  RED.view.redraw(true);
}
