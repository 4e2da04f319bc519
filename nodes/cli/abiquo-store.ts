#!/usr/bin/env node
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Fault } from "../lib/base/fault.ts";
import { revokeLinks } from "../lib/engine/index.ts";
import { openLedger, type StoreContents } from "../lib/ledger/index.ts";
import { requireSqlite } from "../lib/ledger/sqlite.ts";
import { Command, EXIT } from "./command.ts";
import { existingStore, ownName } from "./shell.ts";
import type { STORE_TEXTS } from "./texts.ts";
import type { Words } from "./words.ts";

type StoreWords = Words<typeof STORE_TEXTS>;

const command = new Command<typeof STORE_TEXTS>("abiquo-store");

interface Options {
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
}

/** What the command can do, by its name, with the number of files it wants. */
const ACTIONS: Readonly<
  Record<string, { readonly files: number; run(words: StoreWords, files: string[], options: Options): Promise<number> }>
> = {
  "revoke-links": { files: 1, run: revoke },
  backup: { files: 2, run: backUp },
  restore: { files: 2, run: restore },
  check: { files: 1, run: check },
};

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      by: { type: "string" },
      reason: { type: "string" },
      lang: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const words = command.speak(values.lang);
  const [name, ...files] = positionals;
  if (values.help || name === undefined) {
    console.log(words.text("cli.help"));
    return values.help ? EXIT.fine : EXIT.badInput;
  }
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined || files.length !== action.files) throw new Fault("STORE_COMMAND_UNKNOWN");
  const [file = ""] = files;
  existingStore(file);
  requireSqlite();
  return action.run(words, files, values);
}

async function revoke(words: StoreWords, [file = ""]: string[], { by, reason }: Options): Promise<number> {
  const ledger = await openLedger({ engine: "sqlite", file: resolve(file) }, { beside: true });
  try {
    await revokeLinks(ledger, by?.trim() || ownName(), reason?.trim() || undefined);
  } finally {
    await ledger.close();
  }
  console.log(words.text("cli.revoked", { file }));
  return EXIT.fine;
}

async function backUp(words: StoreWords, [file = "", target = ""]: string[]): Promise<number> {
  const { copyStore } = await maintenance();
  const contents = await copyStore(resolve(file), resolve(target));
  console.log(words.text("cli.backedUp", { file: target, ...described(contents) }));
  return EXIT.fine;
}

async function restore(words: StoreWords, [copy = "", file = ""]: string[]): Promise<number> {
  const { restoreStore } = await maintenance();
  const contents = await restoreStore(resolve(copy), resolve(file));
  console.log(words.text("cli.restored", { file, ...described(contents) }));
  return EXIT.fine;
}

async function check(words: StoreWords, [file = ""]: string[]): Promise<number> {
  const { checkStore } = await maintenance();
  try {
    const { contents, problems } = await checkStore(resolve(file));
    console.log(words.text(problems.length === 0 ? "cli.sound" : "cli.notSound", { file, ...described(contents) }));
    for (const problem of problems) console.log(`  ${problem}`);
    return problems.length === 0 ? EXIT.fine : EXIT.found;
  } catch (error) {
    // To find this is what the command is for.
    if (!(error instanceof Fault) || error.code !== "LEDGER_DAMAGED") throw error;
    console.log(words.fault(error.code, error.params));
    return EXIT.found;
  }
}

/** Loaded once it is known that this Node can. */
function maintenance(): Promise<typeof import("../lib/ledger/maintenance.ts")> {
  return import("../lib/ledger/maintenance.ts");
}

function described({
  tasks,
  waiting,
  approvals,
  bytes,
}: StoreContents): Record<"tasks" | "waiting" | "approvals" | "megabytes", string | number> {
  return { tasks, waiting, approvals, megabytes: (bytes / 1_000_000).toFixed(1) };
}

command.run(main);
