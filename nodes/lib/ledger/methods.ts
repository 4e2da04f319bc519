import type { ApprovalStore } from "./approvals.ts";
import type { SqlLedger } from "./ledger.ts";

/** What is put together on this side of the threads, page by page, and the part that has methods of its own. */
type OwnMethod = "list" | "receivedBy" | "approvals";

/** A method that is called in another thread. */
export type Method = Exclude<keyof SqlLedger, OwnMethod> | `approvals.${keyof ApprovalStore}`;

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
  receivedByPage: "reader",
  find: "writer",
  tasks: "writer",
  listPage: "reader",
  openWork: "reader",
  decisions: "writer",
  undelivered: "writer",
  requestsOf: "writer",
  audit: "reader",
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
  "approvals.untold": "writer",
  "approvals.nextTelling": "writer",
  "approvals.notificationsAbout": "writer",
  "approvals.notification": "writer",
  "approvals.told": "writer",
  "approvals.supersede": "writer",
  "approvals.reference": "writer",
  "approvals.delay": "writer",
  "approvals.retryNow": "writer",
  "approvals.inbox": "reader",
  "approvals.setting": "writer",
  "approvals.replaceSetting": "writer",
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
  const owner: object = part === undefined ? ledger : ledger.approvals;
  return (Reflect.get(owner, name) as Implementation).apply(owner, [...parameters]);
}
