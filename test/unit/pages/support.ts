import { readFileSync } from "node:fs";
import { join } from "node:path";
import type {
  BulkResult,
  HistoryEntry,
  InboxRow,
  InboxView,
  LevelView,
  MachineView,
  MailView,
  RequestView,
  SubjectView,
} from "../../../nodes/lib/pages/index.ts";
import { type Texts, Words } from "../../../nodes/lib/pages/index.ts";

export const LANGUAGES = ["en-US", "es-ES"] as const;
export type Language = (typeof LANGUAGES)[number];

export const NOW = Date.UTC(2026, 10, 23, 9, 30);
export const HOUR = 3_600_000;

export const ANA = { email: "ana.ruiz@example.com", name: "Ana Ruiz" };
export const LUIS = { email: "luis.vega@example.com", name: "Luis Vega" };
export const MEI = { email: "mei.chen@example.com", name: "Mei Chen" };
export const SAM = { email: "sam@example.com" };

function textsOf(language: Language): Texts {
  const file = join(import.meta.dirname, "../../../nodes/approval/locales", `${language}.json`);
  return (JSON.parse(readFileSync(file, "utf8")) as { "abiquo-approval": Texts })["abiquo-approval"];
}

const known = new Map<Language, Words>();

export function wordsIn(language: Language): Words {
  let words = known.get(language);
  if (words === undefined) known.set(language, (words = new Words({ texts: textsOf(language), language, timeZone: "Europe/Madrid" })));
  return words;
}

export function machines(count: number): MachineView[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `task-${at}`,
    name: `web-${String(at + 1).padStart(2, "0")}`,
    cpu: 2 + (at % 3) * 2,
    ramMb: 4_096 * (1 + (at % 2)),
    diskMb: 40_960,
  }));
}

export function subject(changes: Partial<SubjectView> = {}): SubjectView {
  return {
    type: "DEPLOY",
    requester: MEI,
    askedAt: NOW - 2 * HOUR,
    enterprise: "Northwind",
    virtualDatacenter: "Production",
    virtualAppliance: "Web shop",
    machines: machines(6),
    ...changes,
  };
}

export const LEVELS: readonly LevelView[] = [
  { name: "Team lead", state: "approved", approvals: 1, needed: 1, people: [{ person: LUIS, vote: "approve" }] },
  {
    name: "Operations",
    state: "current",
    approvals: 1,
    needed: 2,
    people: [{ person: ANA }, { person: SAM, vote: "approve" }, { person: { email: "kofi@example.com", name: "Kofi Mensah" } }],
  },
  { name: "Finance", state: "ahead", approvals: 0, needed: 1, people: [{ person: { email: "finance@example.com" } }] },
];

export const HISTORY: readonly HistoryEntry[] = [
  { kind: "asked", at: NOW - 2 * HOUR, to: LUIS, level: "Team lead" },
  { kind: "approve", at: NOW - 1.5 * HOUR, by: LUIS, level: "Team lead", reason: "Needed for the winter sale.", excepted: 1 },
  { kind: "asked", at: NOW - 1.5 * HOUR, to: ANA, level: "Operations" },
  { kind: "asked", at: NOW - 1.5 * HOUR, to: SAM, level: "Operations" },
  { kind: "reminder", at: NOW - HOUR, to: ANA, level: "Operations" },
  { kind: "escalated", at: NOW - 0.5 * HOUR, to: { email: "kofi@example.com", name: "Kofi Mensah" }, level: "Operations" },
  { kind: "approve", at: NOW - 0.25 * HOUR, by: SAM, level: "Operations" },
];

export function request(changes: Partial<RequestView> = {}): RequestView {
  return {
    now: NOW,
    person: ANA,
    subject: subject(),
    state: { kind: "waiting", requireReason: "reject", delegation: true, dueAt: NOW + 5 * HOUR, onDeadline: "escalate" },
    levels: LEVELS,
    history: HISTORY,
    inbox: "/abiquo/inbox/token",
    form: "nonce",
    ...changes,
  };
}

export function rows(count: number, first = 0): InboxRow[] {
  return Array.from({ length: count }, (_, at) => {
    const number = first + at;
    return {
      id: `request-${number}`,
      page: `/abiquo/approval/token-${number}`,
      subject: {
        ...subject({
          type: (["DEPLOY", "DEPLOY", "RECONFIGURE", "UNDEPLOY"] as const)[number % 4] ?? "DEPLOY",
          requester: [MEI, SAM, LUIS][number % 3],
        }),
        askedAt: NOW - (number + 1) * HOUR,
      },
      machines: 1 + (number % 5) * 3,
      machine: `web-${number}`,
      cpu: 2 + number,
      ramMb: 4_096 * (1 + number),
      diskMb: 40_960,
      level: "Operations",
      ...(number % 4 === 3 ? {} : { dueAt: NOW + (number - 1) * HOUR - 60_000 }),
    };
  });
}

export function inbox(changes: Partial<InboxView> = {}): InboxView {
  return {
    now: NOW,
    turn: 41,
    person: ANA,
    rows: rows(8),
    matching: 8,
    total: 8,
    page: 1,
    pageSize: 50,
    query: "",
    type: "",
    types: ["DEPLOY"],
    form: "nonce",
    ...changes,
  };
}

export const BULK: readonly BulkResult[] = [
  { id: "a", page: "/a", title: "Deploy web-01", result: "counted" },
  { id: "b", page: "/b", title: "Deploy web-02", result: "repeated" },
  {
    id: "c",
    page: "/c",
    title: "Deploy web-03",
    result: "late",
    decided: { kind: "decided", outcome: "rejected", cause: "vote", by: LUIS, at: NOW - HOUR },
  },
  { id: "d", page: "/d", title: "Deploy web-04", result: "failed" },
];

export function mail(changes: Partial<MailView> = {}): MailView {
  return {
    kind: "asked",
    audience: "approver",
    now: NOW,
    person: ANA,
    subject: subject(),
    level: { name: "Operations", position: 2, count: 3 },
    dueAt: NOW + 5 * HOUR,
    onDeadline: "reject",
    links: { page: "https://flows.example.com/abiquo/approval/token", inbox: "https://flows.example.com/abiquo/inbox/token" },
    ...changes,
  };
}
