import { isVariable } from "../base/settings.ts";

/**
 * Shows those parts of the open dialog that belong to what is chosen, and hides the others.
 *
 * @param attribute of the parts, holding words with spaces between
 * @param isShown by these words
 */
export function showParts(attribute: string, isShown: (words: readonly string[]) => boolean): void {
  for (const part of $(`[${attribute}]`)) $(part).toggle(isShown($(part).attr(attribute)?.split(" ") ?? []));
}

/** Shows the parts of what is chosen; all of them where that is a variable, which may be anything. */
export function showPartsOf(attribute: string, chosen: string): void {
  showParts(attribute, (words) => isVariable(chosen) || words.includes(chosen));
}
