import { identity, waitingFor } from "../../approval/index.ts";
import { readOrWhy } from "../../base/codec.ts";
import type { Fault } from "../../base/fault.ts";
import type { NotificationRecord } from "../../ledger/index.ts";
import { keptNotification, type Notification } from "./kept.ts";
import type { OpenedApproval } from "./request.ts";
import { dueOf } from "./views.ts";

/** Which notifications leave now, and which never need to. */
export interface Selection {
  readonly send: readonly Selected[];
  /** ids of those that something newer has taken the place of */
  readonly superseded: readonly string[];
  /** those of which something cannot be read */
  readonly unread: readonly Unread[];
}

export interface Unread {
  readonly record: NotificationRecord;
  readonly fault: Fault;
}

export interface Selected {
  readonly record: NotificationRecord;
  readonly opened: OpenedApproval;
  readonly notification: Notification;
}

interface Parsed {
  readonly record: NotificationRecord;
  readonly notification: Notification;
}

/**
 * Selects what is still true. What could not be sent for hours, or had to wait behind much else, is sent as it stands
 * now: of one request, one message to each person.
 *
 * @param due those whose time has come, oldest first
 * @param about all notifications of the same approvals to the same people, sent or not, oldest first
 */
export function selectNotifications(
  due: readonly NotificationRecord[],
  about: readonly NotificationRecord[],
  openedOf: (approval: string) => OpenedApproval | undefined,
): Selection {
  const send: Selected[] = [];
  const superseded: string[] = [];
  const unread: Unread[] = [];
  const groups = Map.groupBy(about, placeOf);
  for (const [place, waiting] of Map.groupBy(due, placeOf)) {
    const group = groups.get(place) ?? [];
    const reading = readOrWhy(() => ({
      pending: group.filter(({ state }) => state === "pending").map(parsed),
      opened: openedOf(group[0]?.approval ?? ""),
    }));
    if ("unread" in reading) {
      unread.push(...waiting.map((record) => ({ record, fault: reading.unread })));
      continue;
    }
    const { pending, opened } = reading.value;
    const chosen = opened === undefined ? undefined : choose(opened, pending, group);
    superseded.push(...pending.filter(({ record }) => record.id !== chosen?.record.id).map(({ record }) => record.id));
    if (opened !== undefined && chosen !== undefined) send.push({ ...chosen, record: { ...chosen.record, ref: refOf(group) }, opened });
  }
  return { send, superseded, unread };
}

function placeOf({ approval, person }: NotificationRecord): string {
  return `${approval} ${person}`;
}

function parsed(record: NotificationRecord): Parsed {
  return { record, notification: keptNotification.read(record.body) };
}

/** A channel's own name of the newest message that it has named. */
function refOf(group: readonly NotificationRecord[]): string | undefined {
  return group.findLast(({ ref }) => ref !== undefined && ref !== "")?.ref;
}

function choose(opened: OpenedApproval, pending: readonly Parsed[], group: readonly NotificationRecord[]): Parsed | undefined {
  const { state } = opened;
  if (state === undefined) return undefined;
  const { approval } = state;
  if (approval.status !== "open") {
    const end = pending.findLast(({ notification: { kind } }) => kind === "decided" || kind === "withdrawn");
    return end !== undefined && isConcerned(opened, end, group) ? end : undefined;
  }
  const waiting = new Set(waitingFor(approval).map(({ email }) => identity(email)));
  const asks = pending.filter(({ notification: { level, person } }) => level === approval.level && waiting.has(identity(person.email)));
  const ask = asks.findLast(({ notification: { kind } }) => kind !== "reminder") ?? asks.at(-1);
  if (ask === undefined) return undefined;
  const { dueAt: _then, ...rest } = ask.notification;
  return { record: ask.record, notification: { ...rest, ...dueOf(approval) } };
}

/** How it ended matters to the requester, and to those who know of it: who was never asked need not hear of the end. */
function isConcerned(
  { state }: OpenedApproval,
  { notification: { requester, person } }: Parsed,
  group: readonly NotificationRecord[],
): boolean {
  const hasVoted = state?.approval.votes.some(({ by }) => identity(by) === identity(person.email)) === true;
  return requester === true || hasVoted || group.some((each) => each.state === "sent");
}
