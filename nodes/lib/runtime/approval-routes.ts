import type { IncomingMessage, ServerResponse } from "node:http";
import type { NodeAPI } from "node-red";
import { type Engine, INBOX_PATH, type Page, PAGE_PATH, pageHeaders } from "../engine/index.ts";
import { Fault } from "../fault.ts";
import { isObject } from "../json.ts";
import { connectionsOf } from "./connection.ts";
import { runningEngines } from "./engines.ts";
import { nearestLanguage } from "./page-texts.ts";
import { type WebhookRequest, webhookRoutes } from "./routes.ts";

const OWNER = "abiquo-approval";
/** A form with the ids of a thousand requests has about 40 kB. */
const LONGEST_FORM = 1024 * 1024;

/**
 * Serves the pages of approvals below the node root.
 *
 * @returns false where there is no node root
 * @throws Fault DUPLICATE_PATH when a webhook has one of their paths
 */
export function serveApprovalPages(RED: NodeAPI): boolean {
  if (typeof RED.httpNode !== "function") return false;
  const routes = webhookRoutes(RED);
  const pages = (answer: Answerer) => (request: WebhookRequest, response: ServerResponse, rest: string) => {
    serve(RED, request, response, rest, answer).catch((error: unknown) => {
      RED.log.error(`[${OWNER}] ${error instanceof Error ? error.message : String(error)}`);
      response.destroy();
    });
  };
  for (const [path, answer] of [[PAGE_PATH, requestPage], [INBOX_PATH, inbox]] as const) {
    if (!routes.claim(path, OWNER, pages(answer), true)) throw new Fault("DUPLICATE_PATH", { path });
  }
  return true;
}

interface Visit {
  readonly RED: NodeAPI;
  readonly request: WebhookRequest;
  readonly engines: readonly Engine[];
  readonly token: string;
  /** of a POST */
  readonly form: URLSearchParams | undefined;
}

type Answerer = (visit: Visit) => Promise<Page | undefined>;

async function serve(RED: NodeAPI, request: WebhookRequest, response: ServerResponse, token: string, answer: Answerer): Promise<void> {
  const engines = await runningEngines();
  const [first] = engines;
  const notice = (status: 403 | 404 | 405 | 500): Page => first?.desk.notice(status, languageOf(request)) ?? { status, html: "" };
  try {
    if (request.method === "OPTIONS") return send(request, response, { status: 204, html: "" }, { Allow: "GET, HEAD, POST" });
    if (!["GET", "HEAD", "POST"].includes(request.method ?? "")) {
      return send(request, response, notice(405), { Allow: "GET, HEAD, POST" });
    }
    const isPost = request.method === "POST";
    if (isPost && isForeign(request)) return send(request, response, notice(403));
    const form = isPost ? await readForm(request) : undefined;
    send(request, response, (await answer({ RED, request, engines, token, form })) ?? notice(403));
  } catch (error) {
    RED.log.error(`[${OWNER}] ${error instanceof Error ? error.message : String(error)}`);
    send(request, response, notice(500));
  }
}

async function requestPage({ engines, token, form }: Visit): Promise<Page | undefined> {
  for (const { desk } of engines) {
    if (await desk.knowsDecision(token)) return form === undefined ? desk.show(token) : desk.submit(token, form);
  }
  return undefined;
}

async function inbox(visit: Visit): Promise<Page | undefined> {
  const { request, engines, token, form } = visit;
  const query = new URLSearchParams((request.url ?? "").split("?")[1] ?? "");
  for (const { desk } of token === "" ? [] : engines) {
    if (await desk.knowsInbox(token)) return form === undefined ? desk.inbox(token, query) : desk.submitInbox(token, form);
  }
  const person = token === "" ? await proxyIdentity(visit) : undefined;
  if (person === undefined) return undefined;
  const { desk } = person.engine;
  return form === undefined ? desk.ownInbox(person.email, query) : desk.submitOwnInbox(person.email, form);
}

/** Whom a trusted reverse proxy says it has authenticated, and the engine of the connection that trusts it. */
async function proxyIdentity({ RED, request }: Visit): Promise<{ email: string; engine: Engine } | undefined> {
  for (const { identityHeader, trustedProxies, engine } of connectionsOf(RED)) {
    if (identityHeader === "" || !trustedProxies.has(request.socket.remoteAddress ?? "")) continue;
    const email = request.headers[identityHeader];
    if (typeof email === "string" && email.includes("@")) return { email: email.trim(), engine: await engine };
  }
  return undefined;
}

/** A form of another site in the person's browser; browsers say so, and what says nothing is no browser. */
function isForeign({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  return site !== undefined && site !== "same-origin" && site !== "none";
}

/** Anybody may write that header: only one of our own languages comes out. */
function languageOf({ headers }: IncomingMessage): string {
  return nearestLanguage(headers["accept-language"]?.split(/[,;]/)[0]?.trim() ?? "");
}

async function readForm(request: WebhookRequest): Promise<URLSearchParams> {
  // A parser that came first has read it already.
  if (request.readableEnded || request.readableDidRead) return formOf(request.body);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size <= LONGEST_FORM) parts.push(part);
  }
  return new URLSearchParams(size <= LONGEST_FORM ? Buffer.concat(parts).toString("utf8") : "");
}

function formOf(body: unknown): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(isObject(body) ? body : {})) {
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value]) form.append(name, String(each));
  }
  return form;
}

function send(request: IncomingMessage, response: ServerResponse, { status, html }: Page, more: Record<string, string> = {}): void {
  const body = Buffer.from(html);
  response.writeHead(status, { ...pageHeaders(), "Content-Length": body.length, ...more });
  response.end(request.method === "HEAD" ? undefined : body);
}
