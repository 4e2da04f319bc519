import { isObject, textOf } from "../base/json.ts";

/** As Node-RED replaces it when it starts a node. */
const VARIABLE = /^\$(\{\S+\}|\(\S+\))$/;
const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ...["true", "1", "yes", "on"].map((word) => [word, true] as const),
  ...["false", "0", "no", "off"].map((word) => [word, false] as const),
]);

export function isVariable(value: unknown): value is string {
  return typeof value === "string" && VARIABLE.test(value);
}

export function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
}

/** A setting as the nodes read it. */
export function settingText(value: unknown): string {
  return value === undefined || value === null ? "" : String(value).trim();
}

export function flagIn(text: string): boolean | undefined {
  return FLAGS.get(text.toLowerCase());
}

/** What JSON text stands for; undefined for what is none. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
