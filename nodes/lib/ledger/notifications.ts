import { type Selectable, sql } from "kysely";
import { type Instance, isMine } from "./leases.ts";
import { chunks, type Db } from "./rows.ts";
import type { LedgerSchema, NotificationState } from "./schema.ts";

export interface NewNotification {
  readonly id: string;
  /** JSON text */
  readonly body: string;
  /** compared e-mail address */
  readonly person: string;
  /** what the person is told of, in one word, for the audit */
  readonly kind?: string;
}

export interface NotificationRecord extends NewNotification {
  readonly approval: string;
  readonly key: string;
  readonly state: NotificationState;
  /** what a channel said of an earlier message to this person, to be updated by this one */
  readonly ref?: string | undefined;
  /** how often its channel has failed */
  readonly failures: number;
}

/** What became of a notification. */
export interface Mark {
  readonly id: string;
  readonly state: NotificationState;
  readonly ref?: string;
}

/** What could not be told is put off. */
export interface Delay {
  /** the notification that failed; absent where others have failed and this only keeps the rest from being tried */
  readonly id?: string;
  /** whose notifications are all put off with it; absent where the fault was not the mailbox's */
  readonly mailbox?: Pick<NotificationRecord, "key" | "person">;
  /** milliseconds since 1970 */
  readonly nextAt: number;
}

/** No pause is longer, in ms: what seems to wait longer was written by a clock that has been set back since. */
const LONGEST_PAUSE = 60 * 60_000;

// SQLite takes a partial index only where the statement itself holds the index's condition, word for word.
const isPending = sql<boolean>`notification.state = 'pending'`;

export async function dueNotifications(db: Db, instance: Instance, key: string, now: number, limit: number): Promise<NotificationRecord[]> {
  const select = db.selectFrom("notification").selectAll().where("key", "=", key).where(isPending).where(isMine(instance, "notification"));
  const due = select.where((eb) => eb.or([eb("next_at", "<=", now), eb("next_at", ">", now + LONGEST_PAUSE)]));
  // What has failed comes last: it must not stand before what may go well.
  return (await due.orderBy("failures").orderBy("created_at").orderBy("position").limit(limit).execute()).map(recordOf);
}

export async function nextNotification(db: Db, instance: Instance, key: string): Promise<number | undefined> {
  const select = db
    .selectFrom("notification")
    .select((eb) => eb.fn.min("next_at").as("next"))
    .where("key", "=", key)
    .where(isPending)
    .where(isMine(instance, "notification"));
  const row = await select.executeTakeFirst();
  return row?.next === null || row?.next === undefined ? undefined : Number(row.next);
}

export async function notificationsAbout(db: Db, approvals: readonly string[], people: readonly string[]): Promise<NotificationRecord[]> {
  const found: NotificationRecord[] = [];
  for (const some of chunks(approvals)) {
    for (const few of chunks(people)) {
      const select = db.selectFrom("notification").selectAll().where("approval", "in", some).where("person", "in", few);
      found.push(...(await select.orderBy("created_at").orderBy("position").execute()).map(recordOf));
    }
  }
  return found;
}

export async function notificationOf(db: Db, id: string): Promise<NotificationRecord | undefined> {
  const row = await db.selectFrom("notification").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? undefined : recordOf(row);
}

function recordOf(row: Selectable<LedgerSchema["notification"]>): NotificationRecord {
  const { id, approval, key, person, body, state, ref, failures } = row;
  return { id, approval, key, person, body, state, ref: ref ?? undefined, failures };
}

export async function insertNotifications(
  db: Db,
  { approval, key, at, notifications }: { approval: string; key: string; at: number; notifications: readonly NewNotification[] },
): Promise<void> {
  for (const some of chunks(notifications)) {
    await db
      .insertInto("notification")
      .values(
        some.map(({ id, person, body }, position) => ({
          id,
          approval,
          key,
          person,
          body,
          position,
          created_at: at,
          state: "pending" as const,
          ref: null,
          failures: 0,
          next_at: 0,
        })),
      )
      .onConflict((conflict) => conflict.column("id").doNothing())
      .execute();
  }
}

export async function markNotification(db: Db, { id, state, ref }: Mark): Promise<undefined> {
  await db
    .updateTable("notification")
    .set(ref === undefined ? { state } : { state, ref })
    .where("id", "=", id)
    .execute();
  return undefined;
}

/** One mailbox that refuses must be asked once a pause, however much waits for it. */
export async function delayNotifications(db: Db, { id, mailbox, nextAt }: Delay): Promise<undefined> {
  if (id !== undefined) {
    const failed = db
      .updateTable("notification")
      .set((eb) => ({ state: "pending" as const, failures: eb("failures", "+", 1), next_at: nextAt }));
    await failed.where("id", "=", id).execute();
  }
  if (mailbox !== undefined) {
    const { key, person } = mailbox;
    const waiting = db
      .updateTable("notification")
      .set({ next_at: nextAt })
      .where("key", "=", key)
      .where("person", "=", person)
      .where(isPending);
    await waiting.where("next_at", "<", nextAt).execute();
  }
  return undefined;
}

export async function retryNotifications(db: Db, key: string): Promise<undefined> {
  await db.updateTable("notification").set({ next_at: 0 }).where("key", "=", key).where(isPending).where("next_at", ">", 0).execute();
  return undefined;
}
