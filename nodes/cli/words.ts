import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FaultCode, FaultParams } from "../lib/base/fault.ts";
import { isObject } from "../lib/base/json.ts";
import type { Filling, TextList } from "../lib/base/texts.ts";

const LANGUAGES: Readonly<Record<string, string>> = { en: "en-US", es: "es-ES" };

/** The command's words, from the same catalogues as the nodes'. */
export class Words<Texts extends TextList> {
  readonly #own: unknown;
  readonly #faults: unknown;

  /**
   * @param locales folder with one folder for each language
   * @param catalogue of the node whose texts the command's own are among
   */
  constructor(locales: string, catalogue: string, language: string | undefined) {
    const read = (set: string): unknown => {
      const catalogue = JSON.parse(readFileSync(join(locales, LANGUAGES[language ?? "en"] ?? "en-US", `${set}.json`), "utf8")) as Record<
        string,
        unknown
      >;
      return catalogue[set];
    };
    this.#own = read(catalogue);
    this.#faults = read("abiquo-config");
  }

  text<Key extends keyof Texts & string>(key: Key, ...[values]: Filling<Texts[Key][number]>): string {
    return filled(leaf(this.#own, key) ?? key, values ?? {});
  }

  fault(code: FaultCode, params: FaultParams): string {
    const text = leaf(this.#faults, `faults.${code}`);
    return text === undefined ? [code, ...Object.values(params)].join(" ") : filled(text, params);
  }
}

function leaf(tree: unknown, key: string): string | undefined {
  const value = key.split(".").reduce<unknown>((at, part) => (isObject(at) ? at[part] : undefined), tree);
  return typeof value === "string" ? value : undefined;
}

function filled(text: string, params: FaultParams): string {
  return text.replace(/__(\w+?)__/g, (whole, name: string) => String(params[name] ?? whole));
}

/** Names of languages, for whoever asks for another one. */
export const LANGUAGE_NAMES: readonly string[] = Object.keys(LANGUAGES);

/**
 * The language of a locale, if we speak it: `es`, `es-ES` (BCP 47) or `es_ES.UTF-8@euro` (POSIX, "Environment
 * Variables", 8.2).
 */
export function languageOf(locale: string): string | undefined {
  const language = locale.toLowerCase().split(/[-_.@]/)[0] ?? "";
  return Object.hasOwn(LANGUAGES, language) ? language : undefined;
}

/** The locale that POSIX's variables name. */
export function localeOf(env: Readonly<Record<string, string | undefined>>): string {
  return env["LC_ALL"] || env["LC_MESSAGES"] || env["LANG"] || "";
}
