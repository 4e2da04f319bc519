import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Specs run from the package's own folder, as npm starts them. */
export const ROOT = process.cwd();

let unpacked: { readonly folder: string; readonly size: number } | undefined;

/** The package as npm would publish it, packed from what is built and unpacked in a temporary folder. */
export function unpackedTarball(): string {
  return tarball().folder;
}

/** How much is downloaded of the package, in bytes. */
export function packedSize(): number {
  return tarball().size;
}

function tarball(): { readonly folder: string; readonly size: number } {
  if (unpacked !== undefined) return unpacked;
  const folder = mkdtempSync(join(tmpdir(), "abiquo-package-"));
  const npm = process.env["npm_execpath"];
  const pack = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
  const options = { cwd: ROOT, stdio: "pipe" } as const;
  if (npm === undefined) execFileSync("npm", pack, options);
  else execFileSync(process.execPath, [npm, ...pack], options);
  const packed = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (packed === undefined) throw new Error("npm pack made no tarball");
  execFileSync("tar", ["-xzf", join(folder, packed), "-C", folder]);
  unpacked = { folder: join(folder, "package"), size: statSync(join(folder, packed)).size };
  return unpacked;
}

// A process may run several of the spec files that share it.
process.once("exit", () => {
  if (unpacked !== undefined) rmSync(join(unpacked.folder, ".."), { recursive: true, force: true });
});

/** Paths of all files below a folder, relative to it, with slashes. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .sort();
}
