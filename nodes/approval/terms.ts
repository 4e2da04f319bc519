import { clashingAliases, identity, parsePolicy, type RawPolicy, resolvePolicy } from "../lib/approval/index.ts";
import { Fault } from "../lib/base/fault.ts";
import { isObject } from "../lib/base/json.ts";
import type { ApprovalTerms } from "../lib/engine/index.ts";
import type { Message, NodeKit } from "../lib/node-red/define.ts";
import { LANGUAGES, nearestLanguage } from "../lib/node-red/page-texts.ts";

const HOUR = 60 * 60_000;
/** A week: long enough for a holiday, short enough for a lost mailbox. */
const LINK_VALIDITY_HOURS = 168;

interface Terms {
  readonly termsOf: (message: Message) => Promise<Omit<ApprovalTerms, "publicUrl">>;
  /** addresses of the people named in the node, by their aliases in the form in which they are compared */
  readonly emails: ReadonlyMap<string, string>;
}

/**
 * What the node asks for, by its properties. Approvers may come from the message, and then each message has its
 * own policy.
 *
 * @throws Fault APPROVAL_… for the first thing that is wrong with what does not come from messages
 */
export function approvalTerms(kit: NodeKit): Terms {
  const { config, RED } = kit;
  const tag = config.text("language") || String((RED.settings as { lang?: string }).lang ?? LANGUAGES[0]);
  const linkValidity = config.number("linkValidity", LINK_VALIDITY_HOURS, 1 / 60) * HOUR;
  const given = config.raw("levels");
  const levels = typeof given === "string" ? parsed(given) : given;
  const rows = Array.isArray(levels) ? (levels as unknown[]).filter(isObject) : undefined;
  const comesFromMessage = rows?.some(({ approversType, escalateToType }) => approversType === "msg" || escalateToType === "msg") ?? false;
  const settings = (own: unknown): RawPolicy =>
    withoutClash({
      levels: own,
      requireReason: config.text("requireReason"),
      allowSelfApproval: config.flag("allowSelfApproval"),
      allowSamePersonTwice: config.flag("allowSamePersonTwice"),
      delegation: config.raw("delegation"),
      noApprover: config.text("noApprover"),
      fallback: config.raw("fallback"),
      calendar: config.raw("calendar"),
    });
  const withoutMessage = settings(comesFromMessage ? rows?.map((row) => withPeople(row, () => "")) : levels);
  const { levels: named, fallback } = resolvePolicy(withoutMessage, {});
  const people = [...named.flatMap((level) => [...level.approvers, ...level.escalateTo]), ...fallback];
  const emails = new Map(people.flatMap(({ email, aliases = [] }) => aliases.map((alias) => [identity(alias), email])));
  const { timeZone } = withoutMessage.calendar ?? Intl.DateTimeFormat().resolvedOptions();
  const termsOf = async (message: Message): Promise<Omit<ApprovalTerms, "publicUrl">> => {
    const policy = comesFromMessage ? settings(rows?.map((row) => withPeople(row, (path) => valueAt(kit, message, path)))) : withoutMessage;
    return { policy, language: nearestLanguage(tag), timeZone, linkValidity };
  };
  return { termsOf, emails };
}

/**
 * An alias that two people have is told before anybody is asked.
 *
 * @throws Fault APPROVAL_ALIAS_AMBIGUOUS, and what `parsePolicy` throws
 */
function withoutClash(given: Readonly<Record<string, unknown>>): RawPolicy {
  const policy = parsePolicy(given);
  const [alias] = clashingAliases(policy, {});
  if (alias !== undefined) throw new Fault("APPROVAL_ALIAS_AMBIGUOUS", { alias });
  return policy;
}

/** A variable holds the levels as JSON; what is none is told by the policy's own reading. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function withPeople(row: Record<string, unknown>, read: (path: string) => unknown): Record<string, unknown> {
  const own = { ...row };
  for (const field of ["approvers", "escalateTo"]) {
    if (row[`${field}Type`] === "msg") own[field] = read(String(row[field] ?? ""));
  }
  return own;
}

/** @throws Fault EXPRESSION_FAILED when the message has no such property */
function valueAt({ RED }: NodeKit, message: Message, path: string): unknown {
  const value: unknown = RED.util.getMessageProperty(message as never, path);
  if (value === undefined || value === null) throw new Fault("APPROVERS_NOT_IN_MESSAGE", { property: path });
  return value;
}
