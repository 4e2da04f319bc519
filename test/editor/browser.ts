import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import chromium, { inflate } from "@sparticuz/chromium";
import { chromium as driver, type Browser } from "playwright-core";

/**
 * A headless Chromium that needs nothing from the machine: the browser, its fonts and its libraries come with the
 * npm package. They are unpacked once for each version, and moved into place whole, so that neither an interrupted
 * run nor two at the same time leave half of them.
 */
export async function launchBrowser(): Promise<Browser> {
  const folder = await unpackedBrowser();
  const args = chromium.args.filter((flag) => flag !== "--single-process" && flag !== "--disable-web-security");
  return driver.launch({
    executablePath: join(folder, "chromium"),
    args: [...args, "--disable-dev-shm-usage"],
    headless: true,
    env: {
      ...(process.env as Record<string, string>),
      FONTCONFIG_PATH: join(folder, "fonts"),
      LD_LIBRARY_PATH: [join(folder, "al2023", "lib"), process.env["LD_LIBRARY_PATH"]].filter(Boolean).join(":"),
    },
  });
}

async function unpackedBrowser(): Promise<string> {
  const home = join(process.cwd(), "node_modules", "@sparticuz", "chromium");
  const { version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { version: string };
  const folder = join(tmpdir(), `abiquo-chromium-${version}`);
  if (existsSync(folder)) return folder;

  const draft = `${folder}.${process.pid}`;
  const { TMPDIR, FONTCONFIG_PATH, LD_LIBRARY_PATH } = process.env;
  mkdirSync(draft, { recursive: true });
  try {
    process.env["TMPDIR"] = draft; // where the package unpacks to
    await chromium.executablePath(join(home, "bin"));
    await inflate(join(home, "bin", "al2023.tar.br"));
  } finally {
    restore({ TMPDIR, FONTCONFIG_PATH, LD_LIBRARY_PATH });
  }
  try {
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // another run was faster
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}

function restore(variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
