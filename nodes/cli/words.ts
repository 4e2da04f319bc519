import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FaultParams } from "../lib/fault.ts";
import { isObject } from "../lib/json.ts";

const LANGUAGES: Readonly<Record<string, string>> = { en: "en-US", es: "es-ES" };

/** The command's words, from the same catalogues as the nodes'. */
export class Words {
  readonly #own: unknown;
  readonly #faults: unknown;

  /** @param locales folder with one folder for each language */
  constructor(locales: string, language: string) {
    const read = (set: string): unknown => {
      const catalogue = JSON.parse(readFileSync(join(locales, LANGUAGES[language] ?? "en-US", `${set}.json`), "utf8")) as Record<string, unknown>;
      return catalogue[set];
    };
    this.#own = read("abiquo-task-decision");
    this.#faults = read("abiquo-config");
  }

  text(key: string, params: FaultParams = {}): string {
    return filled(leaf(this.#own, key) ?? key, params);
  }

  fault(code: string, params: FaultParams): string {
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

/** The language that POSIX's variables name ("Environment Variables", 8.2), if we speak it. */
export function languageOf(env: Readonly<Record<string, string | undefined>>): string {
  const locale = env["LC_ALL"] || env["LC_MESSAGES"] || env["LANG"] || "";
  return locale.split(/[_.@]/)[0] ?? "";
}
