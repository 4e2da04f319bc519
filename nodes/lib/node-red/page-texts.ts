import { readFileSync } from "node:fs";
import { roomFile } from "../base/here.ts";
import type { Texts } from "../engine/index.ts";

/** The languages of the catalogues; the first one stands in for every other. */
export const LANGUAGES = ["en-US", "es-ES"] as const;

const CATALOGUE = "abiquo-approval";
const loaded = new Map<string, Texts>();

/** The language of ours that comes nearest to a BCP 47 tag. */
export function nearestLanguage(tag: string): (typeof LANGUAGES)[number] {
  const [language = ""] = tag.toLowerCase().split("-");
  return LANGUAGES.find((each) => each.toLowerCase().startsWith(`${language}-`)) ?? LANGUAGES[0];
}

/**
 * The texts of pages and mails. Node-RED loads the catalogues of its own language only, and approvers have
 * theirs: so these are read from the file.
 */
export function pageTexts(tag: string): Texts {
  const language = nearestLanguage(tag);
  let texts = loaded.get(language);
  if (texts === undefined) {
    const file = roomFile(`../locales/${language}/${CATALOGUE}.json`);
    texts = (JSON.parse(readFileSync(file, "utf8")) as Record<string, Texts>)[CATALOGUE] as Texts;
    loaded.set(language, texts);
  }
  return texts;
}
