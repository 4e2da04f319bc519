#!/usr/bin/env node
import { parseArgs } from "node:util";
import { Fault } from "../lib/base/fault.ts";
import { type RuleSet, RulesFault, tryRules, unreachableRules } from "../lib/rules/index.ts";
import { Command, EXIT } from "./command.ts";
import { problemLines, summaryLine, trialJson, trialLines, unreachableLines } from "./report.ts";
import { ruleSetIn, tasksIn, tasksInLedger } from "./sources.ts";
import type { RULES_TEXTS } from "./texts.ts";

const LAST = "1000";

const command = new Command<typeof RULES_TEXTS>("abiquo-task-decision");
let { words } = command;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tasks: { type: "string" },
      ledger: { type: "string" },
      last: { type: "string", default: LAST },
      against: { type: "string" },
      otherwise: { type: "string", default: "review" },
      scope: { type: "string", default: "task" },
      strict: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      lang: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  words = command.speak(values.lang);
  const [what, file, ...more] = positionals;
  if (values.help || what === undefined) {
    console.log(words.text("cli.help"));
    return values.help ? EXIT.fine : EXIT.badInput;
  }
  if (!["check", "try"].includes(what) || file === undefined || more.length > 0) throw new Fault("COMMAND_UNKNOWN");

  const read = (path: string): RuleSet | undefined => {
    try {
      return ruleSetIn(path, { otherwise: values.otherwise as RuleSet["otherwise"], scope: values.scope as RuleSet["scope"] });
    } catch (error) {
      if (!(error instanceof RulesFault)) throw error;
      for (const line of problemLines(path, error, words)) console.error(line);
      return undefined;
    }
  };
  const set = read(file);
  if (what === "check") return set === undefined ? EXIT.badInput : check(file, set, values.strict);

  const against = values.against === undefined ? undefined : read(values.against);
  if (set === undefined || (values.against !== undefined && against === undefined)) return EXIT.badInput;
  const limit = Number(values.last);
  if (!Number.isInteger(limit) || limit < 0) throw new Fault("OPTION_NOT_A_NUMBER", { option: "last" });
  if ((values.tasks === undefined) === (values.ledger === undefined)) throw new Fault("TASKS_FROM_WHERE");
  const tasks = values.tasks === undefined ? await tasksInLedger(values.ledger as string, limit) : tasksIn(values.tasks);
  // Rules that were tried on nothing would look as if all were well with them.
  if (tasks.length === 0) throw new Fault("TASKS_NONE", { file: values.tasks ?? values.ledger ?? "" });

  const unreachable = values.strict ? unreachableLines(file, set, unreachableRules(set.list), words) : [];
  for (const line of unreachable) console.error(line);
  const trial = await tryRules(tasks, set, against);
  if (values.json) console.log(JSON.stringify(trialJson(trial, against !== undefined), null, 2));
  else for (const line of [...trialLines(trial, words), summaryLine(trial, values.against, words)]) console.log(line);
  return trial.differing > 0 || unreachable.length > 0 ? EXIT.found : EXIT.fine;
}

function check(file: string, set: RuleSet, strict: boolean): number {
  const unreachable = unreachableLines(file, set, unreachableRules(set.list), words);
  for (const line of unreachable) console.log(line);
  if (strict && unreachable.length > 0) return EXIT.found;
  console.log(words.text("cli.checked", { file, count: set.list.length }));
  return EXIT.fine;
}

command.run(main);
