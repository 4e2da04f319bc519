import { isObject } from "../base/json.ts";
import { type Html, html } from "./html.ts";

/** The texts of `abiquo-approval.json` below `abiquo-approval`: a tree whose leaves are strings. */
export type Texts = Readonly<Record<string, unknown>>;

export interface Speech {
  readonly texts: Texts;
  /** BCP 47, such as `es-ES` */
  readonly language: string;
  /** of the IANA data base, such as `Europe/Madrid` */
  readonly timeZone: string;
}

export type Params = Readonly<Record<string, string | number>>;

const MINUTE = 60_000;
const RELATIVE_UNITS: readonly [unit: Intl.RelativeTimeFormatUnit, ms: number][] = [
  ["day", 1_440 * MINUTE],
  ["hour", 60 * MINUTE],
  ["minute", MINUTE],
];
const SIZE_UNITS = ["megabyte", "gigabyte", "terabyte"] as const;

/**
 * The texts, dates and amounts of one language in one time zone. To make one costs as much as a page: keep it.
 */
export class Words {
  readonly language: string;
  readonly #texts: Texts;
  readonly #plurals: Intl.PluralRules;
  readonly #numbers: Intl.NumberFormat;
  readonly #sizes: readonly Intl.NumberFormat[];
  readonly #dates: Intl.DateTimeFormat;
  readonly #days: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;
  readonly #now: string;
  readonly #lists: Intl.ListFormat;

  /** @throws RangeError for a language or a time zone that does not exist */
  constructor({ texts, language, timeZone }: Speech) {
    this.language = language;
    this.#texts = texts;
    this.#plurals = new Intl.PluralRules(language);
    this.#numbers = new Intl.NumberFormat(language);
    this.#sizes = SIZE_UNITS.map((unit) => new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }));
    this.#dates = new Intl.DateTimeFormat(language, {
      weekday: "short",
      day: "numeric",
      month: "short",
      year: "numeric",
      hour: "numeric",
      minute: "2-digit",
      timeZoneName: "short",
      timeZone,
    });
    this.#days = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", hour: "numeric", minute: "2-digit", timeZone });
    this.#relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });
    this.#now = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(0, "second");
    this.#lists = new Intl.ListFormat(language, { type: "conjunction" });
  }

  /** The text of a key such as `pages.title`, its `__name__` filled in; the key itself where there is none. */
  say(key: string, params: Params = {}): string {
    const text = this.#find(key) ?? key;
    return text.replace(/__(\w+?)__/g, (whole, name: string) => (Object.hasOwn(params, name) ? String(params[name]) : whole));
  }

  /** As `say`, with the form of `key` that goes with `count`, which the text may name as `__count__`. */
  count(key: string, count: number, params: Params = {}): string {
    const form = `${key}_${this.#plurals.select(count)}`;
    return this.say(this.#find(form) === undefined ? `${key}_other` : form, { ...params, count: this.number(count) });
  }

  /** True where the catalogue has this key. */
  knows(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  number(value: number): string {
    return this.#numbers.format(value);
  }

  /** @param megabytes of 1,024 to the gigabyte, as Abiquo counts */
  size(megabytes: number): string {
    const power = Math.min(megabytes < 1_024 ? 0 : megabytes < 1_048_576 ? 1 : 2, SIZE_UNITS.length - 1);
    return (this.#sizes[power] as Intl.NumberFormat).format(megabytes / 1_024 ** power);
  }

  /** Day and hour with the time zone. @param at ms since 1970 */
  date(at: number): string {
    return this.#dates.format(at);
  }

  /** As `date`, marked up for programs. */
  time(at: number): Html {
    return html`<time datetime="${new Date(at).toISOString()}">${this.date(at)}</time>`;
  }

  /** As `time`, without year and time zone, for lists. */
  shortTime(at: number): Html {
    return html`<time datetime="${new Date(at).toISOString()}">${this.#days.format(at)}</time>`;
  }

  /** How far `at` lies from `now`, in whole days, hours or minutes; less than a minute is now. */
  distance(at: number, now: number): string {
    const away = at - now;
    const found = RELATIVE_UNITS.find(([, length]) => Math.abs(away) >= length);
    if (found === undefined) return this.#now;
    const [unit, ms] = found;
    return this.#relative.format(Math.trunc(away / ms), unit);
  }

  list(names: readonly string[]): string {
    return this.#lists.format(names);
  }

  #find(key: string): string | undefined {
    let at: unknown = this.#texts;
    for (const part of key.split(".")) {
      if (!isObject(at) || !Object.hasOwn(at, part)) return undefined;
      at = at[part];
    }
    return typeof at === "string" ? at : undefined;
  }
}
