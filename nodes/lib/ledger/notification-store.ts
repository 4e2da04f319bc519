import type { Kysely } from "kysely";
import type { Committer } from "./committer.ts";
import { inTurn } from "./in-turn.ts";
import type { Instance } from "./leases.ts";
import {
  type Delay,
  delayNotifications,
  dueNotifications,
  type Mark,
  markNotification,
  type NotificationRecord,
  nextNotification,
  notificationOf,
  notificationsAbout,
  retryNotifications,
} from "./notifications.ts";
import type { LedgerSchema } from "./schema.ts";

/** The part of the ledger that keeps what people are to be notified of, until each has left. */
export class NotificationStore {
  readonly #db: Kysely<LedgerSchema>;
  readonly #instance: Instance;
  readonly #mark: (mark: Mark) => Promise<undefined>;
  readonly #delay: (delay: Delay) => Promise<undefined>;
  readonly #retry: (key: string) => Promise<undefined>;

  constructor(db: Kysely<LedgerSchema>, committer: Committer, instance: Instance) {
    this.#db = db;
    this.#instance = instance;
    this.#mark = committer.kind("mark notification", inTurn(markNotification));
    // After the marks: a channel says that it failed when the message has left.
    this.#delay = committer.kind("delay notifications", inTurn(delayNotifications));
    this.#retry = committer.kind("retry notifications", inTurn(retryNotifications));
  }

  /** What may leave now in the name of this key, oldest first. */
  async due(key: string, now: number, limit: number): Promise<NotificationRecord[]> {
    return dueNotifications(this.#db, this.#instance, key, now, limit);
  }

  /** When something may leave next in the name of this key; undefined when nothing waits. */
  async nextDue(key: string): Promise<number | undefined> {
    return nextNotification(this.#db, this.#instance, key);
  }

  /** All that these people were notified of, or are to be, about these approvals, oldest first. */
  async about(approvals: readonly string[], people: readonly string[]): Promise<NotificationRecord[]> {
    return notificationsAbout(this.#db, approvals, people);
  }

  async get(id: string): Promise<NotificationRecord | undefined> {
    return notificationOf(this.#db, id);
  }

  /** The message has left the node. */
  async sent(id: string): Promise<void> {
    await this.#mark({ id, state: "sent" });
  }

  /** Something newer says all that these would have said. */
  async supersede(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#mark({ id, state: "superseded" })));
  }

  /** A channel keeps its own name of a message, to go with later messages to the same person. */
  async reference(id: string, ref: string): Promise<void> {
    await this.#mark({ id, state: "sent", ref });
  }

  /** What could not be sent is sent again, but not before its moment. */
  async delay(delay: Delay): Promise<void> {
    await this.#delay(delay);
  }

  /** What failed in the name of this key may leave at once. */
  async retryNow(key: string): Promise<void> {
    await this.#retry(key);
  }
}
