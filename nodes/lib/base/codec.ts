import { Fault } from "./fault.ts";

/** Brings a value from one version to the next. */
export type Upcaster = (value: unknown) => unknown;

/** JSON text that outlives a release. */
export interface Codec<Value> {
  /** The version that is written. */
  readonly version: number;
  write(value: Value): string;
  /** @throws Fault KEPT_NEWER when a newer release wrote it; KEPT_UNREADABLE when it is not what it should be */
  read(text: string): Value;
}

/**
 * The text is `[version, value]`. What 0.1.0 wrote has no version, and is none of these: its lists hold no number
 * first. It counts as version 1.
 *
 * @param name of what is kept, as `table.column`: faults name it
 * @param upcasters from version 1 to 2, from 2 to 3, and so on: every one ever released stays
 * @param parse the present version into a value; answers undefined for what is none
 */
export function codec<Value>(name: string, upcasters: readonly Upcaster[], parse: (value: unknown) => Value | undefined): Codec<Value> {
  const version = upcasters.length + 1;
  return {
    version,
    write: (value) => JSON.stringify([version, value]),
    read(text) {
      const kept = keptIn(text, name);
      if (kept.version > version) throw new Fault("KEPT_NEWER", { what: name });
      const value = parsed(kept, upcasters, parse);
      if (value === undefined) throw new Fault("KEPT_UNREADABLE", { what: name });
      return value;
    },
  };
}

/** Whether what cannot be read is whole, and a newer release's. */
export function isNewer(error: unknown): boolean {
  return error instanceof Fault && error.code === "KEPT_NEWER";
}

/** Whether something that was kept cannot be read, be it newer or damaged. */
export function isUnread(error: unknown): error is Fault {
  return error instanceof Fault && (error.code === "KEPT_NEWER" || error.code === "KEPT_UNREADABLE");
}

/** What was read, or why it cannot be: one that cannot must not stop the others. @throws whatever else `read` does */
export function readOrWhy<Value>(read: () => Value): { readonly value: Value } | { readonly unread: Fault } {
  try {
    return { value: read() };
  } catch (error) {
    if (isUnread(error)) return { unread: error };
    throw error;
  }
}

interface Kept {
  readonly version: number;
  readonly value: unknown;
}

function keptIn(text: string, name: string): Kept {
  try {
    const json: unknown = JSON.parse(text);
    if (!Array.isArray(json)) return { version: 1, value: json };
    const [version, value] = json as unknown[];
    return typeof version === "number" ? { version, value } : { version: 1, value: json };
  } catch (error) {
    throw new Fault("KEPT_UNREADABLE", { what: name }, error);
  }
}

/** Who reads a damaged value may stumble over it anywhere. */
function parsed<Value>(
  { version, value }: Kept,
  upcasters: readonly Upcaster[],
  parse: (value: unknown) => Value | undefined,
): Value | undefined {
  if (!Number.isInteger(version) || version < 1) return undefined;
  try {
    return parse(upcasters.slice(version - 1).reduce((old, upcast) => upcast(old), value));
  } catch {
    return undefined;
  }
}
