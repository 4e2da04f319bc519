import { isObject, parseJson, textOf } from "../base/json.ts";
import type { JsonPath } from "../base/json-path.ts";
import { isBlank } from "../base/settings.ts";
import { shown } from "../base/text.ts";
import { isTimeZone, minuteOfDay } from "./calendar.ts";
import { listOf } from "./member-settings.ts";
import type { Calendar } from "./policy-types.ts";
import type { Report } from "./problems.ts";

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const WORKING_DAYS = [1, 2, 3, 4, 5];

/** Understands a calendar, or its JSON text; undefined where time always counts, and where something is wrong. */
export function readCalendar(value: unknown, report: Report): Calendar | undefined {
  const given = typeof value === "string" ? parseJson(value) : value;
  if (isBlank(value) || given === null || (isObject(given) && Object.keys(given).length === 0)) return undefined;
  if (!isObject(given)) {
    report([], "APPROVAL_CALENDAR_INVALID", { field: "calendar", value: shown(value) });
    return undefined;
  }
  let isSound = true;
  const refuse = (field: keyof Calendar, ...below: JsonPath): void => {
    isSound = false;
    report([field, ...below], "APPROVAL_CALENDAR_INVALID", { field, value: shown(given[field]) });
  };

  const timeZone = textOf(given["timeZone"]).trim() || Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!isTimeZone(timeZone)) refuse("timeZone");
  const days = isBlank(given["days"]) ? WORKING_DAYS : (listOf(given["days"]) ?? []).map(dayNumber);
  if (days.length === 0) refuse("days");
  days.forEach((day, index) => day === 0 && refuse("days", index));
  const from = textOf(given["from"]).trim() || "00:00";
  const to = textOf(given["to"]).trim() || "24:00";
  const opening = minuteOfDay(from);
  const closing = minuteOfDay(to);
  if (opening === undefined) refuse("from");
  if (closing === undefined || closing <= (opening ?? 0)) refuse("to");
  const holidays = listOf(given["holidays"])?.map((day) => textOf(day).trim());
  if (holidays === undefined) refuse("holidays");
  holidays?.forEach((day, index) => !isDate(day) && refuse("holidays", index));
  return isSound && holidays !== undefined ? { timeZone, days: [...new Set(days)].sort(), from, to, holidays } : undefined;
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
