import type { ApprovalStore } from "./approvals.ts";
import type { SqlLedger } from "./ledger.ts";
import type { NotificationStore } from "./notification-store.ts";
import type { SettingStore } from "./settings.ts";

/** The parts that have methods of their own. */
interface Parts {
  readonly approvals: ApprovalStore;
  readonly notifications: NotificationStore;
  readonly settings: SettingStore;
}

/** What is put together on this side of the threads, page by page, and the parts. */
type OwnMethod = "list" | "receivedBy" | keyof Parts;

type PartMethod = { [Part in keyof Parts]: `${Part}.${keyof Parts[Part] & string}` }[keyof Parts];

/** A method that is called in another thread. */
export type Method = Exclude<keyof SqlLedger, OwnMethod> | PartMethod;

/**
 * All of them, each with the thread that it is called in: the one that writes, or the one beside it.
 *
 * `reader` is for what may take long and only reads: pages, lists, searches. It goes through a second, read-only
 * connection in a thread of its own, so that no commit waits for it. What the writer has resolved is always seen there:
 * each of these reads begins with the newest commit (https://sqlite.org/isolation.html).
 */
const METHODS: Readonly<Record<Method, "writer" | "reader">> = {
  receive: "writer",
  decide: "writer",
  report: "writer",
  move: "writer",
  forget: "writer",
  note: "writer",
  prune: "writer",
  shrink: "writer",
  probe: "writer",
  openCounts: "reader",
  endedCounts: "reader",
  bytes: "reader",
  commitTimes: "writer",
  receivedByPage: "reader",
  find: "writer",
  strangers: "reader",
  openTasks: "reader",
  settleElsewhere: "writer",
  tasks: "writer",
  listPage: "reader",
  openWork: "reader",
  decisions: "writer",
  undelivered: "writer",
  submissionsOf: "writer",
  audit: "reader",
  auditHead: "reader",
  auditRows: "reader",
  mask: "writer",
  acquireLease: "writer",
  releaseLease: "writer",
  stayPresent: "writer",
  deliveredByOthers: "writer",
  close: "writer",
  "approvals.open": "writer",
  "approvals.change": "writer",
  "approvals.get": "reader",
  "approvals.several": "reader",
  "approvals.message": "reader",
  "approvals.due": "writer",
  "approvals.opening": "writer",
  "approvals.nextWake": "writer",
  "approvals.count": "writer",
  "approvals.overtaken": "writer",
  "approvals.about": "writer",
  "approvals.unsettled": "writer",
  "approvals.settle": "writer",
  "approvals.inbox": "reader",
  "approvals.inboxPicks": "reader",
  "notifications.due": "writer",
  "notifications.nextDue": "writer",
  "notifications.about": "writer",
  "notifications.get": "writer",
  "notifications.sent": "writer",
  "notifications.supersede": "writer",
  "notifications.reference": "writer",
  "notifications.delay": "writer",
  "notifications.retryNow": "writer",
  "settings.get": "writer",
  "settings.replace": "writer",
};

export const methods = Object.keys(METHODS) as readonly Method[];

/** Whether a method is called beside the writer. */
export function isRead(method: Method): boolean {
  return METHODS[method] === "reader";
}

type Implementation = (...parameters: unknown[]) => Promise<unknown>;

/**
 * Runs a method of a ledger.
 *
 * @param method its name as another thread sent it
 * @throws TypeError when the ledger has no such method
 */
export async function callMethod(ledger: SqlLedger, method: string, parameters: readonly unknown[]): Promise<unknown> {
  if (!Object.hasOwn(METHODS, method)) throw new TypeError(`The ledger has no method ${method}`);
  const [name = "", part] = method.split(".").reverse();
  // The list has it: what is before a dot is the name of a part.
  const owner: object = part === undefined ? ledger : ledger[part as keyof Parts];
  return (Reflect.get(owner, name) as Implementation).apply(owner, [...parameters]);
}
