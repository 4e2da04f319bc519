import { Fault } from "../base/fault.ts";
import { isObject, textOf } from "../base/json.ts";
import { canonicalDomain, isAddress } from "./address.ts";
import { isTimeZone, minuteOfDay } from "./calendar.ts";
import { mergePeople } from "./merge.ts";
import { distinctPeople, identity } from "./people.ts";
import { isBlank, listOf, memberOf, oneLine, parseJson, shown } from "./read.ts";
import type { Calendar, Need, NoApprover, OnDeadline, Person, Policy, RawLevel, RawPolicy, RequireReason, Role } from "./types.ts";

const PERCENT = /^(\d{1,3})\s*%$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const ON_DEADLINE = ["wait", "reject", "approve", "escalate"] as const satisfies readonly OnDeadline[];
const REQUIRE_REASON = ["never", "reject", "always"] as const satisfies readonly RequireReason[];
const NO_APPROVER = ["keep", "reject", "fallback"] as const satisfies readonly NoApprover[];

const YES = ["true", "yes", "on", "1"];
const NO = ["false", "no", "off", "0"];

/** A longer deadline than a year of minutes is a slip of the hand. */
const MAX_MINUTES = 366 * 24 * 60;

/**
 * Understands a policy as a dialog, a message or a file gives it: the properties of `Policy`, lists also as JSON or
 * comma-separated text, numbers and booleans also as text. An approver is an address, `role:NAME` or
 * `{email, name, aliases}`. A list without anybody is no mistake: `noApprover` says what happens then.
 *
 * Throws Fault for the first thing that is wrong: `APPROVAL_LEVELS_MISSING`, `APPROVAL_LEVEL_INVALID`,
 * `APPROVAL_PERSON_INVALID`, `APPROVAL_NEED_INVALID`, `APPROVAL_MINUTES_INVALID`, `APPROVAL_ON_DEADLINE_INVALID`,
 * `APPROVAL_DEADLINE_MISSING` (an action that would never happen), `APPROVAL_SETTING_INVALID`,
 * `APPROVAL_DELEGATION_INVALID`, `APPROVAL_FALLBACK_INVALID`, `APPROVAL_FALLBACK_MISSING`, `APPROVAL_CALENDAR_INVALID`.
 */
export function parsePolicy(value: unknown): RawPolicy {
  const given = isObject(value) ? value : {};
  const levels = listOf(given["levels"]);
  if (levels === undefined || levels.length === 0) throw new Fault("APPROVAL_LEVELS_MISSING");
  const noApprover = oneOf("noApprover", given["noApprover"], NO_APPROVER);
  const fallback = membersOf(given["fallback"], (person) => new Fault("APPROVAL_FALLBACK_INVALID", { value: person }));
  if (noApprover === "fallback" && fallback.length === 0) throw new Fault("APPROVAL_FALLBACK_MISSING");
  const calendar = parseCalendar(given["calendar"]);
  return {
    levels: levels.map(parseLevel),
    requireReason: oneOf("requireReason", given["requireReason"], REQUIRE_REASON),
    allowSelfApproval: flag("allowSelfApproval", given["allowSelfApproval"], false),
    allowSamePersonTwice: flag("allowSamePersonTwice", given["allowSamePersonTwice"], false),
    delegation: parseDelegation(given["delegation"]),
    noApprover,
    fallback,
    ...(calendar === undefined ? {} : { calendar }),
  };
}

function parseLevel(value: unknown, index: number): RawLevel {
  if (!isObject(value)) throw new Fault("APPROVAL_LEVEL_INVALID", { level: index + 1 });
  const name = oneLine(textOf(value["name"])) || String(index + 1);
  const people = (field: string): readonly (Person | Role)[] =>
    membersOf(value[field], (person) => new Fault("APPROVAL_PERSON_INVALID", { level: name, field, value: person }));
  const deadline = minutes(name, "deadline", value["deadline"]);
  const remindEvery = minutes(name, "remindEvery", value["remindEvery"]);
  const onDeadline = ON_DEADLINE.find((each) => each === (value["onDeadline"] || "wait"));
  if (onDeadline === undefined) {
    throw new Fault("APPROVAL_ON_DEADLINE_INVALID", { level: name, value: shown(value["onDeadline"]) });
  }
  if (onDeadline !== "wait" && deadline === undefined) {
    throw new Fault("APPROVAL_DEADLINE_MISSING", { level: name, value: onDeadline });
  }
  return {
    name,
    approvers: people("approvers"),
    need: parseNeed(name, value["need"]),
    ...(deadline === undefined ? {} : { deadline }),
    onDeadline,
    escalateTo: people("escalateTo"),
    ...(remindEvery === undefined ? {} : { remindEvery }),
  };
}

function parseNeed(level: string, value: unknown): Need {
  const text = isBlank(value) ? "any" : textOf(value).trim().toLowerCase();
  if (text === "any" || text === "all") return text;
  const [, percent] = PERCENT.exec(text) ?? [];
  const number = Number(percent ?? text);
  const valid = text !== "" && number > 0 && (percent === undefined ? Number.isSafeInteger(number) : number <= 100);
  if (!valid) throw new Fault("APPROVAL_NEED_INVALID", { level, value: shown(value) });
  return percent === undefined ? number : `${number}%`;
}

/** Nothing and 0 mean none. */
function minutes(level: string, field: string, value: unknown): number | undefined {
  if (isBlank(value)) return undefined;
  const number = Number(textOf(value).trim() || Number.NaN);
  if (number >= 0 && number <= MAX_MINUTES) return number === 0 ? undefined : number;
  throw new Fault("APPROVAL_MINUTES_INVALID", { level, field, value: shown(value), limit: MAX_MINUTES });
}

function membersOf(value: unknown, faultOf: (person: string) => Fault): readonly (Person | Role)[] {
  const list = listOf(value);
  if (list === undefined) throw faultOf(shown(value));
  return list.map((each) => {
    const member = memberOf(each);
    if (member === undefined) throw faultOf(shown(each));
    return member;
  });
}

function parseCalendar(value: unknown): Calendar | undefined {
  const given = typeof value === "string" ? parseJson(value) : value;
  if (isBlank(value) || given === null || (isObject(given) && Object.keys(given).length === 0)) return undefined;
  if (!isObject(given)) throw new Fault("APPROVAL_CALENDAR_INVALID", { field: "calendar", value: shown(value) });
  const invalid = (field: string): Fault => new Fault("APPROVAL_CALENDAR_INVALID", { field, value: shown(given[field]) });

  const timeZone = textOf(given["timeZone"]).trim() || Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!isTimeZone(timeZone)) throw invalid("timeZone");
  const days = isBlank(given["days"]) ? [1, 2, 3, 4, 5] : (listOf(given["days"]) ?? []).map(dayNumber);
  if (days.length === 0 || days.includes(0)) throw invalid("days");
  const from = textOf(given["from"]).trim() || "00:00";
  const to = textOf(given["to"]).trim() || "24:00";
  const opening = minuteOfDay(from);
  const closing = minuteOfDay(to);
  if (opening === undefined) throw invalid("from");
  if (closing === undefined || closing <= opening) throw invalid("to");
  const holidays = listOf(given["holidays"])?.map((day) => textOf(day).trim());
  if (holidays === undefined || !holidays.every(isDate)) throw invalid("holidays");
  return { timeZone, days: [...new Set(days)].sort(), from, to, holidays };
}

/** 1 for Monday to 7 for Sunday, given so or by name; 0 for anything else. */
function dayNumber(value: unknown): number {
  const text = textOf(value).trim().toLowerCase();
  return /^[1-7]$/.test(text) ? Number(text) : DAYS.indexOf(text) + 1;
}

function isDate(text: string): boolean {
  const moment = DATE.test(text) ? new Date(`${text}T00:00:00Z`) : undefined;
  return moment !== undefined && !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(text);
}

function oneOf<T extends string>(field: string, value: unknown, options: readonly [T, ...T[]]): T {
  if (isBlank(value)) return options[0];
  const found = options.find((option) => option === value);
  if (found === undefined) throw new Fault("APPROVAL_SETTING_INVALID", { field, value: shown(value) });
  return found;
}

/** Yes, no, or to whom: domains (`example.com`, `@intranet`) and addresses, in their compared form. */
function parseDelegation(value: unknown): boolean | readonly string[] {
  const word = isBlank(value) ? "true" : typeof value === "object" ? "" : String(value).trim().toLowerCase();
  if (YES.includes(word)) return true;
  if (NO.includes(word)) return false;
  const list = listOf(value)?.map((each) => delegateOf(textOf(each).trim()));
  if (list === undefined || list.includes("")) throw new Fault("APPROVAL_DELEGATION_INVALID", { value: shown(value) });
  return list.length > 0 && list;
}

/** Empty for what is neither an address nor a domain; a word alone is more likely a slip of the hand. */
function delegateOf(text: string): string {
  if (isAddress(text)) return identity(text);
  const domain = canonicalDomain(text.replace(/^@/, ""));
  return domain !== undefined && /[@.]/.test(text) ? `@${domain}` : "";
}

function flag(field: string, value: unknown, otherwise: boolean): boolean {
  if (isBlank(value)) return otherwise;
  if (value === true || value === "true") return true;
  if (value === false || value === "false") return false;
  throw new Fault("APPROVAL_SETTING_INVALID", { field, value: shown(value) });
}

/** The roles a policy names, each once. */
export function rolesOf(policy: RawPolicy): string[] {
  return [...new Set(membersOfAll(policy).flatMap((member) => ("role" in member ? [member.role] : [])))];
}

function membersOfAll({ levels, fallback }: RawPolicy): (Person | Role)[] {
  return [...levels.flatMap((level) => [...level.approvers, ...level.escalateTo]), ...fallback];
}

/**
 * Puts people in the place of roles, each person once and under one address: a role may give another spelling or the
 * second address of somebody named elsewhere. An alias that two people have means neither of them (`clashingAliases`).
 *
 * @param people those who hold each role; a role that is missing is held by nobody
 */
export function resolvePolicy(policy: RawPolicy, people: Readonly<Record<string, readonly Person[]>>): Policy {
  const { personOf } = mergePeople(mentionsIn(policy, people));
  const resolve = (members: readonly (Person | Role)[]): readonly Person[] =>
    distinctPeople(members.flatMap((member) => mentionsOf(member, people)).map(personOf));
  return {
    ...policy,
    levels: policy.levels.map((level) => ({
      ...level,
      approvers: resolve(level.approvers),
      escalateTo: resolve(level.escalateTo),
    })),
    fallback: resolve(policy.fallback),
  };
}

/** The aliases that two people have: nobody could tell whose vote it is. */
export function clashingAliases(policy: RawPolicy, people: Readonly<Record<string, readonly Person[]>>): readonly string[] {
  return mergePeople(mentionsIn(policy, people)).clashes;
}

/** Those named by address first: they give the main address of a person, and the name. */
function mentionsIn(policy: RawPolicy, people: Readonly<Record<string, readonly Person[]>>): Person[] {
  const members = membersOfAll(policy);
  const named = members.filter((member) => !("role" in member));
  return [...named, ...members.filter((member) => "role" in member)].flatMap((member) => mentionsOf(member, people));
}

function mentionsOf(member: Person | Role, people: Readonly<Record<string, readonly Person[]>>): readonly Person[] {
  return "role" in member ? holders(people, member.role) : [member];
}

function holders(people: Readonly<Record<string, readonly Person[]>>, role: string): readonly Person[] {
  return (Object.hasOwn(people, role) ? people[role] : undefined) ?? [];
}
