import { banner, HERE, hiddenField, type Look, NO_DEFAULT_BUTTON, quote, sheet } from "./document.ts";
import { type Content, flag, Html, html } from "./html.ts";
import { type IconName, icon } from "./icons.ts";
import {
  amountsOf,
  deadlineEffect,
  decidedBy,
  fullNameOf,
  isInQuestion,
  nameOf,
  placeOf,
  subjectTitle,
  totalsOf,
  typeName,
  withdrawnBy,
} from "./phrases.ts";
import { historySection, levelsSection } from "./progress.ts";
import type { MachineView, OnDeadline, PersonView, PostResult, ReasonRule, RequestState, RequestView, SubjectView } from "./view.ts";
import type { Words } from "./words.ts";

/** Above this many machines their list scrolls by itself. */
const LONG_LIST = 12;
/** Above this many they are shown on several pages: a page of thousands takes as long to make as hundreds of webhooks. */
export const MACHINES_SHOWN = 250;

/** So many of those to whom a vote may be handed are named. */
const SHOWN_AT_MOST = 10;

/** As NO_DEFAULT_BUTTON, for buttons of the form that stand before it. */
const NO_DEFAULT_BUTTON_OF_VOTE = new Html('<button form="vote" formmethod="dialog" formnovalidate hidden></button>');

/** Most characters of a reason: enough for people, and still a text that Abiquo keeps with the task. */
export const REASON_LENGTH = 1_000;

type Waiting = Extract<RequestState, { kind: "waiting" }>;

/**
 * One request, for one person. It posts `action` (approve, reject, delegate), `reason`, `except` (repeated), `to`,
 * `level` and `form`; or `machines`, a page of them to be shown with what was ticked and typed. With `reject`, `except` means nothing: browsers send the ticks with either button.
 */
export function requestPage(view: RequestView, words: Words): string {
  const { subject, state, result } = view;
  const title = subjectTitle(subject, words);
  const isError = result?.kind === "reason-missing" || result?.kind === "all-excepted" || result?.kind === "delegate-refused";
  return sheet(
    {
      title: isError ? words.say("pages.errorTitle", { title }) : title,
      look: "request",
      person: view.person,
      inbox: view.inbox,
      skip: { to: "decision", text: words.say(state.kind === "waiting" ? "pages.skipToDecision" : "pages.skipToState") },
      content: html`${resultBanner(view, words)}
<div class="lead stack">${whatSection(view, title, words)}${machinesSection(view, words)}</div>
<section class="decision card" id="decision" aria-labelledby="decision-title">${state.kind === "waiting" ? decisionForms(view, state, words) : stateSection(view, words)}</section>
<div class="more stack">${levelsSection(view.levels, words)}${historySection(view.history, words)}</div>`,
    },
    words,
  );
}

const CHIPS: Readonly<Record<RequestState["kind"], readonly [Look, IconName]>> = {
  waiting: ["held", "clock"],
  voted: ["calm", "check"],
  delegated: ["calm", "hand"],
  passed: ["calm", "hand"],
  frozen: ["held", "pause"],
  decided: ["good", "check"],
  withdrawn: ["calm", "back"],
};

/** The look, the sign and the words of a state. */
function chipOf(state: RequestState, words: Words): { look: Look; sign: IconName; text: string } {
  const [look, sign] = state.kind === "decided" && state.outcome === "rejected" ? (["bad", "cross"] as const) : CHIPS[state.kind];
  const name = state.kind === "decided" ? state.outcome : state.kind;
  return { look, sign, text: words.say(`pages.chip.${name}`) };
}

function whatSection({ subject, state, now }: RequestView, title: string, words: Words): Html {
  const chip = chipOf(state, words);
  const { requester, askedAt } = subject;
  const place = placeOf(subject);
  const own = subject.title !== undefined && subject.title !== "";
  const fact = (key: string, value: Content): Content => value !== "" && html`<div><dt>${words.say(key)}</dt><dd>${value}</dd></div>`;
  return html`<section class="card" aria-labelledby="title">
<div class="head"><h1 id="title">${title}</h1><span class="chip ${chip.look}">${icon(chip.sign)}${chip.text}</span></div>
${(state.kind === "waiting" || state.kind === "voted") && deadlineNote(now, state, words)}
<dl class="facts">
${own && fact("pages.fact.type", typeName(subject.type, words))}
${fact("pages.fact.requester", requester === undefined ? words.say("pages.fact.unknown") : personText(requester))}
${fact("pages.fact.place", place)}
${fact("pages.fact.askedAt", html`${words.time(askedAt)} <span class="ago">(${words.distance(askedAt, now)})</span>`)}
</dl>
${totals(subject, words)}
</section>`;
}

/** Name and address apart, as far as both are known. */
function personText(person: PersonView): Content {
  const name = nameOf(person);
  return name === person.email ? name : html`${name} <span class="dim small">${person.email}</span>`;
}

function totals({ machines }: SubjectView, words: Words): Html {
  const { count, cpu, ramMb, diskMb, diskIsPart, incomplete } = totalsOf(machines);
  const total = (value: string | undefined, key: string): Content =>
    value !== undefined && html`<li><strong>${value}</strong><span>${words.say(key)}</span></li>`;
  const sizes = cpu === undefined && ramMb === undefined && diskMb === undefined;
  return html`<ul class="totals" aria-label="${words.say("pages.total.label")}">
<li><strong>${words.number(count)}</strong><span>${words.count("pages.total.machines", count)}</span></li>
${total(cpu === undefined ? undefined : words.number(cpu), "pages.total.cpu")}
${total(ramMb === undefined ? undefined : words.size(ramMb), "pages.total.ram")}
${total(diskMb === undefined ? undefined : words.size(diskMb), diskIsPart === true ? "pages.total.diskAtLeast" : "pages.total.disk")}
</ul>
${sizes && html`<p class="dim small">${words.say("pages.total.unknown")}</p>`}
${incomplete > 0 && html`<p class="dim small">${words.count("pages.total.incomplete", incomplete)}</p>`}`;
}

function machinesSection({ subject: { machines }, state, typed, machinesPage = 1 }: RequestView, words: Words): Html {
  const mayExcept = state.kind === "waiting" && machines.filter(isInQuestion).length > 1;
  const last = Math.max(1, Math.ceil(machines.length / MACHINES_SHOWN));
  const page = Math.min(Math.max(1, machinesPage), last);
  const first = (page - 1) * MACHINES_SHOWN;
  const shown = machines.slice(first, first + MACHINES_SHOWN);
  const ticked = new Set(mayExcept ? typed?.except : []);
  const elsewhere = machines.filter(
    (machine, index) => (index < first || index >= first + MACHINES_SHOWN) && isInQuestion(machine) && ticked.has(machine.id),
  );
  const scrolls = shown.length > LONG_LIST && html` tabindex="0" role="group" aria-labelledby="machines-title"`;
  const list = html`<div class="machines${scrolls && " long"}"${scrolls}><ul>
${shown.map((machine) => html`<li>${mayExcept && isInQuestion(machine) ? choosable(machine, ticked.has(machine.id), words) : listed(machine, words)}</li>`)}
</ul></div>${elsewhere.map(({ id }) => html`<input type="hidden" name="except" value="${id}" form="vote">`)}`;
  return html`<section class="card" aria-labelledby="machines-title">
<h2 id="machines-title">${words.count("pages.machines.title", machines.length)}</h2>
${mayExcept ? html`<fieldset><legend class="dim">${words.say("pages.machines.exceptHint")}</legend>${list}</fieldset>` : list}
${elsewhere.length > 0 && html`<p class="dim small">${words.count("pages.machines.elsewhere", elsewhere.length)}</p>`}
${last > 1 && machinesPager(page, last, mayExcept, words)}
</section>`;
}

/** By buttons of the form where machines can be ticked, so that no tick and no word of the reason is lost on the way. */
function machinesPager(page: number, last: number, mayExcept: boolean, words: Words): Html {
  const step = (to: number, rel: "prev" | "next", text: string): Html =>
    mayExcept
      ? html`<button name="machines" value="${to}" form="vote" formnovalidate>${text}</button>`
      : html`<a class="button" rel="${rel}" href="?machines=${to}">${text}</a>`;
  return html`<nav class="pages" aria-label="${words.say("pages.machines.pages")}">${mayExcept && NO_DEFAULT_BUTTON_OF_VOTE}
${page > 1 ? step(page - 1, "prev", words.say("pages.inbox.previous")) : html`<span></span>`}
<span>${words.say("pages.inbox.page", { page: words.number(page), last: words.number(last) })}</span>
${page < last ? step(page + 1, "next", words.say("pages.inbox.next")) : html`<span></span>`}
</nav>`;
}

function choosable(machine: MachineView, ticked: boolean, words: Words): Html {
  return html`<label class="machine"><input type="checkbox" name="except" value="${machine.id}" form="vote"${flag("checked", ticked)}><span class="body">${machineText(machine, words)}</span></label>`;
}

function listed(machine: MachineView, words: Words): Html {
  const isOut = !isInQuestion(machine);
  return html`<div class="machine${isOut ? " is-out" : ""}">${icon(machine.excepted === true ? "cross" : "server", machine.excepted === true ? "no-mark" : "dim")}<span class="body">${machineText(machine, words)}</span></div>`;
}

function machineText(machine: MachineView, words: Words): Html {
  const amounts = amountsOf(machine, words).join(" · ") || words.say("pages.amount.unknown");
  return html`<span><strong>${machine.name ?? machine.id}</strong><span class="out">${words.say(machine.decided === true ? "pages.machines.decided" : "pages.machines.out")}</span></span> <span class="amounts">${amounts}</span>`;
}

function decisionForms(view: RequestView, state: Waiting, words: Words): Html {
  const rule = state.requireReason;
  const allOut = view.result?.kind === "all-excepted";
  return html`<h2 id="decision-title">${words.say("pages.decision.title")}</h2>
<form method="post" action="${HERE}" id="vote">
${NO_DEFAULT_BUTTON}${hiddenField("form", view.form)}${hiddenField("level", view.level)}
${reasonField(view, rule, words)}
${allOut && html`<p class="error">${icon("alert")}${words.say("pages.result.all-excepted.short")}</p>`}
<div class="actions">
<button class="main" name="action" value="approve"${flag("formnovalidate", rule === "reject")}>${icon("check")}${words.say("pages.approve")}</button>
<button class="no" name="action" value="reject">${icon("cross")}${words.say("pages.reject")}</button>
</div>
</form>
${state.delegation !== false && delegateForm(view, state.delegation, words)}`;
}

function reasonField({ result, subject, typed }: RequestView, rule: ReasonRule, words: Words): Html {
  const missing = result?.kind === "reason-missing";
  const hint = rule === "reject" && subject.machines.length > 1 ? "rejectOrExcept" : rule;
  const described = missing ? "reason-hint reason-error" : "reason-hint";
  return html`<div class="field">
<label for="reason">${words.say("pages.reason.label")} <span class="hint" id="reason-hint">${words.say(`pages.reason.${hint}`)}</span></label>
<textarea id="reason" name="reason" rows="3" maxlength="${REASON_LENGTH}" aria-describedby="${described}"${flag("required", rule !== "never")}${missing && html` aria-invalid="true"`}>
${typed?.reason ?? ""}</textarea>
${missing && html`<p class="error" id="reason-error">${icon("alert")}${words.say("pages.result.reason-missing.short")}</p>`}
</div>`;
}

/** Enough to know what is meant. */
function shortList(items: readonly string[]): string {
  return items.length <= SHOWN_AT_MOST ? items.join(", ") : `${items.slice(0, SHOWN_AT_MOST).join(", ")}, …`;
}

function delegateForm(view: RequestView, to: true | readonly string[], words: Words): Html {
  const refused = view.result?.kind === "delegate-refused";
  return html`<details${flag("open", refused)}><summary>${words.say("pages.delegate.summary")}</summary>
<form method="post" action="${HERE}">
${hiddenField("form", view.form)}${hiddenField("level", view.level)}
<div class="field"><label for="to">${words.say("pages.delegate.to")} <span class="hint" id="to-hint">${words.say("pages.delegate.hint")}${to !== true && html` ${words.say("pages.delegate.only", { list: shortList(to) })}`}</span></label>
<input type="email" id="to" name="to" required maxlength="254" autocomplete="off" value="${view.typed?.to ?? ""}" aria-describedby="to-hint${refused && " to-error"}"${refused && html` aria-invalid="true"`}>
${refused && html`<p class="error" id="to-error">${icon("alert")}${words.say("pages.result.delegate-refused.short")}</p>`}</div>
<button name="action" value="delegate">${icon("hand")}${words.say("pages.delegate.button")}</button>
</form></details>`;
}

function deadlineNote(now: number, { dueAt, onDeadline }: { dueAt?: number; onDeadline: OnDeadline }, words: Words): Html {
  if (dueAt === undefined) return html`<p class="deadline">${icon("clock")}<span>${words.say("pages.deadline.none")}</span></p>`;
  const late = dueAt <= now;
  const key = late ? "pages.deadline.over" : "pages.deadline.until";
  return html`<p class="deadline${late && " late"}">${icon(late ? "alert" : "clock")}<span>${words.say(key)} <strong>${words.time(dueAt)}</strong> <span class="ago">(${words.distance(dueAt, now)})</span><br><span class="dim">${deadlineEffect(dueAt, onDeadline, words)}</span></span></p>`;
}

/** What stands where the forms were: what happened, by whom, when and why. */
function stateSection(view: RequestView, words: Words): Html {
  const { state } = view;
  const { look, sign } = chipOf(state, words);
  const outcome = state.kind === "decided" ? state.outcome : state.kind === "voted" ? state.vote : "";
  const key = outcome === "" ? `pages.state.${state.kind}` : `pages.state.${state.kind}.${outcome}`;
  return html`<div class="state"><span class="badge ${look}">${icon(sign)}</span><div>
<h2 id="decision-title">${words.say(`${key}.title`)}</h2>
${stateText(view, words)}
</div></div>`;
}

function stateText({ state, subject }: RequestView, words: Words): Content {
  switch (state.kind) {
    case "decided": {
      const out = subject.machines.filter(({ excepted }) => excepted === true).length;
      return html`<p>${decidedBy(state, words)}</p><p class="dim">${words.time(state.at)}</p>
${out > 0 && state.outcome === "approved" && html`<p>${words.count("pages.state.out", out, { all: words.number(subject.machines.length) })}</p>`}${quote(state.reason)}
<p class="dim small">${words.say("pages.state.final")}</p>`;
    }
    case "voted":
      return html`<p>${words.say("pages.state.voted.text")}</p><p class="dim">${words.time(state.at)}</p>${quote(state.reason)}`;
    case "delegated":
      return html`<p>${words.say("pages.state.delegated.text", { to: fullNameOf(state.to) })}</p><p class="dim">${words.time(state.at)}</p>`;
    case "passed":
      return html`${state.decision && html`<p>${decidedBy(state.decision, words)}</p><p class="dim">${words.time(state.decision.at)}</p>`}<p>${words.say("pages.state.passed.text")}</p>`;
    case "waiting":
      return undefined;
    case "withdrawn":
      return html`<p>${withdrawnBy(state, words)}</p><p class="dim">${words.time(state.at)}</p>${quote(state.reason)}`;
    case "frozen": {
      const by = state.by === undefined ? "text" : "textBy";
      return html`<p>${words.say(`pages.state.frozen.${by}`, { by: state.by === undefined ? "" : fullNameOf(state.by) })}</p><p class="dim">${words.time(state.at)}</p>${quote(state.reason)}`;
    }
  }
}

const RESULT_LOOKS: Readonly<Record<PostResult["kind"], readonly [Look, IconName]>> = {
  counted: ["good", "check"],
  repeated: ["calm", "check"],
  late: ["held", "clock"],
  forbidden: ["bad", "lock"],
  "reason-missing": ["bad", "alert"],
  "all-excepted": ["bad", "alert"],
  delegated: ["good", "hand"],
  "delegate-refused": ["bad", "alert"],
  failed: ["bad", "alert"],
};

/** Where in the page a refused form is put right. */
const PLACES = { "reason-missing": "reason", "all-excepted": "machines-title", "delegate-refused": "to" } as const;

function resultBanner({ result, state }: RequestView, words: Words): Content {
  if (result === undefined) return undefined;
  const [look, sign] = RESULT_LOOKS[result.kind];
  switch (result.kind) {
    case "counted":
      return banner(
        look,
        sign,
        words.say(`pages.result.counted.${result.vote}`),
        state.kind === "voted" && words.say("pages.result.counted.others"),
      );
    case "late": {
      const isElsewhere = state.kind === "withdrawn" && state.elsewhere === true;
      const decision = result.decision ?? (state.kind === "decided" ? state : state.kind === "passed" ? state.decision : undefined);
      return banner(
        look,
        sign,
        words.say("pages.result.late.title"),
        decision === undefined
          ? words.say(isElsewhere ? "pages.result.late.elsewhere" : "pages.result.late.text")
          : html`${decidedBy(decision, words)} ${words.time(decision.at)}`,
      );
    }
    case "forbidden": {
      const why = words.knows(`pages.result.forbidden.${result.why}`) ? result.why : "other";
      return banner(look, sign, words.say("pages.result.forbidden.title"), words.say(`pages.result.forbidden.${why}`));
    }
    case "reason-missing":
    case "all-excepted":
    case "delegate-refused": {
      const { kind } = result;
      return banner(
        look,
        sign,
        words.say(`pages.result.${kind}.title`),
        html`<a href="#${PLACES[kind]}">${words.say(`pages.result.${kind}.text`)}</a>`,
      );
    }
    case "delegated":
      return banner(
        look,
        sign,
        words.say("pages.result.delegated.title", { to: nameOf(result.to) }),
        words.say("pages.result.delegated.text"),
      );
    default: {
      const { kind } = result;
      return banner(look, sign, words.say(`pages.result.${kind}.title`), words.say(`pages.result.${kind}.text`));
    }
  }
}
