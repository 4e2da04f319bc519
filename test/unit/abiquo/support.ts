import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import {
  AbiquoClient,
  AbiquoFault,
  type ApiBase,
  apiBase,
  type ClientSettings,
  type Credentials,
} from "../../../nodes/lib/abiquo/index.ts";
import { Fault } from "../../../nodes/lib/base/fault.ts";

export const BASE = apiBase("https://cloud.example.com/api");

export const MACHINE = "cloud/virtualdatacenters/11/virtualappliances/12/virtualmachines/13";

export const OAUTH: Extract<Credentials, { kind: "oauth1" }> = {
  kind: "oauth1",
  consumerKey: "the-key",
  consumerSecret: "consumer/secret+one=",
  accessToken: "the-token",
  accessTokenSecret: "token/secret+two=",
};

/** A task as Abiquo posts it: path-only links. */
export function taskDto(taskId = "task-1", change: Record<string, unknown> = {}): Record<string, unknown> {
  const link = (rel: string, href: string, title?: string): object => ({ rel, href, ...(title === undefined ? {} : { title }) });
  return {
    taskId,
    type: "DEPLOY",
    state: "QUEUEING",
    userId: "22",
    ownerId: "13",
    timestamp: 1_700_000_060,
    creationTimestamp: 1_700_000_000,
    jobs: {
      links: [],
      collection: ["SCHEDULE", "CONFIGURE", "POWER_ON"].map((type) => ({
        id: `${taskId}.${type}`,
        parentTaskId: taskId,
        type,
        state: "PENDING",
        rollbackState: "UNKNOWN",
        description: "",
        timestamp: 1_700_000_000,
        creationTimestamp: 1_700_000_000,
        links: [],
      })),
    },
    links: [
      link("self", `/${MACHINE}/tasks/${taskId}`),
      link("parent", `/${MACHINE}`),
      link("cancel", `/${MACHINE}/tasks/${taskId}/action/cancel`),
      link("continue", `/${MACHINE}/tasks/${taskId}/action/continue`),
      link("target", `/${MACHINE}`),
      link("user", "/admin/enterprises/21/users/22", "ana"),
    ],
    ...change,
  };
}

/** The same task in Abiquo's XML. */
export function taskXml(taskId = "task-1", extra = ""): string {
  const path = `/${MACHINE}`;
  const jobs = ["SCHEDULE", "CONFIGURE", "POWER_ON"].map(
    (type) => `<job><id>${taskId}.${type}</id><type>${type}</type><state>PENDING</state><timestamp>1700000000</timestamp></job>`,
  );
  return (
    `<task><link rel="self" href="${path}/tasks/${taskId}"/><link rel="continue" href="${path}/tasks/${taskId}/action/continue"/>` +
    `<link rel="cancel" href="${path}/tasks/${taskId}/action/cancel"/><link rel="target" href="${path}"/>` +
    `<link rel="user" href="/admin/enterprises/21/users/22" title="ana"/>${extra}` +
    `<taskId>${taskId}</taskId><type>DEPLOY</type><state>QUEUEING</state><userId>22</userId><ownerId>13</ownerId>` +
    `<timestamp>1700000060</timestamp><creationTimestamp>1700000000</creationTimestamp><jobs>${jobs.join("")}</jobs></task>`
  );
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export interface Received {
  readonly method: string;
  /** path and query */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** text, or what is sent as JSON */
  readonly body?: unknown;
}

export interface TestServer {
  readonly origin: string;
  /** without those for the version */
  readonly requests: Received[];
  /** what `/version` is answered */
  version: Reply | Promise<Reply>;
  /** client made for this server; closed with it */
  client(settings?: Partial<ClientSettings>): AbiquoClient;
  close(): Promise<void>;
}

/** What a listener does that answers by `reply`; "reset" cuts the connection. */
export function listener(
  requests: Received[],
  reply: (request: Received) => Reply | "reset" | Promise<Reply>,
  version: () => Reply | Promise<Reply> = () => ({ body: "6.1.2" }),
): RequestListener {
  return (request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const received = { method, url, headers, body: Buffer.concat(parts).toString("utf8") };
      const isVersion = url.endsWith("/version");
      if (!isVersion) requests.push(received);
      void Promise.resolve(isVersion ? version() : reply(received)).then((answer) => {
        if (answer === "reset") {
          response.destroy();
          return;
        }
        const { status = 200, headers: answerHeaders = {}, body } = answer;
        const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
        response.writeHead(status, answerHeaders).end(text);
      });
    });
  };
}

/** An HTTP server that answers by `reply`, and `/version` by itself. */
export async function serve(reply: (request: Received) => Reply | "reset" | Promise<Reply>): Promise<TestServer> {
  const requests: Received[] = [];
  const clients: AbiquoClient[] = [];
  const server = createServer(listener(requests, reply, () => served.version));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const served: TestServer = {
    origin,
    requests,
    version: { body: "6.1.2" },
    client(settings = {}) {
      const client = new AbiquoClient({
        base: apiBase(`${origin}/api`),
        apiVersion: "6.1",
        credentials: OAUTH,
        timeoutMs: 5_000,
        ...settings,
      });
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return served;
}

/** The fault that this throws. */
export function faultOf(run: () => unknown): Fault {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** The fault with which this is rejected. */
export async function rejection(promise: Promise<unknown>): Promise<AbiquoFault> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof AbiquoFault) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

export function isBelow(link: string, base: ApiBase): boolean {
  const path = new URL(link).pathname;
  return new URL(link).href === link && new URL(link).origin === new URL(base).origin && path.startsWith(`${new URL(base).pathname}/`);
}
