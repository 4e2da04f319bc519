import { readFileSync } from "node:fs";
import { systemClock } from "../lib/base/clock.ts";
import { Fault } from "../lib/base/fault.ts";
import { parseJson } from "../lib/base/json.ts";
import { recordedTasks } from "../lib/engine/index.ts";
import { openLedger } from "../lib/ledger/index.ts";
import { type RecordedTask, type RuleOptions, type RuleSet, readRecordedTasks, readRuleSet } from "../lib/rules/index.ts";
import { existingStore } from "./shell.ts";

/** @throws Fault FILE_UNREADABLE; RulesFault when the rules are wrong */
export function ruleSetIn(file: string, defaults: RuleOptions): RuleSet {
  return readRuleSet(textIn(file), defaults);
}

/**
 * @param file JSON, or one JSON value a line
 * @throws Fault FILE_UNREADABLE, TASKS_NOT_JSON, TASKS_NOT_RECORDED
 */
export function tasksIn(file: string): RecordedTask[] {
  const text = textIn(file).replace(/^\uFEFF/, "");
  const { tasks, wrong } = readRecordedTasks(parseJson(text) ?? lines(text, file), new Date(systemClock.now()));
  if (wrong[0] !== undefined) throw new Fault("TASKS_NOT_RECORDED", { file, record: wrong[0] + 1 });
  return tasks;
}

/** @throws Fault FILE_UNREADABLE; those of `openLedger` that it only reads */
export async function tasksInLedger(file: string, limit: number): Promise<RecordedTask[]> {
  const ledger = await openLedger({ engine: "sqlite", file: existingStore(file) }, { readOnly: true });
  try {
    return await recordedTasks(ledger, { limit });
  } finally {
    await ledger.close();
  }
}

function textIn(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Fault("FILE_UNREADABLE", { file, reason: (error as NodeJS.ErrnoException).code ?? "" });
  }
}

function lines(text: string, file: string): unknown[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const value = parseJson(line);
    if (value === undefined) throw new Fault("TASKS_NOT_JSON", { file, line: index + 1 });
    return [value];
  });
}
