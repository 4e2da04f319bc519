import { isObject, textOf } from "../base/json.ts";
import type { JsonPath } from "../base/json-path.ts";
import { isBlank } from "../base/settings.ts";
import { oneLine, shown } from "../base/text.ts";
import { canonicalDomain, isAddress } from "./address.ts";
import { readCalendar } from "./calendar-settings.ts";
import { listOf, memberOf } from "./member-settings.ts";
import { identity } from "./people.ts";
import type { Need, NoApprover, OnDeadline, Person, RawLevel, RawPolicy, RequireReason, Role } from "./policy-types.ts";
import { type Report, within } from "./problems.ts";

const PERCENT = /^(\d{1,3})\s*%$/;

export const ON_DEADLINE = ["wait", "reject", "approve", "escalate"] as const satisfies readonly OnDeadline[];
export const REQUIRE_REASON = ["never", "reject", "always"] as const satisfies readonly RequireReason[];
export const NO_APPROVER = ["keep", "reject", "fallback"] as const satisfies readonly NoApprover[];

const YES = ["true", "yes", "on", "1"];
const NO = ["false", "no", "off", "0"];

/** A longer deadline than a year of minutes is a slip of the hand. */
const MAX_MINUTES = 366 * 24 * 60;

/** Understands a policy as `parsePolicy` says; what is wrong is reported with its path, and left out of what comes back. */
export function readPolicy(value: unknown, report: Report): RawPolicy {
  const given = isObject(value) ? value : {};
  const levels = listOf(given["levels"]) ?? [];
  if (levels.length === 0) report(["levels"], "APPROVAL_LEVELS_MISSING", {});
  const noApprover = readOption(given, "noApprover", NO_APPROVER, report);
  let isFallbackSound = true;
  const fallback = readMembers(given["fallback"], (below, person) => {
    isFallbackSound = false;
    report(["fallback", ...below], "APPROVAL_FALLBACK_INVALID", { value: person });
  });
  if (noApprover === "fallback" && isFallbackSound && fallback.length === 0) report(["fallback"], "APPROVAL_FALLBACK_MISSING", {});
  const calendar = readCalendar(given["calendar"], within(report, "calendar"));
  return {
    levels: levels.flatMap((level, index) => readLevel(level, index, within(report, "levels", index))),
    requireReason: readOption(given, "requireReason", REQUIRE_REASON, report),
    allowSelfApproval: readFlag(given, "allowSelfApproval", report),
    allowSamePersonTwice: readFlag(given, "allowSamePersonTwice", report),
    delegation: readDelegation(given["delegation"], within(report, "delegation")),
    noApprover,
    fallback,
    ...(calendar === undefined ? {} : { calendar }),
  };
}

function readLevel(value: unknown, index: number, report: Report): RawLevel[] {
  if (!isObject(value)) {
    report([], "APPROVAL_LEVEL_INVALID", { level: index + 1 });
    return [];
  }
  const name = oneLine(textOf(value["name"])) || String(index + 1);
  const people = (field: string): readonly (Person | Role)[] =>
    readMembers(value[field], (below, person) =>
      report([field, ...below], "APPROVAL_PERSON_INVALID", { level: name, field, value: person }),
    );
  const deadline = readMinutes(value, "deadline", name, report);
  const remindEvery = readMinutes(value, "remindEvery", name, report);
  const onDeadline = ON_DEADLINE.find((each) => each === (value["onDeadline"] || "wait"));
  if (onDeadline === undefined) {
    report(["onDeadline"], "APPROVAL_ON_DEADLINE_INVALID", { level: name, value: shown(value["onDeadline"]) });
  } else if (onDeadline !== "wait" && deadline === 0) {
    report(["deadline"], "APPROVAL_DEADLINE_MISSING", { level: name, value: onDeadline });
  }
  const level = {
    name,
    approvers: people("approvers"),
    need: readNeed(value["need"], name, within(report, "need")),
    ...(deadline > 0 ? { deadline } : {}),
    onDeadline: onDeadline ?? "wait",
    escalateTo: people("escalateTo"),
    ...(remindEvery > 0 ? { remindEvery } : {}),
  };
  return [level];
}

function readNeed(value: unknown, level: string, report: Report): Need {
  const text = isBlank(value) ? "any" : textOf(value).trim().toLowerCase();
  if (text === "any" || text === "all") return text;
  const [, percent] = PERCENT.exec(text) ?? [];
  const number = Number(percent ?? text);
  const isSound = text !== "" && number > 0 && (percent === undefined ? Number.isSafeInteger(number) : number <= 100);
  if (!isSound) {
    report([], "APPROVAL_NEED_INVALID", { level, value: shown(value) });
    return "any";
  }
  return percent === undefined ? number : `${number}%`;
}

/** 0 for none, NaN for what is wrong. */
function readMinutes(given: Record<string, unknown>, field: string, level: string, report: Report): number {
  const value = given[field];
  if (isBlank(value)) return 0;
  const number = Number(textOf(value).trim() || Number.NaN);
  if (number >= 0 && number <= MAX_MINUTES) return number;
  report([field], "APPROVAL_MINUTES_INVALID", { level, field, value: shown(value), limit: MAX_MINUTES });
  return Number.NaN;
}

/** @param refuse takes what is nobody, with its place in the list where there is one */
function readMembers(value: unknown, refuse: (below: JsonPath, person: string) => void): readonly (Person | Role)[] {
  const list = listOf(value);
  if (list === undefined) {
    refuse([], shown(value));
    return [];
  }
  return list.flatMap((each, index) => {
    const member = memberOf(each);
    if (member === undefined) refuse([index], shown(each));
    return member ?? [];
  });
}

function readOption<T extends string>(given: Record<string, unknown>, field: string, options: readonly [T, ...T[]], report: Report): T {
  const value = given[field];
  if (isBlank(value)) return options[0];
  const found = options.find((option) => option === value);
  if (found === undefined) report([field], "APPROVAL_SETTING_INVALID", { field, value: shown(value) });
  return found ?? options[0];
}

/** Nothing is false. */
function readFlag(given: Record<string, unknown>, field: string, report: Report): boolean {
  const value = given[field];
  if (value === true || value === "true") return true;
  if (value === false || value === "false" || isBlank(value)) return false;
  report([field], "APPROVAL_SETTING_INVALID", { field, value: shown(value) });
  return false;
}

/** Yes, no, or to whom: domains (`example.com`, `@intranet`) and addresses, in their compared form. */
function readDelegation(value: unknown, report: Report): boolean | readonly string[] {
  const word = isBlank(value) ? "true" : typeof value === "object" ? "" : String(value).trim().toLowerCase();
  if (YES.includes(word)) return true;
  if (NO.includes(word)) return false;
  const list = listOf(value)?.map((each) => delegateOf(textOf(each).trim())) ?? [""];
  const isSound = !list.includes("");
  const refuse = (...below: JsonPath): void => report(below, "APPROVAL_DELEGATION_INVALID", { value: shown(value) });
  if (!isSound && !Array.isArray(value)) refuse();
  else list.forEach((to, index) => to === "" && refuse(index));
  return isSound && list.length > 0 && list;
}

/** Empty for what is neither an address nor a domain; a word alone is more likely a slip of the hand. */
function delegateOf(text: string): string {
  if (isAddress(text)) return identity(text);
  const domain = canonicalDomain(text.replace(/^@/, ""));
  return domain !== undefined && /[@.]/.test(text) ? `@${domain}` : "";
}
