import type { ApprovalEvent } from "../../approval/index.ts";
import type { ApprovalRecord, Ledger, NewNotification, NotificationRecord } from "../../ledger/index.ts";
import type { Clock } from "../clock.ts";
import { type OpenedApproval, openedApproval } from "./request.ts";

/** What one person is to be told. */
export interface Notification {
  readonly kind: "asked" | "reminder" | "escalated" | "decided" | "withdrawn";
  readonly level: number;
  readonly person: { readonly email: string; readonly name?: string };
  readonly dueAt?: number;
  /** the requester hears of the result without having been asked */
  readonly requester?: boolean;
}

/** Who lets messages to people leave. */
export interface NotifierPort {
  /** Lets a message to one person leave. Answers false when the node is closing and could not. */
  notify(opened: OpenedApproval, notification: Notification, record: NotificationRecord): Promise<boolean>;
  /** Something could not be told; it is kept, and tried again. */
  report(problem: unknown): void;
}

/** A notification that is being told. */
class Flight {
  /** Resolves once its channel has said how it went. */
  readonly said: Promise<void>;
  hasFailed = false;
  #end: () => void = () => undefined;

  constructor() {
    this.said = new Promise((resolve) => (this.#end = resolve));
  }

  end(hasFailed: boolean): void {
    this.hasFailed = hasFailed;
    this.#end();
  }
}

/** How many notifications are read at once. */
const READ_AT_ONCE = 100;
/** How long until what could not be told is tried again, in ms. */
const AGAIN = 30_000;

/** Tells people. What is to be told rests in the ledger until it has been told, and so survives every stop. */
export class Notifier {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #portOf: (key: string) => NotifierPort | undefined;
  readonly #telling = new Map<string, { again: boolean }>();
  /** those that are being told, by id */
  readonly #flights = new Map<string, Flight>();
  /** calls off the next try, by key */
  readonly #retries = new Map<string, () => void>();
  #isClosed = false;

  constructor(ledger: Ledger, clock: Clock, portOf: (key: string) => NotifierPort | undefined) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#portOf = portOf;
  }

  /** Tells one after the other, each marked before the next: a kill repeats the one in flight at the most. */
  async tell(key: string): Promise<void> {
    const telling = this.#telling.get(key);
    if (telling !== undefined) {
      telling.again = true;
      return;
    }
    const own = { again: true };
    this.#telling.set(key, own);
    try {
      while (own.again) {
        own.again = false;
        if (await this.#tellSome(key)) own.again = true;
      }
    } catch {
      // The ledger cannot be read or written for now; whoever asks or votes is told so.
      this.#tellLater(key);
    } finally {
      this.#telling.delete(key);
    }
  }

  /** A channel says what it calls the message of this notification, or that it could not deliver it. */
  async notified(notification: string, { ref, failed }: { readonly ref?: string; readonly failed?: boolean }): Promise<void> {
    if (failed !== true) {
      await this.#ledger.approvals.reference(notification, ref ?? "");
      this.#flights.get(notification)?.end(false);
      return;
    }
    this.#flights.get(notification)?.end(true);
    const key = await this.#ledger.approvals.untell(notification);
    if (key === undefined) return;
    // Once at once; then a channel that is down must not be asked as fast as it can refuse.
    if (!this.#retries.has(key)) void this.tell(key);
    this.#tellLater(key);
  }

  close(): void {
    this.#isClosed = true;
    for (const callOff of this.#retries.values()) callOff();
    this.#retries.clear();
  }

  #tellLater(key: string): void {
    if (this.#isClosed || this.#retries.has(key)) return;
    const callOff = this.#clock.after(AGAIN, () => {
      this.#retries.delete(key);
      void this.tell(key);
    });
    this.#retries.set(key, callOff);
  }

  /** False when the node closed before the nodes behind were done with it. */
  async #leave(key: string, port: NotifierPort, about: ApprovalRecord, record: NotificationRecord, flight: Flight): Promise<boolean> {
    try {
      const left = port.notify(openedApproval(about), JSON.parse(record.body) as Notification, record);
      return await Promise.race([left, flight.said.then(() => true)]);
    } catch (problem) {
      // One that cannot be told must not stand before all others.
      flight.hasFailed = true;
      port.report(problem);
      this.#tellLater(key);
      return true;
    }
  }

  /** True when there may be more to tell at once. */
  async #tellSome(key: string): Promise<boolean> {
    const untold = await this.#ledger.approvals.untold(key, READ_AT_ONCE);
    const records = await this.#ledger.approvals.several(untold.map(({ approval }) => approval));
    const approvals = new Map(records.map((record) => [record.id, record]));
    let told = 0;
    for (const notification of untold) {
      const port = this.#portOf(key);
      if (port === undefined) return false;
      const about = approvals.get(notification.approval);
      const flight = new Flight();
      this.#flights.set(notification.id, flight);
      try {
        if (about !== undefined && !(await this.#leave(key, port, about, notification, flight))) return false;
        if (flight.hasFailed) continue;
        // Asked for while a failure still finds the flight: what is said later is written later.
        const marked = this.#ledger.approvals.told(notification.id);
        this.#flights.delete(notification.id);
        await marked;
        told++;
      } finally {
        this.#flights.delete(notification.id);
      }
    }
    return untold.length === READ_AT_ONCE && told > 0;
  }
}

/** What people are to be told of an event. */
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
  return { id, person: body.person.email.toLowerCase(), body: JSON.stringify(body) };
}
