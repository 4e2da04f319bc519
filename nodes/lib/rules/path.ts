import { isObject } from "../json.ts";

const SEGMENT = /^[A-Za-z0-9_$-]+$/;
const REFUSED = new Set(["__proto__", "constructor", "prototype"]);
const TASK_ROOTS = new Set(["task", "details"]);
const TOTALS = new Set(["id", "count", "cpu", "ram", "diskMb"]);

/** Where a field is read: in every task, in the totals of the group, or on the clock. */
export interface FieldPath {
  field: string;
  source: "task" | "group" | "time";
  segments: readonly string[];
}

/** Understands a field, or undefined when it names nothing that a rule may read. */
export function parseField(text: string): FieldPath | undefined {
  const field = text.trim().replace(/\[(\d+)\]/g, ".$1");
  if (field === "time") return { field, source: "time", segments: [] };
  const segments = field.split(".");
  if (segments.length < 2 || !segments.every((segment) => SEGMENT.test(segment) && !REFUSED.has(segment)))
    return undefined;
  const root = segments[0] ?? "";
  if (root === "group") {
    const total = segments[1] ?? "";
    return segments.length === 2 && TOTALS.has(total) ? { field, source: "group", segments: [total] } : undefined;
  }
  return TASK_ROOTS.has(root) ? { field, source: "task", segments } : undefined;
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
