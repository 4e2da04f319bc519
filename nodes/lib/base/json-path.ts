import { isObject } from "./json.ts";
import { isVariable } from "./settings.ts";

/** Where something is in a structure: properties and positions, from the outside in, as `["levels", 0, "need"]`. */
export type JsonPath = readonly (string | number)[];

/**
 * Whether a variable stands at a path or below, so that only the start of the node tells what will be there.
 * Node-RED replaces variables in objects and lists however deep, but never within a text.
 */
export function isOpen(whole: unknown, path: JsonPath): boolean {
  let here = whole;
  for (const key of path) here = typeof here === "string" ? here : memberOf(here, key);
  return holdsVariable(here);
}

function memberOf(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return typeof key === "number" ? (value as unknown[])[key] : undefined;
  if (!isObject(value)) return undefined;
  // One object may stand where a list of it is meant.
  if (typeof key === "number") return value;
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function holdsVariable(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsVariable);
  return isObject(value) ? Object.values(value).some(holdsVariable) : isVariable(value);
}
