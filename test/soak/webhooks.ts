import { setTimeout as sleep } from "node:timers/promises";
import type { SimTask, SimulatedAbiquo } from "../harness/index.ts";
import { Chance } from "./chance.ts";
import { type Action, COURSES, type Course, type TaskType, wantedAction } from "./flows.ts";

const TYPES: readonly TaskType[] = ["DEPLOY", "UNDEPLOY", "RECONFIGURE"];
/** Over how many connections webhooks come. */
const CONNECTIONS = 4;
/** How long until the next one is sent after a refusal, in ms: a process that is down would use them up. */
const AFTER_REFUSAL = 500;
/** How long a webhook waits for its node in a start or a deploy before it is refused, in ms; a little less for timers. */
const PATIENCE = 7_500;

interface Span {
  readonly from: number;
  /** infinite while it lasts */
  to: number;
}

/**
 * What must become of a task: `none` when nothing of ours may decide it, `either` when it is found by a sweep, which gives
 * it to any of the webhooks' flows.
 */
export interface Wanted {
  readonly action: Action | "none" | "either";
  /** when Abiquo held it */
  readonly at: number;
}

/** Sends webhooks all the time, and knows what must become of their tasks. */
export class Webhooks {
  /** by task id, of all that Abiquo held */
  readonly wanted = new Map<string, Wanted>();
  /** ids of those that were answered with 2xx */
  readonly taken = new Set<string>();
  /** refusals that nothing explains */
  readonly unexplained: string[] = [];
  refused = 0;
  readonly #abiquo: SimulatedAbiquo;
  /** one for each connection, so that a seed repeats what each sends however they take turns */
  readonly #chances: readonly Chance[];
  readonly #urlOf: (course: Course, chance: Chance) => string;
  readonly #down: Span[] = [];
  /** ids of those that nobody in the flow decides */
  readonly #unanswered = new Set<string>();

  constructor(abiquo: SimulatedAbiquo, seed: number, urlOf: (course: Course, chance: Chance) => string) {
    this.#abiquo = abiquo;
    this.#chances = Array.from({ length: CONNECTIONS }, (_, index) => new Chance(seed + 1 + index));
    this.#urlOf = urlOf;
  }

  /** While this runs a webhook may find nobody. */
  async whileDown(work: () => Promise<void>): Promise<void> {
    const span: Span = { from: Date.now(), to: Number.POSITIVE_INFINITY };
    this.#down.push(span);
    await work();
    span.to = Date.now();
  }

  /** Sends so many tasks, a few at once, over some seconds. */
  async send(count: number): Promise<void> {
    const end = this.wanted.size + count;
    const sender = async (chance: Chance): Promise<void> => {
      while (this.wanted.size < end) {
        const isTaken = await this.#sendOne(chance);
        await sleep(isTaken ? chance.between(0, 60) : AFTER_REFUSAL);
      }
    };
    await Promise.all(this.#chances.map(sender));
  }

  /** Abiquo holds tasks, and their webhook never arrives. */
  lose(count: number): void {
    for (const { taskId } of this.#abiquo.hold({ type: "DEPLOY", count })) this.#want(taskId, "either");
  }

  /** Somebody decides in Abiquo what nobody in the flow will. */
  decideInAbiquo(chance: Chance): void {
    for (const id of this.#unanswered) {
      if (this.isWaiting(id)) this.#abiquo.decideElsewhere(id, chance.of(["continue", "cancel"]));
      this.#unanswered.delete(id);
    }
  }

  isWaiting(id: string): boolean {
    return this.#abiquo.task(id)?.state === "QUEUEING";
  }

  #want(taskId: string, action: Wanted["action"]): void {
    this.wanted.set(taskId, { action, at: Date.now() });
  }

  async #sendOne(chance: Chance): Promise<boolean> {
    const course = chance.of(COURSES);
    const type = chance.of(TYPES);
    const tasks = this.#abiquo.hold({ type, count: chance.between(course === "group" ? 2 : 1, 5) });
    tasks.forEach(({ taskId }, index) => this.#want(taskId, wantedAction(course, type, index)));
    if (course === "unanswered") for (const { taskId } of tasks) this.#unanswered.add(taskId);
    const isTaken = await this.#post(tasks, this.#urlOf(course, chance));
    if (isTaken) for (const { taskId } of tasks) this.taken.add(taskId);
    // It may have been taken nonetheless; a sweep finds it otherwise.
    else for (const { taskId } of tasks) this.#want(taskId, "either");
    return isTaken;
  }

  async #post(tasks: readonly SimTask[], url: string): Promise<boolean> {
    const from = Date.now();
    const took = (): number => Date.now() - from;
    try {
      const { status, body } = await this.#abiquo.post(tasks, { url });
      if (status < 300) return true;
      this.#judge(`${status} ${body} after ${took()} ms`, took() >= PATIENCE || this.#wasDown(from));
    } catch (error) {
      this.#judge(`${String(error)} after ${took()} ms`, this.#wasDown(from));
    }
    return false;
  }

  #wasDown(from: number): boolean {
    return this.#down.some((span) => span.from <= Date.now() && span.to >= from);
  }

  #judge(what: string, isExplained: boolean): void {
    this.refused++;
    if (!isExplained) this.unexplained.push(what);
  }
}
