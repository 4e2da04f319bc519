// How long the editor takes to load with the palette, beside the same Node-RED without it: in real browsers, each time
// with nothing cached, in turns since machines are noisy. Run by hand: npm run bench:editor -- --rounds 15
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../editor/browser.ts";
import { type NodeRedProcess, startNodeRed } from "../harness/node-red.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" } } });
const rounds = Number(values.rounds);

/** One that both can show. */
const FLOW = [
  { id: "tab", type: "tab", label: "Flow" },
  { id: "inject", type: "inject", z: "tab", name: "", props: [], repeat: "", once: false, x: 120, y: 80, wires: [["debug"]] },
  { id: "debug", type: "debug", z: "tab", name: "", active: true, complete: "payload", x: 320, y: 80, wires: [] },
];

const browser = await launchBrowser();
try {
  for (const distribution of ["node-red", "node-red-4"]) {
    const [without, palette] = await Promise.all([start(distribution), start(distribution, process.cwd())]);
    const times: { without: number[]; palette: number[] } = { without: [], palette: [] };
    try {
      for (let round = 0; round <= rounds; round++) {
        const pair = { without: await loadTime(browser, without), palette: await loadTime(browser, palette) };
        // The first round only warms up.
        if (round === 0) continue;
        times.without.push(pair.without);
        times.palette.push(pair.palette);
      }
    } finally {
      await Promise.all([without.stop(), palette.stop()]);
    }
    const [plain, own] = [median(times.without), median(times.palette)];
    const spread = `without ${range(times.without)}, with ${range(times.palette)}`;
    console.log(
      `${distribution}: ${plain.toFixed(0)} ms without, ${own.toFixed(0)} ms with the palette: ${(own / plain).toFixed(3)} x (${spread})`,
    );
  }
  console.log(`medians of ${rounds} rounds   (aim: at most 1.05 x)`);
} finally {
  await browser.close();
}

function start(distribution: string, palette?: string): Promise<NodeRedProcess> {
  return startNodeRed({
    flows: FLOW,
    nodeRed: join(process.cwd(), "node_modules", distribution),
    ...(palette === undefined ? {} : { palette }),
    settings: { editorTheme: { tours: false, projects: { enabled: false }, palette: { catalogues: [] } } },
  });
}

/** From the call to a workspace that can be worked with, in ms as the page's own clock has it. */
async function loadTime(chromium: Browser, nodeRed: NodeRedProcess): Promise<number> {
  const context = await chromium.newContext({ locale: "en-US", viewport: { width: 1400, height: 1000 } });
  try {
    const page = await context.newPage();
    await page.goto(nodeRed.adminUrl, { timeout: 45_000, waitUntil: "commit" });
    const loaded = await page.waitForFunction(
      `window.RED?.nodes?.node("debug") && !document.querySelector("#red-ui-loading-progress:not([style*=none])") && performance.now()`,
      undefined,
      { timeout: 45_000, polling: "raf" },
    );
    return Number(await loaded.jsonValue());
  } finally {
    await context.close();
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function range(numbers: readonly number[]): string {
  return `${Math.min(...numbers).toFixed(0)} to ${Math.max(...numbers).toFixed(0)}`;
}
