import type { Arrival } from "../lib/engine/index.ts";

/** What webhook-in sends, the tasks of one POST: a message a task, or one for all. */
export function taskMessages(arrivals: readonly Arrival[]): object[] {
  return arrivals.map(({ abiquo, payload }, index) => ({
    topic: abiquo.task?.type,
    payload,
    parts: { id: abiquo.group.id, type: "array", index, count: arrivals.length, len: 1 },
    abiquo,
  }));
}

export function groupMessage(arrivals: readonly Arrival[]): object {
  const first = arrivals[0] as Arrival;
  const { connection, group, redelivered, adopted } = first.abiquo;
  return {
    topic: first.abiquo.task?.type,
    payload: arrivals.map((arrival) => arrival.payload),
    abiquo: {
      connection,
      group,
      tasks: arrivals.map(({ abiquo: { task, links } }) => ({ task, links })),
      ...(redelivered === undefined ? {} : { redelivered }),
      ...(adopted === undefined ? {} : { adopted }),
    },
  };
}

/** The arrivals of each POST, in the order of receipt. */
export function byGroup(arrivals: readonly Arrival[]): Arrival[][] {
  return [...Map.groupBy(arrivals, ({ abiquo }) => abiquo.group.id).values()];
}
