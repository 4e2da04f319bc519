import { isObject, parseJson, textOf } from "../base/json.ts";
import { splitList } from "../base/lists.ts";
import { isBlank } from "../base/settings.ts";
import { oneLine } from "../base/text.ts";
import { isAddress } from "./address.ts";
import type { Person, Role } from "./policy-types.ts";

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

/** A list, or the text of one; nothing is an empty one; undefined for what is none. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  if (isBlank(value)) return [];
  if (typeof value !== "string") return Array.isArray(value) ? value : isObject(value) ? [value] : undefined;
  const parsed = parseJson(value);
  if (Array.isArray(parsed)) return parsed;
  if (isObject(parsed)) return [parsed];
  return splitList(value);
}
