import type { SimTask } from "./tasks.ts";

/** What the event log says happened. */
export interface SimEvent {
  readonly id: number;
  /** ms since 1970 */
  readonly at: number;
  readonly severity: "INFO" | "ERROR";
  /** `VIRTUAL_MACHINE`, `VIRTUAL_APPLIANCE`, `TASK` */
  readonly component: string;
  /** component and action, as `TASK_DEPLOY_CONTINUE` */
  readonly action: string;
  readonly task: SimTask;
  /** nick of who did it */
  readonly by: string;
  readonly detail?: string;
}

/** How many events are kept. */
const KEPT = 50_000;

/** The event log, newest last. */
export class EventLog {
  #events: SimEvent[] = [];
  #lastId = 0;

  add(event: Omit<SimEvent, "id">): void {
    if (this.#events.length >= KEPT) this.#events = this.#events.slice(KEPT / 2);
    this.#events.push({ id: ++this.#lastId, ...event });
  }

  /** @param from ms since 1970 */
  since(from: number): SimEvent[] {
    return this.#events.filter(({ at }) => at >= from);
  }

  get(id: string): SimEvent | undefined {
    return this.#events.find((event) => String(event.id) === id);
  }
}
