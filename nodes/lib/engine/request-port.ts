import { randomUUID } from "node:crypto";
import type { Fault } from "../base/fault.ts";
import type { TaskEntry } from "./message.ts";

/** What became of one task of a request. */
export type TaskResult =
  /** `asAsked`: the task now is as this request wanted it */
  { readonly asAsked: boolean; readonly entry: TaskEntry } | { readonly fault: Fault; readonly entry?: TaskEntry };

export interface FinishedRequest {
  readonly id: string;
  /** JSON text of the message that asked, as it was kept */
  readonly message: string;
  readonly results: readonly TaskResult[];
  /** true when the message was taken up again from the ledger */
  readonly redelivered: boolean;
}

/** What the caller of a request hears: its end, or that it stays open until somebody acts. */
export type RequestOutcome = { readonly finished: FinishedRequest } | { readonly stopped: Fault };

export interface RequestHandlers {
  /** Whether a message may leave the node now. If not, the request stays open, and comes again with `Engine.offerAgain`. */
  readonly canLeave: () => boolean;
  /** Takes what nobody awaits: an earlier run left it, or its caller has heard that it was stopped. */
  readonly left: (request: FinishedRequest) => void;
  /** Hears that Abiquo refuses the credentials by which a request of the node would be answered. */
  readonly halted: (fault: Fault) => void;
  /** Hears, once for each reason, why a message that an earlier run left stays in the ledger: it cannot be read. */
  readonly unread: (fault: Fault) => void;
}

/**
 * Where a node's requests come back to: each to the caller that awaits it, all others to one handler. It lives as long
 * as its node, longer than an engine that a deploy closes: whichever engine ends a request then settles its promise.
 */
export class RequestPort {
  readonly #handlers: RequestHandlers;
  /** settle the promises of those that are in flight, by the request's id */
  readonly #inFlight = new Map<string, (outcome: RequestOutcome) => void>();

  readonly #told = new Set<string>();

  constructor(handlers: RequestHandlers) {
    this.#handlers = handlers;
  }

  /** How many callers wait for their outcome. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /**
   * Makes a request and awaits its outcome.
   *
   * @param make commits the request with this id, which is new
   * @throws what `make` throws: there is no request then
   */
  outcome(make: (id: string) => Promise<void>): Promise<RequestOutcome> {
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      this.#inFlight.set(id, resolve);
      make(id).catch((error: unknown) => {
        this.#inFlight.delete(id);
        reject(error as Error);
      });
    });
  }

  /** For the engine: each task of the request has its result. False when the message may not leave for now. */
  finish(request: FinishedRequest): boolean {
    if (!this.#handlers.canLeave()) return false;
    if (!this.#settle(request.id, { finished: request })) this.#handlers.left(request);
    return true;
  }

  /** For the engine: nothing leaves until the credentials are renewed; then the request finishes. */
  halted(fault: Fault): void {
    this.#handlers.halted(fault);
  }

  /** For the engine: somebody has to act for this one request; it stays open and finishes later. */
  stop(id: string, fault: Fault): void {
    this.#settle(id, { stopped: fault });
  }

  /** For the engine: a request stays as it is, since this release cannot read it or its tasks. */
  unread(fault: Fault): void {
    if (this.#told.has(fault.message)) return;
    this.#told.add(fault.message);
    this.#handlers.unread(fault);
  }

  /** False when nobody awaits it. */
  #settle(id: string, outcome: RequestOutcome): boolean {
    const settle = this.#inFlight.get(id);
    this.#inFlight.delete(id);
    settle?.(outcome);
    return settle !== undefined;
  }
}
