import type { IncomingMessage, ServerResponse } from "node:http";
import type { NodeAPI } from "node-red";
import { EXPOSITION_TYPE, exposition, type Metric } from "../lib/base/exposition.ts";
import type { Fault } from "../lib/base/fault.ts";
import { sameSecret } from "../lib/base/secret.ts";
import { packageVersion } from "../lib/node-red/about.ts";
import { engineState, type StoreSettings } from "../lib/node-red/engines.ts";
import type { WebhookHandler } from "../lib/node-red/routes.ts";
import { connectionNames, type Health, healthOf } from "./health.ts";

/** What a metrics path tells. */
export interface MetricsDoor {
  /** id of the store's node */
  readonly id: string;
  /** the store's settings, or why it has none */
  readonly store: StoreSettings | Fault;
  /** empty = open; a fault = nobody may come in */
  readonly token: string | Fault;
}

/** Serves the metrics, and the health below them. */
export function metricsHandler(RED: NodeAPI, door: MetricsDoor): WebhookHandler {
  return (request, response, rest) => {
    request.resume();
    void serve(RED, door, request, response, rest).catch(() => response.destroy());
  };
}

async function serve(RED: NodeAPI, door: MetricsDoor, request: IncomingMessage, response: ServerResponse, rest: string): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") return send(request, response, 405, "text/plain", "", { Allow: "GET, HEAD" });
  const mayRead = isLetIn(request, door.token);
  if (rest === "health") {
    const health = healthOf(RED, door.id, door.store);
    const status = health.status === "unavailable" ? 503 : 200;
    // A load balancer has no token, and needs to know no names.
    const body = mayRead ? health : { status: health.status, store: health.store };
    return send(request, response, status, "application/json", JSON.stringify(body));
  }
  if (rest !== "") return send(request, response, 404, "text/plain", "");
  if (!mayRead) return send(request, response, 401, "text/plain", "", { "WWW-Authenticate": "Bearer" });
  send(request, response, 200, EXPOSITION_TYPE, exposition(await metricsOf(RED, door)));
}

async function metricsOf(RED: NodeAPI, { id, store }: MetricsDoor): Promise<Metric[]> {
  const state = "code" in store ? undefined : engineState(RED, store);
  const names = connectionNames(RED);
  const counted = (await state?.metrics.read((connection) => names.get(connection) ?? connection)) ?? [];
  return [...ofHealth(healthOf(RED, id, store)), ...counted];
}

function ofHealth({ store, connections, problems }: Health): Metric[] {
  return [
    {
      name: "abiquo_info",
      type: "gauge",
      help: "1, with the version of the package.",
      samples: [{ labels: { version: packageVersion() }, value: 1 }],
    },
    {
      name: "abiquo_store_up",
      type: "gauge",
      help: "1 while the store can be read and written.",
      samples: [{ labels: {}, value: store === "ok" ? 1 : 0 }],
    },
    {
      name: "abiquo_connection_up",
      type: "gauge",
      help: "1 while a connection works: its sign-in is not refused, and Abiquo answers.",
      samples: connections.map(({ name, state }) => ({ labels: { connection: name }, value: state === "ok" ? 1 : 0 })),
    },
    {
      name: "abiquo_misconfigured_nodes",
      type: "gauge",
      help: "Nodes that cannot work as they are configured.",
      samples: [{ labels: {}, value: problems.length }],
    },
  ];
}

/** Looked at in constant time, whether there is one or not. */
function isLetIn({ headers }: IncomingMessage, token: string | Fault): boolean {
  if (token === "") return true;
  const given = /^Bearer +(.+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
  return sameSecret(given, typeof token === "string" ? token : "");
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  more: Record<string, string> = {},
): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { "Content-Type": type, "Content-Length": bytes.length, "Cache-Control": "no-store", ...more });
  response.end(request.method === "HEAD" ? undefined : bytes);
}
