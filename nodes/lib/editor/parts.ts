/**
 * Shows those parts of the open dialog that belong to what is chosen, and hides the others.
 *
 * @param attribute of the parts, holding words with spaces between
 * @param isShown by these words
 */
export function showParts(attribute: string, isShown: (words: readonly string[]) => boolean): void {
  for (const part of $(`[${attribute}]`)) $(part).toggle(isShown($(part).attr(attribute)?.split(" ") ?? []));
}
