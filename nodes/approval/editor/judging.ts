import { type PolicyProblem, policyProblems } from "../../lib/approval/settings.ts";
import { isObject } from "../../lib/base/json.ts";
import { isVariable } from "../../lib/base/settings.ts";
import type { Row } from "../../lib/editor/rows.ts";
import { askedIn, levelsAtStart, levelsIn, PEOPLE_FIELDS, type PeopleField, wrongProperty } from "./reading.ts";
import { say, wordsFor } from "./words.ts";

/** In the order in which a row shows them. */
const FIELDS = ["approvers", "need", "deadline", "onDeadline", "escalateTo", "remindEvery"] as const;
type Field = (typeof FIELDS)[number];

type Some<T> = readonly [T, ...T[]];

/** What is wrong with the levels of a node: with each, by its place, and with all of them together. */
export interface LevelsVerdict {
  readonly byLevel: readonly (readonly string[])[];
  readonly together: readonly string[];
}

/**
 * Judges the levels of a node as the node does at its start. A level that names nobody is wrong besides: its author has
 * not said who.
 *
 * @param fallback the node's property, whose people may have aliases as well
 * @param hasFallback whether the fallback is asked where nobody else is
 */
export function judgeLevels(value: unknown, fallback: unknown, hasFallback: boolean): LevelsVerdict {
  const problems = policyProblems({ levels: levelsAtStart(value), fallback }).filter(({ path }) => path[0] === "levels");
  const levels = isVariable(value) ? [] : (levelsIn(value) ?? []);
  return {
    byLevel: levels.map((level, index) =>
      judgeLevel(
        level,
        problems.filter(({ path }) => path[1] === index),
        hasFallback,
      ),
    ),
    together: problems.filter(({ path }) => path.length === 1).map((problem) => wordsFor([problem])),
  };
}

function judgeLevel(level: unknown, problems: readonly PolicyProblem[], hasFallback: boolean): string[] {
  const whole = problems.filter(({ path }) => path.length === 2);
  if (isSome(whole)) return [wordsFor(whole)];
  if (!isObject(level)) return [];
  return FIELDS.flatMap((field) => {
    const own = problems.filter(({ path }) => path[2] === field);
    if (isSome(own)) return [wordsFor(own, { type: level[`${field}Type`], value: level[field] })];
    return isPeople(field) ? whomToAsk(level, field, hasFallback) : [];
  });
}

/** What only the dialog minds in a field for people. */
function whomToAsk(level: Row, field: PeopleField, hasFallback: boolean): string[] {
  const property = wrongProperty(level, field);
  if (property !== undefined) return [say("problem.property", { value: property })];
  if (askedIn(level[field], level[`${field}Type`]).length > 0) return [];
  if (field === "approvers") return hasFallback ? [] : [say("problem.approvers")];
  return level["onDeadline"] === "escalate" ? [say("problem.escalateTo")] : [];
}

/**
 * What is wrong with one of a node's other properties, in words; undefined for nothing.
 *
 * @param given of the policy, that property and those on which it depends
 */
export function judgeProperty(
  property: "fallback" | "delegation" | "calendar",
  given: Readonly<Record<string, unknown>>,
): string | undefined {
  const own = policyProblems(given).filter(({ path }) => path[0] === property);
  // Of working hours, the first field that is wrong.
  const alike = property === "calendar" ? own.filter(({ path }) => path[1] === own[0]?.path[1]) : own;
  return isSome(alike) ? wordsFor(alike) : undefined;
}

function isSome<T>(all: readonly T[]): all is Some<T> {
  return all.length > 0;
}

function isPeople(field: Field): field is PeopleField & Field {
  return PEOPLE_FIELDS.some((each) => each === field);
}

/** Whether those to escalate to cannot be asked, so that their field must be seen. */
export function isEscalateToWrong(level: Row): boolean {
  const problems = policyProblems({ levels: levelsAtStart([level]) });
  return wrongProperty(level, "escalateTo") !== undefined || problems.some(({ path }) => path[2] === "escalateTo");
}
