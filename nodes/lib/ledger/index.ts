import type { SqlLedger } from "./ledger.ts";
import type { LedgerPlace, OpenOptions } from "./open.ts";
import { requireSqlite } from "./sqlite.ts";
import type { LedgerWatch } from "./thread.ts";
import { keepOpenInThread, openInThread } from "./threads.ts";

export type { ApprovalRecord } from "./approval-records.ts";
export type { ApprovalChange, NewApproval, Opened, RuleSpoke } from "./approval-writes.ts";
export type { ApprovalStore } from "./approvals.ts";
export { type Entry, readEntry } from "./chain/entry.ts";
export { type AuditHead, headText } from "./chain/head.ts";
export { type AuditSource, type KnownHead, verifyChain } from "./chain/verify.ts";
export type { OpenCounts } from "./counts.ts";
export type { Finding, Found } from "./elsewhere.ts";
export type { Inbox, InboxPick, InboxQuery } from "./inboxes.ts";
export { type KeptFault, keptFacts, keptFault } from "./kept.ts";
export type { OpenTask } from "./lists.ts";
export type { StoreCheck, StoreContents } from "./maintenance.ts";
export type { NewNotification, NotificationRecord } from "./notifications.ts";
export type { LedgerPlace, OpenOptions, PostgresPlace, SqlitePlace } from "./open.ts";
export type { OpenWork } from "./open-work.ts";
export type { ListedTask, StageQuery } from "./pages.ts";
export { eachPage } from "./pages.ts";
export type * from "./records.ts";
// Not by a module that loads Kysely: this thread must load on a Node that cannot, to tell of it.
export { keyText } from "./records.ts";
export type { ApprovalStatus, DeliveryState, Stage } from "./schema.ts";
export { isFinal, STAGES, UNANSWERED, UNDECIDED } from "./schema.ts";
export { RESTORED } from "./settings.ts";
export type { LedgerWatch } from "./thread.ts";

export type Ledger = Pick<SqlLedger, keyof SqlLedger>;

/**
 * Opens a ledger. The embedded engine works in threads of its own: a sync to disk takes milliseconds, in which this
 * thread would do nothing else, and a long list does not keep a commit waiting.
 *
 * @throws Fault LEDGER_NEEDS_NODE when this Node cannot open the embedded engine
 * @throws Fault LEDGER_UNAVAILABLE when it cannot be opened, read or written, LEDGER_DAMAGED, LEDGER_IN_USE,
 * LEDGER_NEWER, LEDGER_OLDER as `openSqlLedger`
 */
export function openLedger(place: LedgerPlace, options: OpenOptions = {}): Promise<Ledger> {
  if (place.engine === "sqlite") return openInThread(place, options);
  return withPostgres(({ openPostgresLedger }) => openPostgresLedger(place.url, options));
}

/**
 * Opens a ledger for good: what cannot be opened, or breaks down, is tried again with growing pauses until it works.
 * While it does not, every call is rejected with the reason.
 *
 * @param signal ends the trying
 * @returns the ledger once it is open
 * @throws Fault LEDGER_NEEDS_NODE, since no trying helps; the reason of the signal
 */
export function keepLedgerOpen(place: LedgerPlace, watch: LedgerWatch, signal: AbortSignal): Promise<Ledger> {
  if (place.engine === "sqlite") return keepOpenInThread(place, watch, signal);
  return withPostgres(({ keepPostgresOpen }) => keepPostgresOpen(place.url, watch, signal));
}

/** Loaded only where it is used, and Kysely with it. @throws Fault LEDGER_NEEDS_NODE */
async function withPostgres<Result>(work: (engine: typeof import("./postgres-ledger.ts")) => Promise<Result>): Promise<Result> {
  requireSqlite();
  return work(await import("./postgres-ledger.ts"));
}
