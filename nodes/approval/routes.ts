import type { IncomingMessage, ServerResponse } from "node:http";
import type { NodeAPI } from "node-red";
import { closing, readBody } from "../lib/base/body.ts";
import { Fault, type FaultCode } from "../lib/base/fault.ts";
import { isObject } from "../lib/base/json.ts";
import { type Engine, INBOX_PATH, noticePage, PAGE_PATH, type Page, type Place, pageHeaders, Words } from "../lib/engine/index.ts";
import { connectionsOf } from "../lib/node-red/connection.ts";
import { runningEngines } from "../lib/node-red/engines.ts";
import { nearestLanguage, pageTexts } from "../lib/node-red/page-texts.ts";
import { type WebhookRequest, webhookRoutes } from "../lib/node-red/routes.ts";

const OWNER = "abiquo-approval";
/** A form with the ids of a thousand requests has about 40 kB, one that leaves out five thousand machines 220 kB. */
const LONGEST_FORM = 256 * 1024;
/** Fields of a form. */
const MOST_FIELDS = 10_000;
/** How long a form may take to arrive, in ms. */
const FORM_DEADLINE = 15_000;

/**
 * Serves the pages of approvals below the node root.
 *
 * @returns false where there is no node root
 * @throws Fault DUPLICATE_PATH when a webhook has one of their paths
 */
export function serveApprovalPages(RED: NodeAPI): boolean {
  if (typeof RED.httpNode !== "function") return false;
  const routes = webhookRoutes(RED);
  const pages = (door: Door) => (request: WebhookRequest, response: ServerResponse, rest: string) => {
    serve(RED, request, response, rest, door).catch((error: unknown) => {
      RED.log.error(`[${OWNER}] ${error instanceof Error ? error.message : String(error)}`);
      response.destroy();
    });
  };
  for (const [path, door] of [
    [PAGE_PATH, requestPage],
    [INBOX_PATH, inbox],
  ] as const) {
    if (!routes.claim(path, OWNER, pages(door), true)) throw new Fault("DUPLICATE_PATH", { path });
  }
  return true;
}

interface Visit {
  readonly RED: NodeAPI;
  readonly request: WebhookRequest;
  readonly engines: readonly Engine[];
  readonly token: string;
}

/** Lets in who may, before anything of a form is read; undefined for everybody else. */
type Door = (visit: Visit) => Promise<Place | undefined>;

type NoticeStatus = Parameters<typeof noticePage>[0]["status"];

const STATUS_OF: Partial<Readonly<Record<FaultCode, 408 | 413 | 503>>> = {
  BODY_TOO_LARGE: 413,
  BODY_TOO_SLOW: 408,
  BODIES_TOO_MANY: 503,
  // The release that wrote it can show it.
  KEPT_NEWER: 503,
};

async function serve(RED: NodeAPI, request: WebhookRequest, response: ServerResponse, token: string, door: Door): Promise<void> {
  const { engines, areAll } = await runningEngines();
  const language = languageOf(request);
  const notice = (status: NoticeStatus): Page => ({
    status,
    html: noticePage({ status }, new Words({ texts: pageTexts(language), language, timeZone: "UTC" })),
  });
  try {
    if (request.method === "OPTIONS") return send(request, response, { status: 204, html: "" }, { Allow: "GET, HEAD, POST" });
    if (!["GET", "HEAD", "POST"].includes(request.method ?? "")) {
      return send(request, response, notice(405), { Allow: "GET, HEAD, POST" });
    }
    const isPost = request.method === "POST";
    const place = isPost && isForeign(request) ? undefined : await door({ RED, request, engines, token });
    // What no running engine knows may be known by one whose store cannot be used for now.
    if (place === undefined) return send(request, response, notice(areAll ? 403 : 503), closing(request));
    send(request, response, await (isPost ? place.submit(await readForm(request)) : place.show()));
  } catch (error) {
    const status = error instanceof Fault ? (STATUS_OF[error.code] ?? (error.code.startsWith("LEDGER_") ? 503 : undefined)) : undefined;
    if (status !== undefined) return send(request, response, notice(status), closing(request));
    RED.log.error(`[${OWNER}] ${error instanceof Error ? error.message : String(error)}`);
    send(request, response, notice(500));
  }
}

async function requestPage({ request, engines, token }: Visit): Promise<Place | undefined> {
  const query = queryOf(request);
  return firstOf(engines, ({ desk }) => desk.byDecisionLink(token, query));
}

async function inbox(visit: Visit): Promise<Place | undefined> {
  const { request, engines, token } = visit;
  const query = queryOf(request);
  const place = token === "" ? undefined : await firstOf(engines, ({ desk }) => desk.byInboxLink(token, query));
  if (place !== undefined) return place;
  // What is signed has dots in it; the id of a request has none, and opens its page for somebody who has signed in.
  const person = token.includes(".") ? undefined : await proxyIdentity(visit);
  if (person === undefined) return undefined;
  const { email, engine } = person;
  return token === "" ? engine.desk.inboxOf(email, query) : engine.desk.requestOf(email, token, query);
}

/** A token is verified by one engine after the other, until its own. */
async function firstOf(engines: readonly Engine[], open: (engine: Engine) => Promise<Place | undefined>): Promise<Place | undefined> {
  for (const engine of engines) {
    const place = await open(engine);
    if (place !== undefined) return place;
  }
  return undefined;
}

function queryOf({ url = "" }: IncomingMessage): URLSearchParams {
  return new URLSearchParams(url.split("?")[1] ?? "");
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

/** @throws Fault BODY_TOO_LARGE, BODY_TOO_SLOW, BODIES_TOO_MANY */
async function readForm(request: WebhookRequest): Promise<URLSearchParams> {
  // A parser that came first has read it already.
  if (request.readableEnded || request.readableDidRead) return formOf(request.body);
  const form = new URLSearchParams((await readBody(request, LONGEST_FORM, FORM_DEADLINE)).toString("utf8"));
  if (form.size > MOST_FIELDS) throw new Fault("BODY_TOO_LARGE", { limit: MOST_FIELDS });
  return form;
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
