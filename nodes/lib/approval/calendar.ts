import type { Calendar } from "./policy-types.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Where the search for business time gives up: what lies further ahead counts as this far. */
const HORIZON_MS = 10 * 366 * DAY_MS;

const TIME = /^([01]\d|2[0-4]):([0-5]\d)$/;
const OFFSET = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/** From the first to the second moment, the second not included. */
type Span = readonly [from: number, to: number];

/**
 * The moment (ms since 1970) at which `duration` ms of business time have passed since `from`; of plain time
 * without a calendar. When the clocks change, business time is what the wall clock of the zone shows as such: an
 * hour that is skipped does not count, one that comes twice counts twice.
 */
export function addTime(calendar: Calendar | undefined, from: number, duration: number): number {
  if (calendar === undefined || duration <= 0) return from + duration;
  let left = duration;
  const horizon = from + HORIZON_MS;
  for (const [start, end] of businessSpans(calendar, from, horizon)) {
    if (left <= end - start) return start + left;
    left -= end - start;
  }
  return horizon;
}

/** The business time in ms from one moment to another, plain time without a calendar; 0 when `to` is not after `from`. */
export function timeBetween(calendar: Calendar | undefined, from: number, to: number): number {
  if (calendar === undefined) return Math.max(0, to - from);
  let sum = 0;
  for (const [start, end] of businessSpans(calendar, from, to)) sum += end - start;
  return sum;
}

/** The business hours within two moments, in order. */
function* businessSpans(calendar: Calendar, from: number, to: number): Generator<Span> {
  const opening = (minuteOfDay(calendar.from) ?? 0) * MINUTE_MS;
  const closing = (minuteOfDay(calendar.to) ?? 0) * MINUTE_MS;
  const days = new Set(calendar.days);
  const holidays = new Set(calendar.holidays);
  for (const { span, offset } of evenSpans(calendar.timeZone, from, to)) {
    const lastDay = Math.floor((span[1] - 1 + offset) / DAY_MS);
    for (let day = Math.floor((span[0] + offset) / DAY_MS); day <= lastDay; day += 1) {
      if (!days.has(weekday(day)) || holidays.has(dateOf(day))) continue;
      const midnight = day * DAY_MS - offset;
      const start = Math.max(span[0], midnight + opening);
      const end = Math.min(span[1], midnight + closing);
      if (start < end) yield [start, end];
    }
  }
}

/** ISO weekday of a day counted from 1 January 1970, a Thursday. */
function weekday(day: number): number {
  return ((day + 3) % 7) + 1;
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** The time between two moments in pieces of at most a day, throughout which the zone keeps one offset (ms) from UTC. */
function* evenSpans(timeZone: string, from: number, to: number): Generator<{ span: Span; offset: number }> {
  const format = offsetFormat(timeZone);
  let start = from;
  let offset = offsetAt(format, start);
  while (start < to) {
    const end = Math.min(to, (Math.floor(start / DAY_MS) + 1) * DAY_MS);
    const next = offsetAt(format, end);
    if (next === offset) {
      yield { span: [start, end], offset };
    } else {
      const change = firstWithout(offset, start, end, format);
      yield { span: [start, change], offset };
      if (change < end) yield { span: [change, end], offset: next };
    }
    start = end;
    offset = next;
  }
}

/** The first moment of a day at which the zone has left an offset, found by halving. */
function firstWithout(offset: number, from: number, to: number, format: Intl.DateTimeFormat): number {
  let before = from;
  let after = to;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(format, middle) === offset) before = middle;
    else after = middle;
  }
  return after;
}

/** Making a format is a thousand times dearer than using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function offsetFormat(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
    formats.set(timeZone, format);
  }
  return format;
}

function offsetAt(format: Intl.DateTimeFormat, moment: number): number {
  const name = format.formatToParts(moment).find(({ type }) => type === "timeZoneName")?.value ?? "";
  const [, sign, hours, minutes, seconds = "0"] = OFFSET.exec(name) ?? [];
  if (sign === undefined) return 0;
  const size = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS + Number(seconds) * 1000;
  return sign === "-" ? -size : size;
}

/** Minutes since midnight of `HH:MM`, up to `24:00`; undefined for anything else. */
export function minuteOfDay(text: string): number | undefined {
  const [, hours, minutes] = TIME.exec(text) ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  return minute <= 24 * 60 ? minute : undefined;
}

/** Whether `Intl` knows the zone. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
