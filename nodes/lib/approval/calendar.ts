import type { Calendar } from "./types.ts";

/** The moment (ms since 1970) that lies `duration` ms of business time after `from`; plain time without a calendar. */
export function addTime(_calendar: Calendar | undefined, from: number, duration: number): number {
  return from + duration;
}

/** The business time in ms between two moments; plain time without a calendar; 0 when `to` is not after `from`. */
export function timeBetween(_calendar: Calendar | undefined, from: number, to: number): number {
  return Math.max(0, to - from);
}

const TIME = /^([01]\d|2[0-4]):([0-5]\d)$/;

/** Minutes since midnight of `HH:MM`, up to `24:00`; undefined for anything else. */
export function minuteOfDay(text: string): number | undefined {
  const [, hours, minutes] = TIME.exec(text) ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  return minute <= 24 * 60 ? minute : undefined;
}

/** Whether `Intl` knows the zone. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
