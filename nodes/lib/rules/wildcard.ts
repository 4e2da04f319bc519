/** Counts the comparisons a match made, for those who want to see that they stay bounded. */
export interface StepCounter {
  steps: number;
}

const STAR = 42;
const QUESTION = 63;

/**
 * A matcher for `*` (any number of characters, none included) and `?` (exactly one character, a surrogate
 * pair being one). Everything else stands for itself, without regard to case; there is no escape, because a
 * backslash is common in names (`DOMAIN\user`).
 *
 * The whole text must match. Each part between two stars is placed once, as early as possible, and never moved
 * again, so that the steps are at most text length times the length of the longest part: linear in the text
 * for a pattern whose length is limited, as the caller does.
 */
export function compileWildcard(pattern: string): (text: string, counter?: StepCounter) => boolean {
  const folded = pattern.toLowerCase().replace(/\*+/g, "*");
  if (folded === "*") return () => true;
  return (text, counter) => matches(folded, text.toLowerCase(), counter);
}

function matches(pattern: string, text: string, counter: StepCounter | undefined): boolean {
  let at = 0;
  let next = 0;
  let afterStar = -1;
  let resumeAt = 0;
  while (at < text.length) {
    if (counter !== undefined) counter.steps += 1;
    const wanted = pattern.charCodeAt(next);
    if (wanted === STAR) {
      afterStar = ++next;
      resumeAt = at;
      if (afterStar === pattern.length) return true;
    } else if (wanted === QUESTION) {
      at += widthAt(text, at);
      next += 1;
    } else if (wanted === text.charCodeAt(at)) {
      at += 1;
      next += 1;
    } else if (afterStar >= 0) {
      resumeAt += widthAt(text, resumeAt);
      at = resumeAt;
      next = afterStar;
    } else {
      return false;
    }
  }
  while (pattern.charCodeAt(next) === STAR) next += 1;
  return next === pattern.length;
}

function widthAt(text: string, index: number): number {
  return (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
}
