import type { Ledger, OpenWork } from "../ledger/index.ts";
import type { Connection } from "./outbox.ts";
import { Principals } from "./principals.ts";

/**
 * The open work that none of these connections does: of one whose address was changed, or that is no more. A decision
 * needs one that signs in as the same user, a request any to its platform.
 *
 * @param connections all that work with this ledger
 */
export async function leftBehind(ledger: Ledger, connections: readonly Connection[]): Promise<OpenWork[]> {
  const left: OpenWork[] = [];
  for (const work of await ledger.openWork()) {
    const there = connections.filter(({ client }) => client.base === work.api);
    const principals = new Principals(ledger, work.api);
    await principals.learn([work.connection]);
    const decisions = there.some((connection) => principals.isOf(work.connection, connection)) ? 0 : work.decisions;
    const requests = there.length > 0 ? 0 : work.requests;
    if (decisions + requests > 0) left.push({ ...work, decisions, requests });
  }
  return left;
}
