import { spawn } from "node:child_process";

export interface CommandResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a command of the package to its end, in English unless it is told otherwise.
 *
 * @param script its file
 * @param folder where it is started
 * @param env what differs from the environment of the specs
 */
export function runCommand(
  script: string,
  folder: string,
  parameters: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const language = { LC_ALL: "", LC_MESSAGES: "", LANG: "C" };
    const child = spawn(process.execPath, [script, ...parameters], { cwd: folder, env: { ...process.env, ...language, ...env } });
    let out = "";
    let err = "";
    child.stdout.on("data", (part: Buffer) => (out += part.toString("utf8")));
    child.stderr.on("data", (part: Buffer) => (err += part.toString("utf8")));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}
