import { hash, randomBytes } from "node:crypto";
import { isObject, parseJson } from "../../base/json.ts";
import { type Check, isListOf, isNumber, isText } from "../../base/shape.ts";

/** What is told of people is kept apart from what is hashed, so that it can be erased: these fields. */
export type Personal = Readonly<Record<string, string>>;

/** An entry before it has its place in the chain. */
export interface NewEntry {
  /** milliseconds since 1970 */
  readonly at: number;
  /** what happened, in one word */
  readonly kind: string;
  /** absent for what is about no single task */
  readonly task?: EntryTask | undefined;
  /** id of the approval that it is about */
  readonly approval?: string | undefined;
  /** what did it, where that is no person: a node, a key of approvals, the outbox */
  readonly by?: string | undefined;
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
  /** `actor`, `reason`, `facts` and whatever else may name or describe a person; empty ones are left out */
  readonly personal?: Readonly<Record<string, string | undefined>> | undefined;
}

/** The task that an entry is about, by its name in Abiquo and by the number of its row. */
export interface EntryTask {
  readonly api: string;
  readonly taskId: string;
  readonly row: number;
  /** id of the enterprise of whoever wants it; empty where it is not known */
  readonly tenant: string;
}

/** An entry as it stands in the chain. */
export interface Entry {
  readonly seq: number;
  readonly at: number;
  readonly kind: string;
  /** all empty, and the row 0, where it is about no single task */
  readonly task: EntryTask;
  /** empty for none */
  readonly approval: string;
  readonly by: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** what is kept of it; what was erased is missing */
  readonly personal: Personal;
  /** names of the fields that were erased */
  readonly erased: readonly string[];
  readonly hash: string;
}

/** A row of the chain. */
export interface EntryRow {
  readonly seq: number;
  /** number of the task's row, for looking up; null for none */
  readonly task: number | null;
  readonly approval: string | null;
  /** what is hashed: JSON text */
  readonly entry: string;
  /** the personal fields with their salts: JSON text; null for none */
  readonly personal: string | null;
  readonly hash: string;
}

const VERSION = 1;
const SALT_BYTES = 16;
const SALTS_AT_ONCE = 256;

/** Where the chain of a store begins: no other store's chain can be put in its place. */
export function genesis(store: string): string {
  return sha256(`abiquo-workflow audit ${store}`);
}

/** The hash of an entry: SHA-256, in hexadecimal, over the hash before, a line feed and the entry's text in UTF-8. */
export function hashOf(before: string, entry: string): string {
  return sha256(`${before}\n${entry}`);
}

/** What stands for a personal field in the entry: SHA-256, in hexadecimal, over its salt, a line feed and its value. */
export function digestOf(salt: string, value: string): string {
  return sha256(`${salt}\n${value}`);
}

/** Gives an entry its place behind another one. */
export function linked(entry: NewEntry, seq: number, before: string): EntryRow {
  const { at, kind, task, approval = "", by = "", detail } = entry;
  const { digests, kept } = sealed(entry.personal);
  const text = JSON.stringify([
    VERSION,
    seq,
    at,
    kind,
    task?.api ?? "",
    task?.taskId ?? "",
    task?.row ?? 0,
    approval,
    task?.tenant ?? "",
    by,
    detail ?? {},
    digests,
  ]);
  return {
    seq,
    task: task?.row ?? null,
    approval: approval === "" ? null : approval,
    entry: text,
    personal: kept,
    hash: hashOf(before, text),
  };
}

type Told = readonly [
  version: number,
  seq: number,
  at: number,
  kind: string,
  api: string,
  taskId: string,
  row: number,
  approval: string,
  tenant: string,
  by: string,
  detail: Readonly<Record<string, unknown>>,
  digests: Personal,
];

const TOLD_PARTS: readonly Check<unknown>[] = [
  (value): value is typeof VERSION => value === VERSION,
  isNumber,
  isNumber,
  isText,
  isText,
  isText,
  isNumber,
  isText,
  isText,
  isText,
  isObject,
  (value): value is Personal => isObject(value) && Object.values(value).every(isText),
];

const isTold: Check<Told> = (value): value is Told =>
  Array.isArray(value) && value.length === TOLD_PARTS.length && TOLD_PARTS.every((isPart, index) => isPart(value[index]));

/** Reads a row, as far as it can be read; undefined when its text is no entry. */
export function readEntry({ entry, personal, hash: own }: EntryRow): (Entry & { readonly digests: Personal }) | undefined {
  const told = parseJson(entry);
  if (!isTold(told)) return undefined;
  const [, seq, at, kind, api, taskId, row, approval, tenant, by, detail, digests] = told;
  const kept = valuesIn(personal);
  const erased = Object.keys(digests).filter((field) => !Object.hasOwn(kept, field));
  return { seq, at, kind, task: { api, taskId, row, tenant }, approval, by, detail, personal: kept, erased, digests, hash: own };
}

/** Field by field, its salt and its value. */
export type Sealed = Readonly<Record<string, readonly [salt: string, value: string]>>;

/** The personal fields of a row; undefined when they are not what was written. */
export function sealedIn(personal: string | null): Sealed | undefined {
  if (personal === null) return {};
  const kept = parseJson(personal);
  return isSealed(kept) ? kept : undefined;
}

const isSealed: Check<Sealed> = (value): value is Sealed =>
  isObject(value) && Object.values(value).every((pair) => isListOf(isText)(pair) && pair.length === 2);

function valuesIn(personal: string | null): Personal {
  return Object.fromEntries(Object.entries(sealedIn(personal) ?? {}).map(([field, [, value]]) => [field, value]));
}

function sealed(personal: NewEntry["personal"]): { readonly digests: Personal; readonly kept: string | null } {
  const digests: Record<string, string> = {};
  const kept: Record<string, readonly [string, string]> = {};
  let isEmpty = true;
  for (const field in personal) {
    const value = personal[field];
    if (value === undefined || value === "") continue;
    const salt = newSalt();
    digests[field] = digestOf(salt, value);
    kept[field] = [salt, value];
    isEmpty = false;
  }
  return { digests, kept: isEmpty ? null : JSON.stringify(kept) };
}

let salts = "";
let used = 0;

/** Drawn many at once: each draw costs as much as a hash. */
function newSalt(): string {
  if (used >= salts.length) {
    salts = randomBytes(SALT_BYTES * SALTS_AT_ONCE).toString("hex");
    used = 0;
  }
  return salts.slice(used, (used += SALT_BYTES * 2));
}

function sha256(text: string): string {
  return hash("sha256", text, "hex");
}
