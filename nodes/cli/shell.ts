import { once } from "node:events";
import { userInfo } from "node:os";

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

/** Of who runs this; the number where the system has no name for it, as in many containers. */
export function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
