import { join } from "node:path";
import { Fault, type FaultCode } from "../lib/base/fault.ts";
import type { TextList } from "../lib/base/texts.ts";
import { LANGUAGE_NAMES, languageOf, localeOf, Words } from "./words.ts";

/** What a shell or a CI job goes by. */
export const EXIT = { fine: 0, found: 1, badInput: 2 } as const;

const LOCALES = join(__dirname, "..", "locales");

/** What a node tells of a store that it tries again is not so for a command, which ends. */
const TOLD_AS: Partial<Readonly<Record<FaultCode, FaultCode>>> = { LEDGER_UNAVAILABLE: "LEDGER_UNUSABLE" };

/** What the commands have in common: their language, and how they end. */
export class Command<Texts extends TextList> {
  readonly #catalogue: string;
  words: Words<Texts>;

  /** @param catalogue of the node whose texts the command's own are among */
  constructor(catalogue: string) {
    this.#catalogue = catalogue;
    this.words = new Words(LOCALES, catalogue, languageOf(localeOf(process.env)));
  }

  /**
   * Speaks the language that was asked for, else the one of the environment.
   *
   * @throws Fault LANGUAGE_UNKNOWN
   */
  speak(locale: string | undefined): Words<Texts> {
    if (locale === undefined) return this.words;
    const language = languageOf(locale);
    if (language === undefined) throw new Fault("LANGUAGE_UNKNOWN", { language: locale, known: LANGUAGE_NAMES.join(", ") });
    return (this.words = new Words(LOCALES, this.#catalogue, language));
  }

  /** Ends the process with what the command answers, or with what is wrong in words. */
  run(main: () => Promise<number>): void {
    main().then(
      // Not process.exit(): it would cut off what a pipe has not taken yet.
      (code) => (process.exitCode = code),
      (error: NodeJS.ErrnoException) => {
        console.error(this.#problem(error));
        process.exitCode = EXIT.badInput;
      },
    );
  }

  #problem(error: NodeJS.ErrnoException): string {
    if (error instanceof Fault) return this.words.fault(TOLD_AS[error.code] ?? error.code, error.params);
    // Node says only in English what it does not understand, but it quotes the option.
    const option = error.code?.startsWith("ERR_PARSE_ARGS") ? /'([^']+)'/.exec(error.message)?.[1] : undefined;
    return option === undefined ? error.message : this.words.fault("OPTION_UNKNOWN", { option });
  }
}
