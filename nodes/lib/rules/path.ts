import { isObject } from "../base/json.ts";
import { isWhole } from "./grammar.ts";

/** Where a field is read: in every task, in the totals of the group, or on the clock. */
export interface FieldPath {
  field: string;
  source: "task" | "group" | "time";
  segments: readonly string[];
}

/** Understands a field, or undefined when it names nothing that a rule may read. */
export function parseField(text: string): FieldPath | undefined {
  if (isWhole("timeField", text)) return { field: "time", source: "time", segments: [] };
  if (!isWhole("factField", text)) return undefined;
  const field = text.trim().replace(/\[(\d+)\]/g, ".$1");
  const segments = field.split(".");
  const [root = "", total = ""] = segments;
  return root === "group" ? { field, source: "group", segments: [total] } : { field, source: "task", segments };
}

/** The value at a path, through own properties only; undefined where the path ends early. */
export function readPath(from: unknown, segments: readonly string[]): unknown {
  let value = from;
  for (const segment of segments) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string, unknown>)[segment];
  }
  return value;
}

/** As `readPath`, but a list on the way answers for its elements, as it does in JSONata. */
export function readLoosely(from: unknown, segments: readonly string[]): unknown {
  let value = from;
  for (const segment of segments) {
    if (Array.isArray(value)) return value;
    if (!isObject(value) || !Object.hasOwn(value, segment)) return undefined;
    value = value[segment];
  }
  return value;
}
