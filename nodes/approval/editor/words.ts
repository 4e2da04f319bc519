import type { Calendar, PolicyFaultCode, PolicyProblem } from "../../lib/approval/settings.ts";
import { parseJson } from "../../lib/base/json.ts";
import { type Keys, textsOf } from "../../lib/editor/texts.ts";
import type texts from "../locales/en-US.json";

type Catalogue = (typeof texts)["abiquo-approval"];
export type Key = Keys<Catalogue>;

export const say = textsOf<Catalogue>("abiquo-approval");

/** What the dialog knows besides about what is judged, in order to say it better. */
interface Seen {
  /** the type that is chosen beside a field for people */
  readonly type?: unknown;
  /** what the field holds */
  readonly value?: unknown;
}

const CALENDAR_WORDS: Readonly<Record<keyof Calendar, Key>> = {
  timeZone: "problem.timeZone",
  days: "problem.days",
  from: "problem.hours",
  to: "problem.hours",
  holidays: "problem.holidays",
};

/** By code: a code without words does not compile. `value` is every wrong one of a list. */
const WORDS: Readonly<Record<PolicyFaultCode, (problem: PolicyProblem, value: string, seen: Seen) => string>> = {
  APPROVAL_LEVELS_MISSING: () => say("problem.levels"),
  APPROVAL_LEVEL_INVALID: () => say("problem.level"),
  APPROVAL_PERSON_INVALID: (_, value, seen) => person(value, seen),
  APPROVAL_NEED_INVALID: (_, value) => say(value.trim().endsWith("%") ? "problem.percent" : "problem.number"),
  APPROVAL_MINUTES_INVALID: ({ params }) => say(params["field"] === "deadline" ? "problem.deadline" : "problem.remindEvery"),
  APPROVAL_ON_DEADLINE_INVALID: (_, value) => say("problem.choice", { value }),
  APPROVAL_DEADLINE_MISSING: () => say("problem.deadlineMissing"),
  APPROVAL_SETTING_INVALID: (_, value) => say("problem.choice", { value }),
  APPROVAL_DELEGATION_INVALID: (_, value) => say("problem.delegation", { value }),
  APPROVAL_FALLBACK_INVALID: (_, value, seen) => person(value, seen),
  APPROVAL_FALLBACK_MISSING: () => say("problem.fallback"),
  APPROVAL_CALENDAR_INVALID: ({ params }, value) => {
    const field = String(params["field"]);
    return isCalendarField(field) ? say(CALENDAR_WORDS[field], { value }) : say("problem.calendar");
  },
  APPROVAL_ALIAS_AMBIGUOUS: ({ params }) => say("problem.alias", { alias: params["alias"] }),
};

/**
 * What is wrong with one property, in words.
 *
 * @param problems of which the first decides what is said, and those like it what is named
 */
export function wordsFor(problems: readonly [PolicyProblem, ...PolicyProblem[]], seen: Seen = {}): string {
  const [first] = problems;
  const values = problems.filter(({ code }) => code === first.code).map(({ params }) => String(params["value"]));
  return WORDS[first.code](first, [...new Set(values)].join(", "), seen);
}

function person(value: string, { type, value: given }: Seen): string {
  const slip = type === "json" && typeof given === "string" ? jsonError(given) : undefined;
  return slip === undefined ? say("problem.person", { value }) : say("problem.json", { problem: slip });
}

/** Why a text is no JSON, in the browser's words. */
function jsonError(text: string): string | undefined {
  if (parseJson(text) !== undefined) return undefined;
  try {
    JSON.parse(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return undefined;
}

function isCalendarField(field: string): field is keyof Calendar {
  return Object.hasOwn(CALENDAR_WORDS, field);
}
