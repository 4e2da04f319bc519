import { getOrCreate } from "../../base/get-or-create.ts";
import { type NoticeView, noticePage, type Texts, Words } from "../../pages/index.ts";
import type { Page } from "./place.ts";
import type { OpenedApproval } from "./request.ts";

/** The words of pages and mails: in the language and the time zone of the request that they are about. */
export class PageWords {
  readonly #texts: (language: string) => Texts;
  readonly #known = new Map<string, Words>();

  /** @param texts of pages and mails in a language, the one that comes nearest */
  constructor(texts: (language: string) => Texts) {
    this.#texts = texts;
  }

  of(opened?: OpenedApproval): Words {
    return this.#in(opened?.request.language ?? "", opened?.request.timeZone ?? "UTC");
  }

  notice(status: NoticeView["status"]): Page {
    return { status, html: noticePage({ status }, this.of()) };
  }

  #in(language: string, timeZone: string): Words {
    const newWords = (): Words => new Words({ texts: this.#texts(language), language: language || "en-US", timeZone });
    return getOrCreate(this.#known, `${language} ${timeZone}`, newWords);
  }
}
