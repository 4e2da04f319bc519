import { isObject, textOf } from "../base/json.ts";

/** A setting as the nodes read it. */
export function settingText(value: unknown): string {
  return value === undefined || value === null ? "" : String(value).trim();
}

/** A list as one line to edit. */
export function listText(value: unknown): string {
  if (typeof value === "string") {
    const text = value.trim();
    return text.replace(/\s*([,;]?)\s*\n\s*/g, text.startsWith("[") ? "$1 " : ", ");
  }
  if (!Array.isArray(value)) return isObject(value) ? JSON.stringify(value) : textOf(value);
  const isPlain = value.every((item) => /^[^,;\n]+$/.test(textOf(item)));
  return isPlain ? value.join(", ") : JSON.stringify(value);
}
