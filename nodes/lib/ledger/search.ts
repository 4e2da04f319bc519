/** How long a text to search for may be, in characters; what is longer is cut there. */
export const LONGEST_SEARCH = 200;
/** How many words count. Each is looked for in every request that waits for the person. */
export const MOST_WORDS = 12;

/** The text of a filter as it is looked for: cut at `LONGEST_SEARCH`. */
export function boundedFilter(text: string): string {
  return text.slice(0, LONGEST_SEARCH);
}

/**
 * The words of a search, in lower case, that all must be found: of the first `LONGEST_SEARCH` characters, without
 * those that stand in another word and so are found with it, and no more than `MOST_WORDS`.
 */
export function searchWords(text: string): string[] {
  const words = new Set(
    boundedFilter(text)
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== ""),
  );
  const telling = [...words].filter((word) => ![...words].some((other) => other !== word && other.includes(word)));
  return telling.slice(0, MOST_WORDS);
}
