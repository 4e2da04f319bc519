import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";

export const MODULE = "@abiquo-workflow/node-red-abiquo";

/** A Node-RED of its own with the built palette, and the editor in a browser. */
export interface Editor {
  readonly url: string;
  /** Replaces all flows, and waits until they run. */
  deploy(flows: readonly object[]): Promise<void>;
  flows(): Promise<Record<string, unknown>[]>;
  /** The editor in a new page, loaded, with what went wrong in it. */
  open(browser: Browser, options?: { language?: string; dark?: boolean }): Promise<EditorPage>;
  stop(): Promise<void>;
}

export interface EditorPage {
  readonly page: Page;
  /** Errors and warnings of the browser's console. */
  readonly complaints: string[];
  /** Everything that Node-RED sent to the browser as text. */
  readonly received: string[];
  close(): Promise<void>;
}

export async function startEditor(distribution: "node-red" | "node-red-4"): Promise<Editor> {
  const folder = mkdtempSync(join(tmpdir(), "abiquo-editor-"));
  const palette = join(folder, "node_modules", MODULE);
  mkdirSync(dirname(palette), { recursive: true });
  symlinkSync(process.cwd(), palette, "dir");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "editor", version: "1.0.0", dependencies: { [MODULE]: "*" } }));
  const port = await freePort();
  const settings = {
    uiPort: port,
    uiHost: "127.0.0.1",
    flowFile: "flows.json",
    credentialSecret: "editor",
    logging: { console: { level: "warn" } },
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false, palette: { catalogues: [] } },
  };
  writeFileSync(join(folder, "settings.js"), `module.exports = ${JSON.stringify(settings)};`);
  writeFileSync(join(folder, "flows.json"), "[]");

  const program = join(process.cwd(), "node_modules", distribution, "red.js");
  const child = spawn(process.execPath, [program, "-u", folder, "-s", join(folder, "settings.js")], { stdio: ["ignore", "pipe", "pipe"] });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => output.push(chunk.toString()));

  const url = `http://127.0.0.1:${port}/`;
  const api = async (method: "GET" | "POST", path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(url + path, {
      method,
      headers: { "Content-Type": "application/json", "Node-RED-API-Version": "v1", "Node-RED-Deployment-Type": "full" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  };
  await untilUp(child, output, () => api("GET", "settings"));

  return {
    url,
    async deploy(flows) {
      await api("POST", "flows", flows);
    },
    async flows() {
      return (await api("GET", "flows")) as Record<string, unknown>[];
    },
    open: (browser, options = {}) => openEditor(browser, url, options),
    async stop() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode === null) {
        child.kill("SIGTERM");
        await gone;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openEditor(browser: Browser, url: string, { language = "en-US", dark = false }): Promise<EditorPage> {
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
    if (/json|html|text\/plain/.test(kind)) void response.text().then((text) => received.push(text), () => undefined);
  });
  await page.goto(url);
  await page.locator("[data-palette-type='abiquo-configure-workflow']").waitFor({ state: "attached" });
  await page.waitForFunction("RED.nodes.getWorkspaceOrder().length > 0 && !document.querySelector('#red-ui-loading-progress:not([style*=none])')");
  if (dark) await page.evaluate(() => document.documentElement.classList.add("nr-theme-dark"));
  return { page, complaints, received, close: () => context.close() };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilUp(child: ChildProcess, output: readonly string[], isUp: () => Promise<unknown>): Promise<void> {
  for (const deadline = Date.now() + 50_000; Date.now() < deadline; await sleep(200)) {
    if (child.exitCode !== null) break;
    if (await isUp().then(() => true, () => false)) return;
  }
  child.kill("SIGKILL");
  throw new Error(`Node-RED did not start:\n${output.join("")}`);
}
