import { once } from "node:events";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { resolve } from "node:path";
import { Fault } from "../lib/base/fault.ts";

/** Writes to where the output goes, no faster than it is taken. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

/** How far long work has come, on a terminal only. */
export class Progress {
  #shown = -1;

  show(done: number, of: number): void {
    const percent = of === 0 ? 100 : Math.floor((done * 100) / of);
    if (!process.stderr.isTTY || percent === this.#shown) return;
    this.#shown = percent;
    process.stderr.write(`\r${percent} %`);
  }

  end(): void {
    if (this.#shown >= 0) process.stderr.write("\r\u001b[K");
  }
}

/**
 * The absolute path of a store that is there: opening one that is not would make it.
 *
 * @throws Fault FILE_UNREADABLE
 */
export function existingStore(file: string): string {
  if (!existsSync(file)) throw new Fault("FILE_UNREADABLE", { file, reason: "ENOENT" });
  return resolve(file);
}

/** Of who runs this; the number where the system has no name for it, as in many containers. */
export function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
