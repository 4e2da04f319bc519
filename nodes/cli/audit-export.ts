import { parseJson } from "../lib/base/json.ts";
import { type Entry, type Ledger, readEntry } from "../lib/ledger/index.ts";
import { html } from "../lib/pages/html.ts";

export const FORMATS = ["jsonl", "csv", "html"] as const;
export type Format = (typeof FORMATS)[number];

/** Which entries are wanted; what is absent does not matter. */
export interface Filter {
  /** a task's id: its entries, and those of the approvals that asked about it */
  readonly task?: string | undefined;
  /** an enterprise's id */
  readonly tenant?: string | undefined;
  /** whom the entry names, or part of the name, without regard to case */
  readonly person?: string | undefined;
  /** milliseconds since 1970, this moment included */
  readonly from?: number | undefined;
  /** milliseconds since 1970, this moment not included */
  readonly to?: number | undefined;
}

/** The wanted entries as text, piece by piece, in the order of the chain. Nothing where there is none. */
export async function* exported(
  ledger: Pick<Ledger, "auditHead" | "auditRows">,
  filter: Filter,
  format: Format,
  progress: (seq: number, of: number) => void,
): AsyncGenerator<string> {
  const form = FORMS[format];
  const head = await ledger.auditHead();
  const isWanted = wanted(filter);
  let isEmpty = true;
  for (let after = head.keptAfter; ; ) {
    const rows = await ledger.auditRows(after);
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.seq;
    const entries = rows.flatMap((row) => readEntry(row) ?? []).filter(isWanted);
    if (entries.length > 0) yield `${isEmpty ? form.begin(filter) : ""}${entries.map(form.entry).join("")}`;
    if (entries.length > 0) isEmpty = false;
    progress(after, head.seq);
  }
  if (!isEmpty && form.end !== "") yield form.end;
}

/** What is told of an approval as a whole belongs to its tasks, whose entries come before. */
function wanted({ task, tenant, person, from = -Infinity, to = Infinity }: Filter): (entry: Entry) => boolean {
  const approvals = new Set<string>();
  const name = person?.trim().toLowerCase();
  return (entry) => {
    const { taskId } = entry.task;
    const isOwn = (task === undefined || taskId === task) && (tenant === undefined || entry.task.tenant === tenant);
    if (isOwn && taskId !== "" && entry.approval !== "") approvals.add(entry.approval);
    if (!isOwn && !(taskId === "" && approvals.has(entry.approval))) return false;
    if (name !== undefined && !Object.values(entry.personal).some((value) => value.toLowerCase().includes(name))) return false;
    return entry.at >= from && entry.at < to;
  };
}

interface Form {
  begin(filter: Filter): string;
  entry(entry: Entry): string;
  readonly end: string;
}

const COLUMNS = ["seq", "at", "kind", "api", "task", "tenant", "approval", "actor", "detail", "people", "erased", "hash"] as const;

const FORMS: Readonly<Record<Format, Form>> = {
  jsonl: { begin: () => "", entry: (entry) => `${JSON.stringify(flat(entry))}\n`, end: "" },
  csv: {
    begin: () => `${COLUMNS.join(",")}\r\n`,
    entry: (entry) => {
      const values = flat(entry);
      return `${COLUMNS.map((column) => cell(values[column])).join(",")}\r\n`;
    },
    end: "",
  },
  html: { begin: ({ task = "" }) => pageBegin(task), entry: pageRow, end: "</tbody></table></body></html>\n" },
};

function flat({ seq, at, kind, task, approval, by, detail, personal, erased, hash }: Entry): Record<(typeof COLUMNS)[number], unknown> {
  const { actor = by, facts, ...people } = personal;
  const seen = facts === undefined ? {} : { facts: factsIn(facts) };
  return {
    seq,
    at: new Date(at).toISOString(),
    kind,
    api: task.api,
    task: task.taskId,
    tenant: task.tenant,
    approval,
    actor,
    detail: { ...detail, ...seen },
    people,
    erased,
    hash,
  };
}

/** Kept with the version of their form before them. */
function factsIn(text: string): unknown {
  const kept = parseJson(text);
  return Array.isArray(kept) ? kept[1] : kept;
}

/**
 * A spreadsheet takes what begins with one of these signs for a formula; a quote before it makes it text (OWASP, "CSV
 * Injection").
 */
function cell(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

function pageBegin(task: string): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${task}</title>
<style>body{font:14px system-ui,sans-serif;margin:2em}table{border-collapse:collapse}td,th{border-top:1px solid #ccc;padding:.4em .8em;text-align:left;vertical-align:top}code{font-size:12px;white-space:pre-wrap;overflow-wrap:anywhere}</style>
</head><body><h1>${task}</h1><table><thead><tr><th>#</th><th>at</th><th>kind</th><th>actor</th><th>detail</th><th>hash</th></tr></thead><tbody>
`.markup;
}

function pageRow(entry: Entry): string {
  const { seq, at, kind, actor, detail, people, erased, hash } = flat(entry);
  const lines = Object.entries({ ...(detail as object), ...(people as object) }).map(
    ([name, value]) => html`${name}: ${typeof value === "string" ? value : JSON.stringify(value)}\n`,
  );
  const gone = (erased as readonly string[]).map((name) => html`${name}: ▒▒▒\n`);
  return html`<tr><td>${String(seq)}</td><td>${String(at)}</td><td>${String(kind)}</td><td>${String(actor)}</td><td><code>${lines}${gone}</code></td><td><code>${String(hash)}</code></td></tr>
`.markup;
}
