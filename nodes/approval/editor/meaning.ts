import type { Row } from "../../lib/editor/rows.ts";
import { type Asked, type Known, readLevel } from "./reading.ts";
import { say } from "./words.ts";

export const MINUTES_IN = { minutes: 1, hours: 60, days: 1440 } as const;
export type Unit = keyof typeof MINUTES_IN;

/** As many people of a list as a sentence names. */
const NAMED = 4;

/** The largest unit without a remainder. Working time is never counted in days: a day of it would be 24 working hours. */
export function unitOf(minutes: number, isWorkingTime: boolean): Unit {
  if (minutes > 0 && minutes % MINUTES_IN.days === 0 && !isWorkingTime) return "days";
  return minutes > 0 && minutes % MINUTES_IN.hours === 0 ? "hours" : "minutes";
}

/** What a level that has no mistakes means, as a sentence. */
export function meaningOf(level: Row, isWorkingTime: boolean): string {
  const reading = readLevel(level);
  const { deadline, remindEvery, onDeadline } = reading;
  const parts = [whoDecides(reading.approvers, reading.need)];
  if (isNone(deadline)) parts.push(say("meaning.noDeadline"));
  else {
    const action = onDeadline !== undefined && "value" in onDeadline ? onDeadline.value : "wait";
    const people = action === "escalate" ? { people: naming(reading.escalateTo, "conjunction") } : {};
    parts.push(say(`meaning.deadline.${action}`, { time: duration(deadline, isWorkingTime), ...people }));
  }
  if (!isNone(remindEvery)) parts.push(say("meaning.remind", { time: duration(remindEvery, isWorkingTime) }));
  return `${parts.join("; ")}.`;
}

function whoDecides(approvers: readonly Asked[], need: ReturnType<typeof readLevel>["need"]): string {
  const [first, ...others] = approvers;
  if (first === undefined) return say("meaning.fallback");
  const number = need === undefined ? "" : "value" in need ? need.value : need.variable;
  if (number === "any" || (others.length === 0 && "email" in first))
    return say("meaning.any", { people: naming(approvers, "disjunction") });
  const people = naming(approvers, "conjunction");
  return number === "all" ? say("meaning.all", { people }) : say("meaning.some", { people, number });
}

/** Names people in a sentence: "Ana or anybody with the role X". */
function naming(people: readonly Asked[], type: "conjunction" | "disjunction"): string {
  const names = people.slice(0, NAMED).map((each) => nameOf(each, type));
  if (people.length > NAMED) names.push(say("who.more", { number: people.length - NAMED }));
  return new Intl.ListFormat(RED.i18n.lang(), { type }).format(names);
}

function nameOf(asked: Asked, type: "conjunction" | "disjunction"): string {
  if ("variable" in asked) return asked.variable;
  if ("message" in asked) return say("who.message", { property: asked.message });
  if ("role" in asked) return say(type === "disjunction" ? "who.anyWithRole" : "who.allWithRole", { role: asked.role });
  return asked.name ?? asked.email;
}

function duration(minutes: Known<number>, isWorkingTime: boolean): string {
  const time = minutes !== undefined && "variable" in minutes ? `${minutes.variable} min` : inUnits(minutes?.value ?? 0, isWorkingTime);
  return say(isWorkingTime ? "meaning.businessTime" : "meaning.time", { time });
}

function inUnits(minutes: number, isWorkingTime: boolean): string {
  const unit = unitOf(minutes, isWorkingTime);
  const format = new Intl.NumberFormat(RED.i18n.lang(), { style: "unit", unit: unit.slice(0, -1), unitDisplay: "long" });
  return format.format(minutes / MINUTES_IN[unit]);
}

export function isNone(minutes: Known<number>): boolean {
  return minutes !== undefined && "value" in minutes && minutes.value === 0;
}
