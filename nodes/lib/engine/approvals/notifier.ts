import type { ApprovalEvent } from "../../approval/index.ts";
import type { Clock } from "../../base/clock.ts";
import { someAtOnce } from "../../base/concurrency.ts";
import type { Fault } from "../../base/fault.ts";
import type { Ledger, NewNotification, NotificationRecord } from "../../ledger/index.ts";
import { keptNotification, type Notification } from "./kept.ts";
import { Mailboxes, pauseAfter } from "./mailboxes.ts";
import { type OpenedApproval, openedApproval } from "./request.ts";
import { type Selected, selectNotifications } from "./selection.ts";

export type { Notification } from "./kept.ts";

/** Who lets messages to people leave. */
export interface NotifierPort {
  /** Lets a message to one person leave. Answers false when the node is closing and could not. */
  notify(opened: OpenedApproval, notification: Notification, record: NotificationRecord): Promise<boolean>;
  /** A message could not be made; it is kept, and tried again. */
  report(problem: unknown): void;
}

/** A notification in flight. */
class Flight {
  /** Resolves once its channel has said how it went. */
  readonly said: Promise<void>;
  /** Resolves once what became of it is on disk. */
  readonly written: Promise<void>;
  hasFailed = false;
  #say: () => void = () => undefined;
  #land: () => void = () => undefined;

  constructor() {
    this.said = new Promise((resolve) => (this.#say = resolve));
    this.written = new Promise((resolve) => (this.#land = resolve));
  }

  end(hasFailed: boolean): void {
    this.hasFailed = hasFailed;
    this.#say();
  }

  land(): void {
    this.#land();
  }
}

/** To how many mailboxes messages may be in flight; to each of them one. */
const MAILBOXES_AT_ONCE = 8;
/** How many notifications are read at once. */
const READ_AT_ONCE = 100;
/** How long until a ledger that cannot be used is used again, in ms. */
const AGAIN = 30_000;

/** Notifies people. Each notification rests in the ledger until it has left, and so survives every stop. */
export class Notifier {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #portOf: (key: string) => NotifierPort | undefined;
  readonly #sending = new Map<string, { again: boolean }>();
  /** those in flight, by id */
  readonly #flights = new Map<string, Flight>();
  /** the next try, by key */
  readonly #retries = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  readonly #mailboxes: Mailboxes;
  /** what was reported of those that cannot be read */
  readonly #unread = new Set<string>();
  #isClosed = false;

  constructor(ledger: Ledger, clock: Clock, portOf: (key: string) => NotifierPort | undefined) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#portOf = portOf;
    this.#mailboxes = new Mailboxes(clock);
  }

  /** A node begins, or what is behind it was deployed: what failed before may go well now. */
  async begin(key: string): Promise<void> {
    this.#mailboxes.forget(key);
    await this.#ledger.notifications.retryNow(key);
    void this.notify(key);
  }

  /**
   * Sends to some mailboxes at once, and to each of them one message after the other, marked before the next: a kill
   * repeats the one in flight to a mailbox at the most.
   */
  async notify(key: string): Promise<void> {
    const sending = this.#sending.get(key);
    if (sending !== undefined) {
      sending.again = true;
      return;
    }
    const own = { again: true };
    this.#sending.set(key, own);
    try {
      let next: number | undefined;
      while (own.again && !this.#isClosed) {
        own.again = false;
        if (await this.#sendSome(key)) own.again = true;
        else next = await this.#ledger.notifications.nextDue(key);
      }
      if (next !== undefined && this.#portOf(key) !== undefined) this.#sendLater(key, next);
    } catch {
      // The ledger cannot be read or written for now; whoever asks or votes hears it.
      this.#sendLater(key, this.#clock.now() + AGAIN);
    } finally {
      this.#sending.delete(key);
    }
  }

  /** A channel says what it calls the message of this notification, or that it could not deliver it. */
  async notified(notification: string, { ref, failed }: { readonly ref?: string; readonly failed?: boolean }): Promise<void> {
    const flight = this.#flights.get(notification);
    if (failed !== true) {
      await this.#ledger.notifications.reference(notification, ref ?? "");
      flight?.end(false);
      return;
    }
    if (flight !== undefined) {
      flight.end(true);
      return flight.written;
    }
    const record = await this.#ledger.notifications.get(notification);
    if (record === undefined) return;
    await this.#failed(record);
    void this.notify(record.key);
  }

  close(): void {
    this.#isClosed = true;
    for (const { cancel } of this.#retries.values()) cancel();
    this.#retries.clear();
  }

  #sendLater(key: string, at: number): void {
    const planned = this.#retries.get(key);
    if (this.#isClosed || (planned !== undefined && planned.at <= at)) return;
    planned?.cancel();
    const cancel = this.#clock.after(Math.max(0, at - this.#clock.now()), () => {
      this.#retries.delete(key);
      void this.notify(key);
    });
    this.#retries.set(key, { at, cancel });
  }

  /** Once more at once; then a channel that is down must not be asked as fast as it can refuse. */
  async #failed({ id, key, person, failures }: NotificationRecord): Promise<void> {
    await this.#ledger.notifications.delay({ id, mailbox: { key, person }, nextAt: this.#mailboxes.failed(key, person, failures + 1) });
  }

  /** `closed`: the node closed before the nodes behind were done with it. */
  async #leave(port: NotifierPort, { record, opened, notification }: Selected, flight: Flight): Promise<"left" | "closed" | "unsaid"> {
    try {
      const left = port.notify(opened, notification, record);
      return (await Promise.race([left, flight.said.then(() => true)])) ? "left" : "closed";
    } catch (problem) {
      port.report(problem);
      return "unsaid";
    }
  }

  /** True when there may be more to send at once. */
  async #sendSome(key: string): Promise<boolean> {
    // What has nobody to send it waits for the next node with this key.
    if (this.#portOf(key) === undefined) return false;
    const { approvals: store, notifications } = this.#ledger;
    const due = await notifications.due(key, this.#clock.now(), READ_AT_ONCE);
    if (due.length === 0) return false;
    const ids = [...new Set(due.map(({ approval }) => approval))];
    const approvals = new Map((await store.several(ids)).map((record) => [record.id, record]));
    const about = await notifications.about(ids, [...new Set(due.map(({ person }) => person))]);
    const opened = (id: string): OpenedApproval | undefined => {
      const record = approvals.get(id);
      return record === undefined ? undefined : openedApproval(record);
    };
    const { send, superseded, unread } = selectNotifications(due, about, opened);
    if (superseded.length > 0) await notifications.supersede(superseded);
    for (const { record, fault } of unread) await this.#putOff(record, fault);
    if (await this.#sendAll(key, send)) return false;
    return superseded.length + unread.length + send.length > 0;
  }

  /** True when no more is to be sent, since the node closed. What fails ends it too, once nothing is in flight. */
  async #sendAll(key: string, send: readonly Selected[]): Promise<boolean> {
    const problems: unknown[] = [];
    const isClosed = await someAtOnce(MAILBOXES_AT_ONCE, Map.groupBy(send, ({ record }) => record.person).values(), async (messages) => {
      try {
        for (const selected of messages) if (!(await this.#sendInTurn(key, selected))) return true;
        return false;
      } catch (problem) {
        problems.push(problem);
        return true;
      }
    });
    if (problems.length > 0) throw problems[0];
    return isClosed;
  }

  /** False when the node closed. */
  async #sendInTurn(key: string, selected: Selected): Promise<boolean> {
    const port = this.#portOf(key);
    if (port === undefined || this.#isClosed) return false;
    const { person } = selected.record;
    const nextAt = this.#mailboxes.pausedUntil(key, person);
    if (nextAt === undefined) return this.#sendOne(port, selected);
    // What came for a mailbox that fails must not be read again and again before what waits for others.
    await this.#ledger.notifications.delay({ mailbox: { key, person }, nextAt });
    return true;
  }

  /** What cannot be read stays as it is, and stands behind all others. */
  async #putOff({ id, key, failures }: NotificationRecord, fault: Fault): Promise<void> {
    if (!this.#unread.has(fault.message)) this.#portOf(key)?.report(fault);
    this.#unread.add(fault.message);
    await this.#ledger.notifications.delay({ id, nextAt: this.#clock.now() + pauseAfter(failures + 1) });
  }

  /** False when the node closed before the nodes behind were done with it. */
  async #sendOne(port: NotifierPort, selected: Selected): Promise<boolean> {
    const { record } = selected;
    const flight = new Flight();
    this.#flights.set(record.id, flight);
    try {
      const end = await this.#leave(port, selected, flight);
      if (end === "closed") return false;
      if (end === "unsaid") {
        // That says nothing of the mailbox; and it must not stand before all others.
        await this.#ledger.notifications.delay({ id: record.id, nextAt: this.#clock.now() + pauseAfter(record.failures + 1) });
        return true;
      }
      if (flight.hasFailed) {
        await this.#failed(record);
        return true;
      }
      // Asked for while a failure still finds the flight: what is said later is written later.
      const marked = this.#ledger.notifications.sent(record.id);
      this.#flights.delete(record.id);
      await marked;
      return true;
    } finally {
      this.#flights.delete(record.id);
      flight.land();
    }
  }
}

/** The notifications that an event makes. */
export function notificationsOf(event: ApprovalEvent): NewNotification[] {
  if (event.kind === "stuck") return [];
  if (event.kind === "decided" || event.kind === "withdrawn") {
    const { kind, level } = event;
    return event.notices.map(({ notification, person, requester }) => newNotification(notification, { kind, level, person, requester }));
  }
  const { kind, level, person, dueAt, notification } = event;
  return [newNotification(notification, { kind, level, person, ...(dueAt === undefined ? {} : { dueAt }) })];
}

export function newNotification(id: string, body: Notification): NewNotification {
  return { id, person: body.person.email.toLowerCase(), kind: body.kind, body: keptNotification.write(body) };
}
