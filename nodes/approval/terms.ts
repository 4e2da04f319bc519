import { identity, LevelRows, parseUnambiguousPolicy, type RawPolicy, resolvePolicy } from "../lib/approval/index.ts";
import { Fault } from "../lib/base/fault.ts";
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
  const rows = new LevelRows(config.raw("levels"));
  const settings = (own: unknown): RawPolicy =>
    parseUnambiguousPolicy({
      levels: own,
      requireReason: config.text("requireReason"),
      allowSelfApproval: config.flag("allowSelfApproval"),
      allowSamePersonTwice: config.flag("allowSamePersonTwice"),
      delegation: config.raw("delegation"),
      noApprover: config.text("noApprover"),
      fallback: config.raw("fallback"),
      calendar: config.raw("calendar"),
    });
  const withoutMessage = settings(rows.withPeople());
  const { levels: named, fallback } = resolvePolicy(withoutMessage, {});
  const people = [...named.flatMap((level) => [...level.approvers, ...level.escalateTo]), ...fallback];
  const emails = new Map(people.flatMap(({ email, aliases = [] }) => aliases.map((alias) => [identity(alias), email])));
  const { timeZone } = withoutMessage.calendar ?? Intl.DateTimeFormat().resolvedOptions();
  const termsOf = async (message: Message): Promise<Omit<ApprovalTerms, "publicUrl">> => {
    const policy = rows.needMessage ? settings(rows.withPeople((property) => valueAt(kit, message, property))) : withoutMessage;
    return { policy, language: nearestLanguage(tag), timeZone, linkValidity };
  };
  return { termsOf, emails };
}

/** @throws Fault APPROVERS_NOT_IN_MESSAGE when the message has no such property */
function valueAt({ RED }: NodeKit, message: Message, property: string): unknown {
  const value: unknown = RED.util.getMessageProperty(message as never, property);
  if (value === undefined || value === null) throw new Fault("APPROVERS_NOT_IN_MESSAGE", { property });
  return value;
}
