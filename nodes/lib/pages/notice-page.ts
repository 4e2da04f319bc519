import { HERE, hiddenField, sheet } from "./document.ts";
import { type Html, html } from "./html.ts";
import { type IconName, icon } from "./icons.ts";
import type { ExpiredView, NoticeView } from "./view.ts";
import type { Words } from "./words.ts";

const SIGNS: Readonly<Record<NoticeView["status"], IconName>> = {
  403: "lock",
  404: "alert",
  405: "alert",
  408: "clock",
  410: "back",
  413: "alert",
  500: "alert",
  503: "clock",
};

/** What went wrong and what to do next. It says nothing of any request: the reader may be anybody. */
export function noticePage({ status }: NoticeView, words: Words): string {
  const title = words.say(`pages.notice.${status}.title`);
  return sheet({ title, look: "narrow", content: notice(SIGNS[status], title, words.say(`pages.notice.${status}.text`)) }, words);
}

/** A link that was good once offers, by POST of `action=fresh`, a new one to the same person's mailbox. */
export function expiredPage({ email, form, sent }: ExpiredView, words: Words): string {
  const key = sent ? "pages.expired.sent" : "pages.expired.offer";
  const title = words.say(`${key}.title`);
  const offer = html`<form method="post" action="${HERE}">${hiddenField("form", form)}<button class="main" name="action" value="fresh">${icon("mail")}${words.say("pages.expired.button")}</button></form>
<p class="dim small">${words.say("pages.expired.to", { email })}</p>`;
  return sheet(
    {
      title,
      look: "narrow",
      content: notice(sent ? "mail" : "clock", title, words.say(`${key}.text`, { email }), sent ? undefined : offer),
    },
    words,
  );
}

function notice(sign: IconName, title: string, text: string, more?: Html): Html {
  return html`<section class="card" aria-labelledby="title"><div class="state"><span class="badge calm">${icon(sign)}</span><div class="stack"><h1 id="title">${title}</h1><p>${text}</p>${more}</div></div></section>`;
}
