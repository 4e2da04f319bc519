import { parseJson } from "./json.ts";

/** The parts of a text between commas, semicolons and line breaks, without blank ones. */
export function splitList(text: string): string[] {
  return text
    .split(/[,;\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** The entries of a list that was written as JSON or as `splitList` reads it; undefined for JSON that is not whole. */
export function entriesOf(text: string): readonly unknown[] | undefined {
  if (!text.startsWith("[")) return splitList(text);
  const parsed = parseJson(text);
  return Array.isArray(parsed) ? parsed : undefined;
}
