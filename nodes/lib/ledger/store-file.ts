import { chmodSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { systemClock, timestamp } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";

/** What SQLite keeps beside a file that is open, or was when its process ended. */
export const BESIDE = ["-wal", "-shm"] as const;

/** What tells the file from another of its name; undefined where there is none. */
export function identityOf(file: string): string | undefined {
  try {
    const { dev, ino } = statSync(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** Whether nothing is there that anybody could have written. */
export function isEmpty(file: string): boolean {
  return !existsSync(file) || statSync(file).size === 0;
}

/** A name beside the file that nothing has yet: `<file>.<word>-20270115T080000Z`. */
export function nameBeside(file: string, word: string): string {
  const base = `${file}.${word}-${timestamp(systemClock).replace(/[-:]|\.\d+/g, "")}`;
  let name = base;
  for (let number = 2; existsSync(name); number++) name = `${base}-${number}`;
  return name;
}

/** Moves a file, with what SQLite keeps beside it, out of the way. Answers its new name. */
export function setAside(file: string): string {
  const name = nameBeside(file, "damaged");
  for (const end of ["", ...BESIDE]) if (existsSync(`${file}${end}`)) renameSync(`${file}${end}`, `${name}${end}`);
  return name;
}

/** Deletes what a file that is gone has left behind: it would be taken for part of the next of its name. */
export function clearBeside(file: string): void {
  for (const end of BESIDE) rmSync(`${file}${end}`, { force: true });
}

/**
 * Writes a file that is whole or not there at all: it is made beside its place, synced to disk, and only then gets its
 * name. Only its owner can read it, from the first byte on.
 *
 * @param write fills the file of this name
 * @throws Fault STORE_EXISTS when there is something at the target; what `write` throws
 */
export async function writeWhole<Result>(target: string, write: (part: string) => Promise<Result>): Promise<Result> {
  const part = `${target}.part`;
  refuseExisting(target);
  rmSync(part, { force: true });
  try {
    closeSync(openSync(part, "wx", 0o600));
    chmodSync(part, 0o600);
    const result = await write(part);
    sync(part);
    // It may have come meanwhile.
    refuseExisting(target);
    renameSync(part, target);
    sync(dirname(target));
    return result;
  } finally {
    for (const end of ["", ...BESIDE, "-journal"]) rmSync(`${part}${end}`, { force: true });
  }
}

function refuseExisting(file: string): void {
  if (existsSync(file)) throw new Fault("STORE_EXISTS", { file });
}

function sync(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
