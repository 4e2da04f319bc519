import type { Clock } from "../base/clock.ts";
import type { Fault } from "../base/fault.ts";
import { getOrCreate } from "../base/get-or-create.ts";
import type { DecisionRecord, Ledger } from "../ledger/index.ts";
import type { DeliveryEvents } from "./delivery/courier.ts";
import type { Outcome } from "./message.ts";
import type { Observer } from "./observer.ts";
import { Outbox } from "./outbox.ts";
import type { Delivery, Submissions } from "./submissions.ts";

export interface OutboxesOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly observer: Observer;
  /** hear what comes of the answers that they wait for */
  readonly submissions: Pick<Submissions, "settled" | "stopped" | "halted">;
  /** whether this instance may send what it holds */
  readonly isCertain: () => boolean;
}

/** The outbox of each platform, made when it is first needed. */
export class Outboxes {
  readonly #options: OutboxesOptions;
  readonly #byApi = new Map<string, Outbox>();

  constructor(options: OutboxesOptions) {
    this.#options = options;
  }

  get all(): Outbox[] {
    return [...this.#byApi.values()];
  }

  /** @param api base URL of the platform's API */
  of(api: string): Outbox {
    const { ledger, clock, isCertain } = this.#options;
    return getOrCreate(this.#byApi, api, () => new Outbox(ledger, api, this.#events(), clock, isCertain));
  }

  #events(): DeliveryEvents {
    const { observer, submissions } = this.#options;
    return {
      turned: (connection, state) => observer({ kind: "circuit", connection, state }),
      retried: ({ api, taskId, connection, attempts }, fault) =>
        observer({ kind: "retry", connection, key: { api, taskId }, attempts, fault }),
      settled: (task, decision, fault) => {
        this.#observeEnd(decision, fault);
        submissions.settled(task, decision, fault);
      },
      stopped: (key, fault) => submissions.stopped(key, fault),
      halted: (key, fault) => submissions.halted(key, fault),
    };
  }

  #observeEnd({ api, taskId, connection, action, outcome, attempts, at }: DecisionRecord, fault?: Fault): void {
    const ms = Math.max(this.#options.clock.now() - at, 0);
    const told = fault === undefined ? (outcome as Outcome) : "refused";
    this.#options.observer({ kind: "settled", connection, key: { api, taskId }, action, outcome: told, attempts, fault, ms });
  }
}

/** How submissions reach the outbox of each task's platform. */
export function deliveryBy(outboxOf: (api: string) => Outbox): Delivery {
  return {
    has: (key) => outboxOf(key.api).has(key),
    haltedBy: (key) => outboxOf(key.api).haltedBy(key),
    add: (task, decision) => outboxOf(task.api).add(task, decision),
    resume: (task, decision) => outboxOf(task.api).resume(task, decision),
  };
}
