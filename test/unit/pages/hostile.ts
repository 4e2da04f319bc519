import type { InboxView, MailView, PersonView, RequestView } from "../../../nodes/lib/pages/index.ts";
import { HOUR, inbox, mail, NOW, request } from "./support.ts";

/** Views in which every text that a stranger may write is the given one. */

const person = (text: string): PersonView => ({ email: `e${text}`, name: `n${text}` });

function subject(text: string): RequestView["subject"] {
  return {
    type: `T${text}`,
    title: text === "" ? undefined : `t${text}`,
    requester: person(text),
    askedAt: NOW,
    enterprise: `e${text}`,
    virtualDatacenter: `d${text}`,
    virtualAppliance: `a${text}`,
    machines: [{ id: `i${text}`, name: `m${text}`, cpu: 1 }, { id: `j${text}` }],
  };
}

export function requests(text: string): RequestView[] {
  const common = {
    person: person(text),
    subject: subject(text),
    levels: [{ name: `l${text}`, state: "current" as const, approvals: 0, needed: 1, people: [{ person: person(text) }] }],
    history: (["asked", "approve", "delegated", "frozen", "withdrawn"] as const).map((kind) => ({
      kind,
      at: NOW,
      by: person(text),
      to: person(text),
      level: `l${text}`,
      reason: `r${text}`,
    })),
    inbox: `https://example.com/${text}`,
    form: `f${text}`,
  };
  const by = { by: person(text), at: NOW, reason: `r${text}` };
  return [
    request({ ...common, result: { kind: "reason-missing" }, typed: { reason: `y${text}`, except: [`i${text}`] } }),
    request({ ...common, result: { kind: "delegate-refused" }, typed: { to: `y${text}` } }),
    request({ ...common, result: { kind: "late" }, state: { kind: "decided", outcome: "approved", cause: "rule", ...by } }),
    request({ ...common, state: { kind: "voted", vote: "reject", at: NOW, reason: `r${text}`, onDeadline: "wait" } }),
    request({ ...common, state: { kind: "delegated", to: person(text), at: NOW }, result: { kind: "delegated", to: person(text) } }),
    request({ ...common, state: { kind: "frozen", ...by } }),
    request({ ...common, state: { kind: "withdrawn", ...by } }),
  ];
}

export function inboxes(text: string): InboxView[] {
  const rows = [
    {
      id: `i${text}`,
      page: `https://example.com/${text}`,
      subject: subject(text),
      machines: 1,
      machine: `m${text}`,
      level: `l${text}`,
      dueAt: NOW + HOUR,
    },
  ];
  const common = {
    person: person(text),
    rows,
    matching: 120,
    total: 120,
    page: 2,
    query: `q${text}`,
    type: `T${text}`,
    types: [`U${text}`],
    form: `f${text}`,
  };
  const decided = { kind: "decided" as const, outcome: "rejected" as const, cause: "vote" as const, by: person(text), at: NOW };
  return [
    inbox({ ...common, result: { vote: "reject", refused: "reason-missing" }, typed: { reason: `y${text}`, picked: [`i${text}`] } }),
    inbox({
      ...common,
      result: {
        vote: "approve",
        reason: `y${text}`,
        each: (["late", "failed", "counted"] as const).map((result) => ({
          id: `i${text}`,
          page: `https://example.com/${text}`,
          title: `t${text}`,
          result,
          decided,
        })),
      },
    }),
  ];
}

export function mails(text: string): MailView[] {
  const common = {
    person: person(text),
    subject: subject(text),
    level: { name: `l${text}`, position: 1, count: 2 },
    links: { page: "https://example.com/p", inbox: "https://example.com/i" },
  };
  const by = { by: person(text), at: NOW, reason: `r${text}` };
  return [
    mail(common),
    mail({ ...common, subject: { ...subject(text), title: undefined } }),
    mail({ ...common, kind: "decided", audience: "requester", decision: { kind: "decided", outcome: "approved", cause: "bypass", ...by } }),
    mail({ ...common, kind: "withdrawn", withdrawal: by }),
  ];
}

/** The elements and the names of their attributes, without any text or value. */
export function skeleton(page: string): string[] {
  const body = page.replace(/<style>[^<]*<\/style>/, "");
  return [...body.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replace(/"[^"]*"/g, '""'));
}

/** What strangers write when they mean harm. */
export const ATTACKS: readonly string[] = [
  '"><script>alert(1)</script>',
  "' onmouseover='alert(1)",
  "</textarea></title></style><img src=x onerror=alert(1)>",
  "<!--",
  "-->",
  "]]>",
  "javascript:alert(1)",
  "{{7*7}} ${7*7} __by__ __count__",
  "&lt;b&gt; &#60;b&#62;",
  "\u202Egnp.exe\u0000\u0007",
  "\r\nBcc: everyone@example.com\r\n\r\n<html>",
  "\u2028\u2029\ud800",
];
