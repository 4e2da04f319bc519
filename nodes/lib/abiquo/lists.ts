import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COMMA, MOST_MEMBERS, OPEN_BRACE, OPEN_BRACKET, QUOTE } from "./bounds.ts";

/** The text of a long list taken apart, so that its elements can be parsed one by one. */
export interface TextList {
  /** the text without its elements, to be parsed as well: else what is wrong between them would pass */
  readonly frame: string;
  readonly elements: readonly string[];
  /** true when there were more than may be; the rest was not looked for */
  readonly isTooLong: boolean;
}

/** How far before a list the name of its property is looked for. */
const NAME_REACH = 64;

/** The elements of a list, or of the list `collection` of an object; undefined where JSON text has none. */
export function listInJson(text: string): TextList | undefined {
  const level = text.startsWith("[") ? 1 : 2;
  const elements: string[] = [];
  let [depth, start, end, from, isInText] = [0, -1, -1, 0, false];
  for (let index = 0; index < text.length; index++) {
    const mark = text.charCodeAt(index);
    if (isInText) {
      if (mark === BACKSLASH) index++;
      else if (mark === QUOTE) isInText = false;
    } else if (mark === QUOTE) isInText = true;
    else if (mark === OPEN_BRACKET || mark === OPEN_BRACE) {
      depth++;
      if (depth !== level || mark === OPEN_BRACE || start >= 0 || (level === 2 && !isCollection(text, index))) continue;
      start = from = index + 1;
    } else if (mark === CLOSE_BRACKET || mark === CLOSE_BRACE) {
      if (depth === level && start >= 0 && end < 0) {
        if (mark === CLOSE_BRACE) return undefined;
        end = index;
        elements.push(text.slice(from, index));
      }
      depth--;
    } else if (mark === COMMA && depth === level && start >= 0 && end < 0) {
      elements.push(text.slice(from, index));
      from = index + 1;
      if (elements.length > MOST_MEMBERS) return { frame: "", elements: [], isTooLong: true };
    }
  }
  if (end < 0) return undefined;
  const isEmpty = elements.length === 1 && elements[0]?.trim() === "";
  return { frame: text.slice(0, start) + text.slice(end), elements: isEmpty ? [] : elements, isTooLong: false };
}

function isCollection(text: string, index: number): boolean {
  return /"collection"\s*:\s*$/.test(text.slice(Math.max(0, index - NAME_REACH), index));
}

const ROOT = /^(?:<\?[^>]*\?>|<!--(?:(?!-->)[\s\S])*-->|\s)*<(?:[\w.-]+:)?tasks[\s/>]/;

/** The elements below a root `tasks`; undefined where XML text has another. */
export function listInXml(text: string): TextList | undefined {
  if (!ROOT.test(text)) return undefined;
  const elements: string[] = [];
  let [depth, start, first, last] = [0, 0, -1, -1];
  for (let index = text.indexOf("<"); index >= 0; index = text.indexOf("<", index)) {
    const tag = index;
    index = endOfMarkup(text, tag);
    if (index < 0) return undefined;
    if (text[tag + 1] === "!" || text[tag + 1] === "?") continue;
    const closes = text[tag + 1] === "/";
    if (!closes && depth++ === 1) start = tag;
    if ((closes || text[index - 2] === "/") && --depth === 1) {
      elements.push(text.slice(start, index));
      if (first < 0) first = start;
      last = index;
      if (elements.length > MOST_MEMBERS) return { frame: "", elements: [], isTooLong: true };
    }
    if (depth === 0) break;
  }
  return { frame: first < 0 ? text : text.slice(0, first) + text.slice(last), elements, isTooLong: false };
}

/** The index after a tag, comment, CDATA section or processing instruction; -1 when it does not end. */
function endOfMarkup(text: string, at: number): number {
  const after = (end: string): number => {
    const found = text.indexOf(end, at);
    return found < 0 ? -1 : found + end.length;
  };
  if (text.startsWith("<!--", at)) return after("-->");
  if (text.startsWith("<![CDATA[", at)) return after("]]>");
  if (text.startsWith("<?", at)) return after("?>");
  let quote = "";
  for (let index = at + 1; index < text.length; index++) {
    const mark = text[index] as string;
    if (quote !== "") quote = mark === quote ? "" : quote;
    else if (mark === '"' || mark === "'") quote = mark;
    else if (mark === ">") return index + 1;
  }
  return -1;
}
