#!/usr/bin/env node
import { parseArgs } from "node:util";
import { systemClock } from "../lib/base/clock.ts";
import { Fault } from "../lib/base/fault.ts";
import { headText, type KnownHead, type Ledger, type LedgerPlace, openLedger, verifyChain } from "../lib/ledger/index.ts";
import { exported, FORMATS, type Format } from "./audit-export.ts";
import { Command, EXIT } from "./command.ts";
import { existingStore, ownName, Progress, print } from "./shell.ts";
import type { AUDIT_TEXTS } from "./texts.ts";
import type { Words } from "./words.ts";

type AuditWords = Words<typeof AUDIT_TEXTS>;

const command = new Command<typeof AUDIT_TEXTS>("abiquo-store");

const OPTIONS = {
  store: { type: "string" },
  head: { type: "string" },
  format: { type: "string", default: "jsonl" },
  task: { type: "string" },
  tenant: { type: "string" },
  person: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  by: { type: "string" },
  lang: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

type Options = Readonly<Partial<Record<keyof typeof OPTIONS, string | boolean>>> & { readonly [Key in TextOption]?: string };
type TextOption = Exclude<keyof typeof OPTIONS, "help">;

const ACTIONS: Readonly<Record<string, (words: AuditWords, ledger: Ledger, options: Options) => Promise<number>>> = {
  verify,
  export: exportEntries,
  mask,
};

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  const words = command.speak(values.lang);
  const [name, ...more] = positionals;
  if (values.help || name === undefined) {
    console.log(words.text("audit.help"));
    return values.help ? EXIT.fine : EXIT.badInput;
  }
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined || more.length > 0) throw new Fault("AUDIT_COMMAND_UNKNOWN");
  const ledger = await openLedger(placeOf(values.store), name === "mask" ? { beside: true } : { readOnly: true });
  try {
    return await action(words, ledger, values);
  } finally {
    await ledger.close();
  }
}

async function verify(words: AuditWords, ledger: Ledger, { head }: Options): Promise<number> {
  const known = head === undefined ? undefined : headIn(head);
  const progress = new Progress();
  const found = await verifyChain(ledger, known, (seq, of) => progress.show(seq, of));
  progress.end();
  const { entries, erased, keptAfter, first } = found;
  if (first === undefined) {
    console.log(words.text("audit.whole", { entries, erased, deleted: keptAfter, head: headText(found.head) }));
    return EXIT.fine;
  }
  console.log(words.text(`audit.${first.finding}`, { seq: first.seq }));
  return EXIT.found;
}

async function exportEntries(_words: AuditWords, ledger: Ledger, options: Options): Promise<number> {
  const { format, task, tenant, person } = options;
  if (!isFormat(format)) throw new Fault("AUDIT_FORMAT_UNKNOWN", { known: FORMATS.join(", ") });
  if (format === "html" && task === undefined) throw new Fault("AUDIT_PAGE_OF_WHAT");
  const filter = { task, tenant, person, from: timeIn(options, "from"), to: timeIn(options, "to") };
  const progress = new Progress();
  let count = 0;
  for await (const text of exported(ledger, filter, format, (seq, of) => progress.show(seq, of))) {
    await print(text);
    count++;
  }
  progress.end();
  return count > 0 ? EXIT.fine : EXIT.found;
}

async function mask(words: AuditWords, ledger: Ledger, { person = "", by }: Options): Promise<number> {
  if (person.trim().length < SHORTEST_NAME) throw new Fault("AUDIT_PERSON_MISSING", { shortest: SHORTEST_NAME });
  const { seq } = await ledger.auditHead();
  const progress = new Progress();
  let entries = 0;
  for (let after = 0; after < seq; ) {
    const masked = await ledger.mask({ person, after, at: systemClock.now(), by: by?.trim() || ownName() });
    entries += masked.entries;
    if (masked.upTo === after) break;
    after = masked.upTo;
    progress.show(after, seq);
  }
  progress.end();
  console.log(words.text("audit.masked", { entries }));
  return entries > 0 ? EXIT.fine : EXIT.found;
}

/** Shorter ones stand within too many other words. */
const SHORTEST_NAME = 3;

/** The environment's address is that of a database: it holds a password, which no command line may. */
function placeOf(store: string | undefined): LedgerPlace {
  const url = process.env["ABIQUO_STORE_URL"];
  if (store === undefined) {
    if (url === undefined || url === "") throw new Fault("AUDIT_STORE_MISSING");
    return { engine: "postgres", url };
  }
  return { engine: "sqlite", file: existingStore(store) };
}

function headIn(text: string): KnownHead {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/i.exec(text.trim()) ?? [];
  if (seq === undefined || hash === undefined) throw new Fault("AUDIT_HEAD_UNREADABLE");
  return { seq: Number(seq), hash: hash.toLowerCase() };
}

function timeIn(options: Options, option: "from" | "to"): number | undefined {
  const text = options[option];
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new Fault("OPTION_NOT_A_TIME", { option });
  return time;
}

function isFormat(format: string | undefined): format is Format {
  return (FORMATS as readonly string[]).includes(format ?? "");
}

command.run(main);
