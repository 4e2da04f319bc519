import type { ServerResponse } from "node:http";
import { systemClock } from "../lib/base/clock.ts";
import type { ConnectionNode } from "../lib/node-red/connection.ts";

const measured = new WeakSet<ServerResponse>();

/** Counts the answer, once it has left, whoever gives it: a restart may hand a request on. */
export function measure({ metrics }: ConnectionNode, response: ServerResponse): void {
  if (measured.has(response)) return;
  measured.add(response);
  const began = systemClock.monotonic();
  response.once("finish", () => {
    if (response.statusCode !== 404) metrics.webhook(response.statusCode, (systemClock.monotonic() - began) / 1_000);
  });
}
