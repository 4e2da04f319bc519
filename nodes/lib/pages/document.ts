import { address, type Content, Html, html } from "./html.ts";
import { type IconName, icon, MARK } from "./icons.ts";
import { fullNameOf } from "./phrases.ts";
import { STYLE } from "./style.ts";
import type { PersonView } from "./view.ts";
import type { Words } from "./words.ts";

export interface Sheet {
  readonly title: string;
  /** the look of `main` */
  readonly look: "request" | "inbox" | "narrow";
  readonly person?: PersonView;
  /** where the inbox is, when the page is not the inbox itself */
  readonly inbox?: string;
  /** where the first key press may lead: an id and the words for it */
  readonly skip?: { readonly to: string; readonly text: string };
  readonly content: Content;
}

const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`);
const DOCTYPE = new Html("<!doctype html>");

/** A whole page. */
export function sheet({ title, look, person, inbox, skip, content }: Sheet, words: Words): string {
  const product = words.say("pages.product");
  return html`${DOCTYPE}
<html lang="${words.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow">
<title>${title} – ${product}</title>
${STYLE_ELEMENT}
</head>
<body>
${skip && html`<a class="skip" href="#${skip.to}">${skip.text}</a>`}
<header class="top"><div>
<span class="brand">${MARK}${product}</span>
${inbox !== undefined && html`<nav aria-label="${words.say("pages.navigation")}"><a href="${address(inbox)}">${words.say("pages.inboxLink")}</a></nav>`}
${person && html`<span class="who">${words.say("pages.you", { person: fullNameOf(person) })}</span>`}
</div></header>
<main class="${look}" id="main">
${content}
</main>
</body>
</html>
`.markup;
}

export type Look = "good" | "bad" | "held" | "calm";

/**
 * What became of the last step, on top and focused, so that a screen reader starts with it: a page that loads
 * announces no live region by itself.
 */
export function banner(look: Look, iconName: IconName, title: string, ...more: readonly Content[]): Html {
  const role = look === "bad" ? "alert" : "status";
  return html`<div class="banner ${look}" role="${role}" tabindex="-1" autofocus>${icon(iconName)}<div><strong>${title}</strong>${more.map((content) => content !== "" && content !== undefined && html`<p>${content}</p>`)}</div></div>`;
}

/**
 * Takes the place of a form's first button, which Enter in a field or on a checkbox would press: nobody approves by
 * a key that was meant for something else. Outside a dialog its method does nothing (HTML, "form submission
 * algorithm"). A disabled button would not do: Chromium passes over it when Enter comes from a checkbox.
 */
export const NO_DEFAULT_BUTTON = new Html('<button formmethod="dialog" formnovalidate hidden></button>');

/** Where forms post to: the page's own path. With the fragment of a skip link, the next page would not focus its banner. */
export const HERE = "?";

/** A person's own words, lines kept. */
export function quote(text: string | undefined): Content {
  return text !== undefined && text.trim() !== "" && html`<blockquote>${text.trim()}</blockquote>`;
}

export function hiddenField(name: string, value: string | number | undefined): Content {
  return value !== undefined && value !== "" && html`<input type="hidden" name="${name}" value="${value}">`;
}
