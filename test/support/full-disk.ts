import { execFileSync, spawnSync } from "node:child_process";

/** Whether a disk can be made to look full, which takes a Linux. Elsewhere there is no such spec: one that is skipped fails. */
export const CAN_FILL_DISKS = spawnSync("prlimit", ["--version"]).status === 0;

/** No file of a process grows beyond so many bytes. */
export function limitFiles(pid: number, bytes: number | "unlimited"): void {
  execFileSync("prlimit", [`--pid=${pid}`, `--fsize=${bytes}:unlimited`]);
}
