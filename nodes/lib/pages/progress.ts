import { quote } from "./document.ts";
import { type Content, type Html, html } from "./html.ts";
import { type IconName, icon } from "./icons.ts";
import { fullNameOf, nameOf } from "./phrases.ts";
import type { HistoryEntry, LevelView } from "./view.ts";
import type { Words } from "./words.ts";

/** People named one by one; of more, only those who voted and the number of the rest. */
const PEOPLE_SHOWN = 8;
const MINUTE = 60_000;

/** Each level with how far it is. */
export function levelsSection(levels: readonly LevelView[], words: Words): Content {
  return (
    levels.length > 0 &&
    html`<section class="card" aria-labelledby="levels-title">
<h2 id="levels-title">${words.count("pages.levels.title", levels.length)}</h2>
<ol class="levels">${levels.map((level, at) => levelItem(level, at + 1, words))}</ol>
</section>`
  );
}

const DOTS: Readonly<Record<LevelView["state"], string>> = { ahead: "", current: " now", approved: " good", rejected: " bad", closed: "" };

function levelItem(level: LevelView, position: number, words: Words): Html {
  const { state, approvals, needed } = level;
  const sign = state === "approved" ? icon("check") : state === "rejected" ? icon("cross") : words.number(position);
  const progress = words.count("pages.levels.progress", needed, { approvals: words.number(approvals) });
  return html`<li${state === "current" && html` aria-current="step"`}><span class="dot${DOTS[state]}" aria-hidden="true">${sign}</span><div>
<h3>${level.name || words.say("pages.levels.unnamed", { position })}</h3>
<p class="dim small">${words.say(`pages.levels.${state}`)} · ${progress}</p>
${people(level, words)}</div></li>`;
}

function people({ people: all }: LevelView, words: Words): Content {
  const shown = all.length <= PEOPLE_SHOWN ? all : all.filter(({ vote }) => vote !== undefined).slice(0, PEOPLE_SHOWN);
  const rest = all.length - shown.length;
  return (
    all.length > 0 &&
    html`<ul class="people">
${shown.map(({ person, vote }) => html`<li>${vote === "approve" ? icon("check", "yes-mark") : vote === "reject" && icon("cross", "no-mark")}<span>${nameOf(person)}${vote && html` <span class="hidden">(${words.say(`pages.levels.vote.${vote}`)})</span>`}</span></li>`)}
${rest > 0 && html`<li>${words.count(shown.length === 0 ? "pages.levels.people" : "pages.levels.others", rest)}</li>`}
</ul>`
  );
}

const SIGNS: Readonly<Record<HistoryEntry["kind"], IconName>> = {
  opened: "inbox",
  asked: "mail",
  reminder: "bell",
  overdue: "clock",
  escalated: "up",
  fallback: "up",
  delegated: "hand",
  reassigned: "hand",
  approve: "check",
  reject: "cross",
  "level-approved": "check",
  frozen: "pause",
  unfrozen: "clock",
  bypass: "alert",
  approved: "check",
  rejected: "cross",
  "deadline-approved": "clock",
  "deadline-rejected": "clock",
  "no-approver-rejected": "alert",
  withdrawn: "back",
  elsewhere: "back",
  stuck: "alert",
};

/** Who did what and when, oldest first. */
export function historySection(history: readonly HistoryEntry[], words: Words): Content {
  return (
    history.length > 0 &&
    html`<section class="card" aria-labelledby="history-title">
<h2 id="history-title">${words.say("pages.history.title")}</h2>
<ol class="history">${together(history).map((group) => historyItem(group, words))}</ol>
</section>`
  );
}

type Group = readonly [HistoryEntry, ...HistoryEntry[]];

/** One line for the same step that reached several people at once. */
function together(history: readonly HistoryEntry[]): Group[] {
  const groups: [HistoryEntry, ...HistoryEntry[]][] = [];
  for (const entry of history) {
    const last = groups.at(-1);
    const same =
      last !== undefined &&
      entry.to !== undefined &&
      last[0].to !== undefined &&
      last[0].kind === entry.kind &&
      last[0].level === entry.level &&
      last[0].by?.email === entry.by?.email &&
      Math.abs(last[0].at - entry.at) < MINUTE;
    if (same) last.push(entry);
    else groups.push([entry]);
  }
  return groups;
}

function historyItem(group: Group, words: Words): Html {
  const [entry] = group;
  const { kind, by, level, excepted } = entry;
  return html`<li>${icon(SIGNS[kind])}<div><p>${words.say(historyKey(entry, words), { by: by === undefined ? "" : fullNameOf(by), to: receivers(group, words), level: level ?? "" })}</p>
${excepted !== undefined && excepted > 0 && html`<p>${words.count("pages.history.excepted", excepted)}</p>`}${quote(entry.reason)}
${words.time(entry.at)}</div></li>`;
}

/** The sentence that fits what is known of the step. */
function historyKey({ kind, by, level }: HistoryEntry, words: Words): string {
  const person = by === undefined ? "" : "By";
  const place = level === undefined || level === "" ? "" : "Level";
  const fitting = [`${person}${place}`, person, place].map((known) => `pages.history.${kind}${known}`);
  return fitting.find((key) => words.knows(key)) ?? `pages.history.${kind}`;
}

function receivers(group: Group, words: Words): string {
  const names = group.flatMap(({ to }) => (to === undefined ? [] : [nameOf(to)]));
  const rest = names.length - PEOPLE_SHOWN;
  return words.list(rest > 0 ? [...names.slice(0, PEOPLE_SHOWN), words.count("pages.history.others", rest)] : names);
}
