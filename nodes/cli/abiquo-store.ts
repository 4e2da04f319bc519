#!/usr/bin/env node
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Fault } from "../lib/base/fault.ts";
import { revokeLinks } from "../lib/engine/index.ts";
import { openLedger } from "../lib/ledger/index.ts";
import { Command, EXIT } from "./command.ts";

const command = new Command("abiquo-store");

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
  const [what, file, ...more] = positionals;
  if (values.help || what === undefined) {
    console.log(words.text("cli.help"));
    return values.help ? EXIT.fine : EXIT.badInput;
  }
  if (what !== "revoke-links" || file === undefined || more.length > 0) throw new Fault("STORE_COMMAND_UNKNOWN");
  // Opening would make it.
  if (!existsSync(file)) throw new Fault("FILE_UNREADABLE", { file, reason: "ENOENT" });
  const ledger = await openLedger({ engine: "sqlite", file: resolve(file) }, { beside: true });
  try {
    await revokeLinks(ledger, values.by?.trim() || ownName(), values.reason?.trim() || undefined);
  } finally {
    await ledger.close();
  }
  console.log(words.text("cli.revoked", { file }));
  return EXIT.fine;
}

/** Of who runs this; the number where the system has no name for it, as in many containers. */
function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

command.run(main);
