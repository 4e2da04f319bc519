import type { Ledger, OpenWork } from "../ledger/index.ts";
import type { Connection } from "./outbox.ts";
import { Principals } from "./principals.ts";

/** Of `OpenWork`, what nobody does. */
export type LeftWork = Omit<OpenWork, "unasked">;

/**
 * The open work that none of these connections does: of one whose address was changed, or that is no more. A decision
 * needs one that signs in as the same user, and so does a request whose people have yet to be found out, since others
 * may see less of them; any other request needs one to its platform.
 *
 * @param connections all that work with this ledger
 */
export async function leftBehind(ledger: Ledger, connections: readonly Connection[]): Promise<LeftWork[]> {
  const left: LeftWork[] = [];
  for (const work of await ledger.openWork()) {
    const there = connections.filter(({ client }) => client.base === work.api);
    const principals = new Principals(ledger, work.api);
    await principals.learn([work.connection]);
    const isSomebodys = there.some((connection) => principals.isOf(work.connection, connection));
    const decisions = isSomebodys ? 0 : work.decisions;
    const requests = isSomebodys ? 0 : there.length > 0 ? work.unasked : work.requests;
    const { api, connection } = work;
    if (decisions + requests > 0) left.push({ api, connection, decisions, requests });
  }
  return left;
}
