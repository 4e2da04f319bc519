import { Fault } from "../base/fault.ts";
import { isObject, textOf } from "../base/json.ts";
import { isBlank } from "../base/settings.ts";
import { shown } from "../base/text.ts";
import type { Ballot, Command } from "./ballot.ts";
import { listOf, memberOf } from "./member-settings.ts";
import type { Person } from "./policy-types.ts";

/**
 * Understands what a message says as a vote: `{level?, action, by, reason?, except?}`, where `by` may be a number (a
 * Telegram id) and `except` a text.
 *
 * Throws Fault `APPROVAL_VOTE_INVALID` with the field that is wrong.
 */
export function parseBallot(value: unknown): Ballot {
  const given = isObject(value) ? value : {};
  const invalid = (field: string): Fault => new Fault("APPROVAL_VOTE_INVALID", { field, value: shown(given[field] ?? "") });
  const { action } = given;
  if (action !== "approve" && action !== "reject") throw invalid("action");
  const by = textOf(given["by"]).trim();
  if (by === "") throw invalid("by");
  const level = isBlank(given["level"]) ? undefined : Number(textOf(given["level"]) || Number.NaN);
  if (level !== undefined && !(Number.isSafeInteger(level) && level >= 0)) throw invalid("level");
  const except = listOf(given["except"])?.map(textOf);
  if (except === undefined || except.includes("")) throw invalid("except");
  return {
    ...(level === undefined ? {} : { level }),
    action,
    by,
    ...reasonIn(given),
    ...(except.length === 0 ? {} : { except }),
  };
}

/**
 * Understands what a message says as a command: `{action, by, reason?, to?, from?, outcome?}`. A missing reason or `by`
 * is for `command` to refuse.
 *
 * Throws Fault `APPROVAL_COMMAND_INVALID` with the field that is wrong.
 */
export function parseCommand(value: unknown): Command {
  const given = isObject(value) ? value : {};
  const invalid = (field: string): Fault => new Fault("APPROVAL_COMMAND_INVALID", { field, value: shown(given[field] ?? "") });
  const { action, outcome } = given;
  const by = textOf(given["by"]).trim();
  const said = { by, ...reasonIn(given) };
  const to = (): Person => {
    const member = memberOf(given["to"]);
    if (member === undefined || "role" in member) throw invalid("to");
    return member;
  };
  switch (action) {
    case "withdraw":
    case "unfreeze":
      return { action, ...said };
    case "freeze":
      return { action, reason: "", ...said };
    case "bypass":
      if (isBlank(outcome)) return { action, reason: "", ...said };
      if (outcome !== "approved" && outcome !== "rejected") throw invalid("outcome");
      return { action, outcome, reason: "", ...said };
    case "delegate":
      return { action, to: to(), ...said };
    case "reassign": {
      const from = textOf(given["from"]).trim();
      return { action, to: to(), ...(from === "" ? {} : { from }), ...said };
    }
    default:
      throw invalid("action");
  }
}

function reasonIn(given: Record<string, unknown>): { reason?: string } {
  const reason = textOf(given["reason"]).trim();
  return reason === "" ? {} : { reason };
}
