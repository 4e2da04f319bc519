import type { NodeAPI } from "node-red";
import { type AbiquoClient, AbiquoFault } from "../lib/abiquo/index.ts";
import type { Engine, ListedEntry } from "../lib/engine/index.ts";
import type { ConnectionNode } from "../lib/node-red/connection.ts";
import type { Message } from "../lib/node-red/define.ts";
import { faultText } from "../lib/node-red/text.ts";

export type ListScope = "enterprise" | "user" | "me" | "all" | "ledger";

export interface Listed {
  readonly entry: ListedEntry;
  readonly payload: unknown;
}

export interface ListQuery {
  /** what `has` of the API takes: the requester's nick; in the ledger any text of the task's summary */
  readonly filter: string;
  /** 0 = all */
  readonly limit: number;
}

/** Stages of the ledger, as the list node names them. */
export type ListStage = "held" | "asked" | "decided" | "undeliverable";

/** Tasks that rest in the ledger, with what keeps their answers. `held` includes those the flow has had for less than the settling time. */
export async function pendingInLedger(
  RED: NodeAPI,
  engine: Engine,
  connection: ConnectionNode,
  stage: ListStage,
  query: ListQuery,
): Promise<Listed[]> {
  const stages = stage === "held" ? (["received", "held"] as const) : ([stage] as const);
  const { filter, limit } = query;
  return engine.list({ api: connection.base, connection: connection.id, stages, filter, limit }, ({ code, params }) =>
    faultText(RED, code, params),
  );
}

/** Tasks that wait in Abiquo, newest first. Reading them marks none as received. */
export async function pendingInAbiquo(
  client: AbiquoClient,
  scope: Exclude<ListScope, "ledger">,
  where: { readonly enterprise: string; readonly user: string },
  query: ListQuery,
  signal: AbortSignal,
  onProblem: (problem: unknown) => void,
): Promise<Listed[]> {
  const found: Listed[] = [];
  const full = (): boolean => query.limit > 0 && found.length >= query.limit;
  const read = async (enterprise: string, user?: string): Promise<void> => {
    const rest = query.limit > 0 ? { limit: query.limit - found.length } : {};
    const filter = query.filter === "" ? {} : { filter: query.filter };
    const tasks = client.pendingTasks({ enterprise, ...(user === undefined ? {} : { user }), ...filter, ...rest }, signal, onProblem);
    for await (const { task, links, payload } of tasks) found.push({ entry: { task, links }, payload });
  };

  if (scope === "enterprise") await read(where.enterprise);
  if (scope === "user") await read(where.enterprise, where.user);
  if (scope === "me") {
    const me = await client.currentUser(signal);
    await read(me.enterpriseId, me.id);
  }
  if (scope === "all") {
    for await (const enterprise of client.enterprises({ workflow: true }, signal)) {
      if (full()) break;
      try {
        await read(enterprise.id);
      } catch (error) {
        // One tenant out of reach does not hide the others' tasks.
        if (!(error instanceof AbiquoFault && error.code === "ABIQUO_FORBIDDEN")) throw error;
        onProblem(error);
      }
    }
  }
  const newestFirst = (a: Listed, b: Listed): number => b.entry.task.createdAt.localeCompare(a.entry.task.createdAt);
  return found.sort(newestFirst);
}

/** One message a task, or one for the whole list. */
export function listMessages(
  message: Message,
  listed: readonly Listed[],
  emit: "task" | "list",
  connection: string,
  util: { cloneMessage(message: Message): Message; generateId(): string },
): Message[] {
  if (emit === "list") {
    message.payload = listed.map(({ payload }) => payload);
    message.abiquo = { connection, tasks: listed.map(({ entry }) => entry) };
    return [message];
  }
  const id = util.generateId();
  return listed.map(({ entry, payload }, index) => {
    const own = index === listed.length - 1 ? message : util.cloneMessage(message);
    const parts = { id, type: "array", index, count: listed.length, len: 1 };
    return Object.assign(own, { topic: entry.task.type, payload, parts, abiquo: { connection, ...entry } });
  });
}
