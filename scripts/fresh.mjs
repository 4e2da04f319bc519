// Whether dist/ is what the sources make. Mocha loads this before the specs: none of them runs what is no longer written.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = dirname(import.meta.dirname);
/** What a build reads. */
const SOURCES = [
  "icons",
  "nodes",
  "package-lock.json",
  "package.json",
  "scripts/build.mjs",
  "scripts/lean.mjs",
  "scripts/fresh.mjs",
  "test/harness",
  "tsconfig.json",
];
/** In dist/, and in no tarball. */
export const STAMP = ".built";

/**
 * Stands for the sources as they are now. Of names, times and sizes, as reading every file would cost each run of one spec;
 * times that are older count as well, as a checkout or a copy may bring them.
 */
export function sourcesNow() {
  const hash = createHash("sha256");
  for (const path of SOURCES.flatMap(filesOf)) {
    const { mtimeMs, size } = statSync(join(ROOT, path));
    hash.update(`${path} ${mtimeMs} ${size}\n`);
  }
  return hash.digest("hex");
}

export function isFresh() {
  try {
    return readFileSync(join(ROOT, "dist", STAMP), "utf8") === sourcesNow();
  } catch {
    return false;
  }
}

/** @throws Error when the sources do not build; what is wrong with them has been printed then */
export function buildIfStale() {
  if (isFresh()) return;
  const { status } = spawnSync(process.execPath, [join(ROOT, "scripts", "build.mjs"), "--if-stale"], { stdio: "inherit" });
  if (status !== 0) throw new Error("The palette does not build, so there is nothing to test.");
}

function filesOf(path) {
  if (!statSync(join(ROOT, path)).isDirectory()) return [path];
  return readdirSync(join(ROOT, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort();
}
