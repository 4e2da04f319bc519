/** Markup that is safe to put into a page as it is. Only `html` makes it. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What `html` takes between its pieces: `false`, `undefined` and "" leave nothing. */
export type Content = Html | string | number | false | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "`": "&#96;" };

/**
 * What no text needs and a page can be harmed by: control characters, and the marks that reorder the text around
 * them, by which one name may pose as another (Unicode Technical Report 36, section 2.5).
 */
const HARMFUL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g;

/** The text without what harms a page or a mail. Lines stay apart. */
export function harmless(text: string): string {
  return text.toWellFormed().replace(HARMFUL, "");
}

/** As `harmless`, on one line. */
export function oneLine(text: string): string {
  return harmless(text)
    .replace(/[\s\u2028\u2029]+/g, " ")
    .trim();
}

/** Markup in which every value is text, also within a quoted attribute; only `Html` goes in as it is. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.reduce((markup, piece, at) => markup + markupOf(values[at - 1]) + piece));
}

function markupOf(value: Content): string {
  if (value instanceof Html) return value.markup;
  if (Array.isArray(value)) return value.map(markupOf).join("");
  if (value === undefined || value === false) return "";
  return harmless(String(value)).replace(/[&<>"'`]/g, (sign) => ENTITIES[sign] ?? "");
}

/** An attribute without a value, such as `checked`, when it is to be there. */
export function flag(name: "checked" | "disabled" | "required" | "open" | "formnovalidate", set: boolean): Html {
  return new Html(set ? ` ${name}` : "");
}

/** The address when it leads to a web page, else one that leads nowhere: no `javascript:` comes into a link. */
export function address(url: string): string {
  return /^(https?:\/\/|\?|\.{0,2}\/(?!\/))/i.test(url) && !/[\s\\]/.test(url) ? url : "#";
}
