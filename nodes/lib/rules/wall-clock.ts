import { isObject, textOf } from "../base/json.ts";
import { shown } from "../base/text.ts";
import type { Report } from "./faults.ts";
import { DAYS, dayNamed, isWhole } from "./grammar.ts";
import { parseJsonText } from "./located-json.ts";

const MINUTE_MS = 60_000;

/** A moment on a wall clock. */
export interface WallTime {
  /** 0 is Sunday. */
  day: number;
  /** Minutes since midnight as the clock shows them. */
  minute: number;
}

/** A wall clock in one zone. */
export interface WallClock {
  readonly timeZone: string;
  /** What the clock shows; undefined for an invalid date. */
  read(at: Date): WallTime | undefined;
}

/** A clock for an IANA zone, or for the zone of the process when empty; undefined when the zone is unknown. */
export function wallClock(timeZone: string): WallClock | undefined {
  const options = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", timeZone === "" ? options : { ...options, timeZone });
  } catch {
    return undefined;
  }
  let lastMinute = Number.NaN;
  let last: WallTime | undefined;
  return {
    timeZone: format.resolvedOptions().timeZone,
    read(at) {
      const time = at.getTime();
      if (Number.isNaN(time)) return undefined;
      // Formatting is slow beside everything else here, and within a minute nothing that is read can change.
      const minute = Math.floor(time / MINUTE_MS);
      if (minute !== lastMinute) {
        last = wallTime(format, at);
        lastMinute = minute;
      }
      return last;
    },
  };
}

function wallTime(format: Intl.DateTimeFormat, at: Date): WallTime {
  const parts = new Map(format.formatToParts(at).map((part) => [part.type, part.value]));
  return {
    day: dayNamed(parts.get("weekday") ?? "") ?? -1,
    minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")),
  };
}

/** The moment for a verdict's facts: `{day: "mon", time: "14:20", timeZone}`. */
export function describeMoment(clock: WallClock, at: Date): Record<string, string> {
  const now = clock.read(at);
  if (now === undefined) return { timeZone: clock.timeZone };
  const digits = (value: number): string => String(value).padStart(2, "0");
  const time = `${digits(Math.floor(now.minute / 60))}:${digits(now.minute % 60)}`;
  return { day: DAYS[now.day] ?? "", time, timeZone: clock.timeZone };
}

export interface Hours {
  readonly clock: WallClock;
  /** From 0 for Sunday. */
  readonly days: ReadonlySet<number>;
  /** Minutes since midnight; up to 1440. */
  readonly from: number;
  readonly to: number;
  /** As it is written; empty for that of the options. */
  readonly timeZone: string;
  /** Whether the moment lies within; undefined for an invalid date. */
  contains(at: Date): boolean | undefined;
}

/** Understands a TimeWindow, reporting everything wrong with it; undefined when something is. */
export function parseHours(value: unknown, defaultZone: string, report: Report): Hours | undefined {
  const window = typeof value === "string" ? parseJsonText(value) : value;
  if (!isObject(window)) {
    report("RULE_TIME_INVALID", { value: shown(value) });
    return undefined;
  }
  let valid = true;
  const fail: Report = (code, params) => {
    valid = false;
    report(code, params);
  };

  const days = parseDays(window["days"], fail);
  const from = parseHour(window["from"], 0, fail);
  const to = parseHour(window["to"], 24 * 60, fail);
  // The same hour twice says either nothing or everything; nobody could tell which was meant.
  if (valid && from % (24 * 60) === to % (24 * 60) && to - from !== 24 * 60) fail("RULE_TIME_INVALID", { value: shown(value) });

  const ownZone = window["timeZone"] ?? "";
  const timeZone = typeof ownZone === "string" ? ownZone.trim() : "";
  const clock = typeof ownZone === "string" ? wallClock(timeZone === "" ? defaultZone : timeZone) : undefined;
  if (clock === undefined && ownZone !== "") fail("RULE_TIME_ZONE_UNKNOWN", { timeZone: shown(ownZone) });
  if (!valid || clock === undefined) return undefined;

  return {
    clock,
    days,
    from,
    to,
    timeZone,
    contains(at) {
      const now = clock.read(at);
      if (now === undefined) return undefined;
      if (from < to) return days.has(now.day) && now.minute >= from && now.minute < to;
      if (now.minute >= from) return days.has(now.day);
      return now.minute < to && days.has((now.day + 6) % 7);
    },
  };
}

function parseDays(value: unknown, report: Report): ReadonlySet<number> {
  if (value === undefined || value === null || value === "") return new Set(DAYS.keys());
  const names: unknown[] = Array.isArray(value) ? value : textOf(value).split(",");
  const days = new Set<number>();
  for (const name of names) {
    const day = dayNamed(textOf(name));
    if (day === undefined) report("RULE_TIME_DAY_UNKNOWN", { day: shown(name) });
    else days.add(day);
  }
  if (names.length === 0) return new Set(DAYS.keys());
  return days;
}

function parseHour(value: unknown, otherwise: number, report: Report): number {
  if (value === undefined || value === null || value === "") return otherwise;
  const text = textOf(value);
  if (!isWhole("hour", text)) {
    report("RULE_TIME_HOUR_INVALID", { hour: shown(value) });
    return otherwise;
  }
  const [hours, minutes] = text.split(":").map(Number) as [number, number];
  return hours * 60 + minutes;
}
