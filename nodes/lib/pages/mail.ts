import { address, type Content, Html, harmless, html, oneLine } from "./html.ts";
import { amountsOf, deadlineEffect, decidedBy, fullNameOf, nameOf, placeOf, subjectTitle, totalsOf, withdrawnBy } from "./phrases.ts";
import type { MailView } from "./view.ts";
import type { Words } from "./words.ts";

export interface Mail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

/** Machines a mail names one by one. */
const MACHINES_SHOWN = 10;
/** A longer subject is cut by the programs that show it. */
const SUBJECT_LENGTH = 150;

/** The letter's parts, of which both its forms are made. */
interface Letter {
  readonly heading: string;
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly reason: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly machines: readonly string[];
  readonly button?: { readonly text: string; readonly to: string };
  readonly inbox?: { readonly text: string; readonly to: string };
  readonly footer: string;
}

/** One mail for one person, ready to be sent. */
export function mailFor(view: MailView, words: Words): Mail {
  const letter = letterOf(view, words);
  return { subject: shortened(`${letter.heading}: ${letter.title}`, SUBJECT_LENGTH), html: htmlOf(letter, words), text: textOf(letter) };
}

function shortened(text: string, length: number): string {
  const signs = [...text];
  return signs.length <= length ? text : `${signs.slice(0, length - 1).join("")}…`;
}

/** `decided` says which way it went; every other kind is its own word. */
function kindOf({ kind, decision }: MailView): string {
  return kind === "decided" ? (decision?.outcome ?? kind) : kind;
}

function headingOf(view: MailView, words: Words): string {
  const { audience } = view;
  const kind = kindOf(view);
  return words.say(`mail.heading.${audience}.${kind}`);
}

function letterOf(view: MailView, words: Words): Letter {
  const { audience, subject, links } = view;
  const asks = isOpen(view);
  const { machines } = subject;
  return {
    heading: headingOf(view, words),
    title: subjectTitle(subject, words),
    paragraphs: [words.say("mail.greeting", { name: nameOf(view.person) }), ...story(view, words)],
    reason: oneParagraph((view.decision ?? view.withdrawal)?.reason),
    facts: facts(view, words),
    machines: [
      ...machines.slice(0, MACHINES_SHOWN).map((machine) => {
        const line = [oneLine(machine.name ?? machine.id), ...amountsOf(machine, words)].join(" · ");
        if (machine.decided === true) return words.say("mail.machineDecided", { machine: line });
        return machine.excepted === true ? words.say("mail.machineOut", { machine: line }) : line;
      }),
      ...(machines.length > MACHINES_SHOWN ? [words.count("mail.moreMachines", machines.length - MACHINES_SHOWN)] : []),
    ],
    button: links.page === undefined ? undefined : { text: words.say(asks ? "mail.review" : "mail.show"), to: links.page },
    inbox: links.inbox === undefined ? undefined : { text: words.say("mail.inbox"), to: links.inbox },
    footer: words.say(asks ? "mail.footer.asks" : `mail.footer.${audience}`),
  };
}

function isOpen({ kind }: MailView): boolean {
  return kind === "asked" || kind === "reminder" || kind === "escalated";
}

function oneParagraph(text: string | undefined): string {
  return harmless(text ?? "")
    .replace(/\r\n?/g, "\n")
    .trim();
}

/** What happened, and what it means for the reader. */
function story(view: MailView, words: Words): string[] {
  const { audience, subject, decision, withdrawal } = view;
  const kind = kindOf(view);
  const lines: string[] = [];
  if (isOpen(view)) lines.push(words.say(`mail.story.${kind}`));
  if (decision !== undefined) {
    const out = subject.machines.filter(({ excepted }) => excepted === true).length;
    lines.push(decidedBy(decision, words));
    if (decision.outcome === "approved" && out > 0)
      lines.push(words.count("pages.state.out", out, { all: words.number(subject.machines.length) }));
    if (audience === "requester") lines.push(words.say(`mail.next.${kind}`));
  }
  if (withdrawal !== undefined) lines.push(withdrawnBy(withdrawal, words));
  return lines;
}

function facts({ subject, level, dueAt, onDeadline, now, decision, withdrawal }: MailView, words: Words): (readonly [string, string])[] {
  const { requester, askedAt, machines } = subject;
  const endedAt = (decision ?? withdrawal)?.at;
  const totals = totalsOf(machines);
  const effect = deadlineEffect(dueAt, onDeadline, words);
  const all: (readonly [string, string])[] = [
    [words.say("pages.fact.requester"), requester === undefined ? words.say("pages.fact.unknown") : fullNameOf(requester)],
    [words.say("pages.fact.askedAt"), words.date(askedAt)],
    [words.say("mail.endedAt"), endedAt === undefined ? "" : words.date(endedAt)],
    [words.say("pages.fact.place"), placeOf(subject)],
    [words.say("pages.total.label"), [words.count("mail.machines", totals.count), ...amountsOf(totals, words)].join(" · ")],
    [
      words.say("mail.level"),
      level === undefined || level.count < 2 ? "" : words.say("mail.levelOf", { ...level, name: oneLine(level.name) }),
    ],
    [words.say("mail.deadline"), dueAt === undefined ? "" : `${words.date(dueAt)} (${words.distance(dueAt, now)}). ${effect}`],
  ];
  return all.filter(([, value]) => value !== "");
}

/** No more than two lines: one that tells, one with the link. For Slack, Teams and Telegram alike, so without their markup. */
export function chatFor(view: MailView, words: Words): string {
  const { subject, decision, dueAt, links } = view;
  const title = subjectTitle(subject, words);
  const facts = [
    ...(subject.requester === undefined ? [] : [words.say("mail.chat.by", { requester: nameOf(subject.requester) })]),
    ...amountsOf(totalsOf(subject.machines), words),
    ...(isOpen(view) && dueAt !== undefined ? [words.say("mail.chat.due", { when: words.date(dueAt) })] : []),
    ...(decision === undefined
      ? []
      : [
          oneLine(decidedBy(decision, words)),
          ...(decision.reason === undefined
            ? []
            : [words.say("mail.chat.reason", { reason: shortened(oneLine(decision.reason), SUBJECT_LENGTH) })]),
        ]),
  ];
  const told = `${headingOf(view, words)}: ${title}${facts.length === 0 ? "" : ` (${facts.join(" · ")})`}`;
  return links.page === undefined ? unmarked(told) : `${unmarked(told)}\n${links.page}`;
}

/** Takes from the text what a chat would read as a mention or a link: `<!channel>`, `[text](address)`. */
function unmarked(text: string): string {
  return text
    .replace(/</g, "‹")
    .replace(/>/g, "›")
    .replace(/\]\(/g, "] (")
    .replace(/@(?=channel|here|everyone|all\b)/gi, "＠");
}

function textOf({ heading, title, paragraphs, reason, facts, machines, button, inbox, footer }: Letter): string {
  const blocks = [
    `${heading}: ${title}`,
    ...paragraphs,
    reason === ""
      ? ""
      : reason
          .split("\n")
          .map((line) => `> ${line}`)
          .join("\n"),
    facts.map(([name, value]) => `${name}: ${value}`).join("\n"),
    machines.map((machine) => `- ${machine}`).join("\n"),
    button === undefined ? "" : `${button.text}:\n${button.to}`,
    inbox === undefined ? "" : `${inbox.text}:\n${inbox.to}`,
    `-- \n${footer}`,
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

const FONT = "font-family:-apple-system,Segoe UI,Roboto,Helvetica Neue,Arial,sans-serif";
const DOCTYPE = new Html("<!doctype html>");

/** Tables and inline styles, as mail programs need them; nothing from elsewhere. */
function htmlOf({ heading, title, paragraphs, reason, facts, machines, button, inbox, footer }: Letter, words: Words): string {
  const table = html`role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"`;
  const text = `margin:0 0 12px;${FONT};font-size:16px;line-height:24px;color:#17212b`;
  return html`${DOCTYPE}
<html lang="${words.language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light"><title>${heading}: ${title}</title></head>
<body style="margin:0;padding:0;background-color:#f3f5f7">
<table ${table} style="background-color:#f3f5f7"><tr><td align="center" style="padding:24px 12px">
<table ${table} style="max-width:560px;background-color:#ffffff;border:1px solid #dbe1e7;border-radius:12px"><tr><td style="padding:28px 24px">
<p style="margin:0 0 4px;${FONT};font-size:14px;line-height:20px;font-weight:600;color:#00616b">${heading}</p>
<h1 style="margin:0 0 16px;${FONT};font-size:22px;line-height:28px;color:#17212b">${title}</h1>
${paragraphs.map((paragraph) => html`<p style="${text}">${paragraph}</p>`)}
${reason !== "" && html`<table ${table}><tr><td style="padding:2px 0 2px 14px;border-left:3px solid #7a8793;${FONT};font-size:16px;line-height:24px;color:#17212b;white-space:pre-line">${reason}</td></tr></table>`}
<table ${table} style="margin:8px 0 16px;border-collapse:collapse">${facts.map(([name, value]) => factRow(name, value))}</table>
${button && html`<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 16px"><tr><td bgcolor="#00616b" style="border-radius:8px"><a href="${address(button.to)}" style="display:inline-block;padding:13px 24px;${FONT};font-size:16px;line-height:20px;font-weight:600;color:#ffffff;text-decoration:none">${button.text}</a></td></tr></table>`}
${machines.length > 0 && html`<ul style="margin:0 0 16px;padding:0 0 0 20px;${FONT};font-size:15px;line-height:24px;color:#17212b">${machines.map((machine) => html`<li>${machine}</li>`)}</ul>`}
${inbox && html`<p style="${text}"><a href="${address(inbox.to)}" style="color:#00616b">${inbox.text}</a></p>`}
<p style="margin:20px 0 0;padding:14px 0 0;border-top:1px solid #dbe1e7;${FONT};font-size:13px;line-height:20px;color:#53606d">${footer}</p>
</td></tr></table>
</td></tr></table>
</body>
</html>
`.markup;
}

function factRow(name: string, value: string): Content {
  const cell = `padding:8px 0;border-top:1px solid #dbe1e7;${FONT};font-size:15px;line-height:22px;vertical-align:top;text-align:left`;
  return html`<tr><td width="130" style="${cell};padding-right:12px;color:#53606d">${name}</td><td style="${cell};color:#17212b">${value}</td></tr>`;
}
