import assert from "node:assert/strict";
import {
  type Approval,
  type ApprovalEvent,
  type DecidedEvent,
  openApproval,
  type Policy,
  parsePolicy,
  resolvePolicy,
  type Step,
} from "../../../nodes/lib/approval/index.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const START = Date.parse("2026-11-23T10:00:00Z");

/** A policy of these levels; each is asked of anna, bert and carl unless it says otherwise. */
export function policyOf(levels: readonly object[], more: object = {}): Policy {
  const complete = levels.map((level) => ({ approvers: ["anna@x.com", "bert@x.com", "carl@x.com"], ...level }));
  return resolvePolicy(parsePolicy({ levels: complete, ...more }), {});
}

/** An approval of three items asked for by rita, opened at START. */
export function opened(levels: readonly object[], more: object = {}): Approval {
  return openApproval(policyOf(levels, more), { id: "a1", items: ["one", "two", "three"], requester: "rita@x.com" }, START).approval;
}

/** The event that tells the outcome; fails without one. */
export function decidedIn({ events }: Step): DecidedEvent {
  const decided = events.filter((event) => event.kind === "decided");
  assert.equal(decided.length, 1, "one outcome");
  return decided[0]!;
}

/** Who was told what: `"asked anna@x.com"`. */
export function told({ events }: Step): string[] {
  return events.flatMap((event) => ("person" in event ? [`${event.kind} ${event.person.email}`] : []));
}

/** Every notification id of some events. */
export function notifications(events: readonly ApprovalEvent[]): string[] {
  return events.flatMap((event) =>
    "notification" in event ? [event.notification] : "notices" in event ? event.notices.map(({ notification }) => notification) : [],
  );
}

/** What a restart makes of a state. */
export function restarted(approval: Approval): Approval {
  return JSON.parse(JSON.stringify(approval)) as Approval;
}
