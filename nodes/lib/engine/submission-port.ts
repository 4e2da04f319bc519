import { randomUUID } from "node:crypto";
import type { Fault } from "../base/fault.ts";
import type { TaskEntry } from "./message.ts";

/** What became of one task of a submission. */
export type TaskResult =
  /** `asAsked`: the task now is as this submission wanted it */
  { readonly asAsked: boolean; readonly entry: TaskEntry } | { readonly fault: Fault; readonly entry?: TaskEntry };

export interface FinishedSubmission {
  readonly id: string;
  /** JSON text of the message that asked, as it was kept */
  readonly message: string;
  readonly results: readonly TaskResult[];
  /** true when the message was taken up again from the ledger */
  readonly redelivered: boolean;
}

/** What the caller of a submission hears: its end, or that it stays open until somebody acts. */
export type SubmissionOutcome = { readonly finished: FinishedSubmission } | { readonly stopped: Fault };

export interface SubmissionHandlers {
  /** Whether a message may leave the node now. If not, the submission stays open, and comes again with `Engine.offerAgain`. */
  readonly canLeave: () => boolean;
  /** Takes what nobody awaits: an earlier run left it, or its caller has heard that it was stopped. */
  readonly left: (submission: FinishedSubmission) => void;
  /** Hears that Abiquo refuses the credentials by which a submission of the node would be answered. */
  readonly halted: (fault: Fault) => void;
  /** Hears, once for each reason, why a message that an earlier run left stays in the ledger: it cannot be read. */
  readonly unread: (fault: Fault) => void;
}

/**
 * Where a node's submissions come back to: each to the caller that awaits it, all others to one handler. It lives as long
 * as its node, longer than an engine that a deploy closes: whichever engine ends a submission then settles its promise.
 */
export class SubmissionPort {
  readonly #handlers: SubmissionHandlers;
  /** settle the promises of those that are in flight, by the submission's id */
  readonly #inFlight = new Map<string, (outcome: SubmissionOutcome) => void>();

  readonly #told = new Set<string>();

  constructor(handlers: SubmissionHandlers) {
    this.#handlers = handlers;
  }

  /** How many callers wait for their outcome. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /**
   * Makes a submission and awaits its outcome.
   *
   * @param make commits the submission with this id, which is new
   * @throws what `make` throws: there is no submission then
   */
  outcome(make: (id: string) => Promise<void>): Promise<SubmissionOutcome> {
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      this.#inFlight.set(id, resolve);
      make(id).catch((error: unknown) => {
        this.#inFlight.delete(id);
        reject(error as Error);
      });
    });
  }

  /** For the engine: each task of the submission has its result. False when the message may not leave for now. */
  finish(submission: FinishedSubmission): boolean {
    if (!this.#handlers.canLeave()) return false;
    if (!this.#settle(submission.id, { finished: submission })) this.#handlers.left(submission);
    return true;
  }

  /** For the engine: nothing leaves until the credentials are renewed; then the submission finishes. */
  halted(fault: Fault): void {
    this.#handlers.halted(fault);
  }

  /** For the engine: somebody has to act for this one submission; it stays open and finishes later. */
  stop(id: string, fault: Fault): void {
    this.#settle(id, { stopped: fault });
  }

  /** For the engine: a submission stays as it is, since this release cannot read it or its tasks. */
  unread(fault: Fault): void {
    if (this.#told.has(fault.message)) return;
    this.#told.add(fault.message);
    this.#handlers.unread(fault);
  }

  /** False when nobody awaits it. */
  #settle(id: string, outcome: SubmissionOutcome): boolean {
    const settle = this.#inFlight.get(id);
    this.#inFlight.delete(id);
    settle?.(outcome);
    return settle !== undefined;
  }
}
