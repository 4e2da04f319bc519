import { isObject, textOf } from "../base/json.ts";
import { isAddress } from "./address.ts";
import type { Person, Role } from "./types.ts";

const ROLE = /^role:\s*(\S.*)$/i;

/** An address, `role:NAME`, or the object form of either; undefined for anything else. */
export function memberOf(value: unknown): Person | Role | undefined {
  if (typeof value === "string") return memberNamed(value.trim());
  if (!isObject(value)) return undefined;
  const role = oneLine(textOf(value["role"]));
  return role !== "" && value["email"] === undefined ? { role } : personOf(value);
}

function memberNamed(text: string): Person | Role | undefined {
  const [, role] = ROLE.exec(text) ?? [];
  if (role !== undefined) return { role: oneLine(role) };
  return isAddress(text) ? { email: text } : undefined;
}

function personOf(value: Record<string, unknown>): Person | undefined {
  const email = textOf(value["email"]).trim();
  const aliases = listOf(value["aliases"])?.map((alias) => oneLine(textOf(alias)));
  if (!isAddress(email) || aliases === undefined || aliases.includes("")) return undefined;
  const name = oneLine(textOf(value["name"]));
  return { email, ...(name === "" ? {} : { name }), ...(aliases.length === 0 ? {} : { aliases }) };
}

/** A line break in a name could end a header of a mail. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}

/** A list, or the text of one; nothing is an empty one; undefined for what is none. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  if (isBlank(value)) return [];
  if (typeof value !== "string") return Array.isArray(value) ? value : isObject(value) ? [value] : undefined;
  const parsed = parseJson(value);
  if (Array.isArray(parsed)) return parsed;
  if (isObject(parsed)) return [parsed];
  return value
    .split(/[,;\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

export function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A short form of any value, for a fault's text. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
