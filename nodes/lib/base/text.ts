/** Characters of a value that a fault's text may show. */
const SHOWN = 80;

/** Without line breaks and other characters that control: in a name they could end a header of a mail. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}

/** A short form of any value, for a fault's text. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN - 1)}…`;
}
