import { banner, HERE, hiddenField, NO_DEFAULT_BUTTON, sheet } from "./document.ts";
import { address, type Content, flag, type Html, html } from "./html.ts";
import { icon } from "./icons.ts";
import { amountsOf, decidedBy, nameOf, placeOf, TASK_TYPES, titleOf, typeName } from "./phrases.ts";
import { REASON_LENGTH } from "./request-page.ts";
import { BULK_LIMIT, type BulkResult, type InboxRow, type InboxView, type Vote } from "./view.ts";
import type { Words } from "./words.ts";

/** Rows of one page when nothing else is asked for. */
export const PAGE_SIZE = 50;

/** Most characters of a search. */
export const QUERY_LENGTH = 200;

/**
 * The requests that wait for one person. Searched by GET with `q`, `type` and `page`. Posts `action`, `reason` and
 * `form`, with `pick` for each ticked request; or `all` with `q`, `type` and `upTo`, which stand for every match that
 * waited for the person when the page was made.
 */
export function inboxPage(view: InboxView, words: Words): string {
  const title = words.say("pages.inbox.title");
  const refused = view.result !== undefined && "refused" in view.result;
  return sheet(
    {
      title: refused ? words.say("pages.errorTitle", { title }) : title,
      look: "inbox",
      person: view.person,
      skip: view.rows.length === 0 ? undefined : { to: "rows", text: words.say("pages.inbox.skip") },
      content: html`${resultSection(view, words)}
<h1>${title}</h1>
<p class="dim">${words.count("pages.inbox.total", view.total)}</p>
${view.total > 0 && searchForm(view, words)}
${view.rows.length === 0 ? emptyList(view, words) : list(view, words)}`,
    },
    words,
  );
}

function searchForm({ query, type, types }: InboxView, words: Words): Html {
  const known = [...new Set([...TASK_TYPES, ...types, ...(type === "" ? [] : [type])])];
  return html`<form method="get" action="${HERE}" role="search" class="search">
<div><label class="label" for="q">${words.say("pages.inbox.search")}</label>
<input type="search" id="q" name="q" value="${query}" maxlength="${QUERY_LENGTH}" autocomplete="off" placeholder="${words.say("pages.inbox.searchHint")}"></div>
<div><label class="label" for="type">${words.say("pages.inbox.type")}</label>
<select id="type" name="type"><option value="">${words.say("pages.inbox.everyType")}</option>${known.map((one) => html`<option value="${one}"${one === type && html` selected`}>${typeName(one, words)}</option>`)}</select></div>
<button>${words.say("pages.inbox.searchButton")}</button>
</form>`;
}

function emptyList({ total }: InboxView, words: Words): Html {
  const key = total === 0 ? "pages.inbox.nothing" : "pages.inbox.noMatch";
  return html`<section class="card empty">${icon("inbox")}<h2>${words.say(`${key}.title`)}</h2><p class="dim">${words.say(`${key}.text`)}</p>${total > 0 && html`<p><a href="?">${words.say("pages.inbox.showAll")}</a></p>`}</section>`;
}

function list(view: InboxView, words: Words): Html {
  const { rows, typed, query, type, now, turn, matching, page, pageSize } = view;
  const from = (page - 1) * pageSize + 1;
  const range = words.say("pages.inbox.range", {
    from: words.number(from),
    to: words.number(from + rows.length - 1),
    all: words.number(matching),
  });
  return html`<form method="post" action="${HERE}" class="bulk">
${NO_DEFAULT_BUTTON}${hiddenField("form", view.form)}${hiddenField("q", query)}${hiddenField("type", type)}${hiddenField("upTo", turn)}
<div class="bar"><h2 id="rows">${words.say("pages.inbox.list")}</h2><p class="dim small">${range}</p></div>
<ul class="rows">
${rows.map((row) => rowItem(row, typed?.picked?.includes(row.id) === true, now, words))}
</ul>
${bulkForm(view, words)}
</form>
${pager(view, words)}`;
}

function rowItem(row: InboxRow, picked: boolean, now: number, words: Words): Html {
  const { subject, level, dueAt } = row;
  const title = titleOf(subject, { count: row.machines, name: row.machine }, words);
  const asked = {
    who: subject.requester === undefined ? words.say("pages.fact.unknown") : nameOf(subject.requester),
    ago: words.distance(subject.askedAt, now),
  };
  const details = [placeOf(subject), ...amountsOf(row, words)].filter((part) => part !== "").join(" · ");
  return html`<li><label class="pick"><input type="checkbox" name="pick" value="${row.id}"${flag("checked", picked)}><span class="hidden">${words.say("pages.inbox.pick", { title })}</span></label>
<div class="about"><div><a href="${address(row.page)}">${title}</a>
<p class="dim small">${words.say("pages.inbox.asked", asked)}</p>
${details !== "" && html`<p class="dim small">${details}</p>`}</div>
<p class="due${dueAt !== undefined && dueAt <= now && " late"}">${dueText(dueAt, now, words)}${level !== undefined && level !== "" && html`<br><span class="dim">${level}</span>`}</p></div></li>`;
}

function dueText(dueAt: number | undefined, now: number, words: Words): Content {
  if (dueAt === undefined) return html`<span class="dim">${words.say("pages.deadline.none")}</span>`;
  const when = words.distance(dueAt, now);
  return dueAt <= now ? html`<strong>${words.say("pages.inbox.overdue", { when })}</strong>` : words.say("pages.inbox.due", { when });
}

function bulkForm({ matching, rows, typed, result }: InboxView, words: Words): Html {
  const refusal = result !== undefined && "refused" in result ? result.refused : undefined;
  const missing = refusal === "reason-missing";
  const key = matching > BULK_LIMIT ? "pages.inbox.firstOfAll" : "pages.inbox.all";
  return html`<section class="decide" aria-labelledby="decide-title"><h2 class="hidden" id="decide-title">${words.say("pages.inbox.decide")}</h2>
${matching > rows.length && html`<label class="check"><input type="checkbox" id="all" name="all" value="1"${flag("checked", typed?.all === true)}><span>${words.count(key, matching, { limit: words.number(BULK_LIMIT) })}</span></label>`}
<div><label class="label" for="reason">${words.say("pages.inbox.reason")}</label>
<input type="text" id="reason" name="reason" maxlength="${REASON_LENGTH}" autocomplete="off" value="${typed?.reason ?? ""}"${missing && html` aria-invalid="true" aria-describedby="reason-error"`}>
${missing && html`<p class="error" id="reason-error">${icon("alert")}${words.say("pages.result.reason-missing.short")}</p>`}</div>
<div class="actions">
<button class="main" name="action" value="approve">${icon("check")}${words.say("pages.approve")}</button>
<button class="no" name="action" value="reject">${icon("cross")}${words.say("pages.reject")}</button>
</div></section>`;
}

function pager({ page, pageSize, matching, query, type }: InboxView, words: Words): Content {
  const last = Math.ceil(matching / pageSize);
  const link = (to: number): string =>
    `?${new URLSearchParams({ ...(query === "" ? {} : { q: query }), ...(type === "" ? {} : { type }), page: String(to) })}`;
  return (
    last > 1 &&
    html`<nav class="pages" aria-label="${words.say("pages.inbox.pages")}">
${page > 1 ? html`<a class="button" rel="prev" href="${link(page - 1)}">${words.say("pages.inbox.previous")}</a>` : html`<span></span>`}
<span>${words.say("pages.inbox.page", { page: words.number(page), last: words.number(last) })}</span>
${page < last ? html`<a class="button" rel="next" href="${link(page + 1)}">${words.say("pages.inbox.next")}</a>` : html`<span></span>`}
</nav>`
  );
}

function resultSection({ result, form }: InboxView, words: Words): Content {
  if (result === undefined) return undefined;
  if ("refused" in result) {
    const { refused } = result;
    return banner(
      "bad",
      "alert",
      words.say(`pages.inbox.refused.${refused}.title`),
      html`<a href="#${refused === "none-picked" ? "rows" : "reason"}">${words.say(`pages.inbox.refused.${refused}.text`)}</a>`,
    );
  }
  const counted = result.each.filter((one) => one.result === "counted" || one.result === "repeated");
  const others = result.each.filter((one) => !counted.includes(one));
  const { vote } = result;
  const title = words.count(`pages.inbox.done.${vote}`, counted.length);
  const rest = others.length === 0 ? "" : words.count("pages.inbox.notDone", others.length);
  return html`${banner(others.length === 0 ? "good" : "held", others.length === 0 ? "check" : "alert", title, rest)}
<section class="card" aria-labelledby="results-title"><h2 id="results-title">${words.say("pages.inbox.results")}</h2>
${others.length > 0 && html`<ul class="results">${others.map((one) => resultItem(one, words))}</ul>`}
${retryForm(others, vote, result.reason, form, words)}
${counted.length > 0 && html`<details${flag("open", others.length === 0 && counted.length <= 10)}><summary>${words.count(`pages.inbox.done.${vote}`, counted.length)}</summary><ul class="results">${counted.map((one) => resultItem(one, words))}</ul></details>`}
</section>`;
}

function resultItem({ page, title, result, decided }: BulkResult, words: Words): Html {
  const name = page === "" ? title : html`<a href="${address(page)}">${title}</a>`;
  return html`<li>${name}<br><span class="small">${words.say(`pages.inbox.each.${result}`)}${decided && html` ${decidedBy(decided, words)} ${words.time(decided.at)}`}</span></li>`;
}

/** Only what failed, once more: the rest keeps what it has. */
function retryForm(others: readonly BulkResult[], vote: Vote, reason: string | undefined, form: string | undefined, words: Words): Content {
  const failed = others.filter(({ result }) => result === "failed");
  return (
    failed.length > 0 &&
    html`<form method="post" action="${HERE}">${hiddenField("form", form)}${hiddenField("reason", reason)}${failed.map(({ id }) => hiddenField("pick", id))}
<button name="action" value="${vote}">${words.count(`pages.inbox.retry.${vote}`, failed.length)}</button></form>`
  );
}
