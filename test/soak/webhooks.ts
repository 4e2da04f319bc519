import { setTimeout as sleep } from "node:timers/promises";
import type { SimulatedAbiquo } from "../harness/index.ts";
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

/** Sends webhooks all the time, and knows what must become of their tasks. */
export class Webhooks {
  /** what is wanted for each task that was sent, by id */
  readonly wanted = new Map<string, Action>();
  /** ids of those that were answered with 2xx */
  readonly taken = new Set<string>();
  /** refusals that nothing explains */
  readonly unexplained: string[] = [];
  refused = 0;
  readonly #abiquo: SimulatedAbiquo;
  /** one for each connection, so that a seed repeats what each sends however they take turns */
  readonly #chances: readonly Chance[];
  readonly #urlOf: (course: Course) => string;
  readonly #down: Span[] = [];

  constructor(abiquo: SimulatedAbiquo, seed: number, urlOf: (course: Course) => string) {
    this.#abiquo = abiquo;
    this.#chances = Array.from({ length: CONNECTIONS }, (_, index) => new Chance(seed + 1 + index));
    this.#urlOf = urlOf;
  }

  /** While this runs there is nobody to answer. */
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

  async #sendOne(chance: Chance): Promise<boolean> {
    const course = chance.of(COURSES);
    const type = chance.of(TYPES);
    const tasks = this.#abiquo.hold({ type, count: chance.between(course === "group" ? 2 : 1, 5) });
    tasks.forEach(({ taskId }, index) => this.wanted.set(taskId, wantedAction(course, type, index)));
    const from = Date.now();
    try {
      const { status, body } = await this.#abiquo.post(tasks, { url: this.#urlOf(course) });
      if (status < 300) {
        for (const { taskId } of tasks) this.taken.add(taskId);
        return true;
      }
      this.#judge(`${status} ${body} after ${Date.now() - from} ms`, Date.now() - from >= PATIENCE || this.#wasDown(from));
    } catch (error) {
      this.#judge(`${String(error)} after ${Date.now() - from} ms`, this.#wasDown(from));
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
