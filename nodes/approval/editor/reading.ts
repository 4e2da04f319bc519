import {
  LevelRows,
  listOf,
  memberOf,
  type Need,
  type OnDeadline,
  type Person,
  type Role,
  readPolicy,
} from "../../lib/approval/settings.ts";
import type { FaultParams } from "../../lib/base/fault.ts";
import { isObject, textOf } from "../../lib/base/json.ts";
import { isVariable } from "../../lib/base/settings.ts";
import type { Row } from "../../lib/editor/rows.ts";

/** Somebody who is asked, or what stands for them until the node starts, or until a message comes. */
export type Asked = Person | Role | { readonly variable: string } | { readonly message: string };

/** A value as the node will read it; the variable that stands for it; undefined where something is wrong. */
export type Known<Value> = { readonly value: Value } | { readonly variable: string } | undefined;

export const PEOPLE_FIELDS = ["approvers", "escalateTo"] as const;
export type PeopleField = (typeof PEOPLE_FIELDS)[number];

/** What a level means, as far as it can be told. */
export interface LevelReading {
  readonly name: string;
  readonly approvers: readonly Asked[];
  readonly need: Known<Need>;
  /** minutes; 0 for none */
  readonly deadline: Known<number>;
  readonly onDeadline: Known<OnDeadline>;
  readonly escalateTo: readonly Asked[];
  /** minutes; 0 for none */
  readonly remindEvery: Known<number>;
}

/** Reads a level as the node does. */
export function readLevel(level: Row): LevelReading {
  const wrong = new Set<string>();
  const rows = new LevelRows([level]).withPeople();
  const [read] = readPolicy({ levels: rows }, ([, , field]) => void wrong.add(String(field))).levels;
  const known = <Value>(field: string, value: Value | undefined): Known<Value> => {
    const given = level[field];
    if (isVariable(given)) return { variable: given };
    return wrong.has(field) || value === undefined ? undefined : { value };
  };
  return {
    name: read?.name ?? "",
    approvers: askedIn(level["approvers"], level["approversType"]),
    need: known("need", read?.need),
    deadline: known("deadline", read?.deadline ?? 0),
    onDeadline: known("onDeadline", read?.onDeadline),
    escalateTo: askedIn(level["escalateTo"], level["escalateToType"]),
    remindEvery: known("remindEvery", read?.remindEvery ?? 0),
  };
}

/**
 * What a level says, mistakes included: two of which this is the same mean the same, and a row that shows one shows the
 * other.
 */
export function senseOf(level: Row): string {
  const mistakes: unknown[] = [];
  readPolicy({ levels: [level] }, ([, , field], code, params: FaultParams) => {
    const isSaid = field === "approvers" || field === "escalateTo" || field === "onDeadline";
    mistakes.push([field, code, isSaid ? params["value"] : ""]);
  });
  return JSON.stringify([readLevel(level), mistakes]);
}

/** Those whom a field for people names, as far as it can be told. */
export function askedIn(value: unknown, type: unknown): readonly Asked[] {
  if (isVariable(value)) return [{ variable: value }];
  if (type === "msg") return [{ message: textOf(value).trim() }];
  return (listOf(value) ?? []).flatMap((each): readonly Asked[] => {
    // Node-RED replaces variables within a list, and not within a text.
    if (typeof value !== "string" && isVariable(each)) return [{ variable: each }];
    const member = memberOf(each);
    return member === undefined ? [] : [member];
  });
}

/** The property of a message that people come from, where it is none. */
export function wrongProperty(level: Row, field: PeopleField): string | undefined {
  if (level[`${field}Type`] !== "msg" || isVariable(level[field])) return undefined;
  const property = textOf(level[field]).trim();
  return RED.utils.validateTypedProperty(property, "msg", {}) === true ? undefined : property;
}

/** The levels of a node as rows; undefined for what is no list. */
export function levelsIn(value: unknown): readonly unknown[] | undefined {
  const levels = listOf(value);
  const isList = Array.isArray(value) || (typeof value === "string" && value.trim().startsWith("["));
  // Only the rows of a list take their people from messages.
  return isList ? levels : levels?.map((level) => (isObject(level) ? { ...level, approversType: "", escalateToType: "" } : level));
}

/** What the node judges at its start: people in messages are nobody yet. A text stays one, as no variable in it is replaced. */
export function levelsAtStart(value: unknown): unknown {
  const rows = new LevelRows(value);
  if (!rows.needMessage) return value;
  return typeof value === "string" ? JSON.stringify(rows.withPeople()) : rows.withPeople();
}
