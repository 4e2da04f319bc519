import { codec, readOrWhy } from "../base/codec.ts";
import type { FaultParams } from "../base/fault.ts";
import { isObject } from "../base/json.ts";
import { type Check, isListOf, isNumber, isRecord, isText, only } from "../base/shape.ts";
import type { SubmissionRecord, TaskKey } from "./records.ts";

/** The fault that a decision met last, without its words. */
export interface KeptFault {
  readonly code: string;
  readonly params: FaultParams;
}

const isPair: Check<readonly [string, string]> = (value): value is readonly [string, string] =>
  isListOf(isText)(value) && value.length === 2;

/** Which tasks a message waits for: pairs of API and task. */
const keptTasks = codec("request.tasks", [], only(isListOf(isPair)));

export function tasksText(keys: readonly TaskKey[]): string {
  return keptTasks.write(keys.map(({ api, taskId }) => [api, taskId]));
}

/** What cannot be read is told: it waits for a release that can. */
export function tasksIn(tasks: string): Pick<SubmissionRecord, "tasks" | "unread"> {
  const reading = readOrWhy(() => keptTasks.read(tasks));
  if ("value" in reading) return { tasks: reading.value.map(([api, taskId]) => ({ api, taskId })) };
  const { code, params } = reading.unread;
  return { tasks: [], unread: { code, params } };
}

const isParams: Check<FaultParams> = (value): value is FaultParams =>
  isObject(value) && Object.values(value).every((param) => isText(param) || isNumber(param));

export const keptFault = codec("decision.fault", [], only(isRecord<KeptFault>({ code: isText, params: isParams })));

/** What a rule has seen, by its field: of any type. */
export const keptFacts = codec<Readonly<Record<string, unknown>>>("decision.facts", [], only(isObject));
