import type { AuditSource } from "../../nodes/lib/ledger/chain/verify.ts";
import type { Ledger } from "../../nodes/lib/ledger/index.ts";
import type { Chance } from "./chance.ts";

const API = "https://cloud.example.com/api";
const PEOPLE = ["ana@example.com", "ben@example.com", "eva@example.com"] as const;
const DAY = 86_400_000;

type Row = Awaited<ReturnType<AuditSource["auditRows"]>>[number];
type Head = Awaited<ReturnType<AuditSource["auditHead"]>>;

/** A chain as it was read, to be changed and verified. */
export interface Copy {
  readonly head: Head;
  readonly rows: readonly Row[];
}

export async function copyOf(source: AuditSource): Promise<Copy> {
  const rows: Row[] = [];
  for (let after = 0; ; after = rows.at(-1)?.seq ?? 0) {
    const some = await source.auditRows(after);
    if (some.length === 0) return { head: await source.auditHead(), rows };
    rows.push(...some);
  }
}

/** Read as a store gives it: by number, in order. */
export function sourceOf({ head, rows }: Copy): AuditSource {
  return {
    auditHead: async () => head,
    auditRows: async (after) => {
      let start = 0;
      // The numbers grow, also where some are missing.
      for (let end = rows.length; start < end; ) {
        const middle = (start + end) >> 1;
        if ((rows[middle] as Row).seq > after) end = middle;
        else start = middle + 1;
      }
      return rows.slice(start, start + 1_000);
    },
  };
}

/** Lets a task live, from its receipt to its end or to wherever chance leaves it. */
export async function live(ledger: Ledger, chance: Chance, number: number, at = number): Promise<void> {
  const key = { api: API, taskId: `t${number}` };
  const person = chance.of(PEOPLE);
  const requester = chance.of(PEOPLE);
  const about = { tenant: String(chance.between(1, 9)), type: "DEPLOY", requester };
  const group = { id: key.taskId, index: 0, count: 1 };
  const texts = { summary: "{}", links: "{}", payload: "{}" };
  await ledger.receive([{ ...key, ...texts, connection: "config", source: "hook", group, receivedAt: at, about }]);
  if (chance.between(0, 3) === 0) await ask(ledger, key, at, person);
  if (chance.between(0, 8) === 0) return;
  const action = chance.of(["continue", "cancel"] as const);
  const rule = chance.of([undefined, "small ones"]);
  const facts = rule === undefined ? {} : { facts: '[1,{"details.virtualmachine.cpu":2}]' };
  const why = { cause: rule === undefined ? "vote" : "rule", rule, reason: `so said ${person}`, ...facts };
  await ledger.decide({ proposals: [{ ...key, connection: "config", action, by: person, at, text: "", ...why }] });
  const attempt = { ...key, reportedAt: at, attempts: 1, uncertain: false, nextAt: 0 };
  if (chance.between(0, 4) === 0) {
    await ledger.report({ ...attempt, delivery: "waiting", fault: '[1,{"code":"ABIQUO_UNREACHABLE","params":{}}]' });
  }
  await ledger.report({ ...attempt, delivery: "delivered", outcome: "continued" });
}

async function ask(ledger: Ledger, key: { readonly api: string; readonly taskId: string }, at: number, person: string): Promise<void> {
  const id = `a-${key.taskId}`;
  const texts = { request: "{}", message: "{}", type: "DEPLOY", search: "" };
  await ledger.approvals.open({ id, key: "managers", api: key.api, connection: "config", createdAt: at, ...texts, tasks: [key] });
  const asked = { id: `${id}-1`, person, body: "{}", kind: "asked" };
  const opened = { id, state: "{}", at, notifications: [asked], waiting: [person] };
  await ledger.approvals.change({ ...opened, version: 0, status: "open" });
  const told = [{ at, kind: "vote", detail: { level: 0, action: "approve" }, personal: { actor: person } }];
  const closed = { id, state: "{}", at, notifications: [], waiting: [] };
  await ledger.approvals.change({ ...closed, version: 1, status: "approved", closedBy: person, told });
}

/** What is lawful: entries that are due go, and a person is forgotten. */
export async function age(ledger: Ledger, chance: Chance, now: number): Promise<void> {
  const before = chance.between(0, now);
  if (chance.between(0, 2) === 0) while ((await ledger.prune({ payloadsBefore: before, tasksBefore: before, now })) > 0);
  else {
    const person = chance.of(PEOPLE);
    for (let after = 0; ; ) {
      const { upTo } = await ledger.mask({ person, after, at: now + DAY, by: "officer@example.com" });
      if (upTo === after) return;
      after = upTo;
    }
  }
}

/** A change that nobody was allowed to make, and the first entry that shows it. */
export interface Change {
  readonly what: string;
  readonly copy: Copy;
  readonly seq: number;
}

/** One change of some kind, somewhere in the chain. */
export function changed({ head, rows }: Copy, chance: Chance): Change {
  const what = chance.of(["edit", "edit of a person", "edit of a place", "erase", "delete", "swap", "insert", "cut", "cut with its head"]);
  const index = chance.between(0, rows.length - 1);
  const row = rows[index] as Row;
  const next = rows[index + 1] as Row;
  const at = (...some: readonly Row[]): Row[] => rows.toSpliced(index, 1, ...some);
  const made = (changedRows: readonly Row[], seq = row.seq, changedHead = head): Change => ({
    what,
    seq,
    copy: { head: changedHead, rows: changedRows },
  });
  switch (what) {
    case "edit":
      return made(at({ ...row, entry: withOneChange(row.entry, chance) }));
    case "edit of a person":
      return row.personal === null
        ? made(at({ ...row, personal: '{"actor":["","eve@example.com"]}' }))
        : made(at({ ...row, personal: withOneChange(row.personal, chance) }));
    case "edit of a place":
      return made(
        at(
          chance.of([
            { ...row, task: 1_000_000 },
            { ...row, approval: "a-none" },
            { ...row, hash: withOneChange(row.hash, chance) },
          ]),
        ),
      );
    case "erase": {
      const full = rows.slice(index).find(({ personal }) => personal !== null) ?? (rows.find(({ personal }) => personal !== null) as Row);
      return made(rows.with(rows.indexOf(full), { ...full, personal: null }), full.seq);
    }
    case "delete":
      return made(at());
    case "swap":
      return made(rows.toSpliced(index, 2, { ...next, seq: row.seq }, { ...row, seq: next.seq }));
    case "insert":
      return made(rows.toSpliced(index, 0, { ...next, seq: row.seq }));
    case "cut":
      return made(rows.slice(0, index));
    default:
      return made(rows.slice(0, index), row.seq, { ...head, ...endOf(rows[index - 1], head) });
  }
}

function endOf(row: Row | undefined, head: Head): { readonly seq: number; readonly hash: string } {
  return row === undefined ? { seq: head.keptAfter, hash: head.keptAfterHash } : { seq: row.seq, hash: row.hash };
}

function withOneChange(text: string, chance: Chance): string {
  const place = chance.between(0, text.length);
  const other = text[place] === "0" ? "1" : "0";
  return `${text.slice(0, place)}${other}${text.slice(place + 1)}`;
}
