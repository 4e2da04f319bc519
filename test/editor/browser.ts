import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import chromium, { inflate } from "@sparticuz/chromium";
import { type Browser, chromium as driver } from "playwright-core";

const FONT_CONFIGURATION = "fonts.conf";

/** An emulated graphics card costs a fifth of the processor time, and nothing here needs one. */
const UNWANTED = [
  "--single-process",
  "--disable-web-security",
  "--in-process-gpu",
  "--use-gl",
  "--use-angle",
  "--ignore-gpu",
  "--enable-unsafe",
];

/**
 * A headless Chromium that needs nothing from the machine: the browser, its fonts and its libraries come with the
 * npm package. They are unpacked once for each version, and moved into place whole, so that neither an interrupted
 * run nor two at the same time leave half of them.
 */
export async function launchBrowser(): Promise<Browser> {
  const folder = await unpackedBrowser();
  const args = chromium.args.filter((flag) => !UNWANTED.some((start) => flag.startsWith(start)));
  return driver.launch({
    executablePath: join(folder, "chromium"),
    args: [...args, "--disable-dev-shm-usage", "--disable-gpu"],
    headless: true,
    env: {
      ...(process.env as Record<string, string>),
      FONTCONFIG_FILE: join(folder, FONT_CONFIGURATION),
      LD_LIBRARY_PATH: [join(folder, "al2023", "lib"), process.env["LD_LIBRARY_PATH"]].filter(Boolean).join(":"),
    },
  });
}

async function unpackedBrowser(): Promise<string> {
  const home = join(process.cwd(), "node_modules", "@sparticuz", "chromium");
  const { version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { version: string };
  const folder = join(tmpdir(), `abiquo-browser-${version}`);
  if (existsSync(folder)) return folder;

  const draft = `${folder}.${process.pid}`;
  const { TMPDIR, FONTCONFIG_PATH, LD_LIBRARY_PATH } = process.env;
  mkdirSync(draft, { recursive: true });
  try {
    process.env["TMPDIR"] = draft; // where the package unpacks to
    await chromium.executablePath(join(home, "bin"));
    await inflate(join(home, "bin", "al2023.tar.br"));
    writeFileSync(join(draft, FONT_CONFIGURATION), fontConfiguration(folder));
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

/**
 * The configuration that comes with the fonts looks for them in a folder directly below the system's temporary one.
 * Without a font, text has no width, and no spec says why.
 */
function fontConfiguration(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(folder, "fonts")}</dir>
  <cachedir>${join(folder, "font-cache")}</cachedir>
</fontconfig>
`;
}

function restore(variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
