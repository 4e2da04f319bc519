import type { IncomingMessage, ServerResponse } from "node:http";
import type { NodeAPI } from "node-red";
import { systemClock } from "../base/clock.ts";

export interface WebhookRequest extends IncomingMessage {
  /** set by the body parser of the admin API where it came first */
  body?: unknown;
  _body?: boolean;
}

/**
 * @param rest what follows the route's path, without the leading slash
 * @param again hands the request to whoever serves the path by now, or waits for it where the owner restarts
 */
export type WebhookHandler = (request: WebhookRequest, response: ServerResponse, rest: string, again: () => void) => void;

/** A node that would serve a path which another has. */
interface Claim {
  readonly owner: string;
  readonly handler: WebhookHandler;
  readonly anyMethod: boolean;
  readonly granted: () => void;
}

type Next = (error?: unknown) => void;
type Middleware = (request: WebhookRequest, response: ServerResponse, next: Next) => void;

/** What this file needs of an Express application; `parent` and `_router` are undocumented and may be absent. */
interface App {
  use(middleware: Middleware): unknown;
  parent?: App;
  _router?: { stack: { handle: unknown }[] };
}

interface Route {
  readonly owner: string | undefined;
  /** the node that had the path and is about to come back */
  readonly awaited: string | undefined;
  readonly handler: WebhookHandler | undefined;
  /** whether the handler takes every method, and not POST alone */
  readonly anyMethod: boolean;
  /** what arrived while the owner restarts */
  readonly parked: Set<() => void>;
  /** who gets the path when its owner gives it up, the first one first */
  readonly claims: readonly Claim[];
}

/** Abiquo gives up reading after 10 s; a request that arrives during a deploy is answered before that. */
const LONGEST_PARKING = 8_000;

/**
 * The webhook paths of one Node-RED. One permanent middleware looks the node up, since routes of Express
 * cannot be taken away again without reaching into its privates.
 */
export class WebhookRoutes {
  readonly #routes = new Map<string, Route>();
  readonly #root: string;
  readonly #longestParking: number;
  /** settles when the flows run for the first time; undefined once they do */
  #starting: Promise<void> | undefined;
  /** false when the admin API's body parser, with its own limit, reads `application/json` before us */
  readonly readsAhead: boolean;

  /** @param longestParking how long a request waits for its node to come back, in milliseconds */
  constructor(RED: NodeAPI, longestParking = LONGEST_PARKING) {
    this.#longestParking = longestParking;
    const app = RED.httpNode as unknown as App;
    const root = (RED.settings as { httpNodeRoot?: string | false }).httpNodeRoot || "/";
    this.#root = root.replace(/\/+$/, "");
    app.use(this.#dispatch(userMiddleware(RED)));
    this.readsAhead = insertFirst(rootOf(app), this.#skipAdminParser());
  }

  /**
   * Until the flows run for the first time, lets every POST wait, since any may be for a webhook: Node-RED listens a
   * little earlier, and Abiquo does not send again what found nobody. Nothing waits where the package is added to a
   * Node-RED that runs: no start would follow, and the POSTs of all other flows would wait for it.
   */
  holdUntilStarted({ events, nodes }: Pick<NodeAPI, "events" | "nodes">): void {
    if (hasFlows(nodes)) return;
    this.#starting = new Promise<void>((resolve) => events.once("flows:started", () => resolve())).then(() => {
      this.#starting = undefined;
    });
  }

  /**
   * Serves a path, now or once the node that serves it gives it up. A node may take its own path again after a restart.
   *
   * @param anyMethod whether the handler takes every method, and not POST alone
   * @param granted runs when the path becomes this node's later on
   * @returns false when another node serves it for now
   */
  claim(path: string, owner: string, handler: WebhookHandler, anyMethod = false, granted: () => void = () => undefined): boolean {
    const key = normalised(path);
    const route = this.#routes.get(key);
    const claim: Claim = { owner, handler, anyMethod, granted };
    const others = (route?.claims ?? []).filter((other) => other.owner !== owner);
    const isTaken = route?.owner !== undefined && route.owner !== owner;
    if (isTaken) this.#routes.set(key, { ...route, claims: [...others, claim] });
    else this.#serve(key, claim, others);
    // It came back with another path: it does not come for what waits at the old one.
    for (const [old, { awaited }] of this.#routes) if (awaited === owner) this.#giveUp(old);
    return !isTaken;
  }

  /** @param restarts true when the owner is about to come back: its requests wait for it */
  release(path: string, owner: string, restarts: boolean): void {
    const key = normalised(path);
    const route = this.#routes.get(key);
    if (route === undefined) return;
    const claims = route.claims.filter((claim) => claim.owner !== owner);
    this.#routes.set(key, { ...route, claims });
    if (route.owner !== owner) return;
    if (restarts) this.#routes.set(key, { ...route, owner: undefined, awaited: owner, handler: undefined, claims });
    else this.#giveUp(key);
  }

  /** The flows run: who has not come back to its path by now does not come in this deploy, and others may have it. */
  settle(): void {
    for (const [key, { awaited, claims }] of this.#routes) if (awaited !== undefined && claims.length > 0) this.#giveUp(key);
  }

  #serve(key: string, { owner, handler, anyMethod }: Claim, claims: readonly Claim[]): void {
    const parked = this.#routes.get(key)?.parked ?? new Set();
    this.#routes.set(key, { owner, awaited: undefined, handler, anyMethod, parked, claims });
    for (const release of [...parked]) release();
  }

  /** The path goes to the next who wants it; without one, what waits at it is nobody's. */
  #giveUp(key: string): void {
    const route = this.#routes.get(key);
    const [next, ...others] = route?.claims ?? [];
    if (next !== undefined) {
      this.#serve(key, next, others);
      next.granted();
      return;
    }
    this.#routes.delete(key);
    for (const release of [...(route?.parked ?? [])]) release();
  }

  #dispatch(before: Middleware[]): Middleware {
    const serve: Middleware = (request, response, next) => {
      const found = this.#find(pathOf(request));
      if (found === undefined) return next();
      if (request.method !== "POST" && !found.route.anyMethod) {
        response.writeHead(405, { Allow: "POST" }).end();
        return;
      }
      if (found.route.handler !== undefined) found.route.handler(request, response, found.rest, () => serve(request, response, next));
      else this.#park(found.route, request, response, () => serve(request, response, next));
    };
    const dispatch: Middleware = (request, response, next) => {
      if (this.#find(pathOf(request)) === undefined) return next();
      const steps = [...before, serve];
      const step = (error?: unknown): void => {
        if (error !== undefined && error !== null) return next(error);
        const middleware = steps.shift();
        if (middleware === undefined) next();
        else middleware(request, response, step);
      };
      step();
    };
    return (request, response, next) => {
      if (this.#starting === undefined || request.method !== "POST") return dispatch(request, response, next);
      const late = Promise.withResolvers<void>();
      const cancel = systemClock.after(this.#longestParking, late.resolve, true);
      void Promise.race([this.#starting, late.promise]).then(() => {
        cancel();
        dispatch(request, response, next);
      });
    };
  }

  #park(route: Route, request: WebhookRequest, response: ServerResponse, again: () => void): void {
    const release = (): void => {
      cancel();
      route.parked.delete(release);
      const found = this.#find(pathOf(request));
      if (found !== undefined && found.route.handler === undefined) response.writeHead(503, { "Retry-After": "5" }).end();
      else again();
    };
    const cancel = systemClock.after(this.#longestParking, release, true);
    route.parked.add(release);
  }

  /** Marks our requests as read, so that the parser of the admin API leaves the body to us. */
  #skipAdminParser(): Middleware {
    return (request, _response, next) => {
      const path = pathOf(request);
      if (path.startsWith(`${this.#root}/`) && this.#find(path.slice(this.#root.length)) !== undefined) {
        request._body = true;
      }
      next();
    };
  }

  #find(path: string): { route: Route; rest: string } | undefined {
    const key = normalised(path);
    const exact = this.#routes.get(key);
    if (exact !== undefined) return { route: exact, rest: "" };
    const slash = key.lastIndexOf("/");
    const route = this.#routes.get(key.slice(0, slash));
    return route === undefined ? undefined : { route, rest: key.slice(slash + 1) };
  }
}

/** The test helper makes a new Express app for each load, and each node set has its own RED: the app is the key. */
const tables = new WeakMap<object, WebhookRoutes>();

export function webhookRoutes(RED: NodeAPI): WebhookRoutes {
  const app = RED.httpNode as object;
  let table = tables.get(app);
  if (table === undefined) {
    table = new WebhookRoutes(RED);
    tables.set(app, table);
  }
  return table;
}

/** Before Node-RED has read its flows, it throws where it is asked for their nodes. */
function hasFlows(nodes: Pick<NodeAPI["nodes"], "eachNode">): boolean {
  try {
    nodes.eachNode(() => undefined);
    return true;
  } catch {
    return false;
  }
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? "/";
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

function normalised(path: string): string {
  return `/${path}`.replace(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "");
}

/** `httpNodeMiddleware` of the settings, which Node-RED leaves to each node to apply. */
function userMiddleware(RED: NodeAPI): Middleware[] {
  const { httpNodeMiddleware } = RED.settings as { httpNodeMiddleware?: Middleware | Middleware[] };
  if (httpNodeMiddleware === undefined) return [];
  return Array.isArray(httpNodeMiddleware) ? httpNodeMiddleware : [httpNodeMiddleware];
}

function rootOf(app: App): App {
  return app.parent === undefined ? app : rootOf(app.parent);
}

/** As Node-RED's own http-in does it for raw bodies. Answers whether it could be done. */
function insertFirst(app: App, middleware: Middleware): boolean {
  app.use(middleware);
  const stack = app._router?.stack;
  const index = stack?.findIndex((layer) => layer.handle === middleware) ?? -1;
  if (stack === undefined || index < 0) return false;
  stack.unshift(...stack.splice(index, 1));
  return true;
}
